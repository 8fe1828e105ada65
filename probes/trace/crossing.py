"""Where our packets go through the Open vSwitch of one host, and what they look like there: the question that its
`ofproto/trace` is asked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from probes.path.facts import Hop
from probes.trace.stations import Ends, Station
from probes.trace.switch import Port, Switch, Tunnel
from probes.trace.watching import Sight, Watched

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_TTL = 64
_ECHO = {(4, "there"): 8, (4, "back"): 0, (6, "there"): 128, (6, "back"): 129}


@dataclass(frozen=True, slots=True)
class Crossing:
    """They come into it by the one port, and should leave it by the other."""

    host: str
    direction: str
    switch: Switch
    enters: Sight
    leaves: Sight
    sender: str
    """MAC of who sends the frame, where it is known."""
    receiver: str
    source: str
    target: str

    @property
    def port(self) -> Port:
        return self.bridges[0], self.enters.station.interface

    @property
    def bridges(self) -> tuple[str, str]:
        """By which they come in, and by which they should leave."""
        return _bridge(self.switch, self.enters.station), _bridge(self.switch, self.leaves.station)

    @property
    def tunnel(self) -> Tunnel | None:
        """By which they come in."""
        return next((one for one in self.switch.tunnels if one.name == self.enters.station.interface), None)

    @property
    def plug(self) -> str:
        """The port for a server or router, whose network says how frames are marked outside of the host."""
        names = (self.leaves.station.interface, self.enters.station.interface)
        return next((name for name in names if name in self.switch.plugs.values()), "")

    @property
    def marked(self) -> bool:
        """They may come in with the mark of their network: by a tunnel, or from outside."""
        return self.enters.station.interface not in self.switch.plugs.values() and bool(self.plug)


def crossings(
    watched: Watched, switches: Mapping[str, Switch], dead: tuple[str, str] | None = None
) -> Iterator[Crossing]:
    """Those that they may have come to and not left, from where they were seen last to where they are missing; of a
    host and a direction where those are named."""
    end = min(watched.first_lost(), len(watched.sights) - 1) if dead is None else len(watched.sights) - 1
    for at in range(max(watched.last_seen(), 0), end):
        found = _crossing(watched, switches, at)
        if found is not None and dead in (None, (found.host, found.direction)):
            yield found


def _crossing(watched: Watched, switches: Mapping[str, Switch], at: int) -> Crossing | None:
    enters, leaves = watched.sights[at], watched.sights[at + 1]
    one, other = enters.station, leaves.station
    switch = switches.get(one.host)
    if switch is None or one.outer or other.outer or _place(one) != _place(other):
        return None
    if enters.is_lost(watched.sent) or leaves.is_seen(watched.sent):
        return None
    if _comes_in(switch, one) is not True or _comes_in(switch, other) is not False:
        return None
    ends = _ends(watched, at)
    frame = _frame(watched, switches, at)
    return Crossing(one.host, one.direction, switch, enters, leaves, *frame, ends.source, ends.target)


def _bridge(switch: Switch, station: Station) -> str:
    return station.bridge or switch.bridge_of.get(station.interface, "")


def _comes_in(switch: Switch, station: Station) -> bool | None:
    """Into Open vSwitch, not out of it; None for what is no port of it. What a host sends itself comes in by the
    bridge's own port."""
    if (_bridge(switch, station), station.interface) not in switch.numbers:
        return None
    if station.bridge:
        return station.counts == "rx"
    return (station.side == "in") is not (station.interface in switch.ports)


# ------------------------------------------------------------------ addresses


def _ends(watched: Watched, at: int) -> Ends:
    """As packets have them there: a router of the cloud gives a server another address outside."""
    ways, direction = watched.ways, watched.sights[at].station.direction
    outside = (_is_outside(watched, n) for n in (at, at + 1))
    ends = ways.outside if not ways.inside or any(outside) else ways.within
    return ends if direction == "there" else Ends(ends.target, ends.source)


def _is_outside(watched: Watched, number: int) -> bool:
    """A port of the machine itself: between it and a router lies the network outside."""
    return not watched.sights[number].station.bridge


def _frame(watched: Watched, switches: Mapping[str, Switch], at: int) -> tuple[str, str]:
    """From the plug before it to that behind it, wherever they are; else as the machine knows its neighbours."""
    stations = [one.station for one in watched.sights]
    before = [one for one in reversed(stations[: at + 1]) if not one.outer]
    behind = [one for one in stations[at + 1 :] if not one.outer]
    hop = next((hop for way, hop in watched.ways.hops if (hop.host, way) == _place(stations[at])), None)
    sender = _plugged(before, switches, "rx") or _own_mac(watched, switches, stations[at])
    receiver = _plugged(behind, switches, "tx") or _own_mac(watched, switches, stations[at + 1])
    return sender, receiver or _neighbour(watched, stations[at], hop)


def _place(station: Station) -> tuple[str, str]:
    return station.host, station.direction


def _plugged(stations: Sequence[Station], switches: Mapping[str, Switch], counts: str) -> str:
    """Of the same network: not beyond an interface of a machine, or a port of the other kind."""
    for one in stations:
        switch = switches.get(one.host)
        if switch is None or not one.bridge or one.direction != stations[0].direction:
            return ""
        if one.interface in switch.macs:
            return switch.macs[one.interface] if one.counts == counts else ""
    return ""


def _own_mac(watched: Watched, switches: Mapping[str, Switch], station: Station) -> str:
    """Of a bridge's own interface, by which the machine itself sends and is sent to."""
    growing = watched.growing.get(station.host)
    if growing is None or station.interface not in switches[station.host].ports:
        return ""
    link = growing.after.links.get(station.interface)
    return link.mac if link else ""


def _neighbour(watched: Watched, station: Station, hop: Hop | None) -> str:
    growing = watched.growing.get(station.host)
    if growing is None or hop is None or hop.out_interface != station.interface:
        return ""
    towards = hop.gateway or (watched.ways.target if station.direction == "there" else "")
    return next((one.mac for one in growing.after.neighbours if one.address == towards and one.mac), "")


# ------------------------------------------------------------------ the question


def flow_of(crossing: Crossing, protocol: str, port: int, marks: Sequence[str]) -> str:
    """As `ovs-ofctl` writes one; empty where the port has no number. `port` is the target's."""
    number = crossing.switch.numbers.get(crossing.port)
    return ",".join((f"in_port={number}", *marks, *_told(crossing, protocol, port))) if number is not None else ""


def _told(crossing: Crossing, protocol: str, port: int) -> Iterator[str]:
    """Every word is of a form that is checked here: what hosts and clouds say may be anything."""
    version = _version(crossing)
    six = "6" if version == 6 else ""
    yield f"{protocol}{six}"
    yield from (f"{key}={mac}" for key, mac in _macs(crossing) if _MAC.fullmatch(mac))
    names = ("ipv6_src", "ipv6_dst") if six else ("nw_src", "nw_dst")
    yield from (f"{key}={one}" for key, one in zip(names, (crossing.source, crossing.target), strict=True) if one)
    yield f"nw_ttl={_TTL}"
    if protocol == "icmp":
        kind = "icmpv6" if six else "icmp"
        yield f"{kind}_type={_ECHO[version, crossing.direction]},{kind}_code=0"
    elif port:
        yield f"tp_dst={port}" if crossing.direction == "there" else f"tp_src={port}"


def _macs(crossing: Crossing) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("dl_src", crossing.sender.lower()), ("dl_dst", crossing.receiver.lower())


def _version(crossing: Crossing) -> int:
    """ValueError where an address is none."""
    told = [ipaddress.ip_address(one).version for one in (crossing.source, crossing.target) if one]
    return told[0] if told else 4


def marks_of(crossing: Crossing, network: Mapping[str, str]) -> list[str]:
    """`network`: what the agent wrote down beside the plug. How a tunnel or a VLAN tells networks apart."""
    number = network.get("segmentation_id", "")
    if not number.isdecimal() or len(number) > 8:
        return []
    if (tunnel := crossing.tunnel) is not None:
        ends = [("tun_src", tunnel.remote), ("tun_dst", tunnel.local)]
        return [f"tun_id={int(number):#x}", *(f"{key}={one}" for key, one in ends if _is_four(one))]
    return [f"dl_vlan={int(number)}"] if network.get("network_type") == "vlan" else []


def _is_four(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 4
    except ValueError:
        return False
