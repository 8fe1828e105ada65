"""From the ports that packets pass inside of a cloud's networks to interfaces of its hypervisors: the ports of Open
vSwitch where servers and routers are plugged in, and the tunnels between the hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from probes.cloud.networks import is_id
from probes.errors import ProbeError
from probes.path.hop import Next
from probes.path.route_walk import Steps, steps
from probes.path.tunnels import gateway_of
from probes.probe import Toolbox
from probes.site import target_of
from probes.trace.inside import Inside, Leg, Socket, site_host
from probes.trace.stations import Gap, Station, stations_of
from probes.trace.switch import Switch, Tunnel, switch_of

Pair = tuple[str, str]
"""Two hosts, the sender first."""


@dataclass(frozen=True, slots=True)
class Plugged:
    """What a way has inside of the cloud's networks."""

    there: tuple[Station, ...]
    back: tuple[Station, ...]
    gaps: tuple[Gap, ...]
    switches: Mapping[str, Switch]
    below: tuple[str, ...]
    """Hosts that see the tunnels' packets: their ends, what routes between them, and what bridges for them."""
    unseen: tuple[str, ...]


async def plugged(toolbox: Toolbox, found: Inside) -> Plugged:
    sockets = [one for leg in found.there for one in (leg.begins, leg.ends) if one is not None]
    named = {one.host: site_host(toolbox, one) for one in sockets}
    hosts = list(dict.fromkeys(filter(None, named.values())))
    known, addresses = await asyncio.gather(_switches(toolbox, hosts), _addresses(toolbox, hosts))
    switches = {host: _with_spaces(one, host, named, sockets) for host, one in known.items()}
    at = _At(named, switches, addresses)
    pairs = [pair for leg in (*found.there, *found.back) if (pair := at.pair(leg))]
    outer, bridging = await asyncio.gather(_outer(toolbox, at, pairs), _bridging(toolbox, pairs))
    there, back = (_of_legs(at, legs, way, outer) for legs, way in ((found.there, "there"), (found.back, "back")))
    between = [one.hop.host for walk in outer.values() for one in walk.walked]
    blind = [host or name for name, host in named.items() if host not in switches]
    return Plugged(
        there=tuple(one for one in there if isinstance(one, Station)),
        back=tuple(one for one in back if isinstance(one, Station)),
        gaps=tuple(one for one in (*there, *back) if isinstance(one, Gap)),
        switches=switches,
        below=tuple(dict.fromkeys((*between, *bridging))),
        unseen=tuple(blind),
    )


async def _switches(toolbox: Toolbox, hosts: list[str]) -> dict[str, Switch]:
    found = await asyncio.gather(*(switch_of(toolbox.connection(target_of(host))) for host in hosts))
    return {host: one for host, one in zip(hosts, found, strict=True) if one is not None}


def _with_spaces(switch: Switch, host: str, named: Mapping[str, str], sockets: list[Socket]) -> Switch:
    """Routers that are there: their own ports are in their namespaces."""
    routers = dict.fromkeys(one.router for one in sockets if named[one.host] == host and is_id(one.router))
    return replace(switch, spaces=tuple(f"qrouter-{router}" for router in routers))


async def _addresses(toolbox: Toolbox, hosts: list[str]) -> dict[str, tuple[str, ...]]:
    found = await asyncio.gather(*(toolbox.addresses_of(host) for host in hosts))
    return dict(zip(hosts, found, strict=True))


async def _bridging(toolbox: Toolbox, pairs: list[Pair]) -> list[str]:
    """A tunnel's packets may go through a machine that bridges for its end, or routes what the tables here say."""
    ends = dict.fromkeys(host for pair in pairs for host in pair)
    return [one for one in await asyncio.gather(*(gateway_of(toolbox, end) for end in ends)) if one]


async def _outer(toolbox: Toolbox, at: _At, pairs: list[Pair]) -> dict[Pair, Steps]:
    """The ways of the tunnels' own packets, where one is there."""
    tunnels = {pair: tunnel for pair in pairs if (tunnel := at.tunnel(*pair)) is not None}
    walks = await asyncio.gather(*(_walk(toolbox, pair[0], one.remote) for pair, one in tunnels.items()))
    return {pair: walk for pair, walk in zip(tunnels, walks, strict=True) if walk is not None}


async def _walk(toolbox: Toolbox, host: str, remote: str) -> Steps | None:
    try:
        return await steps(toolbox, Next(host, "", "", "", ()), remote)
    except ProbeError:
        return None


@dataclass(frozen=True, slots=True)
class _At:
    """Where things are."""

    named: Mapping[str, str]
    """Host as Neutron calls it → as the site does."""
    switches: Mapping[str, Switch]
    addresses: Mapping[str, tuple[str, ...]]

    def host(self, socket: Socket | None) -> str:
        return self.named[socket.host] if socket else ""

    def pair(self, leg: Leg) -> Pair | None:
        begins, ends = self.host(leg.begins), self.host(leg.ends)
        return (begins, ends) if begins and ends and begins != ends else None

    def tunnel(self, host: str, other: str) -> Tunnel | None:
        """The one of `host` that leads to the other."""
        if host not in self.switches:
            return None
        far = self.switches.get(other)
        ends = {*self.addresses.get(other, ()), *(one.local for one in (far.tunnels if far else ()))}
        return next((one for one in self.switches[host].tunnels if one.remote in ends), None)


def _of_legs(at: _At, legs: tuple[Leg, ...], way: str, outer: Mapping[Pair, Steps]) -> list[Station | Gap]:
    found: list[Station | Gap] = []
    for leg in legs:
        found += _end(at, leg.begins, leg.ends, way, begins=True)
        if (pair := at.pair(leg)) is not None:
            found += _tunnel(at, pair, way, "out")
            if pair in outer:
                found += _outside_of(at, stations_of(outer[pair].walked, way))
            found += _tunnel(at, (pair[1], pair[0]), way, "in")
        found += _end(at, leg.ends, leg.begins, way, begins=False)
    return found


def _outside_of(at: _At, stations: list[Station]) -> Iterator[Station]:
    """Where Open vSwitch forwards by itself (no kernel's datapath) what its tunnels send passes no bridge's own
    interface: the port counts it alone."""
    for one in stations:
        switch = at.switches.get(one.host)
        ports = (switch.ports if switch else {}).get(one.interface, (one.interface,))
        if len(ports) == 1:
            yield replace(one, interface=ports[0], outer=True)


def _end(
    at: _At, socket: Socket | None, other: Socket | None, way: str, *, begins: bool
) -> Iterator[Station | Gap]:
    """A server is behind its port, and what leaves it comes in there; a router is on the host itself."""
    host = at.host(socket or other)
    switch = at.switches.get(host)
    if switch is None:
        return
    if socket is None:
        if name := _outside(switch):
            yield Station(host, name, "in" if begins else "out", way)
        return
    side = "in" if begins is not bool(socket.router) else "out"
    name = switch.plugs.get(socket.port, "")
    if not name and not socket.switched:
        return
    if not name:
        yield Gap(host, way, "no-plug", f"tap{socket.port[:11]}")
        name = f"tap{socket.port[:11]}"
    yield Station(host, name, side, way, bridge=switch.bridge_of.get(name, ""), counts="rx" if begins else "tx")


def _outside(switch: Switch) -> str:
    """The one interface of the machine that is in a bridge; empty where there are several."""
    names = {name for names in switch.ports.values() for name in names if not _is_plug(switch, name)}
    return names.pop() if len(names) == 1 else ""


def _is_plug(switch: Switch, name: str) -> bool:
    return name in switch.plugs.values()


def _tunnel(at: _At, pair: Pair, way: str, side: str) -> Iterator[Station | Gap]:
    """The port behind which the other host is; where there is none, the bridge that it should be in."""
    host, other = pair
    switch = at.switches.get(host)
    if switch is None:
        return
    counts = "tx" if side == "out" else "rx"
    if (one := at.tunnel(host, other)) is not None:
        yield Station(host, one.name, side, way, bridge=one.bridge, counts=counts)
        return
    named = [one.bridge for known in at.switches.values() for one in known.tunnels]
    if other not in at.switches or not named:
        return  # the far end is unknown, or nobody tunnels: a network of VLANs needs none
    gone = next((name for name in named if name not in switch.ports), "")
    yield Station(host, gone or other, side, way, bridge="?", counts=counts)
    yield Gap(host, way, "no-bridge" if gone else "no-tunnel", gone or other)
