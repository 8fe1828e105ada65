"""A sweep is nobody's emergency: it looks with low priority and not too fast."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from probes.linux.facts import Load
from probes.manners import put_off

if TYPE_CHECKING:
    from probes.connection import Command
    from probes.probe import Evidence

PACE = 20.0
"""Commands a second on one host."""
BURST = 40
"""Commands that may come at once after a while of none."""
BUSY = 4.0
"""Load for each core from which a host is asked one thing at a time, and more slowly."""
BUSY_PACE = 5.0
BUSY_BURST = 10


class Pace:
    """One for each host."""

    def __init__(self, pace: float = PACE, burst: int = BURST) -> None:
        self._gap, self._burst = 1 / pace, burst
        self._next = float("-inf")

    async def turn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now - self._burst * self._gap) + self._gap
        if self._next > now:
            put_off(self._next)
            await asyncio.sleep(self._next - now)

    def slow_down(self, pace: float = BUSY_PACE, burst: int = BUSY_BURST) -> None:
        self._gap, self._burst = 1 / pace, burst


class Polite:
    """The manners of one sweep: what runs on a host runs gently, whichever look gave the command."""

    def __init__(self) -> None:
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self.entered: Callable[[str], None] = lambda target: None
        """Told of each target with its first command."""

    async def __call__(self, target: str, command: Command) -> Command:
        is_first = target not in self._paces
        pace = self._paces[target]
        if is_first:
            self.entered(target)
        await pace.turn()
        return replace(command, gentle=True)

    def slow_down(self, target: str) -> None:
        """From now on it is asked less."""
        self._paces[target].slow_down()


def is_busy(evidence: Evidence) -> bool:
    facts = evidence.facts
    return isinstance(facts, Load) and facts.load > BUSY * max(facts.cores, 1)
