"""openstack.instances_path: whether nova-compute can keep servers on its machine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import PurePosixPath

from probes.cloud import containers
from probes.cloud.agent_config import Running, files_of, read, running_of
from probes.cloud.host_facts import InstancesPath
from probes.connection import Connection
from probes.errors import CommandMissing
from probes.linux.ask import ask
from probes.linux.fields import reading, whole
from probes.probe import Toolbox, probe
from probes.site import target_of

_UNIT = "nova-compute.service"
_OPTIONS = ("DEFAULT/instances_path", "DEFAULT/state_path")
_STATE_PATH = "/var/lib/nova"
_ANY = (0, 1)
_ROOT = "root"
_ROOTS = (_ROOT, "0")


@probe(
    "openstack.instances_path",
    commands=(
        *containers.COMMANDS,
        "grep -EHsno",
        "sed -n",
        "ls -1",
        "ls -1d",
        "stat -L -c",
        "stat -f -c",
        "findmnt -nro",
        "ps -o user=",
        "ps -o uid=",
    ),
    timeout=15.0,
)
async def instances_path(host: str, toolbox: Toolbox) -> InstancesPath:
    """The folder where nova-compute keeps its servers: owner, mode, mount, and whether it can write there."""
    connection = toolbox.connection(target_of(host))
    running = await running_of(connection, _UNIT)
    if not running.pid and (running.container is not None or "LoadState=loaded" not in running.words):
        # what the host has at that path is not what the service would see
        raise CommandMissing(f"{host}: no nova-compute runs, and no unit says where it would write")
    files = await files_of(connection, running)
    if not files:
        raise CommandMissing(f"{host}: no file of nova-compute's configuration was found")
    values, _ = await read(connection, files, _OPTIONS, running.root)
    path = path_of(values)
    there, whose = running.root + path, "%u %g %a" if running.container else "%U %G %a"
    user, status, mount, space = await asyncio.gather(
        _user(connection, running),
        ask(connection, "stat", "-L", "-c", whose, there, sudo=True, ok=_ANY),
        _mount(connection, running, path),
        ask(connection, "stat", "-f", "-c", "%a %S", there, sudo=True, ok=_ANY),
    )
    found = facts(host, path, user, status, mount, space)
    return replace(found, container=running.container.name) if running.container else found


def path_of(values: dict[str, str]) -> str:
    """As oslo.config would say it: `$state_path/instances` unless somebody says otherwise."""
    state = values["DEFAULT/state_path"] or _STATE_PATH
    path = values["DEFAULT/instances_path"] or "$state_path/instances"
    return path.replace("$state_path", state).replace("${state_path}", state)


async def _user(connection: Connection, running: Running) -> str:
    """Whom it runs as, or whom its unit would; by number in a container, whose names the machine does not know."""
    if running.pid:
        field = "uid=" if running.container else "user="
        return (await ask(connection, "ps", "-o", field, "-p", str(running.pid), ok=_ANY)).strip()
    shown = await ask(connection, "systemctl", "show", running.unit, "-p", "User")
    return shown.strip().removeprefix("User=") or _ROOT


async def _mount(connection: Connection, running: Running, path: str) -> str:
    """The mount point it lies on, and its options. A container has mounts of its own."""
    if running.container is None:
        return await ask(connection, "findmnt", "-nro", "TARGET,OPTIONS", "-T", path, sudo=True, ok=_ANY)
    return parse_mounts(await ask(connection, "cat", f"/proc/{running.pid}/mountinfo", sudo=True), path)


@reading("/proc/PID/mountinfo")
def parse_mounts(text: str, path: str) -> str:
    """The last of the longest mount points that the path lies below: the mount's options, and those of the file
    system at the end of the line. One that went read-only by itself says so there alone."""
    found, longest = "", -1
    for line in text.splitlines():
        words = line.split()
        point, options = words[4:6]
        if PurePosixPath(path).is_relative_to(point) and len(point) >= longest:
            found, longest = f"{point} {options},{words[-1]}", len(point)
    return found


@reading("stat")
def facts(host: str, path: str, user: str, status: str, mount: str, space: str) -> InstancesPath:
    if not user:
        raise ValueError("its process has just ended")
    owner, group, mode = status.split() if status.strip() else ("", "", "")
    target, options = mount.split()[:2] if mount.strip() else ("", "")
    blocks, size = map(whole, space.split()) if space.strip() else (0, 0)
    read_only = "ro" in options.split(",")
    allowed = user in _ROOTS or (user == owner and _may_write(mode))
    return InstancesPath(
        host,
        path,
        bool(owner),
        owner,
        group,
        mode,
        user,
        target,
        read_only,
        blocks * size,
        writable=bool(owner) and not read_only and allowed,
    )


def _may_write(mode: str) -> bool:
    return bool(int(mode[-3], 8) & 2) if len(mode) >= 3 else False
