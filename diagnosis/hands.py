"""What touches machines in a repair: the way in, the lock, the switch, and the command itself, with its entries in
the journal."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from base.paths import state_dir
from diagnosis import lock, switch
from diagnosis.fixes import SUDO
from diagnosis.views import ActionView, RepairView
from probes.connection import Command, Connection
from probes.errors import ProbeError
from probes.exchange import Reply
from probes.site import OPERATOR, target_of

if TYPE_CHECKING:
    from diagnosis.session import Session

NO_WAY_IN = ("unreachable", "host-key", "denied", "timeout")
VIA_CONSOLE = "via console"
"""How the toolbox begins the message of a reply that came through a console."""
BACK_PAUSE = 2.0
"""Seconds between tries to reach a host that may have been cut off."""
BACK_GRACE = 20.0
"""Seconds past the switch's time within which the host must be back."""


LockCommand = Callable[..., str]


class Hands(ABC):
    """The base of a repair: keeps `view` current and sends."""

    _session: Session
    view: RepairView

    async def _find_way_in(self, index: int) -> ActionView:
        """Tries the way before anything is sent over it; without one, somebody at the console must type it."""
        action = self.view.fix.actions[index]
        sudo = action.run.startswith(SUDO)  # a login without it is no way in for this command
        reply = await self._connection(action).run(Command(argv=("true",), sudo=sudo, alone=True))
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

    # ------------------------------------------------------------ the lock

    async def _take_locks(self, steal: bool) -> str:
        """Takes the lock of every host still to be changed. Says who holds one that is taken."""
        self._locked: list[ActionView] = []
        for action in self._one_per_host():
            reply = await self._lock_command(action, lock.take, steal)
            if reply.status == lock.TAKEN:
                holder = lock.holder_in(reply.stdout)
                return f"{action.on} is locked by {holder.owner}, for {holder.age} s"
            if reply.status == 0:
                self._locked.append(action)
            self._session.note("lock", {"on": action.on, "taken": reply.status == 0, "said": reply.stderr[-200:]})
        return ""

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

    # ------------------------------------------------------------ the dead man's switch

    async def _plan_switches(self) -> None:
        """Gives every action that could cut its own way the commands that arm and disarm its switch."""
        for index, action in enumerate(self.view.fix.actions):
            wanted = action.state == "planned" and action.undo and action.undo_known and not action.arm
            if wanted and action.on != OPERATOR and switch.may_cut(action.run):
                await self._plan_switch(index)

    async def _plan_switch(self, index: int) -> None:
        action = self.view.fix.actions[index]
        reply = await self._connection(action).run(Command(script=switch.LOOK_FOR_TOOLS))
        if reply.status != 0 or reply.message.startswith(VIA_CONSOLE):
            return  # through a console nothing can cut the way
        root = await self._session.is_root(action.on)
        token = f"{self._session.token}-{index}"
        planned = switch.switch_for(reply.stdout.strip(), token, action.undo, root=root)
        self._put(index, arm=planned.arm, disarm=planned.disarm)

    async def _arm(self, index: int) -> bool:
        """False, and nothing is sent, when the host would not take the command back by itself."""
        action = self.view.fix.actions[index]
        if not action.arm:
            return True
        self._session.note("guard", {"action": index, "on": action.on, "arm": action.arm}, sync=True)
        reply = await self._connection(action).run(Command(script=action.arm))
        if reply.status == 0:
            return True
        said = reply.stderr.strip() or reply.message
        output = f"nothing was sent, for the switch could not be armed: {said}"
        self._put(index, state="by-hand", exit_status=None, output=output)
        return False

    async def _back_again(self, index: int) -> None:
        """Reaches the host by a new login and calls its switch off, or waits until the host has undone it."""
        action = self.view.fix.actions[index]
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not await self._reached(action.on):
            if loop.time() - begun > switch.SECONDS + BACK_GRACE:
                self._put(index, state="interrupted")
                self._guard_outcome(index, "not reached")
                return
            await asyncio.sleep(BACK_PAUSE)
        self._session.forget()
        disarmed = await self._connection(action).run(Command(script=action.disarm))
        fired = disarmed.status != 0 or loop.time() - begun >= switch.SECONDS
        if fired:
            self._put(index, state="taken-back")
        self._guard_outcome(index, "fired" if fired else "disarmed")

    async def _call_off(self, index: int) -> None:
        """A switch that an earlier, killed repair left armed must not undo a second time."""
        action = self.view.fix.actions[index]
        if action.arm and await self._still_armed(action):
            await self._connection(action).run(Command(script=switch.disarm_of(action.arm)))
            self._guard_outcome(index, "disarmed")

    def _guard_outcome(self, index: int, outcome: str) -> None:
        self._session.note("guard-outcome", {"action": index, "outcome": outcome}, sync=True)
        if outcome == "fired":
            self._session.note("undo-outcome", {"action": index, "state": "done", "by": "switch"}, sync=True)

    async def _reached(self, host: str) -> bool:
        from probes.reach import read_reach

        self._session.forget()
        try:
            return read_reach(host, await self._session.toolbox.reach(host)).stopped_at in ("", "sudo")
        except ProbeError:
            return False

    @abstractmethod
    async def _still_there(self) -> tuple[bool | None, str]:
        """Whether the precondition holds, or why that could not be seen."""

    async def _still_armed(self, action: ActionView) -> bool | None:
        if not action.arm:
            return False
        reply = await self._connection(action).run(Command(script=switch.is_armed(action.arm)))
        return None if reply.status is None else reply.status == 0

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
