"""ovs.plugs: which ports of Neutron are plugged into a hypervisor's Open vSwitch, and where."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from probes.cloud.openvswitch import COMMANDS, Row, read_tables, several
from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.fields import reading
from probes.linux.ip import parse_links
from probes.probe import Toolbox, probe
from probes.site import target_of

_TABLES = {
    "Bridge": "name,ports",
    "Port": "_uuid,name,tag,interfaces",
    "Interface": "_uuid,name,external_ids,link_state,error",
}
NO_TAG = -1


@dataclass(frozen=True, slots=True)
class Plug:
    """An interface of Open vSwitch that says of which port of Neutron it is."""

    name: str
    """`tap…`, `vhu…` or, where a Linux bridge stands between, `qvo…`."""
    port: str
    """Id of Neutron's port (`iface-id`)."""
    server: str
    """Id of Nova's server (`vm-uuid`)."""
    mac: str
    bridge: str
    tag: int
    """VLAN that the agent gave its network on this bridge; -1 for none, 4095 where it drops everything."""
    link: str
    """up, down, or empty."""
    error: str
    tap: str
    """The server's own card: `name` itself, or behind the Linux bridge."""
    between: str
    """That Linux bridge, `qbr…`; empty without one."""


@dataclass(frozen=True, slots=True)
class Plugs:
    host: str
    bridges: tuple[str, ...]
    plugs: tuple[Plug, ...]


@probe("ovs.plugs", commands=(*COMMANDS, "ip -j -s -d link"), timeout=15.0)
async def plugs(host: str, toolbox: Toolbox) -> Plugs:
    """The interfaces of Open vSwitch that belong to ports of Neutron: bridge, tag, link, MAC, server."""
    connection = toolbox.connection(target_of(host))
    tables, masters = await asyncio.gather(read_tables(connection, _TABLES), _masters(connection))
    return plugged(host, tables, masters)


async def _masters(connection: Connection) -> Mapping[str, str]:
    """Interface → the bridge it is in. Without an answer only what stands behind a Linux bridge is not seen."""
    try:
        links = parse_links(await ask(connection, "ip", "-j", "-s", "-d", "link"))
    except ProbeError:
        return {}
    return {link.name: link.master for link in links if link.master}


@reading("ovs-vsctl list")
def plugged(host: str, tables: Mapping[str, list[Row]], masters: Mapping[str, str]) -> Plugs:
    bridge_of = {str(port): str(row["name"]) for row in tables["Bridge"] for port in several(row["ports"])}
    port_of = {str(one): row for row in tables["Port"] for one in several(row["interfaces"])}
    found = [
        _plug(row, port_of.get(str(row["_uuid"]), {}), bridge_of, masters)
        for row in tables["Interface"]
        if row["external_ids"].get("iface-id")
    ]
    names = sorted(str(row["name"]) for row in tables["Bridge"])
    return Plugs(host, tuple(names), tuple(sorted(found, key=lambda plug: plug.name)))


def _plug(row: Row, port: Row, bridge_of: Mapping[str, str], masters: Mapping[str, str]) -> Plug:
    ids, name, tag = row["external_ids"], str(row["name"]), port.get("tag")
    tap = f"tap{name[3:]}" if name.startswith("qvo") else name
    return Plug(
        name=name,
        port=ids["iface-id"],
        server=ids.get("vm-uuid", ids.get("vm-id", "")),
        mac=ids.get("attached-mac", ""),
        bridge=bridge_of.get(str(port.get("_uuid", "")), ""),
        tag=tag if isinstance(tag, int) else NO_TAG,
        link=str(row["link_state"] or ""),
        error=str(row["error"] or ""),
        tap=tap,
        between=masters.get(tap, f"qbr{name[3:]}") if tap != name else "",
    )
