"""A sweep is nobody's emergency: it looks with low priority and not too fast."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from probes.linux.facts import Load

if TYPE_CHECKING:
    from probes.api import Api
    from probes.connection import Command, Connection
    from probes.exchange import Reply
    from probes.probe import Evidence, Toolbox
    from probes.wish import Wish

PACE = 20.0
"""Commands a second on one host."""
BURST = 40
"""Commands that may come at once after a while of none."""
BUSY = 4.0
"""Load for each core from which a host is asked one thing at a time."""


class Pace:
    """One for each host."""

    def __init__(self, pace: float = PACE, burst: int = BURST) -> None:
        self._gap, self._ahead = 1 / pace, burst / pace
        self._next = float("-inf")

    async def turn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now - self._ahead) + self._gap
        if self._next > now:
            await asyncio.sleep(self._next - now)


class PoliteToolbox:
    """The session's toolbox; what runs on a host runs gently."""

    def __init__(self, inner: Toolbox) -> None:
        self.site, self._inner = inner.site, inner
        self._paces: dict[str, Pace] = {}

    def connection(self, target: str) -> Connection:
        return _Polite(self._inner.connection(target), self._paces.setdefault(target, Pace()))

    async def api(self, target: str) -> Api:
        return await self._inner.api(target)

    async def host_of(self, address: str) -> str:
        return await self._inner.host_of(address)

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        return await self._inner.addresses_of(host)

    async def reach(self, host: str) -> Reply:
        return await self._inner.reach(host)

    def from_pods(self, wish: Wish) -> Reply | None:
        """Nobody agreed to start any for a sweep."""
        return self._inner.from_pods(wish)


class _Polite:
    def __init__(self, inner: Connection, pace: Pace) -> None:
        self.target, self._inner, self._pace = inner.target, inner, pace

    async def run(self, command: Command) -> Reply:
        await self._pace.turn()
        return await self._inner.run(replace(command, gentle=True))

    async def close(self) -> None:
        """The session's toolbox owns it."""


def is_busy(evidence: Evidence) -> bool:
    facts = evidence.facts
    return isinstance(facts, Load) and facts.load > BUSY * max(facts.cores, 1)
