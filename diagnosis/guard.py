"""The dead man's switch of a repair: armed before a command that could cut the way, called off after it."""

from __future__ import annotations

import asyncio

from base.errors import UsageError
from diagnosis import switch
from diagnosis.hands import NO_WAY_IN, VIA_CONSOLE, Hands
from diagnosis.views import ActionView
from probes.connection import Command
from probes.errors import ProbeError
from probes.site import OPERATOR

BACK_PAUSE = 2.0
"""Seconds between tries to reach a host that may have been cut off."""
BACK_GRACE = 20.0
"""Seconds past the switch's time within which the host must be back."""


class Guard(Hands):
    """The part of a repair that sees to it that nothing stays cut off."""

    _armed_at: float
    """By the clock of the event loop, just before the host was told."""

    async def _plan_switches(self) -> str:
        """Gives every action that could cut its own way the commands that arm and disarm its switch. Says why a
        host cannot be told to take one back."""
        for index, action in enumerate(self.view.fix.actions):
            if action.state != "planned" or action.arm or not _could_cut(action):
                continue
            if action.undo_known and (why := await self._plan_switch(index)):
                return why
        return ""

    def _refuse_unknown_undos(self) -> None:
        """A switch can only send what somebody knows to take the command back."""
        for action in self.view.fix.actions:
            if action.state == "planned" and not action.undo_known and _could_cut(action):
                raise UsageError(
                    f"`{action.run}` could cut the way to {action.on}, and nobody has said what takes it back",
                    hint=f"confirm its undo or edit it too: {action.undo}",
                )

    async def _plan_switch(self, index: int) -> str:
        action = self.view.fix.actions[index]
        reply = await self._connection(action).run(Command(script=switch.LOOK_FOR_TOOLS))
        if reply.message.startswith(VIA_CONSOLE) or reply.failure in NO_WAY_IN:
            return ""  # through a console nothing can cut the way; without any way nothing is sent
        if reply.status != 0:
            said = reply.stderr.strip() or reply.message
            return f"whether {action.on} can take `{action.run}` back by itself could not be seen: {said}"
        root = await self._session.is_root(action.on)
        token = f"{self._session.token}-{index}"
        seconds = switch.seconds_for(action.timeout)
        planned = switch.switch_for(reply.stdout.strip(), token, action.undo, root=root, seconds=seconds)
        self._put(index, arm=planned.arm, disarm=planned.disarm)
        return ""

    async def _arm(self, index: int) -> bool:
        """False, and nothing is sent, when the host would not take the command back by itself."""
        action = self.view.fix.actions[index]
        if not action.arm:
            return True
        self._session.note("guard", {"action": index, "on": action.on, "arm": action.arm}, sync=True)
        self._armed_at = asyncio.get_running_loop().time()
        reply = await self._connection(action).run(Command(script=action.arm))
        if reply.status == 0:
            return True
        said = reply.stderr.strip() or reply.message
        output = f"nothing was sent, for the switch could not be armed: {said}"
        self._put(index, state="by-hand", exit_status=None, output=output)
        return False

    # ------------------------------------------------------------ calling it off

    async def _back_again(self, index: int) -> None:
        """Reaches the host by a new login and calls its switch off, or waits until the host has undone it."""
        action, loop = self.view.fix.actions[index], asyncio.get_running_loop()
        end = self._armed_at + switch.seconds_for(action.timeout) + BACK_GRACE
        unanswered = False
        outcome = ""
        while not outcome and loop.time() <= end:
            if await self._reached(action.on):
                self._session.forget()
                outcome, unanswered = await self._try_to_call_off(action, unanswered)
            if not outcome:
                await asyncio.sleep(BACK_PAUSE)
        if outcome == "fired":
            self._put(index, state="taken-back")
        elif outcome != "disarmed":
            self._put(index, state="interrupted")
        self._guard_outcome(index, outcome or "not reached")

    async def _try_to_call_off(self, action: ActionView, unanswered: bool) -> tuple[str, bool]:
        """disarmed, fired, or unknown; empty while it is armed still. And whether a call to it was ever left
        without an answer: then its being gone does not say who did it."""
        reply = await self._connection(action).run(Command(script=action.disarm))
        in_time = asyncio.get_running_loop().time() - self._armed_at < switch.seconds_for(action.timeout)
        if reply.status == 0 and (in_time or switch.decides(action.arm)):
            return "disarmed", unanswered
        unanswered = unanswered or reply.status is None
        armed = await self._still_armed(action)
        if armed is not False:
            return "", unanswered
        if unanswered:
            return ("disarmed" if in_time else "unknown"), unanswered
        return "fired", unanswered

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

    async def _still_armed(self, action: ActionView) -> bool | None:
        if not action.arm:
            return False
        reply = await self._connection(action).run(Command(script=switch.is_armed(action.arm)))
        return None if reply.status is None else reply.status == 0


def _could_cut(action: ActionView) -> bool:
    """Of one with an undo: without one there is nothing that a host could do by itself."""
    return bool(action.undo) and action.on != OPERATOR and switch.may_cut(action.run)
