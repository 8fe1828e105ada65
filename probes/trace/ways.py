"""The way of our packets, there and back, interface by interface, as the hosts' own tables say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from base.tasks import end_all
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.host import route_question
from probes.linux.ip import parse_route_get
from probes.linux.tunnel import tunnel_to
from probes.once import Once
from probes.path.facts import Hop, RouteWalk, Translation
from probes.path.hop import Looked, Next
from probes.path.nat import PINGS, Traffic
from probes.path.networks import plain
from probes.path.route_walk import Steps, steps
from probes.path.tunnels import gateway_of
from probes.probe import PROBES, Toolbox
from probes.site import target_of
from probes.trace import courses, inside
from probes.trace.courses import Course, Neutron
from probes.trace.stations import Ends, Gap, Station
from probes.trace.switch import Switch

COMMANDS = (*PROBES["path.route_walk"].commands, *PROBES["linux.tunnel_to"].commands, *inside.COMMANDS)
_MOST_SOURCES = 2


@dataclass(frozen=True, slots=True)
class Ways:
    stations: tuple[Station, ...]
    """There, then back."""
    hops: tuple[tuple[str, Hop], ...]
    """Direction and hop, in the same order; the outer ones of tunnels are among the stations alone."""
    target: str
    owner: str
    """Host that has the target; empty if no host of the site does."""
    hosts: tuple[str, ...]
    """All whose counters may count our packets, in the order of the way; those that bridge for its ends come
    last."""
    unseen: tuple[str, ...]
    """Hosts that could not be asked, and the address where the way leaves the site."""
    loop: bool = field(default=False)
    sources: tuple[str, ...] = ()
    """What the source's address may be on the way."""
    walk: RouteWalk | None = None
    """The way there alone, as routing tables have it."""
    gaps: tuple[Gap, ...] = ()
    """What is missing inside of a cloud's networks."""
    switches: Mapping[str, Switch] = field(default_factory=dict)
    """Open vSwitch of hosts there, as it was while the way was learned."""
    below: tuple[str, ...] = ()
    """Hosts that see them inside of a tunnel's packets."""
    inside: bool = False
    """They pass ports of Neutron."""
    names: tuple[str, ...] = ()
    """What else the target's address is on the way."""
    translations: tuple[Translation, ...] = ()
    """And what hosts on it make of address and port."""
    outside: Ends = field(default_factory=Ends)
    """Addresses of our packets on the way there, as the target's side has them."""
    within: Ends = field(default_factory=Ends)
    """And where a router of the cloud has translated them."""
    translated_at: str = ""
    """Host on the way that gives packets a Service's endpoint as target; empty where the source does."""

    def known_as(self, port: int) -> list[tuple[str, int]]:
        """Other addresses of the target on the way, and its port there."""
        return [*((one.address, one.port) for one in self.translations), *((name, port) for name in self.names)]


async def learn(
    toolbox: Toolbox,
    source: str,
    targets: Sequence[str],
    pod: str = "",
    owner: str = "",
    at: str = "",
    traffic: Traffic = PINGS,
) -> Ways:
    """`targets`: where packets go after translation, most likely first; `at` the address where that happens, empty
    for the source itself. `owner` is the node of a pod that is the target. ProbeError when the source itself cannot
    be asked."""
    once = Once(toolbox)
    try:
        return await _learned(once, source, targets, pod, owner, at, traffic)
    finally:
        await once.close()


async def _learned(
    toolbox: Toolbox, source: str, targets: Sequence[str], pod: str, owner: str, at: str, traffic: Traffic
) -> Ways:
    target, holds_pod = targets[0], bool(owner)
    owner = owner or await toolbox.host_of(target)
    back = _Back(toolbox, source, target if holds_pod else "", pod)
    guess = asyncio.create_task(back.guess(owner, target))
    bridges = _Bridges(toolbox, [source, owner])
    asking = inside.Asking(toolbox, target)
    try:
        first = replace(await _first(toolbox, source, pod), traffic=traffic)
        there, translated_at = await _there(toolbox, first, target, at)
        (neutron, course), _ = await asyncio.gather(courses.there(toolbox, there, target, asking), guess)
        last = course.walked[-1]
        owner = last.hop.host if last.arrived else owner
        returned, tunnels, bridging = await asyncio.gather(
            back.ways(owner, course.walk or there, neutron),
            _tunnels(toolbox, there, target),
            bridges.of([source, owner]),
        )
        returning = await courses.back(toolbox, neutron, course, returned)
    finally:
        await end_all([guess])
        await bridges.close()
        await back.close()
        await asking.close()
    told = _told(course, returning, tunnels, (target, owner), bridging)
    told = replace(told, loop=there.loop, walk=there.told(target), translated_at=translated_at)
    told = replace(told, translations=there.translations)
    return courses.with_inside(told, neutron, course)


async def _there(toolbox: Toolbox, first: Next, target: str, at: str) -> tuple[Steps, str]:
    """By way of the node that translates, where one does; and which that is."""
    if not at:
        return await steps(toolbox, first, target, through=True), ""
    to_node = await steps(toolbox, first, at)
    last = to_node.walked[-1]
    if not last.arrived:
        return to_node, ""
    on = await steps(toolbox, replace(Next(last.hop.host, "", "", "", ()), traffic=first.traffic), target)
    return _joined(to_node, on), last.hop.host


async def _first(toolbox: Toolbox, host: str, pod: str) -> Next:
    """A pod's packets come into its node from the pod's side."""
    if not pod:
        return Next(host, "", "", "", ())
    said = await ask(toolbox.connection(target_of(host)), *route_question(pod), ok=(0, 2))
    own = parse_route_get(host, pod, said, "").source
    return Next(host, own or pod, "", pod, (pod,))


class _Back:
    """From the target's host to what the source's address is there: what translation has made of it is known at the
    end of the way there alone, so its own address is tried meanwhile."""

    def __init__(self, toolbox: Toolbox, source: str, begins_pod: str, pod: str) -> None:
        self._toolbox, self._source, self._begins_pod, self._pod = toolbox, source, begins_pod, pod
        self._tasks: dict[tuple[str, str], asyncio.Task[Steps | None]] = {}

    async def guess(self, owner: str, like: str) -> None:
        if not owner or owner == self._source:
            return
        own = self._pod or next(iter(plain(await self._toolbox.addresses_of(self._source), like)), "")
        if own:
            self._way(owner, own)

    async def ways(self, owner: str, there: Steps, neutron: Neutron | None) -> list[Steps]:
        """At most two, the one that gets home first."""
        if not owner or owner == self._source:
            return []
        seen = (self._pod, *there.walked[-1].sources) if self._pod else there.walked[-1].sources
        if neutron and neutron.inside.begins_there:
            seen = (neutron.inside.address,)
        sources = list(dict.fromkeys(one for one in seen if one))[:_MOST_SOURCES]
        found = await asyncio.gather(*(self._way(owner, one) for one in sources))
        ways = [way for way in found if way is not None]
        return sorted(ways, key=lambda way: way.walked[-1].hop.host != self._source)

    def _way(self, owner: str, address: str) -> asyncio.Task[Steps | None]:
        key = (owner, address)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._walk(owner, address))
        return self._tasks[key]

    async def _walk(self, owner: str, address: str) -> Steps | None:
        try:
            way = await steps(self._toolbox, await _first(self._toolbox, owner, self._begins_pod), address)
            last = way.walked[-1]
            if last.hop.host == self._source or not last.arrived:
                return way
            held = await self._toolbox.addresses_of(self._source)
            home = self._pod or next(iter(plain(held, address)), "")
            if not home:
                return way
            return _joined(way, await steps(self._toolbox, Next(last.hop.host, "", "", "", ()), home))
        except ProbeError:
            return None

    async def close(self) -> None:
        await end_all(self._tasks.values())


def _joined(to_nat: Steps, home: Steps) -> Steps:
    """Where the address is translated the way goes on: that host is one hop, in by the one, out by the other."""
    at, first = to_nat.walked[-1], home.walked[0]
    hop = replace(at.hop, out_interface=first.hop.out_interface, gateway=first.hop.gateway)
    middle = replace(at, hop=hop, arrived=False)
    return replace(home, walked=(*to_nat.walked[:-1], middle, *home.walked[1:]))


# ------------------------------------------------------------------ tunnels and bridges


@dataclass(frozen=True, slots=True)
class _Tunnel:
    """One that begins at a host of the way, and the way of its packets."""

    begins: str
    outer: Steps


async def _tunnels(toolbox: Toolbox, there: Steps, target: str) -> list[_Tunnel]:
    leaving = [one for one in there.walked if one.hop.out_interface]
    found = await asyncio.gather(*(_tunnel(toolbox, one, target) for one in leaving))
    return [one for one in found if one is not None]


async def _tunnel(toolbox: Toolbox, looked: Looked, target: str) -> _Tunnel | None:
    try:
        said = await tunnel_to(looked.hop.host, toolbox, looked.aim or target)
        if not said.remote:
            return None
        return _Tunnel(looked.hop.host, await steps(toolbox, Next(looked.hop.host, "", "", "", ()), said.remote))
    except ProbeError:
        return None


class _Bridges:
    """The gateways of both ends: a machine that bridges its guests' frames may filter them, and is no hop. Looked
    for while the way is learned: an address that no host is known by is asked of all."""

    def __init__(self, toolbox: Toolbox, ends: Iterable[str]) -> None:
        self._toolbox = toolbox
        self._tasks: dict[str, asyncio.Task[str]] = {}
        for end in filter(None, ends):
            self._begin(end)

    async def of(self, ends: Iterable[str]) -> list[str]:
        found = await asyncio.gather(*(self._begin(end) for end in ends if end))
        return [one for one in found if one]

    def _begin(self, end: str) -> asyncio.Task[str]:
        if end not in self._tasks:
            self._tasks[end] = asyncio.create_task(gateway_of(self._toolbox, end))
        return self._tasks[end]

    async def close(self) -> None:
        await end_all(self._tasks.values())


# ------------------------------------------------------------------ what it comes to


def _told(
    there: Course, back: Course | None, tunnels: Sequence[_Tunnel], ends: tuple[str, str], bridging: list[str]
) -> Ways:
    (target, owner), source = ends, there.walked[0].hop.host
    outer = {one.begins: one.outer for one in tunnels}
    returned = back.walked if back else ()
    hops = [("there", one.hop) for one in there.walked] + [("back", one.hop) for one in returned]
    walks = [*filter(None, (there.walk, *(one.outer for one in tunnels), back.walk if back else None))]
    hosts = [*(one.hop.host for walk in walks for one in walk.walked), *([owner] if owner else []), *bridging]
    missed = [missed for walk in walks for missed in (walk.unseen, _beyond(walk, (owner, source))) if missed]
    return Ways(
        stations=(*there.stations("there", outer), *(back.stations("back", {}) if back else ())),
        hops=tuple(hops),
        target=target,
        owner=owner,
        hosts=tuple(dict.fromkeys(hosts)),
        unseen=tuple(dict.fromkeys(missed)),
        sources=tuple(dict.fromkeys(one for looked in there.walked for one in looked.sources)),
        below=tuple(one.hop.host for tunnel in tunnels for one in tunnel.outer.walked),
        outside=Ends(next(iter(there.walked[-1].sources), ""), target),
    )


def _beyond(walk: Steps, ends: tuple[str, str]) -> str:
    """The address that the last host sends it to, where that is no host of the site and no pod of its own."""
    last = walk.walked[-1]
    return last.towards if walk.left_at and last.hop.host not in ends else ""
