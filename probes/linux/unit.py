"""linux.unit: a systemd unit, and what it complained of."""

from __future__ import annotations

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.facts import Unit
from probes.linux.fields import reading
from probes.linux.journal import complaints
from probes.probe import Toolbox, probe
from probes.site import target_of

_PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,NRestarts,ExecMainStatus,MainPID,InvocationID"
_LINES = "80"


@probe("linux.unit", commands=("systemctl show", "journalctl -u"), unit="unit")
async def unit(host: str, toolbox: Toolbox, unit: str) -> Unit:
    """Whether a unit runs, how often it was restarted, and what it complained of."""
    return await unit_of(toolbox.connection(target_of(host)), host, unit)


async def unit_of(connection: Connection, host: str, unit: str) -> Unit:
    shown = parse_unit(await ask(connection, "systemctl", "show", unit, "-p", _PROPERTIES))
    active = shown["ActiveState"] == "active"
    return Unit(
        host=host,
        unit=shown["Id"],
        installed=shown["LoadState"] not in ("not-found", "error"),
        active=shown["ActiveState"],
        sub=shown["SubState"],
        enabled=shown.get("UnitFileState", "").startswith("enabled"),
        restarts=int(shown.get("NRestarts") or 0),
        status=int(shown.get("ExecMainStatus") or 0),
        pid=int(shown.get("MainPID") or 0),
        errors=await _errors(connection, unit, shown.get("InvocationID", "") if active else ""),
    )


@reading("systemctl show", hint="is systemd running there?")
def parse_unit(text: str) -> dict[str, str]:
    shown = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    for key in ("Id", "LoadState", "ActiveState", "SubState"):
        shown[key]  # a KeyError where it is no answer of systemd
    for key in ("NRestarts", "ExecMainStatus", "MainPID"):
        if not shown.get(key, "").isdigit():
            shown[key] = ""
    return shown


async def _errors(connection: Connection, unit: str, invocation: str) -> tuple[str, ...]:
    """Of the present run only where it runs: what a repaired unit said before is no news. Empty where the
    journal may not be read: the state alone still tells much."""
    run = (f"_SYSTEMD_INVOCATION_ID={invocation}",) if invocation.isalnum() else ()
    try:
        log = await ask(
            connection,
            "journalctl",
            "-u",
            unit,
            "--no-pager",
            "-o",
            "cat",
            "-n",
            _LINES,
            *run,
            sudo=True,
            ok=(0, 1),
        )
    except ProbeError:
        return ()
    return complaints(log)
