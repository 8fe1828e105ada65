"""ovs.bridges: Open vSwitch as its own database has it: bridges, patch ports, tunnels, flows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from probes.cloud import containers
from probes.cloud.host_facts import Bridge, OpenVswitch, PatchPort, Tunnel
from probes.connection import Connection
from probes.errors import CommandFailed, CommandMissing, ProbeError
from probes.linux.ask import ask
from probes.linux.fields import json_of, reading, whole
from probes.probe import Toolbox, probe
from probes.site import target_of

_TABLES = {
    "Bridge": "name,ports,fail_mode",
    "Port": "_uuid,name,interfaces",
    "Interface": "_uuid,name,type,options,error",
}
_TUNNELS = ("vxlan", "gre", "geneve")
_PORTS = {"vxlan": "4789", "geneve": "6081"}
"""Where `dst_port` says no other."""
Row = Mapping[str, Any]


SERVICE = "ovs-vswitchd"
COMMANDS = (
    "ovs-vsctl --format=json",
    "ovs-ofctl dump-aggregate",
    *containers.COMMANDS,
    *containers.inside(SERVICE, "ovs-vsctl --format=json", "ovs-ofctl dump-aggregate"),
)


@probe("ovs.bridges", commands=COMMANDS, timeout=15.0)
async def bridges(host: str, toolbox: Toolbox) -> OpenVswitch:
    """Bridges, patch ports and tunnels of Open vSwitch, and how many flows each bridge has."""
    connection = toolbox.connection(target_of(host))
    tables, front = await read_with_front(connection, _TABLES)
    names = [str(row["name"]) for row in tables["Bridge"]]
    flows = await asyncio.gather(*(_flows(connection, front, name) for name in names))
    return openvswitch(host, tables, dict(zip(names, flows, strict=True)))


async def read_tables(connection: Connection, wanted: Mapping[str, str]) -> dict[str, list[Row]]:
    """Rows of each table with these columns."""
    return (await read_with_front(connection, wanted))[0]


async def read_with_front(
    connection: Connection, wanted: Mapping[str, str]
) -> tuple[dict[str, list[Row]], tuple[str, ...]]:
    """By the machine's own tools, else by those of Open vSwitch's container; and what goes before them."""
    front: tuple[str, ...] = ()
    name, columns = next(iter(wanted.items()))
    try:
        first = await _table(connection, front, name, columns)
    except (CommandMissing, CommandFailed):
        front = await containers.in_front(connection, SERVICE)
        if not front:
            raise
        first = await _table(connection, front, name, columns)
    rest = [one for one in wanted if one != name]
    found = await asyncio.gather(*(_table(connection, front, one, wanted[one]) for one in rest))
    return {name: first, **dict(zip(rest, found, strict=True))}, front


async def _table(connection: Connection, front: tuple[str, ...], name: str, columns: str) -> list[Row]:
    words = (*front, "ovs-vsctl", "--format=json", f"--columns={columns}", "list", name)
    return parse_table(await ask(connection, *words, sudo=True))


@reading("ovs-vsctl list", hint="is Open vSwitch running there?")
def parse_table(text: str) -> list[Row]:
    table = json_of(text)
    return [{key: _plain(cell) for key, cell in zip(table["headings"], row, strict=True)} for row in table["data"]]


def _plain(cell: Any) -> Any:
    """OVSDB's spelling of sets, maps and ids; a set of one is written as its member."""
    if not isinstance(cell, list):
        return cell
    kind, value = cell
    if kind == "map":
        return {str(key): str(inner) for key, inner in value}
    return [_plain(one) for one in value] if kind == "set" else value


async def _flows(connection: Connection, front: tuple[str, ...], bridge: str) -> int:
    try:
        return parse_flows(await ask(connection, *front, "ovs-ofctl", "dump-aggregate", bridge, sudo=True))
    except ProbeError:
        return -1


@reading("ovs-ofctl dump-aggregate")
def parse_flows(text: str) -> int:
    return whole(text.split("flow_count=", 1)[1].split()[0])


@reading("ovs-vsctl list")
def openvswitch(host: str, tables: Mapping[str, list[Row]], flows: Mapping[str, int]) -> OpenVswitch:
    ports = {str(row["_uuid"]): str(row["name"]) for row in tables["Port"]}
    found = [
        Bridge(
            str(row["name"]),
            tuple(sorted(ports[one] for one in several(row["ports"]) if one in ports)),
            str(row["fail_mode"] or ""),
            flows.get(str(row["name"]), -1),
        )
        for row in tables["Bridge"]
    ]
    bridge_of = {port: bridge.name for bridge in found for port in bridge.ports}
    patches = _patches(tables["Interface"], bridge_of)
    return OpenVswitch(
        host=host,
        names=tuple(sorted(bridge.name for bridge in found)),
        bridges=tuple(sorted(found, key=lambda bridge: bridge.name)),
        tunnels=_tunnels(tables["Interface"], bridge_of),
        patches=patches,
        broken=tuple(one for one in patches if not one.works),
        empty=tuple(sorted(bridge.name for bridge in found if bridge.fail_mode == "secure" and not bridge.flows)),
        failed=tuple(sorted(str(row["name"]) for row in tables["Interface"] if row["error"])),
    )


def several(cell: Any) -> list[str]:
    return [str(one) for one in cell] if isinstance(cell, list) else [str(cell)]


def _patches(rows: list[Row], bridge_of: Mapping[str, str]) -> tuple[PatchPort, ...]:
    peers = {str(row["name"]): row["options"].get("peer", "") for row in rows if row["type"] == "patch"}
    return tuple(
        PatchPort(name, bridge_of.get(name, ""), peer, peers.get(peer) == name)
        for name, peer in sorted(peers.items())
    )


def _tunnels(rows: list[Row], bridge_of: Mapping[str, str]) -> tuple[Tunnel, ...]:
    return tuple(
        Tunnel(
            str(row["name"]),
            bridge_of.get(str(row["name"]), ""),
            str(row["type"]),
            row["options"].get("local_ip", ""),
            row["options"].get("remote_ip", ""),
            str(row["error"] or ""),
            whole(row["options"].get("dst_port") or _PORTS.get(str(row["type"]), "0")),
        )
        for row in sorted(rows, key=lambda row: str(row["name"]))
        if row["type"] in _TUNNELS
    )
