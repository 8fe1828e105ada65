"""openstack.cells: which hosts Nova's cells know, by nova-manage, which needs the database and no API."""

from __future__ import annotations

import asyncio
import re

from probes.cloud import containers
from probes.cloud.host_facts import Cell, Cells
from probes.connection import Connection
from probes.errors import CommandFailed, CommandMissing
from probes.linux.ask import ask
from probes.linux.fields import reading
from probes.probe import Toolbox, probe
from probes.site import target_of

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NO_HOSTS = "00000000-0000-0000-0000-000000000000"
"""Cell 0: servers that were placed nowhere."""


_SERVICE = "nova-conductor"
_VERBS = ("list_cells", "list_hosts")
_MANAGE = tuple(f"nova-manage cell_v2 {verb}" for verb in _VERBS)


@probe(
    "openstack.cells",
    commands=(*_MANAGE, *containers.COMMANDS, *containers.inside(_SERVICE, *_MANAGE)),
    timeout=60.0,
)
async def cells(host: str, toolbox: Toolbox) -> Cells:
    """Nova's cells, and the hosts that are mapped to one."""
    connection = toolbox.connection(target_of(host))
    engine, container = "", ""
    try:
        known, mapped = await _asked(connection)
    except (CommandMissing, CommandFailed):
        front = await containers.in_front(connection, _SERVICE)
        if not front:
            raise
        engine, _, container = front
        known, mapped = await _asked(connection, *front)
    return Cells(host, parse_cells(known), parse_mapped(mapped), container, engine)


async def _asked(connection: Connection, *front: str) -> list[str]:
    words = ((*front, "nova-manage", "cell_v2", verb) for verb in _VERBS)
    return await asyncio.gather(*(ask(connection, *one, sudo=True, seconds=50.0, alone=True) for one in words))


@reading("nova-manage cell_v2 list_cells")
def parse_cells(text: str) -> tuple[Cell, ...]:
    """Without cell 0. Of the addresses of databases in this table nothing is kept."""
    rows = [row for row in _rows(text) if len(row) > 1 and _ID.fullmatch(row[1])]
    return tuple(Cell(row[0], row[1]) for row in rows if row[1] != _NO_HOSTS)


@reading("nova-manage cell_v2 list_hosts")
def parse_mapped(text: str) -> tuple[str, ...]:
    return tuple(sorted(row[2] for row in _rows(text) if len(row) > 2 and _ID.fullmatch(row[1])))


def _rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
