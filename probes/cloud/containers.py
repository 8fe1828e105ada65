"""Services that run in containers, as kolla-ansible deploys them: podman or docker, named like their unit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask

ENGINES = ("podman", "docker")
COMMANDS = tuple(f"{engine} inspect" for engine in ENGINES)
_FORMAT = "{{.State.Pid}}"


@dataclass(frozen=True, slots=True)
class Container:
    engine: str
    """podman or docker."""
    name: str
    pid: int
    """Of its first process, as the machine numbers it; 0 where it does not run."""


def container_name(unit: str) -> str:
    """`neutron-openvswitch-agent.service` is kolla's `neutron_openvswitch_agent`."""
    return unit.removesuffix(".service").replace("-", "_")


async def container_of(connection: Connection, unit: str) -> Container | None:
    """The container of a service that is no unit of systemd there; None where neither engine has it."""
    name = container_name(unit)
    pids = await asyncio.gather(*(_pid(connection, engine, name) for engine in ENGINES))
    found = [Container(engine, name, pid) for engine, pid in zip(ENGINES, pids, strict=True) if pid is not None]
    return max(found, key=lambda one: one.pid, default=None)  # one that runs, of two engines


async def _pid(connection: Connection, engine: str, name: str) -> int | None:
    try:
        text = await ask(connection, engine, "inspect", "-f", _FORMAT, name, sudo=True)
    except ProbeError:
        return None  # no such engine, or it has no such container
    return int(text) if text.strip().isdecimal() else None
