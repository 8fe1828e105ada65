"""frr.bgp: whether bgpd runs, and how each of its sessions is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from probes.connection import Connection
from probes.errors import CommandMissing
from probes.frr.ask import COMMANDS, DAEMONS, NEIGHBOURS
from probes.frr.facts import Bgp, BgpSession
from probes.frr.neighbours import parse_neighbours
from probes.linux.ask import ask, reply_to
from probes.linux.fields import is_address, reading
from probes.linux.unit import shown_units
from probes.probe import Toolbox, probe
from probes.site import target_of

_UNIT = "frr.service"
_SHOWN = "Id,LoadState,ActiveState,UnitFileState"


@probe("frr.bgp", commands=COMMANDS, timeout=15.0)
async def bgp(host: str, toolbox: Toolbox) -> Bgp:
    """Whether FRR's bgpd runs there, and whether its sessions are Established."""
    connection = toolbox.connection(target_of(host))
    unit, said, running = await asyncio.gather(
        _unit(connection),
        ask(connection, "grep", "-hs", "^bgpd=", DAEMONS, sudo=True, ok=(0, 1, 2)),
        reply_to(connection, "pgrep", "-x", "bgpd", ok=None),
    )
    runs = running.status == 0
    found = parse_neighbours(await ask(connection, *NEIGHBOURS, sudo=True)) if runs else ()
    return Bgp(host, runs, *unit, is_wanted(said), await _with_hosts(toolbox, host, found))


async def _unit(connection: Connection) -> tuple[str, str, bool]:
    try:
        return parse_unit(await ask(connection, "systemctl", "show", _UNIT, "-p", _SHOWN))
    except CommandMissing:
        return "", "", False


@reading("systemctl show", hint="is systemd running there?")
def parse_unit(text: str) -> tuple[str, str, bool]:
    """The unit, empty where it is not installed; whether it is active, and enabled."""
    (shown,) = shown_units(text)
    if shown["LoadState"] != "loaded":
        return "", "", False
    return shown["Id"], shown["ActiveState"], shown["UnitFileState"].startswith("enabled")


def is_wanted(text: str) -> bool:
    """Of the lines `bgpd=…` in FRR's own list of daemons; the last one counts, for a shell reads it."""
    lines = text.split()
    return bool(lines) and lines[-1].replace('"', "").replace("'", "") == "bgpd=yes"


async def _with_hosts(toolbox: Toolbox, host: str, found: Iterable[BgpSession]) -> tuple[BgpSession, ...]:
    return tuple([replace(one, peer_host=await _owner(toolbox, host, one.neighbour)) for one in found])


async def _owner(toolbox: Toolbox, host: str, neighbour: str) -> str:
    """An address that the host has itself is on many machines, as a libvirt bridge's is."""
    owner = await toolbox.host_of(neighbour) if is_address(neighbour) else ""
    return owner if owner != host else ""
