"""linux.unit: a systemd unit: whether it runs, hangs or ends again and again, and what it complained of."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.facts import Unit
from probes.linux.fields import reading
from probes.linux.journal import complaints
from probes.probe import Toolbox, probe
from probes.site import target_of

COMMANDS = ("systemctl show", "cat /proc/", "journalctl -u")
_SHOWN = (
    *("Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts", "ExecMainStatus", "MainPID"),
    *("ActiveEnterTimestampMonotonic", "InvocationID"),
)
_JOURNAL = ("--no-pager", "-o", "cat", "-n")
_LINES = "200"
_SOON = 60
"""Seconds in which a unit that was restarted by itself is not yet taken for well."""
_LONGEST = 1e12
"""Seconds; no machine runs for longer."""
_STOPPED = re.compile(r"^[0-9]+ \(.*\) ([A-Za-z]) ", re.MULTILINE)
_TRACE = re.compile(r"\S+: (?: |Traceback|\[instance: \S+\]$)")
"""Lines inside a traceback; its last one says what happened."""
_ANY = (0, 1)


@probe("linux.unit", commands=COMMANDS, timeout=15.0, unit="unit")
async def unit(host: str, toolbox: Toolbox, unit: str) -> Unit:
    """Whether a unit runs, hangs or ends again and again, and what it complained of."""
    return await unit_of(toolbox.connection(target_of(host)), host, unit)


async def unit_of(connection: Connection, host: str, name: str) -> Unit:
    return await first_of(connection, host, (name if "." in name else f"{name}.service",))


async def first_of(connection: Connection, host: str, names: Sequence[str]) -> Unit:
    """By any of these names: the one that is installed, first one that runs; else the first name, which is not."""
    looked = await _look(connection, host, names)
    found, invocation = max(looked, key=lambda one: (one[0].installed, one[0].active == "active"))
    return await _with_errors(connection, found, invocation)


async def units_of(connection: Connection, host: str, names: Sequence[str]) -> tuple[Unit, ...]:
    """Of many those that are installed; only of those that are not well what they complained of."""
    looked = [one for one in await _look(connection, host, names) if one[0].installed]
    with_errors = (_with_errors(connection, *one) for one in looked if is_wrong(one[0]))
    said = {one.unit: one for one in await asyncio.gather(*with_errors)}
    return tuple(said.get(one.unit, one) for one, _ in looked)


def is_wrong(one: Unit) -> bool:
    return one.frozen or one.failing or one.active == "failed" or _is_stopped(one)


def _is_stopped(one: Unit) -> bool:
    """A package may be installed where nobody ever meant it to run."""
    return one.active == "inactive" and (one.enabled or one.ran)


async def _look(connection: Connection, host: str, names: Sequence[str]) -> list[tuple[Unit, str]]:
    """Each with the id of its present run."""
    shown, uptime = await asyncio.gather(
        ask(connection, "systemctl", "show", *names, "-p", ",".join(_SHOWN)),
        ask(connection, "cat", "/proc/uptime"),
    )
    found = parse_units(host, shown, parse_uptime(uptime))
    frozen = await frozen_of(connection, [one.pid for one, _ in found if one.pid])
    ran = await asyncio.gather(*(_ran(connection, one) for one, _ in found))
    return [
        (replace(one, ran=has_run, frozen=one.pid in frozen), invocation)
        for (one, invocation), has_run in zip(found, ran, strict=True)
    ]


async def _ran(connection: Connection, one: Unit) -> bool:
    """Of one that is stopped and not enabled the journal knows whether it has run here."""
    if one.active != "inactive" or one.enabled or not one.installed:
        return one.active != "inactive"
    try:
        text = await ask(connection, "journalctl", "-u", one.unit, *_JOURNAL, "1", sudo=True, ok=_ANY)
    except ProbeError:
        return False
    return bool(text.strip()) and not text.startswith("-- No entries")


@reading("cat /proc/uptime")
def parse_uptime(text: str) -> float:
    """Seconds since the machine was started."""
    seconds = float(text.split()[0])
    if not 0 <= seconds < _LONGEST:
        raise ValueError("no number of seconds")
    return seconds


def shown_units(text: str) -> list[dict[str, str]]:
    """Of `systemctl show` of several units: the properties of each."""
    blocks = (block for block in re.split(r"\n\s*\n", text) if block.strip())
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]


@reading("systemctl show", hint="is systemd running there?")
def parse_units(host: str, text: str, uptime: float) -> tuple[tuple[Unit, str], ...]:
    """Each unit once, with the id of its present run."""
    found = shown_units(text) or [{}]
    return tuple({one["Id"]: (_unit(host, one, uptime), _run(one, uptime)) for one in found}.values())


def _run(shown: Mapping[str, str], uptime: float) -> str:
    """Id of its present run; none where it was just started again by itself: the reason is in the run before."""
    return "" if _started_again(shown, uptime) else shown.get("InvocationID", "")


def _started_again(shown: Mapping[str, str], uptime: float) -> bool:
    since = uptime - _number(shown, "ActiveEnterTimestampMonotonic") / 1_000_000
    return shown["ActiveState"] == "active" and _number(shown, "NRestarts") > 0 and since < _SOON


def _unit(host: str, shown: Mapping[str, str], uptime: float) -> Unit:
    restarts = _number(shown, "NRestarts")
    young = restarts > 1 and _started_again(shown, uptime)
    return Unit(
        host=host,
        unit=shown["Id"],
        installed=shown["LoadState"] not in ("not-found", "error"),
        active=shown["ActiveState"],
        sub=shown["SubState"],
        enabled=shown.get("UnitFileState", "").startswith("enabled"),
        ran=False,
        restarts=restarts,
        failing=young or shown["SubState"] == "auto-restart",
        status=_number(shown, "ExecMainStatus"),
        pid=_number(shown, "MainPID"),
        frozen=False,
        errors=(),
    )


def _number(shown: Mapping[str, str], key: str) -> int:
    text = shown.get(key, "")
    return int(text) if text.isdecimal() and len(text) < 20 else 0


async def frozen_of(connection: Connection, pids: list[int]) -> frozenset[int]:
    """Those of the processes that a signal or a debugger has stopped."""
    if not pids:
        return frozenset()
    text = await ask(connection, "cat", *(f"/proc/{pid}/stat" for pid in pids), ok=_ANY)
    found = ((line, _STOPPED.match(line)) for line in text.splitlines())
    return frozenset(int(line.split(" ", 1)[0]) for line, letter in found if letter and letter[1] in "Tt")


async def _with_errors(connection: Connection, one: Unit, invocation: str) -> Unit:
    """Of the present run only where it runs well: what a repaired unit said before is no news. Of one that somebody
    has stopped none: what it said before is no reason. None either where the journal may not be read: the state
    alone still tells much."""
    if one.active == "inactive":
        return one
    present = one.active == "active" and not one.failing and invocation.isalnum()
    run = (f"_SYSTEMD_INVOCATION_ID={invocation}",) if present else ()
    try:
        log = await ask(connection, "journalctl", "-u", one.unit, *_JOURNAL, _LINES, *run, sudo=True, ok=_ANY)
    except ProbeError:
        return one
    return replace(one, errors=tuple(line for line in complaints(log) if not _TRACE.match(line)))
