"""One fix: looked at again, applied, verified, undone. The intent is on disk before a command leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Text
from base.values import Value
from diagnosis import policy
from diagnosis.conclusion import NOT_FROM_A_POD
from diagnosis.fixes import refuse_blacked_out, refuse_invisible
from diagnosis.keeping import Keeping
from diagnosis.observing import observe
from diagnosis.views import FixView, RepairView
from diagnosis.walk import facts_of
from knowledge.cel import EvaluationError
from knowledge.model import Fix, ProbeUse
from knowledge.render import readable
from probes.probe import Evidence, checked_call

if TYPE_CHECKING:
    from diagnosis.session import Session

UNDOABLE = ("done", "interrupted", "failed")
Scope = Mapping[str, object]
"""What the conditions read of one side from which the cause was seen."""
FROM_PODS = "`deadhop fix SESSION --pod-look` looks from short-lived pods, and asks before it makes them"
AT_THE_CONSOLE = "look again, or apply it at the console"
IF_DEAD = "wait for it; if it is dead, `--take-lock` goes on"
STOPPING = ("failed", "by-hand", "interrupted", "taken-back")


class Repair(Keeping):
    """Of one cause on its values. `view` is always current; every method yields it at each change."""

    def __init__(self, session: Session, cause: str, values: Mapping[str, Value], fix: Fix, plan: FixView) -> None:
        if plan.unavailable:
            raise UsageError(f"fix {plan.id} cannot be offered: {plan.unavailable}")
        self._session = session
        self._values = dict(values)
        known = session.knowledge.causes[cause]
        self._fix, self._scope = fix, readable(known, values)
        fixes = {one.id: one for one in known.fixes}
        self._parts = [(fixes[name], readable(known, other)) for name, other in plan.parts]
        self._edited: dict[int, str] = {}
        self.view = RepairView(cause, plan, "planned")

    # ------------------------------------------------------------ planning

    def edit(self, action: int, run: str, undo: str | None = None) -> None:
        """Replaces a command before it runs; the journal keeps the original. Its undo is not known any more until
        `undo` gives it, or `know_undo` says that the old one still holds."""
        refuse_invisible((run, undo or ""))
        self._edited.setdefault(action, self.view.fix.actions[action].run)
        known = undo is not None or not self.view.fix.actions[action].undo
        changes = {"run": run, "undo_known": known} | ({} if undo is None else {"undo": undo})
        self._put(action, **changes, arm="", disarm="")
        entry = {"action": action, "original": self._edited[action], "edited": run, "undo": undo}
        self._session.note("plan", entry)

    def know_undo(self, action: int) -> None:
        """The operator says that the undo still takes the edited command back."""
        self._put(action, undo_known=True)
        self._session.note(
            "plan", {"action": action, "undo": self.view.fix.actions[action].undo, "confirmed": True}
        )

    async def prepare(self) -> AsyncIterator[RepairView]:
        """Looks again whether the fault is still there, and how each host would undo by itself."""
        yield self._show("checking")
        holds, why = await self._still_there()
        if holds is None:
            unseen = "the precondition could not be looked at again"
            yield self._show("blocked", message=why, hint=FROM_PODS if why == NOT_FROM_A_POD else unseen)
        elif not holds:
            yield self._show("not-needed", message="what this fix repairs is no longer there")
        elif unguarded := await self._plan_switches():
            yield self._show("blocked", message=unguarded, hint=AT_THE_CONSOLE)
        else:
            await self._keep()
            yield self._show("planned")

    @property
    def _sides(self) -> list[tuple[Fix, Scope]]:
        """From which the cause was seen, each with its fix."""
        return [(self._fix, self._scope), *self._parts]

    async def _still_there(self) -> tuple[bool | None, str]:
        """Of a fix for several sides, at one of them."""
        holds: bool | None = False
        why = ""
        for fix, scope in self._sides:
            said = await self._look(fix.precondition, "precondition", scope) if fix.precondition else (True, "")
            if said[0]:
                return said
            if said[0] is None:
                holds, why = said
        return holds, why

    # ------------------------------------------------------------ applying

    async def apply(
        self, *, confirmed_by: str, persist: bool = False, take_lock: bool = False
    ) -> AsyncIterator[RepairView]:
        """Runs the actions in order, then verifies. With `persist`, the persist part instead, after the fix.
        `take_lock` goes on where another deadhop holds a host's lock, and where an object of an API was changed
        since it was looked at."""
        self._session.refuse_changes()
        if persist:
            self._append_persist()
        names = policy.names_in(confirmed_by)
        policy.refuse(self._session.site.fixes, self.view.fix, now=datetime.now().astimezone(), confirmed_by=names)
        planned = [action for action in self.view.fix.actions if action.state == "planned"]
        refuse_blacked_out(action.run for action in planned)
        self._refuse_unknown_undos()
        if unguarded := await self._plan_switches():
            yield self._show("blocked", message=unguarded, hint=AT_THE_CONSOLE)
            return
        try:
            held = await self._take_locks(take_lock)
            if held:
                yield self._show("locked", message=held, hint=IF_DEAD)
                return
            moved = await self._keep()
            if moved and not take_lock:
                hint = "look again whether the fix still fits; `--take-lock` applies it as it is"
                yield self._show("locked", message=moved, hint=hint)
                return
            async for view in self._run_all(confirmed_by):
                yield view
        finally:
            await self._release_locks()

    async def _run_all(self, confirmed_by: str) -> AsyncIterator[RepairView]:
        for index, action in enumerate(self.view.fix.actions):
            if action.state != "planned":
                continue
            async for view in self._act(index, confirmed_by):
                yield view
            if self.view.fix.actions[index].state in STOPPING:
                if self.view.fix.actions[index].state == "taken-back":
                    await self._compare([index])
                yield self._stopped(index)
                return
        async for view in self.verify():
            yield view

    def _append_persist(self) -> None:
        fix = self.view.fix
        self.view = replace(self.view, fix=replace(fix, actions=(*fix.actions, *fix.persist), persist=()))

    def _stopped(self, index: int) -> RepairView:
        action = self.view.fix.actions[index]
        if action.state == "by-hand":
            return self._show(
                "by-hand",
                message=f"there is no way into {action.on} for deadhop",
                hint=f"run this at the console of {action.on}, then look again: {action.run}",
            )
        if action.state == "taken-back":
            return self._show(
                "taken-back",
                message=f"`{action.run}` cut the way to {action.on}, and {action.on} took it back by itself",
                hint="find another way in before you try this again",
            )
        if action.state == "interrupted":
            return self._show(
                "failed",
                message=f"the link to {action.on} was lost while `{action.run}` ran: it may have been done or not",
                hint="look again before you repeat or undo it",
            )
        return self._show(
            "failed",
            message=f"`{action.run}` on {action.on} ended with status {action.exit_status}",
            hint="undo takes back what was done so far",
        )

    async def _act(self, index: int, confirmed_by: str) -> AsyncIterator[RepairView]:
        action = await self._find_way_in(index)
        if action.state == "by-hand":
            return
        if action.unless and await self._done_already(action):
            self._put(index, state="skipped")
            self._session.note("outcome", {"action": index, "state": "skipped"})
            yield self._show("applying")
            return
        intent = {
            "action": index,
            "cause": self.view.cause,
            "fix": self.view.fix.id,
            "on": action.on,
            "run": action.run,
            "undo": action.undo,
            "undo_known": action.undo_known,
            "confirmed_by": confirmed_by,
            "values": self._values,
        }
        if self.view.fix.parts:
            intent["also"] = [dict(values) for _, values in self.view.fix.parts]
        if index in self._edited:
            intent["original"] = self._edited[index]
        if not await self._arm(index):
            yield self._show("applying")
            return
        async for view in self._send(index, action.run, "intent", "outcome", intent):
            yield view
        self._put(index, state=self._outcome(index, "done", "failed"))
        yield self._show("applying")
        if action.arm:
            yield self._show("applying", message=f"reaching {action.on} again before its switch is called off")
            await self._back_again(index)
            yield self._show("applying")

    # ------------------------------------------------------------ verifying and undoing

    async def verify(self) -> AsyncIterator[RepairView]:
        """Looks whether it worked, as often as the fix says."""
        use = self._fix.verify
        yield self._show("verifying")
        holds, why = None, ""
        for attempt in range(use.attempts):
            if attempt:
                await asyncio.sleep(use.wait)
            self._session.forget()
            holds, why = await self._all_hold()
            if holds:
                break
        phase = "verified" if holds else "not-verified"
        self._session.note("verify", {"verified": holds, "text": why, "fix": self.view.fix.id})
        message = "" if holds else why or "the fault is still there"
        yield self._show(phase, message=message, verified=holds)

    async def _all_hold(self) -> tuple[bool | None, str]:
        """From every side."""
        for fix, scope in self._sides:
            holds, why = await self._look(fix.verify, "verify", scope)
            if not holds:
                return holds, why
        return True, ""

    async def undo(self, *, take_lock: bool = False) -> AsyncIterator[RepairView]:
        """Takes back what was done, last first. `take_lock` does so where another deadhop holds a host's lock."""
        self._session.refuse_changes()
        done = [i for i, action in enumerate(self.view.fix.actions) if action.state in UNDOABLE and action.undo]
        if not done:
            ran = any(action.state in UNDOABLE for action in self.view.fix.actions)
            hint = "what ran here cannot be undone" if ran else "only actions that ran can be undone"
            raise UsageError("there is nothing to undo", hint=hint)
        unknown = [self.view.fix.actions[i] for i in done if not self.view.fix.actions[i].undo_known]
        if unknown:
            raise UsageError(
                f"nobody has said what takes `{unknown[0].run}` back, for it was edited",
                hint=f"confirm its undo or edit it too: {unknown[0].undo}",
            )
        refuse_blacked_out(self.view.fix.actions[i].undo for i in done)
        refuse_invisible(self.view.fix.actions[i].undo for i in done)
        try:
            if held := await self._take_locks(take_lock):
                yield self._show("undo-locked", message=held, hint=IF_DEAD)
                return
            async for view in self._undo_all(done):
                yield view
        finally:
            await self._release_locks()

    async def _undo_all(self, done: list[int]) -> AsyncIterator[RepairView]:
        for index in reversed(done):
            action = await self._find_way_in(index)
            if action.state == "by-hand":
                yield self._not_undone(index)
                return
            await self._call_off(index)
            intent = {"action": index, "cause": self.view.cause, "fix": self.view.fix.id}
            intent |= {"on": action.on, "run": action.undo, "values": self._values}
            async for view in self._send(index, action.undo, "undo-intent", "undo-outcome", intent):
                yield view
            self._put(index, state=self._outcome(index, "undone", "undo-failed"))
            if self.view.fix.actions[index].state != "undone":
                yield self._not_undone(index)
                return
            yield self._show("undoing")
        await self._compare(done)
        yield self._end_of_undo(done)

    def _end_of_undo(self, done: list[int]) -> RepairView:
        """Whether all is as it was, by what was kept before; else what is left, and how to put it back by hand."""
        actions = [self.view.fix.actions[index] for index in done]
        left = [action for action in actions if action.left]
        if left:
            what = ", ".join(line.rstrip(":") for action in left for line in action.left if line.endswith(":"))
            hands = [f"{action.on}: {command}" for action in left for command in action.by_hand]
            hint = f"by hand on {'; '.join(hands)}" if hands else "the journal has it as it was"
            return self._show("not-as-before", message=f"undone, but this is other than before: {what}", hint=hint)
        unseen = next((action.not_kept for action in actions if action.restored is None), "")
        if unseen:
            return self._show("undone", message=f"whether all is as before could not be seen: {unseen}")
        return self._show("undone", message="all that was changed is as it was before")

    def _not_undone(self, index: int) -> RepairView:
        action = self.view.fix.actions[index]
        hint = f"by hand on {action.on}: {action.undo}"
        return self._show("undo-failed", message=f"not undone: {action.output or action.undo}", hint=hint)

    async def _look(self, use: ProbeUse, name: str, scope: Scope) -> tuple[bool | None, str]:
        """Whether the look's condition holds; None with the reason when it cannot be told."""
        evidence = await self._observe(use, scope)
        if evidence.failure is not None:
            return None, evidence.failure.message
        try:
            if use.when.evaluate({**scope, name: facts_of(evidence)}) is True:
                return True, ""
            return (None, NOT_FROM_A_POD) if evidence.wish is not None else (False, "")
        except EvaluationError as error:
            return None, error.message

    async def _observe(self, use: ProbeUse, scope: Scope) -> Evidence:
        host = str(use.on.evaluate(scope))
        arguments = {key: argument.evaluate(scope) for key, argument in use.arguments.items()}
        call = checked_call(use.probe, host, arguments)
        evidence = await observe(call, self._session.toolbox, self._session.next_evidence_id())
        if evidence.wish is not None and self._session.on_wish is not None:
            await self._session.on_wish(evidence.wish)
            evidence = await observe(call, self._session.toolbox, self._session.next_evidence_id())
        self._session.note_evidence(evidence)
        return evidence


PHASES: Mapping[str, Text] = {
    "planned": Text("ready", "준비됨"),
    "checking": Text("looking again", "다시 확인하는 중"),
    "blocked": Text("could not look again", "다시 확인하지 못함"),
    "not-needed": Text("no longer needed", "더는 필요 없음"),
    "applying": Text("applying", "적용하는 중"),
    "by-hand": Text("to be done by hand", "직접 해야 함"),
    "failed": Text("failed", "실패함"),
    "locked": Text("somebody else is at work there", "다른 사람이 작업하는 중"),
    "undo-locked": Text("not undone: somebody else is at work there", "되돌리지 않음: 다른 사람이 작업하는 중"),
    "taken-back": Text("taken back by the host itself", "호스트가 스스로 되돌림"),
    "verifying": Text("verifying", "확인하는 중"),
    "verified": Text("verified: it works now", "확인됨: 이제 된다"),
    "not-verified": Text("not verified", "확인되지 않음"),
    "undoing": Text("undoing", "되돌리는 중"),
    "looking": Text("waiting for what the pods say", "파드의 결과를 기다리는 중"),
    "looked": Text("looked, and removed", "확인하고 지움"),
    "undone": Text("undone", "되돌림"),
    "undo-failed": Text("undo failed", "되돌리지 못함"),
    "not-as-before": Text("undone, but not as before", "되돌렸으나 전과 같지 않음"),
    "cut-short": Text("cut short", "중간에 끊김"),
    "left": Text("left as it is", "그대로 둠"),
}
