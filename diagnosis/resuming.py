"""A repair that was cut short: what was in flight, what the system itself says of it, and the ways on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.paths import state_dir
from base.values import Value
from diagnosis import lock, switch
from diagnosis.policy import own_name
from diagnosis.repair import Repair
from diagnosis.views import ActionView, FixView, RepairView
from knowledge.model import Fix
from probes.connection import Command
from probes.site import OPERATOR, target_of

if TYPE_CHECKING:
    from diagnosis.session import Session

HAPPENED = "the system says: it happened"
DID_NOT_HAPPEN = "the system says: it did not happen"
NOBODY_SAYS = "the system could not be asked whether it happened"


@dataclass(frozen=True, slots=True)
class Aftermath:
    happened: bool | None
    """Whether the command took effect; None when the system could not be asked."""
    holder: str
    """Who holds the host's lock now; empty when nobody does."""
    armed: bool | None
    """Whether its dead man's switch still waits."""


def in_doubt(action: ActionView) -> bool:
    """Nobody wrote down how it ended; or nobody called off what would take it back."""
    return action.state == "interrupted" or (action.state == "done" and bool(action.arm))


def may_go_on(fix: FixView) -> bool:
    """Something is left to run or to be kept, and none of its commands is in doubt, failed or taken back."""
    sure = all(action.state in ("done", "skipped", "planned") for action in fix.actions)
    return sure and any(action.state == "planned" or action.arm for action in fix.actions)


def left_to_run(fix: FixView) -> tuple[ActionView, ...]:
    """The commands that going on would run."""
    return tuple(action for action in fix.actions if action.state == "planned") if may_go_on(fix) else ()


class PastRepair(Repair):
    """Made of a journal: prepared by asking after what was in flight, applied by going on with the rest."""

    found: tuple[tuple[ActionView, Aftermath], ...] = ()
    """What was in flight, and what was said of it when it was asked last."""

    def __init__(self, session: Session, cause: str, values: Mapping[str, Value], fix: Fix, plan: FixView) -> None:
        super().__init__(session, cause, values, fix, plan)
        self._settled: dict[int, bool] = {}
        """Actions the system spoke of, and whether it was their undo that was in flight."""

    # ------------------------------------------------------------ looking

    async def prepare(self) -> AsyncIterator[RepairView]:
        """Asks the system after every command whose outcome nobody wrote down; then how it stands altogether."""
        yield self._show("checking")
        found = []
        for index, action in enumerate(self.view.fix.actions):
            if in_doubt(action):
                said = await self.aftermath(index)
                found.append((action, said))
                self._settle(index, said)
                yield self._show("checking")
        self.found = tuple(found) or self.found
        async for view in self._as_it_stands():
            yield view

    async def _as_it_stands(self) -> AsyncIterator[RepairView]:
        states = {action.state for action in self.view.fix.actions}
        if states == {"planned"}:
            async for view in super().prepare():
                yield view
        elif states <= {"done", "skipped"} and not any(action.arm for action in self.view.fix.actions):
            async for view in self.verify():
                yield view
        elif states <= {"undone", "planned"}:
            yield self._show("undone")
        else:
            yield self._show("cut-short", message=self._standing(), hint=self._way_on())

    def _standing(self) -> str:
        actions = self.view.fix.actions
        doubtful = next((action for action in actions if action.state == "interrupted"), None)
        if doubtful is not None:
            return f"nobody can say whether `{doubtful.undo if doubtful.undoing else doubtful.run}` ran"
        armed = next((action for action in actions if action.state == "done" and action.arm), None)
        if armed is not None:
            return f"{armed.on} will take `{armed.run}` back by itself, unless deadhop goes on"
        done = sum(action.state in ("done", "skipped") for action in actions)
        return f"{done} of {len(actions)} commands are in effect"

    def _way_on(self) -> str:
        if may_go_on(self.view.fix):
            return "go on with the rest, undo what was done, or leave it as it is"
        return "undo what was done, or leave it as it is"

    async def aftermath(self, index: int) -> Aftermath:
        """What the system itself says of a command whose outcome nobody wrote down."""
        action = self.view.fix.actions[index]
        path = str(state_dir() / "operator.lock") if action.on == OPERATOR else lock.PATH
        held = await self._connection(action).run(Command(argv=("cat", path)))
        return Aftermath(
            happened=await self._happened(index),
            holder=held.stdout.strip() if held.status == 0 else "",
            armed=await self._still_armed(action),
        )

    async def _happened(self, index: int) -> bool | None:
        """By its `unless`; else by the fault, which tells only of a command that is the whole fix."""
        action = self.view.fix.actions[index]
        if action.unless:
            status = (await self._connection(action).run(Command(script=action.unless))).status
            return None if status is None else status == 0
        if len(self.view.fix.actions) > 1 or self._fix.precondition is None:
            return None
        there, _ = await self._still_there()
        return None if there is None else not there

    def _settle(self, index: int, said: Aftermath) -> None:
        if said.armed is False:
            self._put(index, arm="", disarm="")
        if said.happened is None:
            self._put(index, output=NOBODY_SAYS)
            return
        self._settled[index] = undoing = self.view.fix.actions[index].undoing
        state = "done" if said.happened else "undone" if undoing else "planned"
        self._put(index, state=state, output=HAPPENED if said.happened else DID_NOT_HAPPEN, undoing=False)

    # ------------------------------------------------------------ going on, or not

    async def apply(
        self, *, confirmed_by: str, persist: bool = False, take_lock: bool = False
    ) -> AsyncIterator[RepairView]:
        """The rest of it, then whether it works; or, with `persist`, what makes it last."""
        if not persist:
            self.refuse_to_go_on()
            await self._call_off_all()
            self._note_settled()
        async for view in super().apply(confirmed_by=confirmed_by, persist=persist, take_lock=take_lock):
            yield view

    def refuse_to_go_on(self) -> None:
        """UsageError unless what is left may run."""
        if not may_go_on(self.view.fix):
            raise UsageError(self._standing(), hint=self._way_on())

    async def _call_off_all(self) -> None:
        """A switch of the former life would take back what goes on now; each command gets a new one."""
        self._session.refuse_changes()
        for index, action in enumerate(self.view.fix.actions):
            if action.arm:
                await self._call_off(index)
                self._put(index, arm="", disarm="")

    def _note_settled(self) -> None:
        """What the system said is acted on from here: it is the outcome that was missing."""
        for index, undoing in self._settled.items():
            state = self.view.fix.actions[index].state
            if state in ("done", "undone"):
                outcome = "done" if state == "undone" or not undoing else "failed"
                kind = "undo-outcome" if undoing else "outcome"
                self._session.note(kind, {"action": index, "state": outcome, "by": "asked"}, sync=True)
        self._settled = {}

    async def leave(self) -> AsyncIterator[RepairView]:
        """Leaves everything as it is, but the locks: those would keep others out."""
        self._session.refuse_changes()
        self._locked = self._one_per_host()
        await self._release_locks()
        self._session.note("left", {"fix": self.view.fix.id, "by": own_name()}, sync=True)
        yield self._show("left")


async def ask_switch(session: Session, action: ActionView) -> Aftermath:
    """Of a switch that was armed before a command that never left: whether it still waits."""
    reply = await session.toolbox.connection(target_of(action.on)).run(Command(script=switch.is_armed(action.arm)))
    armed = None if reply.status is None else reply.status == 0
    return Aftermath(happened=armed, holder="", armed=armed)
