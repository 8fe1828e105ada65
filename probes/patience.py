"""How long who asks waits for a login. Most wait as long as one may take; a trace does not stand still for one
silent host: it asks that host's console sooner, and goes on without those that have none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

UNSEEN_AFTER = 3.0
CONSOLE_AFTER = 0.7
HURRY: ContextVar[float] = ContextVar("HURRY", default=0.0)
"""Seconds that a login is waited for once it has begun, or twice what the slowest one took that is there, whichever
is more: where every login is slow none is given up. 0: as long as a login may take."""
_AGAIN = 0.2
"""Seconds until is asked again whether another login has come."""
Way = tuple[str, ...]


@contextmanager
def hurrying(seconds: float = UNSEEN_AFTER) -> Iterator[None]:
    """For all that is asked inside, in tasks that begin there too."""
    before = HURRY.set(seconds)
    try:
        yield
    finally:
        HURRY.reset(before)


class Waits:
    """Since when logins wait for their far side (not in a queue here), and how long the good ones took."""

    def __init__(self) -> None:
        self._begun: dict[Way, float] = {}
        self._slowest = 0.0

    @contextmanager
    def of(self, way: Way) -> Iterator[None]:
        """Around the login itself."""
        begun = self._begun[way] = time.monotonic()
        try:
            yield
            self._slowest = max(self._slowest, time.monotonic() - begun)
        finally:
            del self._begun[way]

    async def in_time(self, task: asyncio.Task[object], ways: Callable[[], Sequence[Way]]) -> float:
        """Until it is done; for who is in a hurry at most so many seconds, which are returned. The first login of
        all is waited for. `ways` are its own and those of the jump hosts before it."""
        hurry = HURRY.get()
        while hurry and not task.done():
            most = max(hurry, 2 * self._slowest)
            left = most - self._waited(ways())
            if left <= 0 and self._slowest:
                return most
            await asyncio.wait((task,), timeout=left if left > 0 else _AGAIN)
        return 0.0

    def _waited(self, ways: Sequence[Way]) -> float:
        begun = [self._begun[one] for one in ways if one in self._begun]
        return time.monotonic() - begun[0] if begun else 0.0
