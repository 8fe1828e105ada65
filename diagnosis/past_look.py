"""A look from pods that was cut short: by its journal its pods may be there still, and the cluster is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from base.errors import DeadhopError
from base.text import Text
from base.values import Value, check
from diagnosis.fixes import SUDO
from diagnosis.look_manifest import KEPT, SECONDS, checked_job, is_there
from diagnosis.look_memory import POD_LOOK
from diagnosis.resuming import Aftermath, PastRepair
from diagnosis.views import ActionView, FixView, RepairView
from knowledge.model import Risk
from probes.connection import Command
from probes.site import target_of

if TYPE_CHECKING:
    from diagnosis.session import Session

TITLE = Text("Look from short-lived pods", "잠시 띄운 파드에서 확인")
IMPACT = Text(
    f"The cluster removes them by itself, {SECONDS + KEPT} s after they were made",
    f"만들어진 지 {SECONDS + KEPT} 초 뒤에는 클러스터가 스스로 지운다",
)


class PastLook(PastRepair):
    """Nothing of it can go on; undo removes what is left."""

    _counts_as_phase = False

    def __init__(self, session: Session, job: str, action: ActionView, values: Mapping[str, Value]) -> None:
        self._session, self._values = session, dict(values)
        self._job = checked_job(job)
        self._namespace = str(check("k8s-name", values.get("namespace"), name="namespace"))
        self._cluster = str(check("cluster", values.get("cluster"), name="cluster"))
        self._settled: dict[int, bool] = {}
        self._edited: dict[int, str] = {}
        plan = FixView(job, TITLE, Risk.REVERSIBLE, IMPACT, recommended=True, actions=(action,))
        self.view = RepairView(POD_LOOK, plan, "planned")

    async def prepare(self) -> AsyncIterator[RepairView]:
        """Asks the cluster whether the Job is there."""
        yield self._show("checking")
        said = Aftermath(await self._happened(0), holder="", armed=False)
        self.found = ((self.view.fix.actions[0], said),)
        if said.happened is False:
            self._put(0, state="undone", undoing=False)
            yield self._show("undone", message="the pods of the look are gone")
        elif said.happened:
            self._put(0, state="done", undoing=False)
            yield self._show("cut-short", message="the pods of a look are still there", hint="undo removes them")
        else:
            message = "whether the pods of a look are still there could not be seen"
            yield self._show("cut-short", message=message, hint="undo removes them")

    async def verify(self) -> AsyncIterator[RepairView]:
        """There is no fault that it would have repaired."""
        yield self.view

    async def _happened(self, index: int) -> bool | None:
        """By a command that is written anew: what a journal holds is not run to look."""
        try:
            client = await self._session.client(f"cluster:{self._cluster}")
        except DeadhopError:
            return None
        sudo = client.sudo and not await self._session.is_root(client.on)
        script = (SUDO if sudo else "") + client.command(is_there(self._namespace, self._job))
        reply = await self._session.toolbox.connection(target_of(client.on)).run(
            Command(script=script, timeout=20.0)
        )
        return bool(reply.stdout.strip()) if reply.status == 0 else None
