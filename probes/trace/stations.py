"""Interfaces that packets pass, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from probes.path.hop import Looked
from probes.path.route_walk import Steps


@dataclass(frozen=True, slots=True)
class Station:
    """One interface that our packets pass."""

    host: str
    interface: str
    side: str
    """in or out, seen from the host; of a router of Neutron seen from the router."""
    direction: str
    """there or back."""
    outer: bool = False
    """Here they travel inside a tunnel's packets."""
    bridge: str = ""
    """Of Open vSwitch, for a port of it that the machine's own tables do not show."""
    counts: str = ""
    """Which of the port's counters counts them: rx or tx, seen from the bridge."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is not there, and must be for packets to go on."""

    host: str
    direction: str
    reason: str
    """no-plug, no-bridge, no-tunnel."""
    at: str
    """Port, bridge, or the host at the tunnel's other end."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Addresses of our packets on the way there; either is empty where it is not known."""

    source: str = ""
    target: str = ""


def stations_of(
    walked: Sequence[Looked], direction: str, outer: Mapping[str, Steps] | None = None
) -> list[Station]:
    """`outer`: host → way of the packets of a tunnel that begins there."""
    found: list[Station] = []
    for one in walked:
        hop = one.hop
        if hop.in_interface:
            found.append(Station(hop.host, hop.in_interface, "in", direction))
        if hop.out_interface and not one.arrived:
            found.append(Station(hop.host, hop.out_interface, "out", direction))
        if outer and hop.host in outer:
            found += [replace(inner, outer=True) for inner in stations_of(outer[hop.host].walked, direction)]
    return found
