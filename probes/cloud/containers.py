"""Services that run in containers, as kolla-ansible deploys them: podman or docker, named like their unit.

Neither engine is asked: podman makes folders and locks where it has never run. systemd and /proc say enough."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from probes.cloud.services import container_name, own_unit, service_of
from probes.connection import Connection
from probes.linux.ask import ask

COMMANDS = ("systemctl show", "pgrep -of", "cat /proc/")
_ENGINES = ("podman", "docker")
_ANY = (0, 1, 2)
_PID = re.compile(r"[0-9]{1,10}")
_MARKS = {"docker": "docker", "libpod": "podman"}
"""In the name of a container's cgroup → its engine."""


@dataclass(frozen=True, slots=True)
class Container:
    engine: str
    """podman or docker; empty where neither its unit nor its cgroup says."""
    name: str
    pid: int
    """Of the service in it, as the machine numbers it; 0 where it does not run."""
    unit: str
    """The unit that kolla-ansible makes for it since 2023.1; empty where there is none."""


async def container_of(connection: Connection, unit: str) -> Container | None:
    """The container of a service that is no unit of systemd there; None where nothing looks like one."""
    name = container_name(unit)
    shown, pids = await asyncio.gather(
        ask(connection, "systemctl", "show", own_unit(name), "-p", "LoadState,ExecStart", ok=_ANY),
        ask(connection, "pgrep", "-of", pattern_of(unit), ok=_ANY),
    )
    pid = int(pids) if _PID.fullmatch(pids.strip()) else 0
    cgroup = await ask(connection, "cat", f"/proc/{pid}/cgroup", ok=_ANY) if pid else ""
    return container_in(name, shown, pid, cgroup)


def pattern_of(unit: str) -> str:
    """What the command line of its process looks like, for `pgrep -f`; those of OpenStack that have workers write
    `nova-conductor: master process [...]` there."""
    return rf"^([^ ]*python[^ ]* )?([^ ]*/)?{re.escape(service_of(unit))}(:? |$)"


def container_in(name: str, shown: str, pid: int, cgroup: str) -> Container | None:
    """Of `systemctl show -p LoadState,ExecStart` of its unit, and the cgroup of the process that looks like it."""
    loaded = "LoadState=loaded" in shown
    engine = next((engine for mark, engine in _MARKS.items() if mark in cgroup), "")
    if loaded:
        engine = engine or next((one for one in _MARKS.values() if f"/{one} " in shown), "")
        return Container(engine, name, pid, own_unit(name))
    return Container(engine, name, pid, "") if engine else None


def inside(unit: str, *commands: str) -> tuple[str, ...]:
    """These commands as a probe declares them that may have to ask in the container of a service."""
    return tuple(f"{engine} exec {container_name(unit)} {one}" for engine in _ENGINES for one in commands)


async def in_front(connection: Connection, unit: str) -> tuple[str, ...]:
    """What goes before a command that only the service's container has; nothing where no such container runs.
    Only an engine is asked that runs it already."""
    there = await container_of(connection, unit)
    return (there.engine, "exec", there.name) if there is not None and there.engine and there.pid else ()
