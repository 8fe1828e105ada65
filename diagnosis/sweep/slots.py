"""How many may be somewhere at once, fewer from the moment on that it turns out to be too many."""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """A semaphore that can be narrowed while others wait at it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def narrow(self, most: int) -> None:
        """Those that are in stay; the next goes in when fewer than so many are left."""
        self._most = min(self._most, most)

    async def __aenter__(self) -> None:
        while self._held >= self._most:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()  # the turn was ours already: the next takes it
                raise
        self._held += 1

    async def __aexit__(self, *_: object) -> None:
        self._held -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
