"""What pods said that were started for a look, until a probe has read it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.exchange import Reply
    from probes.wish import Wish

POD_LOOK = "pod-look"
"""In the place of a cause, where the journal and other programs want one."""


class Looks:
    """Of a session. What was said is read once: the next look is another one."""

    def __init__(self) -> None:
        self._said: dict[str, Reply] = {}
        self._last: dict[str, Reply] = {}
        self._removing: set[asyncio.Task[None]] = set()

    def said(self, wish: Wish) -> Reply | None:
        return self._said.pop(wish.text, None)

    def learn(self, wish: Wish, reply: Reply) -> None:
        self._said[wish.text] = self._last[wish.text] = reply

    def why_not(self, wish: Wish) -> Reply | None:
        """How the last look failed; None when there was none, or it did not."""
        last = self._last.get(wish.text)
        return last if last is not None and last.failure else None

    def remove(self, removal: asyncio.Task[None]) -> None:
        """Kept until it is done, whoever stops waiting for it."""
        self._removing.add(removal)
        removal.add_done_callback(self._removing.discard)

    async def close(self) -> None:
        if self._removing:
            await asyncio.gather(*self._removing, return_exceptions=True)
