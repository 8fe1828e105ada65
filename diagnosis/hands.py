"""What touches machines in a repair: the way in, the lock, and the command itself, with its journal entries."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from base.paths import state_dir
from base.tasks import end_all
from diagnosis import lock
from diagnosis.fixes import SUDO
from diagnosis.views import ActionView, RepairView
from journal.redact import redact_text
from probes.connection import Command, Connection
from probes.exchange import Reply
from probes.site import OPERATOR, target_of

if TYPE_CHECKING:
    from diagnosis.session import Session

NO_WAY_IN = ("unreachable", "host-key", "denied", "timeout")
NOT_RECORDED = "not-recorded"
"""Of a drill that is taken up again: nobody else is at work in a recording."""
VIA_CONSOLE = "via console"
"""How the toolbox begins the message of a reply that came through a console."""

LockCommand = Callable[..., str]


class Hands(ABC):
    """The base of a repair: keeps `view` current and sends."""

    _session: Session
    view: RepairView
    _counts_as_phase = True
    """What it changes is what later looks see; a look's own pods are not."""

    async def _find_way_in(self, index: int) -> ActionView:
        """Tries the way before anything is sent over it; without one, somebody at the console must type it."""
        action = self.view.fix.actions[index]
        reply = await self._try_way_in(action)
        if reply.failure in NO_WAY_IN:
            self._put(index, state="by-hand", output=reply.message)
        elif reply.message.startswith(VIA_CONSOLE):
            self._put(index, via_console=True)
        return self.view.fix.actions[index]

    async def _try_way_in(self, action: ActionView) -> Reply:
        sudo = action.run.startswith(SUDO)  # a login without it is no way in for this command
        return await self._connection(action).run(Command(argv=("true",), sudo=sudo, alone=True))

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
        if self._counts_as_phase:
            self._session.toolbox.changing()
        pieces: asyncio.Queue[str] = asyncio.Queue()
        command = Command(
            script=script, timeout=action.timeout, alone=True, changes=True, on_output=pieces.put_nowait
        )
        task = asyncio.create_task(self._connection(action).run(command), name=f"{intent_kind} {index}")
        try:
            async for output in _until_done(task, pieces):
                self._put(index, output=self.view.fix.actions[index].output + output)
                yield self._show(phase)
            reply = await task
        except BaseException:
            await end_all([task])
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

    # ------------------------------------------------------------ the lock

    async def _take_locks(self, steal: bool) -> str:
        """Takes the lock of every host still to be changed. Says who holds one that is taken."""
        self._locked: list[ActionView] = []
        for action in self._one_per_host():
            reply = await self._lock_command(action, lock.take, steal)
            if reply.status == lock.TAKEN:
                holder = lock.holder_in(reply.stdout)
                return f"{action.on} is locked by {holder.owner}, for {holder.age} s"
            said = (reply.stderr.strip() or reply.message)[-200:]
            self._session.note("lock", {"on": action.on, "taken": reply.status == 0, "said": said})
            if reply.status == 0:
                self._locked.append(action)
            elif not steal and reply.failure != NOT_RECORDED and await self._comes_in(action):
                return f"{action.on}: its lock could not be taken: {said}"
        return ""

    async def _comes_in(self, action: ActionView) -> bool:
        """Where we do not, as whoever the command needs, nothing is sent: somebody must type it at the console."""
        return (await self._try_way_in(action)).failure not in NO_WAY_IN

    def _one_per_host(self) -> list[ActionView]:
        pending = [action for action in self.view.fix.actions if action.state not in ("skipped", "undone")]
        return list({action.on: action for action in pending}.values())

    async def _lock_command(self, action: ActionView, make: LockCommand, steal: bool = False) -> Reply:
        sudo = not await self._session.is_root(action.on) and action.on != OPERATOR
        path = str(state_dir() / "operator.lock") if action.on == OPERATOR else lock.PATH
        connection = self._connection(action)
        if steal:
            await connection.run(Command(script=lock.steal(sudo=sudo, path=path)))
        return await connection.run(Command(script=make(self._session.mark, sudo=sudo, path=path)))

    async def _release_locks(self) -> None:
        """Also when the repair was cancelled in between: a lock left behind keeps everybody out."""
        releasing = [self._release(action) for action in getattr(self, "_locked", [])]
        self._locked = []
        if releasing:
            await asyncio.shield(asyncio.gather(*releasing, return_exceptions=True))

    async def _release(self, action: ActionView) -> None:
        """By another way (a console, a new login) where the repair has cut the one it came by."""
        there = [each for each in self.view.fix.actions if each.on == action.on]
        reply = await self._lock_command(next((each for each in there if each.via_console), action), lock.release)
        if reply.failure in NO_WAY_IN:
            self._session.forget()
            await self._lock_command(action, lock.release)

    @abstractmethod
    async def _still_there(self) -> tuple[bool | None, str]:
        """Whether the precondition holds, or why that could not be seen."""

    # ------------------------------------------------------------ the view

    def _put(self, index: int, **changes: object) -> None:
        actions = list(self.view.fix.actions)
        actions[index] = replace(actions[index], **changes)  # type: ignore[arg-type]
        self.view = replace(self.view, fix=replace(self.view.fix, actions=tuple(actions)))

    def _show(self, phase: str, *, message: str = "", hint: str = "", verified: bool | None = None) -> RepairView:
        done = sum(action.state in ("done", "skipped") for action in self.view.fix.actions)
        self.view = replace(
            self.view, phase=phase, message=redact_text(message), hint=hint, verified=verified, steps_done=done
        )
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
