"""Beside a trace: whether packets of the link's own size arrive too, and who should have said that they do not.

Echo requests; where a size was asked for, connections and questions too (`own_sizes`). A first exec tries the
usual sizes while the way is learned. Where one vanishes a second one tries what lies between them, before the
trace's own silence; its answers are waited for beside it, when its packets have left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from base.tasks import end_all
from probes.errors import ProbeError
from probes.linux.facts import Firewall
from probes.path import burst, ladder, mtu
from probes.path.facts import RouteWalk
from probes.path.mtu_facts import Ladder, PathLink, PathMtu
from probes.probe import PROBES, Toolbox
from probes.trace import own_sizes
from probes.trace.facts import OwnSizes
from probes.trace.own_sizes import OwnSizing, Tried
from probes.trace.reading import Reading
from probes.trace.ways import Ways

COMMANDS = (*PROBES["path.mtu"].commands, *burst.COMMANDS, *own_sizes.COMMANDS)
SENT_AFTER = 0.5
"""Seconds from the second exec's begin until its packets have left and been counted; their answers are waited for
longer, which disturbs nobody."""
Readings = Mapping[str, Reading]


class Sizing:
    """What goes on beside one trace. Its tasks do not outlive the block."""

    def __init__(self, toolbox: Toolbox, source: str, target: str, tried: Tried, *, wanted: bool) -> None:
        self._toolbox, self._ends, self._wanted, self._pod = toolbox, (source, target), wanted, tried.pod
        echo = tried.protocol == "icmp"
        self._payload = tried.size if echo else 0
        asked = tried.size if wanted and not echo else 0
        self._own = OwnSizing(toolbox, *self._ends, replace(tried, size=asked))
        self._first: asyncio.Task[Ladder | None] | None = None
        self._more: asyncio.Task[tuple[Ladder, list[str]] | None] | None = None
        self._before: Readings = {}
        self._after: Readings = {}
        self._walk: RouteWalk | None = None
        self._hosts: Sequence[str] = ()

    async def __aenter__(self) -> Sizing:
        if self._wanted:
            self._first = asyncio.create_task(self._first_rungs())
        self._own.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [one for one in (self._first, self._more) if one is not None]
        await end_all([*tasks, *self._own.tasks])

    async def lost(self, way: Ways) -> bool:
        """Whether a size vanishes, and more have to be tried: known a second after the first exec's begin. What is
        done next hangs on what was heard, not on when, so that a replay does the same."""
        found = await self._first if self._first is not None else None
        self._walk = way.walk if way.walk and found and found.lost and way.walk.target == found.target else None
        self._hosts = way.hosts
        return await self._own.lost() or self._walk is not None

    def begin(self, before: Readings) -> bool:
        """Whether more packets leave now: SENT_AFTER seconds later they have been counted."""
        self._before = before
        takes = {link.mtu for one in before.values() for link in one.links.values()}
        return any((self._own.begin(self._hosts, _walls(before), takes), self._begin(before)))

    def _begin(self, before: Readings) -> bool:
        walk, found = self._walk, self._first.result() if self._first is not None else None
        if walk is None or found is None or any(hop.host not in before for hop in walk.hops):
            return False
        stations = _stations(walk, before)
        self._more = asyncio.create_task(self._narrowed(found, mtu.hints(stations), _between(stations)))
        return True

    def counted(self, after: Readings) -> None:
        """By the hosts, once what `begin` sent had left."""
        self._after = after
        self._own.counted(_walls(after))

    async def own(self) -> tuple[OwnSizes, ...]:
        """None or one."""
        return await self._own.told()

    async def told(self) -> tuple[PathMtu, ...]:
        """None or one."""
        found = await self._first if self._first is not None else None
        narrowed = await self._more if self._more is not None else None
        if found is None or not found.answers:
            return ()
        try:
            if narrowed is None or self._walk is None or narrowed[0].lost - narrowed[0].largest > 1:
                last = narrowed[0] if narrowed else found
                # the search goes on from the host: of a pod what is known so far must do
                return (mtu.plain(last) if self._pod else await mtu.followed(self._toolbox, last),)
            return (await self._located(found, *narrowed),)
        except ProbeError:
            return ()

    async def _located(self, found: Ladder, more: Ladder, arrive: list[str]) -> PathMtu:
        assert self._walk is not None
        stations = _stations(self._walk, self._before)
        said = dict(zip(_between(stations), arrive, strict=True))
        told = mtu.along(more, self._walk, stations, [_arrives(one.address, said) for one in stations])
        if not more.lost:
            return told
        sent = ladder.lost_of(more) - ladder.lost_of(found)
        before, after = _walls(self._before), _walls(self._after)
        return await mtu.located(self._toolbox, told, before, sent, after, from_pod=bool(self._pod))

    async def _first_rungs(self) -> Ladder | None:
        """The link's size, or the one that was asked for, and smaller ones. None where nobody can try."""
        largest = self._payload and self._payload + ladder.headers(self._ends[1])
        try:
            return await ladder.wide_rungs(self._toolbox, *self._ends, largest, self._pod)
        except ProbeError:
            return None

    async def _narrowed(
        self, found: Ladder, hints: Iterable[int], between: Sequence[str]
    ) -> tuple[Ladder, list[str]] | None:
        try:
            return await ladder.narrowed(self._toolbox, found, hints, between, self._pod)
        except ProbeError:
            return None


def _stations(walk: RouteWalk, readings: Readings) -> tuple[PathLink, ...]:
    return mtu.stations_of(walk, [readings[hop.host].links for hop in walk.hops])


def _between(stations: Sequence[PathLink]) -> list[str]:
    """Addresses of those that are neither end."""
    return [one.address for one in stations[1:-1]]


def _arrives(address: str, said: Mapping[str, str]) -> str:
    """From the source they leave, and at the target they do not arrive: nobody has tried that again."""
    return said.get(address, "no") if address else "yes"


def _walls(readings: Readings) -> dict[str, Firewall]:
    """By host."""
    return {host: one.firewall for host, one in readings.items() if one.firewall is not None}


def verdict(said: str, sizes: tuple[PathMtu, ...], own: tuple[OwnSizes, ...] = (), *, asked: bool) -> str:
    """What a trace comes to that says `said` of its own packets. `asked`: they have a size that was asked for.
    Where the traced protocol was tried itself, what echo requests meet is only told beside it; that a large
    question by UDP is not answered may be the server's doing."""
    arrives = said in ("arrives", "refused")
    if any(one.largest for one in own):
        echo = any(one.lost for one in sizes)
        proven = any(one.lost and (one.protocol == "tcp" or one.hits or echo) for one in own)
        return "sizes-lost" if arrives and proven else said
    for one in sizes:
        if one.lost and (arrives or asked):
            return "sizes-lost"
        if asked and not arrives and (one.told_by or one.told_mtu):
            return "too-large"
    return said
