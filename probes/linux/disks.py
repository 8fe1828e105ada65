"""linux.disks: how full the file systems are, and whether a disk has room behind its partition."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.facts import Disk, Disks
from probes.linux.fields import json_of, reading
from probes.probe import Toolbox, probe
from probes.site import target_of

_SPACE = ("df", "-PB1", "-x", "devtmpfs", "-x", "squashfs")
_INODES = ("df", "-Pi", "-x", "devtmpfs", "-x", "squashfs")
_BLOCKS = ("lsblk", "-Jbo", "NAME,PATH,TYPE,SIZE")
"""With NAME it is a tree: a partition stands below its disk."""
_KEPT_IN_MEMORY = re.compile(r"/var(?:/lib(?:/[^/]+)?)?")
_KINDS = ("findmnt", "-nro", "SOURCE,FSTYPE")
_GROWPART = "/usr/bin/growpart"
_JOURNAL = "/var/log/journal"
_FULL, _NO_INODES = 80, 95
"""Percent."""
_ANY = (0, 1)
_TABLE = 34 * 512 * 2 + (1 << 20)
"""Bytes that partition tables and alignment take at most; what is left below is no room to grow."""


@dataclass(frozen=True, slots=True)
class Room:
    """Behind a partition."""

    free: int
    disk: str
    part: int


NO_ROOM = Room(0, "", 0)


@probe(
    "linux.disks",
    commands=("df -PB1", "df -Pi", "lsblk -Jbo", "findmnt -nro", "ls -1", "du -sB1 /var/log/journal"),
)
async def disks(host: str, toolbox: Toolbox) -> Disks:
    """File systems with a disk behind them: size, what is left, and what the disk could still give."""
    connection = toolbox.connection(target_of(host))
    space, inodes = await asyncio.gather(ask(connection, *_SPACE, ok=_ANY), ask(connection, *_INODES, ok=_ANY))
    try:
        growth = parse_growth(await ask(connection, *_BLOCKS))
    except ProbeError:
        growth = {}
    found = await _how_to_grow(connection, Disks(host, parse_disks(space, inodes, growth)))
    return await _of_journals(connection, found)


async def _how_to_grow(connection: Connection, found: Disks) -> Disks:
    """Asked only where it matters."""
    if not any(one.can_grow and one.used_percent >= _FULL for one in found.disks):
        return found
    kinds, program = await asyncio.gather(
        ask(connection, *_KINDS, ok=_ANY), ask(connection, "ls", "-1", _GROWPART, ok=(0, 1, 2))
    )
    of = dict(line.split(None, 1) for line in kinds.splitlines() if len(line.split()) == 2)
    disks = tuple(replace(one, filesystem=of.get(one.device, "")) if one.can_grow else one for one in found.disks)
    return Disks(found.host, disks, growpart=program.strip() == _GROWPART)


async def _of_journals(connection: Connection, found: Disks) -> Disks:
    """Asked only where less of them would help: where bytes are short, and not inodes. Who may not count them does
    without."""
    mount = holding(found.disks, _JOURNAL)
    short = (
        one.used_percent >= _FULL and one.inodes_percent < _NO_INODES for one in found.disks if one.mount == mount
    )
    if not any(short):
        return found
    try:
        said = await ask(connection, "du", "-sB1", _JOURNAL, ok=_ANY)
    except ProbeError:
        return found
    size = said.partition("\t")[0]
    return replace(found, journal=int(size), journal_mount=mount) if size.isdigit() else found


def holding(found: tuple[Disk, ...], path: str) -> str:
    """The mount that a path lies in; empty where none does."""
    above = [one.mount for one in found if f"{path}/".startswith(f"{one.mount.rstrip('/')}/")]
    return max(above, key=len, default="")


@reading("df")
def parse_disks(space: str, inodes: str, growth: Mapping[str, Room]) -> tuple[Disk, ...]:
    """Of `df -PB1` and `df -Pi`; each device and mount once."""
    files = {mount: use for _, _, use, mount in _rows(inodes)}
    return tuple(
        _disk(mount, device, size, available, use, files.get(mount, 0), growth.get(device, NO_ROOM))
        for device, (size, available), use, mount in _rows(space)
        if not _of_a_container(device, mount)
    )


def _disk(mount: str, device: str, size: int, available: int, use: int, files: int, room: Room) -> Disk:
    return Disk(mount, device, size, available, use, files, room.free, room.disk, room.part)


def _of_a_container(device: str, mount: str) -> bool:
    """No disk of its own: of a container, or in memory. What a machine keeps in memory below /var counts: it can
    be as full as a disk."""
    return "/" not in device and ":" not in device and mount != "/" and not _KEPT_IN_MEMORY.fullmatch(mount)


def _rows(text: str) -> Iterator[tuple[str, tuple[int, int], int, str]]:
    """Device, (size, available), use in percent, mount."""
    header, *lines = text.splitlines()
    if not header.startswith("Filesystem"):
        raise ValueError(header)
    for line in lines:
        device, size, _, available, use, mount = line.split(None, 5)
        yield device, (_number(size), _number(available)), _number(use.rstrip("%")), mount


def _number(text: str) -> int:
    """`-` where the file system does not count."""
    return 0 if text == "-" else int(text)


@reading("lsblk")
def parse_growth(text: str) -> dict[str, Room]:
    """Partition → what of its disk belongs to no partition; only the last can grow into that."""
    growth = {}
    for disk in json_of(text)["blockdevices"]:
        parts = [child for child in disk.get("children", ()) if child["type"] == "part"]
        free = int(disk["size"]) - sum(int(part["size"]) for part in parts)
        if parts and free > _TABLE:
            path, whole = str(parts[-1]["path"]), str(disk["path"])
            growth[path] = Room(free, whole, int(path.removeprefix(whole).removeprefix("p")))
    return growth
