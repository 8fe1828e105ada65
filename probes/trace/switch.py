"""One host's Open vSwitch: its bridges, what is plugged into them, its tunnels, and what its ports have counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from probes.cloud import openvswitch
from probes.cloud.openvswitch import Row, several
from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.fields import reading, whole
from probes.linux.ip import parse_links

TABLES = {
    "Bridge": "name,ports",
    "Port": "_uuid,name,interfaces",
    "Interface": "_uuid,name,type,ofport,external_ids,options",
}
_TUNNELS = ("vxlan", "gre", "geneve")
_MAC = "attached-mac"
_LOCAL = 65534
"""The bridge's own port, which `ovs-ofctl` calls LOCAL."""
_COUNTS = re.compile(
    r"\s*port +\"?(?P<port>[^\s\":]{1,64})\"?: rx pkts=(?P<rx>[0-9]{1,20}), bytes=\S+ "
    r"drop=(?P<rx_drop>[0-9]{1,20}|\?), errs=(?P<rx_errs>[0-9]{1,20}|\?),[^\n]*\n"
    r"\s*tx pkts=(?P<tx>[0-9]{1,20}), bytes=\S+ drop=(?P<tx_drop>[0-9]{1,20}|\?), errs=(?P<tx_errs>[0-9]{1,20}|\?)"
)
Port = tuple[str, str]
"""Bridge and port."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A port behind which another host's Open vSwitch is."""

    name: str
    bridge: str
    local: str
    """Empty where the routing table chooses."""
    remote: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Open vSwitch of one host."""

    front: tuple[str, ...]
    """What goes before its commands: they may be in a container."""
    ports: Mapping[str, tuple[str, ...]]
    """Bridge → its ports that are interfaces of the machine (no patch, no tunnel, none of its own)."""
    bridge_of: Mapping[str, str] = field(default_factory=dict)
    """Every port → its bridge."""
    numbers: Mapping[Port, int] = field(default_factory=dict)
    """By which flows and counters may call a port."""
    plugs: Mapping[str, str] = field(default_factory=dict)
    """Id of Neutron's port → the port here that is plugged in for it."""
    tunnels: tuple[Tunnel, ...] = ()
    spaces: tuple[str, ...] = ()
    """Network namespaces with ports of it whose counters are read there."""
    macs: Mapping[str, str] = field(default_factory=dict)
    """Plug → MAC of what is behind it."""


async def switch_of(connection: Connection) -> Switch | None:
    """None where it cannot be asked, or says what nobody knows: a trace goes on without it."""
    try:
        return parse_switch(*await openvswitch.read_with_front(connection, TABLES))
    except ProbeError:
        return None


@reading("ovs-vsctl list")
def parse_switch(tables: Mapping[str, list[Row]], front: tuple[str, ...] = ()) -> Switch:
    rows = tables["Interface"]
    plain = {str(row["_uuid"]) for row in rows if str(row["type"]) in ("", "system")}
    ports = {str(row["_uuid"]): row for row in tables["Port"]}
    outside: dict[str, tuple[str, ...]] = {}
    bridge_of: dict[str, str] = {}
    for bridge in tables["Bridge"]:
        name = str(bridge["name"])
        own = [ports[one] for one in several(bridge["ports"]) if one in ports]
        bridge_of |= {str(port["name"]): name for port in own}
        outside[name] = tuple(sorted(str(one["name"]) for one in own if plain & set(several(one["interfaces"]))))
    named = [(row, bridge_of.get(str(row["name"]), "")) for row in rows]
    return Switch(
        front,
        outside,
        bridge_of=bridge_of,
        numbers={(at, str(row["name"])): row["ofport"] for row, at in named if isinstance(row["ofport"], int)},
        plugs={
            row["external_ids"]["iface-id"]: str(row["name"]) for row in rows if "iface-id" in row["external_ids"]
        },
        tunnels=tuple(_tunnels(named)),
        macs={str(row["name"]): row["external_ids"].get(_MAC, "") for row in rows if _MAC in row["external_ids"]},
    )


def _tunnels(named: list[tuple[Row, str]]) -> Iterator[Tunnel]:
    for row, bridge in named:
        if row["type"] in _TUNNELS and bridge:
            ends = (row["options"].get(f"{side}_ip", "") for side in ("local", "remote"))
            yield Tunnel(str(row["name"]), bridge, *ends)


# ------------------------------------------------------------------ what ports have counted


@dataclass(frozen=True, slots=True)
class Counted:
    """By one port, seen from its bridge: rx is what comes into the bridge."""

    rx: int
    tx: int
    dropped: int
    """Dropped or broken, either way; 0 for a port that does not count them."""


@reading("ovs-ofctl dump-ports")
def parse_ports(bridge: str, text: str, numbers: Mapping[Port, int]) -> dict[Port, Counted]:
    names = {str(number): name for (at, name), number in numbers.items() if at == bridge}
    found = {}
    for line in _COUNTS.finditer(text):
        said = str(_LOCAL) if line["port"] == "LOCAL" else line["port"]
        dropped = (line[f"{side}_{what}"] for side in ("rx", "tx") for what in ("drop", "errs"))
        number = sum(whole(one) for one in dropped if one != "?")
        found[bridge, names.get(said, said)] = Counted(whole(line["rx"]), whole(line["tx"]), number)
    return found


def parse_space(text: str, bridge_of: Mapping[str, str]) -> dict[Port, Counted]:
    """Of `ip -j -s -d link` in a namespace: what an interface there sends comes into the bridge."""
    return {
        (bridge_of[link.name], link.name): Counted(
            link.tx_packets,
            link.rx_packets,
            link.rx_dropped + link.tx_dropped + link.rx_errors + link.tx_errors,
        )
        for link in parse_links(text)
        if link.name in bridge_of
    }
