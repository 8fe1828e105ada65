"""Open vSwitch on the way: the port by which packets come to a bridge, and what its dropping flows have counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from probes.cloud import containers, openvswitch
from probes.connection import MEBIBYTE, Connection
from probes.errors import ProbeError
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Link
from probes.linux.fields import reading, whole
from probes.linux.unit import parse_uptime
from probes.probe import Toolbox
from probes.site import target_of
from probes.trace.capturing import Sighted
from probes.trace.stations import Station
from probes.trace.switch import Counted, Port, Switch, parse_ports, parse_space, switch_of
from probes.trace.ways import Ways

_FLOWS, _PORTS = "ovs-ofctl dump-flows", "ovs-ofctl dump-ports"
COMMANDS = (
    *openvswitch.COMMANDS,
    _FLOWS,
    _PORTS,
    "ip -n qrouter-",
    *containers.inside(openvswitch.SERVICE, _FLOWS, _PORTS),
)
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
_SENDING = ("output:", "NORMAL", "FLOOD", "LOCAL", "IN_PORT")
Flow = tuple[str, str]
"""Bridge, and the flow as `ovs-ofctl` writes it, without counters."""


@dataclass(frozen=True, slots=True)
class Drops:
    """How often each flow that drops has counted, and what the ports have, at one moment."""

    moment: float
    counts: Mapping[Flow, int]
    ports: Mapping[Port, Counted] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """Bridge → all its flows as they were printed: most are never looked at."""


def has_switch(links: Mapping[str, Link]) -> bool:
    return any(name in links for name in _DATAPATHS)


async def read_drops(connection: Connection, switch: Switch) -> Drops | None:
    try:
        uptime, flows, ports, spaces = await asyncio.gather(
            ask(connection, "cat", "/proc/uptime"),
            asyncio.gather(*(_dump(connection, switch, _FLOWS, bridge) for bridge in switch.ports)),
            asyncio.gather(*(_ports(connection, switch, bridge) for bridge in switch.ports)),
            asyncio.gather(*(_space(connection, switch, name) for name in switch.spaces)),
        )
        texts = dict(zip(switch.ports, flows, strict=True))
        counts = dict(one for bridge, text in texts.items() for one in parse_drops(bridge, text))
        of_ports = dict(one for found in (*ports, *spaces) for one in found.items())
        return Drops(parse_uptime(uptime), counts, of_ports, texts)
    except ProbeError:
        return None


async def _ports(connection: Connection, switch: Switch, bridge: str) -> dict[Port, Counted]:
    """None where it does not say: flows tell without them."""
    try:
        return parse_ports(bridge, await _dump(connection, switch, _PORTS, bridge), switch.numbers)
    except ProbeError:
        return {}


async def _space(connection: Connection, switch: Switch, name: str) -> dict[Port, Counted]:
    try:
        said = await ask(connection, "ip", "-n", name, "-j", "-s", "-d", "link", sudo=True)
        return parse_space(said, switch.bridge_of)
    except ProbeError:
        return {}


async def _dump(connection: Connection, switch: Switch, command: str, bridge: str) -> str:
    words = (*switch.front, *command.split(), bridge)
    return (await reply_to(connection, *words, sudo=True, limit=_LIMIT)).stdout


@reading("ovs-ofctl dump-flows")
def parse_drops(bridge: str, text: str) -> list[tuple[Flow, int]]:
    """Of the flows those that drop."""
    lines = (_FLOW.fullmatch(line) for line in text.splitlines() if line.rstrip().endswith("actions=drop"))
    return [((bridge, _words(line)), whole(line["packets"])) for line in lines if line]


@reading("ovs-ofctl dump-flows")
def parse_flow(line: str) -> tuple[str, int] | None:
    """The flow without its counters, and how many packets it took; None for what is none."""
    found = _FLOW.fullmatch(line)
    return (_words(found), whole(found["packets"])) if found else None


def _words(line: re.Match[str]) -> str:
    rest, at = line["rest"], 0
    while found := _ASIDE.match(rest, at):
        at = found.end()
    match = rest[at:]
    return f"table={line['table']}{' ' if match else ''}{match} actions={line['actions']}"


def drops_copies(text: str, flow: str) -> bool:
    """What comes to its table was sent on before, as the flows in `text` say: there is nothing lost there."""
    table = flow.partition(" ")[0].removeprefix("table=")
    ways = (f"resubmit(,{table})", f"goto_table:{table},")
    lines = (f"{line}," for line in text.splitlines() if "n_packets=0," not in line)
    leading = [line.partition("actions=")[2].partition(way)[0] for line in lines for way in ways if way in line]
    return bool(leading) and all(any(one in before for one in _SENDING) for before in leading)


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

    def __init__(self, toolbox: Toolbox, known: Mapping[str, Switch]) -> None:
        self._toolbox = toolbox
        self.known = dict(known)

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
