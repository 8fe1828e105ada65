"""Which pairs of hosts matter: a pure rule that grows linearly with the site (docs/decisions/0028-sweep.md).

A pair matters where somebody's word says that it works, and a default route is nobody's word:

1. Neighbours: in each network, every host and the next one, in a ring, by addresses that the site names, or else by
   those that the hosts have there (diagnosis/sweep/wires.py says which count).
2. Routes: every host and one host of each network that it has a route of its own to, at most `ROUTES` for each.
3. Whoever is nobody's target by then is tried from the next host that has a route of its own to it.

A network whose address two hosts hold is two networks with one name (a libvirt network on each hypervisor): no pair
leads into it.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from diagnosis.sweep.wires import UNKNOWN, Wires, contested
from probes.linux.facts import Route

ROUTES = 8
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A host as pairs see it."""

    host: str
    addresses: tuple[str, ...]
    """Those the site knows it by."""
    routes: tuple[Route, ...] | None
    """None when it could not be asked: it is a target then and never a source."""
    wires: Wires = UNKNOWN
    """What is known of the networks that the site does not name; nothing, and there are no neighbours in them."""


@dataclass(frozen=True, slots=True)
class Pair:
    source: str
    target: str
    """An address."""
    host: str
    """Whose address it is."""


def standpoint_of(
    host: str, addresses: Sequence[str], routes: tuple[Route, ...] | None, wires: Wires = UNKNOWN
) -> Standpoint:
    """Of a host that the site knows by a name alone, its own address towards its default route."""
    return Standpoint(host, tuple(addresses) or tuple(_main_address(routes or ())), routes, wires)


def _main_address(routes: Sequence[Route]) -> Iterator[str]:
    ways = [route.interface for route in routes if _is_default(route)]
    own = [route for route in routes if not route.gateway and route.protocol == "kernel" and route.source]
    yield from [route.source for route in own if route.interface in ways[:1]][:1]


def _is_default(route: Route) -> bool:
    return _network(route.destination) is None and route.table == "main" and bool(route.gateway)


def pairs(standpoints: Sequence[Standpoint]) -> tuple[Pair, ...]:
    """In the order of the site, each once."""
    lie = _Lie(standpoints)
    by_route = list(lie.by_route())
    found = [*lie.neighbours(), *by_route, *lie.forgotten({pair.target for pair in by_route})]
    return tuple(dict.fromkeys(found))


def own_networks(standpoint: Standpoint) -> Iterator[tuple[Network, str]]:
    """Networks that a host is on itself, each with its address there."""
    for network, route in _own_routes(standpoint):
        yield network, route.source


def _own_routes(standpoint: Standpoint) -> Iterator[tuple[Network, Route]]:
    for route in standpoint.routes or ():
        network = _network(route.destination)
        connected = not route.gateway and route.protocol == "kernel" and route.table == "main" and route.source
        if network is not None and connected and not network.is_link_local:
            yield network, route


def routed_networks(standpoint: Standpoint) -> Iterator[Network]:
    """Networks that somebody, or a daemon, told it a way to."""
    own = {network for network, _ in own_networks(standpoint)}
    for route in standpoint.routes or ():
        network = _network(route.destination)
        led = route.gateway and route.kind == "unicast" and route.table == "main"
        if network is not None and led and network not in own:
            yield network


@lru_cache(maxsize=65536)
def _network(destination: str) -> Network | None:
    """None for the default route, however it is written."""
    if destination == "default":
        return None
    network = ipaddress.ip_network(destination, strict=False)
    return network if network.prefixlen else None


@dataclass
class _Lie:
    """How the hosts lie to each other."""

    standpoints: Sequence[Standpoint]
    _places: dict[int, tuple[list[int], list[Pair]]] = field(init=False)
    """IP version → addresses in order, and whose they are."""
    _twice: set[Network] = field(init=False)

    def __post_init__(self) -> None:
        known: dict[int, list[tuple[int, Pair]]] = {4: [], 6: []}
        for standpoint in self.standpoints:
            for text in standpoint.addresses:
                address = ipaddress.ip_address(text)
                known[address.version].append((int(address), Pair("", text, standpoint.host)))
        self._places = {}
        for version, places in known.items():
            places.sort(key=lambda place: place[0])
            self._places[version] = ([number for number, _ in places], [whose for _, whose in places])
        held = Counter(
            (network, address)
            for standpoint in self.standpoints
            for network, address in dict.fromkeys(own_networks(standpoint))
        )
        self._twice = {network for (network, _), hosts in held.items() if hosts > 1}

    def inside(self, network: Network) -> list[Pair]:
        """Addresses of the site in it, in order."""
        numbers, whose = self._places[network.version]
        first, last = int(network.network_address), int(network.broadcast_address)
        return whose[bisect_left(numbers, first) : bisect_right(numbers, last)]

    def neighbours(self) -> Iterator[Pair]:
        for network, ring in self._rings().items():
            if network not in self._twice and len(ring) > 1:
                for here, there in zip(ring, [*ring[1:], ring[0]], strict=True):
                    yield Pair(here.host, there.target, there.host)

    def _rings(self) -> dict[Network, list[Pair]]:
        """Each network and its hosts, in the order of their addresses there, each once."""
        members: defaultdict[Network, dict[str, str]] = defaultdict(dict)
        for standpoint in self.standpoints:
            for network, route in _own_routes(standpoint):
                inner = route.source if route.interface in standpoint.wires.trusted else ""
                members[network].setdefault(standpoint.host, inner)
        split = contested((one.wires, _own_routes(one)) for one in self.standpoints)
        return {network: self._ring(network, own, network in split) for network, own in members.items()}

    def _ring(self, network: Network, own: Mapping[str, str], split: bool) -> list[Pair]:
        known = {place.host: place.target for place in reversed(self.inside(network)) if place.host in own}
        inner = {} if split else {host: address for host, address in own.items() if address}
        there = [Pair(host, address, host) for host, address in {**inner, **known}.items()]
        return sorted(there, key=lambda place: int(ipaddress.ip_address(place.target)))

    def by_route(self) -> Iterator[Pair]:
        """Each source begins with another network, and each network with another host: all have their turn."""
        turn: Counter[Network] = Counter()
        for number, standpoint in enumerate(self.standpoints):
            ways = [
                network
                for network in dict.fromkeys(routed_networks(standpoint))
                if self._leads(network, standpoint)
            ]
            start = number % len(ways) if len(ways) > ROUTES else 0
            for network in [*ways[start:], *ways[:start]][:ROUTES]:
                there = [place for place in self.inside(network) if place.host != standpoint.host]
                yield self._pair(standpoint, there[turn[network] % len(there)])
                turn[network] += 1

    def _leads(self, network: Network, standpoint: Standpoint) -> bool:
        there = self.inside(network)
        return network not in self._twice and any(place.host != standpoint.host for place in there)

    def forgotten(self, tried: set[str]) -> Iterator[Pair]:
        """Addresses that no route pair leads to so far, each from the next host with a way of its own."""
        ways: defaultdict[Network, list[int]] = defaultdict(list)
        for number, standpoint in enumerate(self.standpoints):
            for network in dict.fromkeys(routed_networks(standpoint)):
                ways[network].append(number)
        lengths = {(network.version, network.prefixlen) for network in ways}
        for number, standpoint in enumerate(self.standpoints):
            for text in standpoint.addresses:
                sources = {one for network in _around(text, lengths) - self._twice for one in ways.get(network, ())}
                sources.discard(number)
                if text not in tried and sources:
                    after = min((one for one in sources if one > number), default=min(sources))
                    yield Pair(self.standpoints[after].host, text, standpoint.host)

    @staticmethod
    def _pair(standpoint: Standpoint, place: Pair) -> Pair:
        return Pair(standpoint.host, place.target, place.host)


def _around(text: str, lengths: Iterable[tuple[int, int]]) -> set[Network]:
    """Networks of these lengths that hold the address."""
    address = ipaddress.ip_address(text)
    return {
        ipaddress.ip_network((address, length), strict=False)
        for version, length in lengths
        if version == address.version
    }
