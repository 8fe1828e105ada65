"""openstack.unit, openstack.units: services and agents as systemd and the kernel see them, without any API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace

from probes.cloud.host_facts import StackUnit, StackUnits
from probes.connection import Connection
from probes.errors import HostUnreachable, ProbeError
from probes.linux.ask import ask
from probes.linux.fields import reading
from probes.linux.journal import complaints
from probes.probe import Toolbox, probe
from probes.site import OPERATOR, target_of

_WANTED = (
    *("rabbitmq-server", "mariadb", "mysql", "memcached", "keystone", "placement-api", "glance-api"),
    *("neutron-server", "neutron-api", "neutron-rpc-server", "neutron-openvswitch-agent", "neutron-l3-agent"),
    *("neutron-dhcp-agent", "neutron-metadata-agent", "neutron-linuxbridge-agent", "neutron-ovn-metadata-agent"),
    *("nova-api", "nova-api-metadata", "nova-conductor", "nova-scheduler", "nova-compute"),
    *("ovs-vswitchd", "ovsdb-server", "ovn-controller", "neutron-*", "nova-*", "openstack-*"),
)
"""By name where a stopped one must be seen, which systemd forgets otherwise."""
PATTERNS = tuple(f"{name}.service" for name in _WANTED)
_PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,NRestarts,MainPID,ActiveEnterTimestampMonotonic"
_JOURNAL = ("--no-pager", "-o", "cat", "-n", "200")
_SOON = 60
"""Seconds in which a unit that was restarted by itself is not yet taken for well."""
_STOPPED = re.compile(r"^[0-9]+ \(.*\) ([A-Za-z]) ", re.MULTILINE)
_TRACE = re.compile(r"\S+: (?: |Traceback|\[instance: \S+\]$)")
"""Lines inside a traceback; its last one says what happened."""
_ANY = (0, 1)
COMMANDS = ("systemctl show", "cat /proc/", "journalctl -u")


@probe("openstack.unit", commands=COMMANDS, timeout=15.0, unit="unit")
async def unit(host: str, toolbox: Toolbox, unit: str) -> StackUnit:
    """Whether a service runs, is frozen or fails again and again, and what it complains of."""
    name = unit if "." in unit else f"{unit}.service"
    return (await _units(toolbox.connection(target_of(host)), host, (name,)))[0]


@probe("openstack.units", commands=COMMANDS, timeout=25.0)
async def units(host: str, toolbox: Toolbox) -> StackUnits:
    """OpenStack's services on all hosts of the site: which do not run, hang, or fail again and again."""
    names = tuple(one.name for one in toolbox.site.hosts) if host == OPERATOR else (host,)
    answers = dict(zip(names, await asyncio.gather(*(_on(toolbox, name) for name in names)), strict=True))
    found = tuple(one for some in answers.values() if some for one in some)
    unseen = tuple(name for name, some in answers.items() if some is None)
    if len(unseen) == len(names):
        raise HostUnreachable("no host of the site can be asked", hint="`deadhop site check`")
    wrong = tuple(one for one in found if is_wrong(one))
    return StackUnits(tuple(name for name, some in answers.items() if some), unseen, found, wrong)


async def _on(toolbox: Toolbox, host: str) -> tuple[StackUnit, ...] | None:
    try:
        return await _units(toolbox.connection(target_of(host)), host, PATTERNS)
    except ProbeError:
        return None


def is_wrong(one: StackUnit) -> bool:
    return one.frozen or one.failing or one.active == "failed" or _is_stopped(one)


def _is_stopped(one: StackUnit) -> bool:
    """A package may be installed where nobody ever meant it to run."""
    return one.active == "inactive" and (one.enabled or one.ran)


async def _units(connection: Connection, host: str, names: tuple[str, ...]) -> tuple[StackUnit, ...]:
    shown, uptime = await asyncio.gather(
        ask(connection, "systemctl", "show", *names, "-p", _PROPERTIES),
        ask(connection, "cat", "/proc/uptime"),
    )
    found = tuple(one for one in parse_units(host, shown, parse_uptime(uptime)) if one.installed or len(names) == 1)
    found = await _which_ran(connection, found)
    frozen = await _frozen(connection, [one.pid for one in found if one.pid])
    found = tuple(replace(one, frozen=one.pid in frozen) for one in found)
    return tuple(await asyncio.gather(*(_with_errors(connection, one) for one in found)))


async def _which_ran(connection: Connection, units: tuple[StackUnit, ...]) -> tuple[StackUnit, ...]:
    """Of those that are stopped and not enabled: the journal knows whether they have run here."""
    logs = await asyncio.gather(*(_last_line(connection, one) for one in units))
    return tuple(replace(one, ran=bool(log)) for one, log in zip(units, logs, strict=True))


async def _last_line(connection: Connection, one: StackUnit) -> str:
    if one.active != "inactive" or one.enabled:
        return "" if one.active == "inactive" else one.active
    try:
        words = ("journalctl", "-u", one.unit, "--no-pager", "-o", "cat", "-n", "1")
        text = (await ask(connection, *words, sudo=True, ok=_ANY)).strip()
    except ProbeError:
        return ""
    return "" if text.startswith("-- No entries") else text


@reading("cat /proc/uptime")
def parse_uptime(text: str) -> float:
    return float(text.split()[0])


@reading("systemctl show", hint="is systemd running there?")
def parse_units(host: str, text: str, uptime: float) -> tuple[StackUnit, ...]:
    blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
    found = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return tuple({one["Id"]: _unit(host, one, uptime) for one in found}.values())


def _unit(host: str, shown: Mapping[str, str], uptime: float) -> StackUnit:
    restarts = _number(shown, "NRestarts")
    since = uptime - _number(shown, "ActiveEnterTimestampMonotonic") / 1_000_000
    young = shown["ActiveState"] == "active" and restarts > 1 and since < _SOON
    return StackUnit(
        host=host,
        unit=shown["Id"],
        installed=shown["LoadState"] not in ("not-found", "error"),
        active=shown["ActiveState"],
        sub=shown["SubState"],
        enabled=shown.get("UnitFileState", "").startswith("enabled"),
        ran=False,
        pid=_number(shown, "MainPID"),
        frozen=False,
        restarts=restarts,
        failing=young or shown["SubState"] == "auto-restart",
        errors=(),
    )


def _number(shown: Mapping[str, str], key: str) -> int:
    text = shown.get(key, "")
    return int(text) if text.isdecimal() and len(text) < 20 else 0


async def _frozen(connection: Connection, pids: list[int]) -> frozenset[int]:
    """Those of the processes that a signal or a debugger has stopped."""
    if not pids:
        return frozenset()
    text = await ask(connection, "cat", *(f"/proc/{pid}/stat" for pid in pids), ok=_ANY)
    lines = [line for line in text.splitlines() if _STOPPED.match(line)]
    return frozenset(int(line.split(" ", 1)[0]) for line in lines if _STOPPED.match(line)[1] in "Tt")  # type: ignore[index]


async def _with_errors(connection: Connection, one: StackUnit) -> StackUnit:
    if not is_wrong(one) or one.active == "inactive":
        return one  # somebody has stopped it: what it said before is no reason
    try:
        log = await ask(connection, "journalctl", "-u", one.unit, *_JOURNAL, sudo=True, ok=_ANY)
    except ProbeError:  # the state alone still tells much
        return one
    return replace(one, errors=tuple(line for line in complaints(log) if not _TRACE.match(line)))
