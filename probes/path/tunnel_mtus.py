"""path.tunnel_mtus: whether the way to the far ends of a machine's tunnels takes their largest packets."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.fields import is_address, number, part, reading, word
from probes.linux.ip import entries
from probes.path import ladder as ladders
from probes.path.mtu_facts import TunnelLadder, TunnelMtus
from probes.probe import Toolbox, probe
from probes.site import target_of

_MOST = 4
_HEADERS = {"vxlan": 50, "geneve": 50}
"""Bytes around a packet inside: Ethernet, VXLAN, UDP and IPv4."""
_IPV6 = 20
"""Bytes that its header is longer."""
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tunnel:
    interface: str
    kind: str
    mtu: int
    remote: str
    """Where the interface has only one far end; the others are in the bridge's table."""


@probe("path.tunnel_mtus", commands=(*ladders.COMMANDS, "bridge -j fdb show dev"), timeout=15.0)
async def tunnel_mtus(host: str, toolbox: Toolbox) -> TunnelMtus:
    """Sends packets as large as a tunnel's to its far ends, outside of it, that may not be cut."""
    connection = toolbox.connection(target_of(host))
    own = parse_tunnels(await ask(connection, "ip", "-j", "-s", "-d", "link"))
    tables = await asyncio.gather(
        *(ask(connection, "bridge", "-j", "fdb", "show", "dev", one.interface) for one in own)
    )
    ends = [(one, end) for one, table in zip(own, tables, strict=True) for end in far_ends(one, table)]
    tried = await asyncio.gather(*(_tried(toolbox, host, one, end) for one, end in ends[:_MOST]))
    return TunnelMtus(host, tuple(one for one in tried if one is not None))


@reading("ip -j -s -d link")
def parse_tunnels(text: str) -> tuple[Tunnel, ...]:
    """Of `ip -j -s -d link`: the VXLANs and Geneves that are up."""
    return tuple(_tunnels(entries(text, "ip -j -s -d link")))


def _tunnels(links: Iterable[Entry]) -> Iterator[Tunnel]:
    for link in links:
        kind = word(part(link, "linkinfo"), "info_kind", "")
        if kind in _HEADERS and "UP" in link["flags"]:
            data = part(part(link, "linkinfo"), "info_data")
            remote = word(data, "remote", "") or word(data, "remote6", "")
            yield Tunnel(word(link, "ifname"), kind, number(link, "mtu"), remote if _is_one(remote) else "")


@reading("bridge -j fdb")
def far_ends(tunnel: Tunnel, table: str) -> tuple[str, ...]:
    """Each once, the interface's own first; groups are nobody's address."""
    named = [word(one, "dst", "") for one in entries(table, "bridge -j fdb")]
    return tuple(dict.fromkeys(end for end in (tunnel.remote, *named) if _is_one(end)))


def _is_one(end: str) -> bool:
    if not is_address(end):
        return False
    address = ipaddress.ip_address(end)
    return not (address.is_multicast or address.is_unspecified)


def needed(tunnel: Tunnel, end: str) -> int:
    """Bytes of its largest packet outside."""
    return tunnel.mtu + _HEADERS[tunnel.kind] + (_IPV6 if ":" in end else 0)


async def _tried(toolbox: Toolbox, host: str, tunnel: Tunnel, end: str) -> TunnelLadder | None:
    """None where it could not be tried: the way there is other trees' matter."""
    needs = needed(tunnel, end)
    try:
        found = await ladders.ladder(toolbox, host, end, needs)
    except ProbeError:
        return None
    return TunnelLadder(tunnel.interface, tunnel.kind, tunnel.mtu, needs, end, found.largest, found.lost)
