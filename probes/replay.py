"""The toolbox of a recording: the same answers, with no network."""

from __future__ import annotations

import asyncio
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from probes.api import ApiRequest
from probes.connection import Command
from probes.exchange import LISTENING, LOOK, REACH, Exchange, Reply
from probes.holders import Holders
from probes.site import Site, target_of

if TYPE_CHECKING:
    from probes.wish import Wish

_ANY = ""
"""No probe run in particular."""
_NOT_RECORDED = Reply(
    None,
    failure="not-recorded",
    message="the recording does not hold this question",
    hint="a replay answers only what was asked when it was recorded",
)


class ReplayToolbox:
    """`speed` is the share of the recorded time each reply takes; 0 answers at once."""

    def __init__(self, site: Site, exchanges: Iterable[Exchange], *, speed: float = 0.0) -> None:
        self.site = site
        self.phase = 0
        self._speed = speed
        self._recording = _Recording(exchanges)
        self._holders = Holders(site, self.connection)

    def connection(self, target: str) -> ReplayConnection:
        return ReplayConnection(target, self._reply, self._speed)

    async def api(self, target: str) -> ReplayApi:
        return ReplayApi(target, self._reply, self._speed)

    async def host_of(self, address: str) -> str:
        return await self._holders.host_of(address)

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        return await self._holders.addresses_of(host)

    async def reach(self, host: str) -> Reply:
        reply = self._reply(target_of(host), REACH)
        await asyncio.sleep(reply.seconds * self._speed)
        return reply

    def from_pods(self, wish: Wish) -> Reply | None:
        """None as well where pods were started for none or for other tries."""
        reply = self._reply(f"cluster:{wish.cluster}", wish.text)
        return None if reply is _NOT_RECORDED else reply

    def forget(self, host: str) -> None:
        """Looked at again, the recording answers from the beginning of this phase."""
        self._recording.rewind(self.phase)

    def changing(self) -> None:
        """What follows is answered from the recording's next phase."""
        self.phase += 1
        self._holders.forget()

    async def close(self) -> None:
        await self._holders.close()

    async def __aenter__(self) -> ReplayToolbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _reply(self, target: str, text: str) -> Reply:
        return self._recording.next(self.phase, target, text)


class ReplayConnection:
    def __init__(self, target: str, reply: Callable[[str, str], Reply], speed: float) -> None:
        self.target, self._reply, self._speed = target, reply, speed

    async def run(self, command: Command) -> Reply:
        reply = self._reply(self.target, command.text)
        pieces = _pieces(reply) if command.on_output else []
        pause = reply.seconds * self._speed / (len(pieces) + 1)
        for piece in pieces:
            await asyncio.sleep(pause)
            if command.on_output:
                command.on_output(piece)
        await asyncio.sleep(pause)
        return reply

    async def close(self) -> None:
        """There is nothing open."""


def _pieces(reply: Reply) -> list[str]:
    """Lines of stdout, then of stderr, for which of both came first is not recorded; but a capture says there that
    it listens before it hears anything, and who waits for that would take it for deaf."""
    said = [*io.StringIO(reply.stderr)]
    first = [line for line in said if LISTENING in line]
    return [*first, *io.StringIO(reply.stdout), *(line for line in said if LISTENING not in line)]


class ReplayApi:
    def __init__(self, target: str, reply: Callable[[str, str], Reply], speed: float) -> None:
        self.target, self._reply, self._speed = target, reply, speed

    async def get(self, request: ApiRequest) -> Reply:
        reply = self._reply(self.target, request.text)
        await asyncio.sleep(reply.seconds * self._speed)
        return reply

    async def close(self) -> None:
        """There is nothing open."""


class _Recording:
    """Replies by phase, target and text; within a phase those that the same probe run heard, else all, in the order
    they came, the last one again and again."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._replies: defaultdict[tuple[str, str], defaultdict[int, defaultdict[str, list[Reply]]]]
        self._replies = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        self._given: defaultdict[tuple[int, str, str, str], int] = defaultdict(int)
        for exchange in sorted(exchanges, key=lambda one: (one.phase, one.at)):
            request = exchange.request
            of_phase = self._replies[request.target, request.text][exchange.phase]
            for look in dict.fromkeys((_ANY, exchange.look)):
                of_phase[look].append(exchange.reply)

    def rewind(self, phase: int) -> None:
        """Counters read before and after belong together, so all answers of the phase start over."""
        for key in [one for one in self._given if one[0] == phase]:
            del self._given[key]

    def next(self, phase: int, target: str, text: str) -> Reply:
        """Of this phase, else of the latest earlier one that holds it."""
        held: Mapping[int, Mapping[str, list[Reply]]] = self._replies.get((target, text), {})
        best = max((one for one in held if one <= phase), default=None)
        if best is None:
            return _NOT_RECORDED
        look = LOOK.get() if LOOK.get() in held[best] else _ANY
        given = self._given[best, target, text, look]
        self._given[best, target, text, look] = given + 1
        return held[best][look][min(given, len(held[best][look]) - 1)]
