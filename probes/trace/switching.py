"""Open vSwitch on the way: the port by which packets come to a bridge, and what its dropping flows have counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from probes.cloud import containers, openvswitch
from probes.cloud.openvswitch import Row, several
from probes.connection import MEBIBYTE, Connection
from probes.errors import ProbeError
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Link
from probes.linux.fields import reading, whole
from probes.linux.unit import parse_uptime
from probes.probe import Toolbox
from probes.site import target_of
from probes.trace.capturing import Sighted
from probes.trace.ways import Station, Ways

_OFCTL = "ovs-ofctl dump-flows"
COMMANDS = (*openvswitch.COMMANDS, _OFCTL, *containers.inside(openvswitch.SERVICE, _OFCTL))
_TABLES = {"Bridge": "name,ports", "Port": "_uuid,name,interfaces", "Interface": "_uuid,name,type"}
_DATAPATHS = ("ovs-system", "ovs-netdev")
"""Interfaces that every running Open vSwitch has, in the kernel's view and in its own."""
_LIMIT = 16 * MEBIBYTE
COUNTED_LATE = 0.7
"""Seconds until what the datapath counted stands at the flows: Open vSwitch gathers it twice a second."""
_FLOW = re.compile(
    r"\s*cookie=0x[0-9a-f]{1,16}, duration=[0-9.]{1,20}s, table=(?P<table>[0-9]{1,3}), "
    r"n_packets=(?P<packets>[0-9]{1,20}), n_bytes=[0-9]{1,20}, (?P<rest>.*?) ?actions=(?P<actions>\S.*)"
)
_ASIDE = re.compile(r"(?:(?:idle_age|hard_age|idle_timeout|hard_timeout|importance)=[0-9]+,? ?|[a-z]+_[a-z_]+ )")
"""What stands between the counters and the match."""
_PROTOCOLS = ("icmp", "tcp", "udp", "sctp", "arp", "rarp", "icmp6", "tcp6", "udp6", "sctp6", "ip", "ipv6")
Flow = tuple[str, str]
"""Bridge, and the flow as `ovs-ofctl` writes it, without counters."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Open vSwitch of one host."""

    front: tuple[str, ...]
    """What goes before its commands: they may be in a container."""
    ports: Mapping[str, tuple[str, ...]]
    """Bridge → its ports that are interfaces of the machine (no patch, no tunnel, none of its own)."""


@dataclass(frozen=True, slots=True)
class Drops:
    """How often each flow that drops has counted, at one moment."""

    moment: float
    counts: Mapping[Flow, int]


def has_switch(links: Mapping[str, Link]) -> bool:
    return any(name in links for name in _DATAPATHS)


async def switch_of(connection: Connection) -> Switch | None:
    """None where it cannot be asked, or says what nobody knows: a trace goes on without it."""
    try:
        return parse_switch(*await openvswitch.read_with_front(connection, _TABLES))
    except ProbeError:
        return None


@reading("ovs-vsctl list")
def parse_switch(tables: Mapping[str, list[Row]], front: tuple[str, ...] = ()) -> Switch:
    plain = {str(row["_uuid"]) for row in tables["Interface"] if str(row["type"]) in ("", "system")}
    ports = {str(row["_uuid"]): row for row in tables["Port"]}
    found = {}
    for bridge in tables["Bridge"]:
        own = [ports[one] for one in several(bridge["ports"]) if one in ports]
        outside = (str(port["name"]) for port in own if plain & set(several(port["interfaces"])))
        found[str(bridge["name"])] = tuple(sorted(outside))
    return Switch(front, found)


async def read_drops(connection: Connection, switch: Switch) -> Drops | None:
    try:
        uptime, dumps = await asyncio.gather(
            ask(connection, "cat", "/proc/uptime"),
            asyncio.gather(*(_dump(connection, switch, bridge) for bridge in switch.ports)),
        )
        parsed = (parse_drops(bridge, text) for bridge, text in zip(switch.ports, dumps, strict=True))
        return Drops(parse_uptime(uptime), dict(one for found in parsed for one in found))
    except ProbeError:
        return None


async def _dump(connection: Connection, switch: Switch, bridge: str) -> str:
    words = (*switch.front, *_OFCTL.split(), bridge)
    return (await reply_to(connection, *words, sudo=True, limit=_LIMIT)).stdout


@reading("ovs-ofctl dump-flows")
def parse_drops(bridge: str, text: str) -> list[tuple[Flow, int]]:
    """Of the flows those that drop."""
    lines = (_FLOW.fullmatch(line) for line in text.splitlines() if line.rstrip().endswith("actions=drop"))
    return [((bridge, _words(line)), whole(line["packets"])) for line in lines if line]


def _words(line: re.Match[str]) -> str:
    match = line["rest"]
    while found := _ASIDE.match(match):
        match = match[found.end() :]
    return f"table={line['table']}{' ' if match else ''}{match} actions={line['actions']}"


def may_match(flow: str, protocol: str, *, below: bool) -> bool:
    """Not written for another protocol; inside a tunnel ours are UDP."""
    words = re.split(r"[ ,]", flow)
    named = {word.removesuffix("6") if word != "ipv6" else "ip" for word in words if word in _PROTOCOLS}
    return named <= {"ip", protocol, *(("udp",) if below else ())}


def of_host(
    name: str, silent: Mapping[str, Drops], before: Mapping[str, Drops], after: Mapping[str, Drops]
) -> tuple[Drops, Drops, Drops] | None:
    """Of the three moments; None where one is missing."""
    if name not in silent or name not in before or name not in after:
        return None
    return silent[name], before[name], after[name]


class Switches:
    """Open vSwitch of all hosts on the way."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self.known: dict[str, Switch] = {}

    async def begin(self, links: Mapping[str, Mapping[str, Link]]) -> dict[str, Drops]:
        """Which of the hosts have one, by their interfaces, and what its flows dropped by now."""
        names = [name for name, own in links.items() if has_switch(own) and name not in self.known]
        found = await asyncio.gather(*(switch_of(self._connection(name)) for name in names))
        self.known.update({name: one for name, one in zip(names, found, strict=True) if one is not None})
        return await self.drops()

    async def drops(self) -> dict[str, Drops]:
        found = await asyncio.gather(*(read_drops(self._connection(name), one) for name, one in self.known.items()))
        return {name: one for name, one in zip(self.known, found, strict=True) if one is not None}

    def _connection(self, host: str) -> Connection:
        return self._toolbox.connection(target_of(host))


# ------------------------------------------------------------------ the port before the bridge


def with_ports(ways: Ways, switches: Mapping[str, Switch], sighted: Mapping[str, Sighted]) -> Ways:
    """The same way, with the port by which a bridge of Open vSwitch is come to or left."""
    stations = [one for station in ways.stations for one in _through(station, switches, sighted)]
    return replace(ways, stations=tuple(stations))


def _through(station: Station, switches: Mapping[str, Switch], sighted: Mapping[str, Sighted]) -> Iterator[Station]:
    switch = switches.get(station.host)
    ports = switch.ports.get(station.interface, ()) if switch else ()
    name = _taken(ports, station, sighted.get(station.host))
    port = [replace(station, interface=name)] if name else []
    yield from [*port, station] if station.side == "in" else [station, *port]


def _taken(ports: Iterable[str], station: Station, seen: Sighted | None) -> str:
    """Of several the one that a capture saw them at; empty where that is not known."""
    names = tuple(ports)
    if len(names) == 1:
        return names[0]
    counts = {name: seen.at(name, station.side, station.direction) if seen else 0 for name in names}
    best = max(counts, key=lambda name: counts[name], default="")
    return best if best and counts[best] else ""
