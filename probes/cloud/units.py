"""openstack.units: services and agents as systemd and the kernel see them, without any API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace

from probes.cloud import containers
from probes.cloud.containers import Container, container_of
from probes.cloud.host_facts import StackUnit, StackUnits
from probes.cloud.services import is_container_unit, service_of, unit_names
from probes.connection import Connection
from probes.errors import CommandMissing, HostUnreachable, ProbeError
from probes.linux.facts import Unit
from probes.linux.unit import COMMANDS, first_of, frozen_of, is_wrong, units_of
from probes.probe import Toolbox, probe
from probes.site import OPERATOR, target_of

_WANTED = (
    *("rabbitmq", "mariadb", "memcached", "keystone", "web-server", "placement-api", "glance-api"),
    *("neutron-server", "neutron-api", "neutron-rpc-server", "neutron-openvswitch-agent", "neutron-l3-agent"),
    *("neutron-dhcp-agent", "neutron-metadata-agent", "neutron-linuxbridge-agent", "neutron-ovn-metadata-agent"),
    *("nova-api", "nova-api-metadata", "nova-conductor", "nova-scheduler", "nova-compute"),
    *("ovs-vswitchd", "ovsdb-server", "ovn-controller"),
)
"""By name where a stopped one must be seen, which systemd forgets otherwise."""
_ANY_OF = ("neutron-*", "nova-*", "openstack-*", "kolla-*")
PATTERNS = (*(name for one in _WANTED for name in unit_names(one)), *(f"{name}.service" for name in _ANY_OF))
_WEB = "web-server"


@probe("openstack.unit", commands=(*COMMANDS, *containers.COMMANDS), timeout=15.0, unit="unit")
async def stack_unit(host: str, toolbox: Toolbox, unit: str) -> StackUnit:
    """One service of OpenStack, by whichever name it was installed there: a unit of systemd or a container."""
    connection = toolbox.connection(target_of(host))
    found = named(await first_of(connection, host, unit_names(unit)))
    return await _inside(connection, found) if found.installed else await _without_unit(connection, found)


def named(one: Unit) -> StackUnit:
    return StackUnit(
        **{field.name: getattr(one, field.name) for field in fields(one)}, service=service_of(one.unit)
    )


async def _inside(connection: Connection, one: StackUnit) -> StackUnit:
    """The process of a container's unit is the engine's client: the one inside may hang nevertheless."""
    if not is_container_unit(one.unit) or one.active != "active":
        return one
    there = await container_of(connection, one.unit)
    if there is None or not there.pid:
        return one
    return await _in(connection, one, there)


async def _without_unit(connection: Connection, one: StackUnit) -> StackUnit:
    """As kolla-ansible deployed before 2023.1. A container that is stopped cannot be seen so."""
    there = await container_of(connection, one.unit)
    if there is None or not there.pid:
        return one
    seen = replace(one, unit="", installed=True, active="active", ran=True)
    return await _in(connection, seen, there)


async def _in(connection: Connection, one: StackUnit, there: Container) -> StackUnit:
    hangs = there.pid in await frozen_of(connection, [there.pid])
    return replace(one, container=there.name, engine=there.engine, pid=there.pid, frozen=hangs)


@probe("openstack.units", commands=COMMANDS, timeout=25.0)
async def units(host: str, toolbox: Toolbox) -> StackUnits:
    """OpenStack's services on all hosts of the site: which do not run, hang, or fail again and again."""
    names = tuple(one.name for one in toolbox.site.hosts) if host == OPERATOR else (host,)
    answers = dict(zip(names, await asyncio.gather(*(_on(toolbox, name) for name in names)), strict=True))
    found = tuple(one for some in answers.values() if some for one in some)
    unseen = tuple(name for name, some in answers.items() if some is None)
    if names and len(unseen) == len(names):
        raise HostUnreachable("no host of the site can be asked", hint="`deadhop site check`")
    wrong = tuple(one for one in found if is_wrong(one))
    return StackUnits(tuple(name for name, some in answers.items() if some), unseen, found, wrong)


async def _on(toolbox: Toolbox, host: str) -> tuple[StackUnit, ...] | None:
    connection = toolbox.connection(target_of(host))
    try:
        found = await units_of(connection, host, PATTERNS)
        return of_openstack(await asyncio.gather(*(_inside(connection, named(one)) for one in found)))
    except CommandMissing:
        return ()  # without systemd there are none
    except ProbeError:
        return None


def of_openstack(found: Sequence[StackUnit]) -> tuple[StackUnit, ...]:
    """A web server alone is none of OpenStack's."""
    others = any(one.service != _WEB for one in found)
    return tuple(found) if others else ()
