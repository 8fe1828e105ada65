"""The course of packets in one direction: hosts that route, and between two of them the inside of a cloud's
networks, which no routing table of theirs knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from probes.errors import ProbeError
from probes.path.hop import Looked, Next
from probes.path.route_walk import Steps, steps
from probes.probe import Toolbox
from probes.trace.inside import Asking, Inside
from probes.trace.plugged import Plugged, plugged
from probes.trace.stations import Ends, Station, stations_of

if TYPE_CHECKING:
    from probes.trace.ways import Ways


@dataclass(frozen=True, slots=True)
class Course:
    walk: Steps | None
    """None where nobody could be asked."""
    split: int = 0
    """So many of its hops come before the cloud's networks."""
    inner: tuple[Station, ...] = ()

    @property
    def walked(self) -> tuple[Looked, ...]:
        return self.walk.walked if self.walk else ()

    def stations(self, direction: str, outer: Mapping[str, Steps]) -> list[Station]:
        before, behind = self.walked[: self.split], self.walked[self.split :]
        return [*stations_of(before, direction, outer), *self.inner, *stations_of(behind, direction, outer)]


@dataclass(frozen=True, slots=True)
class Neutron:
    """What lies inside, where something does."""

    inside: Inside
    plugged: Plugged


async def there(toolbox: Toolbox, walk: Steps, target: str, asking: Asking) -> tuple[Neutron | None, Course]:
    found = await asking.inside(walk)
    if found is None:
        return None, Course(walk)
    ports = await plugged(toolbox, found)
    split = sum(not one.arrived for one in walk.walked)
    if not (found.begins_there and found.gateway):
        return Neutron(found, ports), Course(walk, split, ports.there)
    outside = await _from_router(toolbox, found, target)
    way = replace(outside, walked=(*walk.walked[:1], *outside.walked)) if outside else walk
    return Neutron(found, ports), Course(way, 1, ports.there)


async def back(toolbox: Toolbox, neutron: Neutron | None, gone: Course, returned: Sequence[Steps]) -> Course | None:
    way = returned[0] if returned else None
    if neutron is None:
        return Course(way) if way else None
    found, inner = neutron.inside, neutron.plugged.back
    if found.begins_there:
        split = sum(not one.arrived for one in way.walked) if way else 0
        return Course(way, split if found.gateway else min(split, 1), inner)
    seen = next(iter(gone.walked[gone.split - 1].sources), "")
    outside = await _from_router(toolbox, found, seen) if seen else None
    first = way.walked[:1] if way else ()
    walk = replace(outside, walked=(*first, *outside.walked)) if outside else way
    return Course(walk, len(first), inner)


async def _from_router(toolbox: Toolbox, found: Inside, to: str) -> Steps | None:
    """A router of Neutron sends to the gateway of the network outside, with the server's address there."""
    host = await toolbox.host_of(found.gateway) if found.gateway else ""
    if not host:
        return None
    try:
        return await steps(toolbox, Next(host, found.gateway, "", found.address, (found.address,)), to)
    except ProbeError:
        return None


def with_inside(way: Ways, neutron: Neutron | None, gone: Course) -> Ways:
    if neutron is None:
        return way
    found, ports = neutron.inside, neutron.plugged
    outside, within = _ends(found, gone, way.target)
    return replace(
        way,
        hosts=tuple(dict.fromkeys((*way.hosts, *ports.switches, *ports.below))),
        unseen=tuple(dict.fromkeys((*way.unseen, *ports.unseen))),
        gaps=ports.gaps,
        switches=ports.switches,
        below=tuple(dict.fromkeys((*way.below, *ports.below))),
        inside=True,
        names=() if found.begins_there else (found.fixed,),
        outside=outside,
        within=within,
    )


def _ends(found: Inside, gone: Course, target: str) -> tuple[Ends, Ends]:
    """On the network outside of a router of the cloud, and on the server's own."""
    if found.begins_there:
        own = next(iter(gone.walked[0].sources), found.fixed)
        return Ends(found.address, target), Ends(own, target)
    seen = next(iter(gone.walked[gone.split - 1].sources), "")
    return Ends(seen, found.address), Ends(seen, found.fixed)
