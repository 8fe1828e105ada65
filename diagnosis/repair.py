"""One fix: looked at again, applied, verified, undone. The intent is on disk before a command leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Text
from base.values import Value
from diagnosis.views import ActionView, FixView, RepairView
from diagnosis.walk import facts_of
from knowledge.cel import EvaluationError
from knowledge.model import Fix, ProbeUse
from knowledge.render import readable
from probes.connection import Command, Connection
from probes.exchange import Reply
from probes.probe import Evidence, checked_call, observe
from probes.site import target_of

if TYPE_CHECKING:
    from diagnosis.session import Session

UNDOABLE = ("done", "interrupted", "failed")
STOPPING = ("failed", "by-hand", "interrupted")
NO_WAY_IN = ("unreachable", "host-key", "denied", "timeout")
VIA_CONSOLE = "via console"
"""How the toolbox begins the message of a reply that came through a console."""


class Repair:
    """Of one cause on its values. `view` is always current; every method yields it at each change."""

    def __init__(self, session: Session, cause: str, values: Mapping[str, Value], fix: Fix, plan: FixView) -> None:
        if plan.unavailable:
            raise UsageError(f"fix {plan.id} cannot be offered: {plan.unavailable}")
        self._session = session
        self._values = dict(values)
        self._scope = readable(session.knowledge.causes[cause], values)
        self._fix = fix
        self._edited: dict[int, str] = {}
        self.view = RepairView(cause, plan, "planned")

    # ------------------------------------------------------------ planning

    def edit(self, action: int, run: str, undo: str | None = None) -> None:
        """Replaces a command before it runs; the journal keeps the original."""
        self._edited.setdefault(action, self.view.fix.actions[action].run)
        changes = {"run": run} | ({} if undo is None else {"undo": undo})
        self._put(action, **changes)
        self._session.note("plan", {"action": action, "original": self._edited[action], "edited": run})

    async def prepare(self) -> AsyncIterator[RepairView]:
        """Looks again whether the fault is still there."""
        if self._fix.precondition is None:
            return
        yield self._show("checking")
        holds, why = await self._look(self._fix.precondition, "precondition")
        if holds is None:
            yield self._show("blocked", message=why, hint="the precondition could not be looked at again")
        elif not holds:
            yield self._show("not-needed", message="what this fix repairs is no longer there")
        else:
            yield self._show("planned")

    # ------------------------------------------------------------ applying

    async def apply(self, *, confirmed_by: str, persist: bool = False) -> AsyncIterator[RepairView]:
        """Runs the actions in order, then verifies. With `persist`, the persist part instead, after the fix."""
        if persist:
            self._append_persist()
        for index, action in enumerate(self.view.fix.actions):
            if action.state != "planned":
                continue
            async for view in self._act(index, confirmed_by):
                yield view
            if self.view.fix.actions[index].state in STOPPING:
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
            "confirmed_by": confirmed_by,
            "values": self._values,
        }
        if index in self._edited:
            intent["original"] = self._edited[index]
        async for view in self._send(index, action.run, "intent", "outcome", intent):
            yield view
        self._put(index, state=self._outcome(index, "done", "failed"))
        yield self._show("applying")

    async def _find_way_in(self, index: int) -> ActionView:
        """Tries the way before anything is sent over it; without one, somebody at the console must type it."""
        action = self.view.fix.actions[index]
        reply = await self._connection(action).run(Command(argv=("true",), alone=True))
        if reply.failure in NO_WAY_IN:
            self._put(index, state="by-hand", output=reply.message)
        elif reply.message.startswith(VIA_CONSOLE):
            self._put(index, via_console=True)
        return self.view.fix.actions[index]

    def _connection(self, action: ActionView) -> Connection:
        target = f"console:{action.on}" if action.via_console else target_of(action.on)
        return self._session.toolbox.connection(target)

    async def _done_already(self, action: ActionView) -> bool:
        return (await self._connection(action).run(Command(script=action.unless))).status == 0

    def _outcome(self, index: int, good: str, bad: str) -> str:
        action = self.view.fix.actions[index]
        if action.exit_status is None:
            return "interrupted"
        return good if action.exit_status == 0 else bad

    async def _send(
        self, index: int, script: str, intent_kind: str, outcome_kind: str, intent: Mapping[str, object]
    ) -> AsyncIterator[RepairView]:
        """One changing command: intent synced, run with live output, outcome synced."""
        action = self.view.fix.actions[index]
        phase = "applying" if intent_kind == "intent" else "undoing"
        self._put(index, state="running", output="")
        yield self._show(phase)
        self._session.note(intent_kind, intent, sync=True)
        self._session.toolbox.changing()
        pieces: asyncio.Queue[str] = asyncio.Queue()
        command = Command(script=script, timeout=action.timeout, alone=True, on_output=pieces.put_nowait)
        task = asyncio.create_task(self._connection(action).run(command), name=f"{intent_kind} {index}")
        try:
            async for output in _until_done(task, pieces):
                self._put(index, output=self.view.fix.actions[index].output + output)
                yield self._show(phase)
            reply = await task
        except BaseException:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._put(index, state="interrupted")
            self._session.note(outcome_kind, {"action": index, "state": "interrupted"}, sync=True)
            raise
        self._take(index, reply)
        self._session.note(outcome_kind, self._outcome_entry(index, reply), sync=True)

    def _take(self, index: int, reply: Reply) -> None:
        output = "\n".join(part.rstrip("\n") for part in (reply.stdout, reply.stderr) if part)
        if reply.failure and not output:
            output = reply.message
        self._put(index, exit_status=reply.status, output=output, seconds=round(reply.seconds, 3))

    def _outcome_entry(self, index: int, reply: Reply) -> dict[str, object]:
        action = self.view.fix.actions[index]
        return {
            "action": index,
            "state": self._outcome(index, "done", "failed"),
            "via_console": action.via_console,
            "exit_status": reply.status,
            "failure": reply.failure,
            "output": action.output,
            "seconds": action.seconds,
        }

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
            holds, why = await self._look(use, "verify")
            if holds:
                break
        phase = "verified" if holds else "not-verified"
        self._session.note("verify", {"verified": holds, "text": why, "fix": self.view.fix.id})
        message = "" if holds else why or "the fault is still there"
        yield self._show(phase, message=message, verified=holds)

    async def undo(self) -> AsyncIterator[RepairView]:
        """Takes back what was done, last first."""
        done = [i for i, action in enumerate(self.view.fix.actions) if action.state in UNDOABLE and action.undo]
        if not done:
            raise UsageError("there is nothing to undo", hint="only actions that ran can be undone")
        for index in reversed(done):
            action = await self._find_way_in(index)
            if action.state == "by-hand":
                yield self._not_undone(index)
                return
            intent = {"action": index, "cause": self.view.cause, "fix": self.view.fix.id}
            intent |= {"on": action.on, "run": action.undo}
            async for view in self._send(index, action.undo, "undo-intent", "undo-outcome", intent):
                yield view
            self._put(index, state=self._outcome(index, "undone", "undo-failed"))
            if self.view.fix.actions[index].state != "undone":
                yield self._not_undone(index)
                return
            yield self._show("undoing")
        yield self._show("undone", verified=None)

    def _not_undone(self, index: int) -> RepairView:
        action = self.view.fix.actions[index]
        hint = f"by hand on {action.on}: {action.undo}"
        return self._show("undo-failed", message=f"not undone: {action.output or action.undo}", hint=hint)

    async def _look(self, use: ProbeUse, name: str) -> tuple[bool | None, str]:
        """Whether the look's condition holds; None with the reason when it cannot be told."""
        evidence = await self._observe(use)
        if evidence.failure is not None:
            return None, evidence.failure.message
        try:
            scope = {**self._scope, name: facts_of(evidence)}
            return use.when.evaluate(scope) is True, ""
        except EvaluationError as error:
            return None, error.message

    async def _observe(self, use: ProbeUse) -> Evidence:
        host = str(use.on.evaluate(self._scope))
        arguments = {key: argument.evaluate(self._scope) for key, argument in use.arguments.items()}
        call = checked_call(use.probe, host, arguments)
        evidence = await observe(call, self._session.toolbox, self._session.next_evidence_id())
        self._session.note_evidence(evidence)
        return evidence

    # ------------------------------------------------------------ the view

    def _put(self, index: int, **changes: object) -> None:
        actions = list(self.view.fix.actions)
        actions[index] = replace(actions[index], **changes)  # type: ignore[arg-type]
        self.view = replace(self.view, fix=replace(self.view.fix, actions=tuple(actions)))

    def _show(self, phase: str, *, message: str = "", hint: str = "", verified: bool | None = None) -> RepairView:
        done = sum(action.state in ("done", "skipped") for action in self.view.fix.actions)
        self.view = replace(self.view, phase=phase, message=message, hint=hint, verified=verified, steps_done=done)
        return self.view


async def _until_done(task: asyncio.Task[Reply], pieces: asyncio.Queue[str]) -> AsyncIterator[str]:
    """Output as it comes, until the command has ended."""
    while not task.done():
        piece = asyncio.create_task(pieces.get())
        await asyncio.wait({task, piece}, return_when=asyncio.FIRST_COMPLETED)
        if piece.done():
            yield piece.result()
        else:
            piece.cancel()
    while not pieces.empty():
        yield pieces.get_nowait()


PHASES: Mapping[str, Text] = {
    "planned": Text("ready", "준비됨"),
    "checking": Text("looking again", "다시 확인하는 중"),
    "blocked": Text("could not look again", "다시 확인하지 못함"),
    "not-needed": Text("no longer needed", "더는 필요 없음"),
    "applying": Text("applying", "적용하는 중"),
    "by-hand": Text("to be done by hand", "직접 해야 함"),
    "failed": Text("failed", "실패함"),
    "verifying": Text("verifying", "확인하는 중"),
    "verified": Text("verified: it works now", "확인됨: 이제 된다"),
    "not-verified": Text("not verified", "확인되지 않음"),
    "undoing": Text("undoing", "되돌리는 중"),
    "undone": Text("undone", "되돌림"),
    "undo-failed": Text("undo failed", "되돌리지 못함"),
}
