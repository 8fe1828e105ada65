"""linux.clock: whether a machine's clock goes with those of others, and the service that should hold it."""

from __future__ import annotations

import asyncio
import re
import statistics
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import CommandMissing, ProbeError
from probes.linux.ask import ask
from probes.linux.facts import Clock
from probes.linux.fields import reading
from probes.linux.unit import shown_units
from probes.probe import Toolbox, probe
from probes.site import OPERATOR, target_of

_DATE = ("date", "+%s.%N")
_SERVICES = ("chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec", "openntpd")
"""Of Debian, Ubuntu and the RHEL family; where several are installed, the one that runs or is enabled is meant."""
_SHOWN = "Id,LoadState,ActiveState,UnitFileState"
_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_OTHERS = 4
"""Hosts whose clocks are held beside it. Of two clocks that differ nobody can say which is wrong."""


@dataclass(frozen=True, slots=True)
class _Read:
    ahead: float
    """Seconds ahead of the operator's clock."""
    doubt: float
    """Seconds that the answer may have been under way."""


@probe("linux.clock", commands=("date +%s", "systemctl show"), timeout=20.0)
async def clock(host: str, toolbox: Toolbox) -> Clock:
    """How far a machine's clock is off from those of other hosts, and whether a time service runs there."""
    others = [one.name for one in toolbox.site.hosts if one.name != host][:_OTHERS]
    (unit, mine), theirs = await asyncio.gather(
        asyncio.gather(_service(toolbox.connection(target_of(host))), _read(toolbox, host)),
        asyncio.gather(*(_others(toolbox, one) for one in others)),
    )
    seen = {name: one.ahead for name, one in zip(others, theirs, strict=True) if one is not None}
    if host != OPERATOR:
        seen[OPERATOR] = 0.0
    offset = mine.ahead - statistics.median(seen.values()) if seen else 0.0
    off = max(round(abs(offset) - mine.doubt), 0)
    return Clock(host, off if offset > 0 else 0, off if offset < 0 else 0, tuple(seen), *unit)


async def _others(toolbox: Toolbox, host: str) -> _Read | None:
    try:
        return await _read(toolbox, host)
    except ProbeError:
        return None


async def _read(toolbox: Toolbox, host: str) -> _Read:
    """Between two looks at our own clock; the first answer is thrown away, for it may have waited for the login."""
    there, here = toolbox.connection(target_of(host)), toolbox.connection(OPERATOR)
    await _now(there)
    before, now, after = await _now(here), await _now(there), await _now(here)
    return _Read(now - (before + after) / 2, (after - before) / 2)


async def _now(connection: Connection) -> float:
    return parse_date(await ask(connection, *_DATE, seconds=5.0, alone=True))


async def _service(connection: Connection) -> tuple[str, bool]:
    units = (f"{name}.service" for name in _SERVICES)
    try:
        return parse_services(await ask(connection, "systemctl", "show", *units, "-p", _SHOWN))
    except CommandMissing:
        return "", False


@reading("date")
def parse_date(text: str) -> float:
    """Seconds since 1970; without fractions where `date` is BusyBox's."""
    found = _SECONDS.match(text)
    if not found:
        raise ValueError(text)
    return float(found[0])


@reading("systemctl show", hint="is systemd running there?")
def parse_services(text: str) -> tuple[str, bool]:
    """The time service, empty where none is installed, and whether it runs."""
    there = [one for one in shown_units(text) if one["LoadState"] == "loaded"]
    there.sort(key=lambda one: (one["ActiveState"] != "active", not one["UnitFileState"].startswith("enabled")))
    return (there[0]["Id"], there[0]["ActiveState"] == "active") if there else ("", False)
