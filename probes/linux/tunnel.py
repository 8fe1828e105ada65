"""linux.tunnel_to: the tunnel in which a machine's packets to an address travel: VXLAN, Geneve, IP in IP."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from probes.connection import Connection
from probes.linux.ask import ask
from probes.linux.facts import RouteGet, TunnelTo
from probes.linux.fields import is_address, number, part, reading, word
from probes.linux.host import route_question
from probes.linux.ip import entries, parse_route_get
from probes.probe import Toolbox, probe
from probes.site import target_of

_UDP = ("vxlan", "geneve")
_NO_ROUTE = (0, 2)
Entry = Mapping[str, Any]


@probe(
    "linux.tunnel_to",
    commands=("ip -j route get", "ip -j -s -d link", "ip -j neigh", "bridge -j fdb show dev"),
    target="address",
)
async def tunnel_to(host: str, toolbox: Toolbox, target: str) -> TunnelTo:
    """Whether packets to an address leave in a tunnel: its kind, its two ends, its port or protocol."""
    connection = toolbox.connection(target_of(host))
    way = await _way(connection, host, target)
    if way.error or way.local:
        return TunnelTo(host, target, way.interface, way.error)
    link = interface_of(await ask(connection, "ip", "-j", "-s", "-d", "link"), way.interface)
    kind = word(part(link, "linkinfo"), "info_kind", "")
    data = part(part(link, "linkinfo"), "info_data")
    if kind not in (*_UDP, "ipip"):
        return TunnelTo(host, target, way.interface, way.error)
    remote = _given(data, "remote") or await _far_end(connection, way, kind)
    local = _given(data, "local")
    if remote and not local:
        local = (await _way(connection, host, remote)).source
    port = number(data, "port", 0) if kind in _UDP else 0
    return TunnelTo(host, target, way.interface, "", kind, port, "udp" if kind in _UDP else "4", local, remote)


async def _way(connection: Connection, host: str, target: str) -> RouteGet:
    return parse_route_get(host, target, await ask(connection, *route_question(target), ok=_NO_ROUTE), "")


def _given(data: Entry, end: str) -> str:
    """Empty where iproute2 says `any`, or the unspecified address."""
    said = word(data, end, "")
    return said if is_address(said) and not ipaddress.ip_address(said).is_unspecified else ""


@reading("ip -j -s -d link")
def interface_of(text: str, name: str) -> Entry:
    return next((one for one in entries(text, "ip -j -s -d link") if one["ifname"] == name), {})


async def _far_end(connection: Connection, way: RouteGet, kind: str) -> str:
    """Of IP in IP the gateway; of the others whom the bridge's table names for the gateway's MAC."""
    towards = way.gateway or way.target
    if kind not in _UDP:
        return towards
    neighbours = await ask(connection, "ip", "-j", "neigh")
    table = await ask(connection, "bridge", "-j", "fdb", "show", "dev", way.interface)
    return far_end(neighbours, table, way.interface, towards)


@reading("bridge -j fdb")
def far_end(neighbours: str, table: str, interface: str, towards: str) -> str:
    """Empty where either does not know it."""
    known = [one for one in entries(neighbours, "ip -j neigh") if one.get("dev") == interface]
    macs = {one.get("lladdr") for one in known if one["dst"] == towards and one.get("lladdr")}
    ends = [one.get("dst", "") for one in entries(table, "bridge -j fdb") if one["mac"] in macs]
    return next((end for end in ends if is_address(end)), "")
