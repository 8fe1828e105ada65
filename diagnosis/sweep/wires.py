"""Which networks that the site does not name hold neighbours, by what the hosts say of their own cards. Pure.

Two hosts with addresses of one network are neighbours only if it is one network, and here nobody said that it is:

- not on what has no neighbours (WireGuard, tun, dummy …) or on bridges that container programs make for themselves,
- not where two hosts met one address there with two MAC addresses: 10.0.0.0/24 of two tenants, each with a gateway.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from probes.linux.facts import Link, Neighbour, Route

Network = TypeVar("Network")

_ALONE = frozenset(
    ("wireguard", "tun", "ppp", "dummy", "ipip", "sit", "gre", "ip6gre", "ip6tnl", "vti", "vti6", "xfrm", "vrf")
)
"""Kinds of links whose far end is no neighbour, or that have none."""
_FOR_CONTAINERS = re.compile(r"docker[0-9_]|podman[0-9]|cni[0-9]|cni-|lxcbr|lxdbr|br-[0-9a-f]{12}$")


@dataclass(frozen=True, slots=True)
class Wires:
    """Of one host."""

    trusted: frozenset[str] = frozenset()
    """Interfaces whose networks may hold neighbours."""
    neighbours: tuple[tuple[str, str, str], ...] = ()
    """Interface, address and MAC of those that it has met there."""


UNKNOWN = Wires()


def wires_of(links: Sequence[Link], neighbours: Sequence[Neighbour]) -> Wires:
    trusted = (link.name for link in links if link.up and link.kind not in _ALONE and not _for_containers(link))
    met = ((one.interface, one.address, one.mac) for one in neighbours if one.mac)
    return Wires(frozenset(trusted), tuple(met))


def _for_containers(link: Link) -> bool:
    return _FOR_CONTAINERS.match(link.name) is not None


def contested(hosts: Iterable[tuple[Wires, Iterable[tuple[Network, Route]]]]) -> set[Network]:
    """Networks that are two with one name, by what the hosts on them have met there."""
    known: defaultdict[tuple[Network, str], set[str]] = defaultdict(set)
    for wires, routes in hosts:
        networks: defaultdict[str, list[Network]] = defaultdict(list)
        for network, route in routes:
            networks[route.interface].append(network)
        for interface, address, mac in wires.neighbours:
            for network in networks.get(interface, ()):
                known[network, address].add(mac.lower())
    return {network for (network, _), macs in known.items() if len(macs) > 1}
