"""A look from pods that are started for it. A pod is a change: asked for, written down before it is made, removed
whatever happens. Probes find here what the pods said."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from base.text import Text
from base.unfinished import unfinished
from diagnosis import policy
from diagnosis.fixes import refuse_invisible
from diagnosis.hands import Hands
from diagnosis.look_manifest import KEPT, NAME, SECONDS, Place, commands, manifest_of, place_of
from diagnosis.look_memory import POD_LOOK
from diagnosis.look_reading import read_job
from diagnosis.views import ActionView, FixView, RepairView
from knowledge.model import Risk
from probes.errors import ProbeError
from probes.exchange import Reply
from probes.execution import failed

if TYPE_CHECKING:
    from diagnosis.session import Session
    from probes.wish import Wish

TITLE = Text("Look from short-lived pods", "잠시 띄운 파드에서 확인")
_SURELY_NOT = re.compile(
    r"Error from server \((?:Forbidden|NotFound|Invalid|BadRequest|AlreadyExists|Unauthorized)\)"
)
"""The API has refused it: nothing was made, and there is nothing to remove."""


async def plan_look(session: Session, wish: Wish, image: str = "") -> PodLook:
    """What it would run, byte for byte. CommandMissing where no `kubectl` can log in; UsageError for what is no
    image."""
    place = place_of(session.site, wish.cluster, image)
    client = await session.client(f"cluster:{wish.cluster}")
    name = f"{NAME}-{secrets.token_hex(4)}"
    sudo = client.sudo and not await session.is_root(client.on)
    lines = commands(client, manifest_of(wish, place, name, session.id), sudo=sudo)
    action = ActionView(
        on=client.on,
        run=lines.run,
        undo=lines.undo,
        unless=lines.unless,
        text=_about(wish, place, name),
        timeout=40.0,
        target=f"cluster:{wish.cluster}",
    )
    impact = _impact(wish, place)
    plan = FixView(name, TITLE, Risk.REVERSIBLE, impact, recommended=True, actions=(action,))
    return PodLook(session, wish, place, plan)


def _about(wish: Wish, place: Place, name: str) -> Text:
    return Text(
        f"Job {name} in namespace {place.namespace}: a pod of {place.image} on {', '.join(wish.nodes)}",
        f"네임스페이스 {place.namespace} 에 Job {name}: {', '.join(wish.nodes)} 에 {place.image} 파드 하나씩",
    )


def _impact(wish: Wish, place: Place) -> Text:
    count, tries = len(wish.nodes), len(wish.tries)
    return Text(
        f"{count} pods of {place.image} try {tries} connections and questions each, say what came of it, and end. "
        f"deadhop removes them then; if it cannot, the cluster does, {SECONDS + KEPT} s later at the latest",
        f"{place.image} 파드 {count} 개가 연결과 질의를 {tries} 개씩 해 보고 결과를 남긴 뒤 끝난다. "
        f"끝나면 deadhop 이 지우고, 지우지 못해도 늦어도 {SECONDS + KEPT} 초 뒤에는 클러스터가 지운다",
    )


class PodLook(Hands):
    """`view` is current; `apply` makes the pods, reads what they say and removes them."""

    _counts_as_phase = False

    def __init__(self, session: Session, wish: Wish, place: Place, plan: FixView) -> None:
        self._session, self.wish, self.place = session, wish, place
        self.view = RepairView(POD_LOOK, plan, "planned")

    async def apply(self, *, confirmed_by: str) -> AsyncIterator[RepairView]:
        """UsageError when the site's rules forbid it."""
        self._refuse(confirmed_by)
        action = await self._find_way_in(0)
        if action.state == "by-hand":
            self._session.looks.learn(self.wish, failed(ProbeError(action.output)))
            yield self._show("failed", message=action.output)
            return
        reply = failed(ProbeError("the look was cut short"))
        with unfinished():
            try:
                async for view in self._send(0, action.run, "intent", "outcome", self._intent(confirmed_by)):
                    yield view
                self._put(0, state=self._outcome(0, "done", "failed"))
                yield self._show("looking")
                reply = await self._read()
            finally:
                await self._remove_shielded()
        self._session.looks.learn(self.wish, reply)
        yield self._end(reply)

    def _refuse(self, confirmed_by: str) -> None:
        self._session.refuse_changes()
        names = policy.names_in(confirmed_by)
        now = datetime.now().astimezone()
        policy.refuse(self._session.site.fixes, self.view.fix, now=now, confirmed_by=names)
        refuse_invisible(action.run for action in self.view.fix.actions)

    def _intent(self, confirmed_by: str) -> Mapping[str, object]:
        action = self.view.fix.actions[0]
        values = {"cluster": self.wish.cluster, "namespace": self.place.namespace, "image": self.place.image}
        return {**self._of_fix(), "run": action.run, "undo": action.undo, "undo_known": True} | {
            "confirmed_by": confirmed_by,
            "values": {**values, "nodes": list(self.wish.nodes)},
        }

    def _of_fix(self) -> dict[str, object]:
        return {"action": 0, "cause": POD_LOOK, "fix": self.view.fix.id, "on": self.view.fix.actions[0].on}

    async def _read(self) -> Reply:
        action = self.view.fix.actions[0]
        if action.state == "failed":
            return failed(ProbeError(f"the pod could not be made: {_last_line(action.output)}"))
        api = await self._session.toolbox.api(f"cluster:{self.wish.cluster}")
        return await read_job(api, self.place.namespace, self.view.fix.id, self.wish.nodes)

    # ------------------------------------------------------------ removing

    async def _remove_shielded(self) -> None:
        """Also when whoever asked for the look is gone: it goes on, and the session waits for it."""
        removal = asyncio.create_task(self._remove(), name=f"remove {self.view.fix.id}")
        self._session.looks.remove(removal)
        await asyncio.shield(removal)

    async def _remove(self) -> None:
        action = self.view.fix.actions[0]
        if action.state == "failed" and _SURELY_NOT.search(action.output):
            entry = {"action": 0, "state": "done", "by": "refused"}
            self._session.note("undo-outcome", entry, sync=True)
            return
        made = action.output
        with unfinished():
            intent = {**self._of_fix(), "run": action.undo}
            async for _ in self._send(0, action.undo, "undo-intent", "undo-outcome", intent):
                pass
        said = self.view.fix.actions[0].output
        self._put(0, state=self._outcome(0, "undone", "undo-failed"), output=said or made)

    def _end(self, reply: Reply) -> RepairView:
        action = self.view.fix.actions[0]
        if action.state == "undo-failed" or action.state == "interrupted":
            message = f"the pods of the look were not removed: {_last_line(action.output)}"
            return self._show("undo-failed", message=message, hint=f"by hand on {action.on}: {action.undo}")
        if reply.failure:
            return self._show("failed", message=reply.message, hint=reply.hint)
        return self._show("looked")

    async def _still_there(self) -> tuple[bool | None, str]:
        return True, ""


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "nothing was said"


def look_json(look: PodLook) -> Mapping[str, object]:
    """For programs: what it ran, or would."""
    action = look.view.fix.actions[0]
    return {
        "cluster": look.wish.cluster,
        "nodes": list(look.wish.nodes),
        "namespace": look.place.namespace,
        "image": look.place.image,
        "on": action.on,
        "run": action.run,
        "undo": action.undo,
        "state": look.view.phase,
        "message": look.view.message,
    }
