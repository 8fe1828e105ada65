"""The SSH server as the host itself sees it."""

from __future__ import annotations

import asyncio
import re

from probes.connection import Connection
from probes.errors import ProbeError, UnreadableOutput
from probes.host_keys import ON_DISK
from probes.keys import SSH_PORT, fingerprint, keys_in
from probes.linux.ask import ask
from probes.linux.facts import Sshd
from probes.probe import Toolbox, probe
from probes.site import target_of

_UNITS = ("ssh.service", "sshd.service", "ssh.socket", "sshd.socket")
_SHOW = ("systemctl", "show", *_UNITS, "-p", "Id,LoadState,ActiveState,UnitFileState,MainPID")
_PORTS = ("grep", "-rhsiE", r"^\s*(Port|ListenAddress)\s", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d")
_NO_MATCH = (0, 1, 2)
_LISTEN = re.compile(r"^LISTEN\s+\d+\s+\d+\s+\S+:([0-9]{1,5})\s", re.MULTILINE)
_PORT = re.compile(
    r"^[ \t]*(?:Port\s+([0-9]{1,5})|ListenAddress\s+(?:\[[^]]*\]|[^\s:]+):([0-9]{1,5}))",
    re.IGNORECASE | re.MULTILINE,
)

Unit = dict[str, str]


@probe(
    "linux.sshd",
    commands=("systemctl show", "ss -Hltn", "grep -rhs", "grep -rhsiE", "cat /proc/"),
    timeout=15.0,
)
async def sshd(host: str, toolbox: Toolbox) -> Sshd:
    """State of the SSH server's unit and process, whether it listens, and its host keys."""
    connection = toolbox.connection(target_of(host))
    shown, listening, keys, ports = await asyncio.gather(
        ask(connection, *_SHOW),
        ask(connection, "ss", "-Hltn"),
        ask(connection, *ON_DISK, ok=_NO_MATCH),
        _ports(connection),
    )
    unit = chosen_unit(parse_units(shown))
    own = tuple(keys_in(keys))
    return Sshd(
        host=host,
        unit=unit.get("Id", ""),
        active=unit.get("ActiveState", "inactive"),
        process_state=await _process_state(connection, unit.get("MainPID", "0")),
        listening=listens(listening, ports),
        fingerprints=tuple(fingerprint(key) for key in own),
        public_keys=own,
    )


def listens(text: str, ports: set[int]) -> bool:
    """Of `ss -Hltn`: somebody listens on one of the ports."""
    return bool(ports & {int(port) for port in _LISTEN.findall(text)})


async def _ports(connection: Connection) -> set[int]:
    """What sshd_config says; the default where it may not be read."""
    try:
        return parse_ports(await ask(connection, *_PORTS, sudo=True, ok=_NO_MATCH))
    except ProbeError:
        return {SSH_PORT}


def parse_ports(text: str) -> set[int]:
    """Of the Port and ListenAddress lines of sshd_config."""
    return {int(plain or bound) for plain, bound in _PORT.findall(text)} or {SSH_PORT}


async def _process_state(connection: Connection, pid: str) -> str:
    """Empty without a process, also when it has ended meanwhile."""
    if not pid.isdigit() or pid == "0":
        return ""
    return parse_state(await ask(connection, "cat", f"/proc/{pid}/stat", ok=_NO_MATCH))


def parse_state(text: str) -> str:
    """The state's letter of /proc/PID/stat; the program's name before it may hold anything."""
    words = text.rpartition(")")[2].split() if ")" in text else []
    return words[0] if words else ""


def parse_units(text: str) -> tuple[Unit, ...]:
    """Of `systemctl show`: a block for each unit asked for. An alias shows its real unit, perhaps twice."""
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n")
    ]
    units = [unit for unit in blocks if unit]
    if not units or any("Id" not in unit or "LoadState" not in unit for unit in units):
        raise UnreadableOutput(
            "`systemctl show` answered in a form that is not known", hint="is systemd running there?"
        )
    return tuple(unit for unit in units if unit["LoadState"] not in ("not-found", "error"))


def chosen_unit(units: tuple[Unit, ...]) -> Unit:
    """The unit whose state says whether sshd is there for logins: the service, but the socket where that is
    what starts it (Ubuntu). Empty when there is neither."""
    services = [unit for unit in units if unit["Id"].endswith(".service")]
    sockets = [unit for unit in units if unit["Id"].endswith(".socket")]
    service = next((unit for unit in services if unit.get("ActiveState") != "inactive"), {})
    if service:
        return service
    by_socket = [
        one for one in sockets if one.get("ActiveState") == "active" or one.get("UnitFileState") == "enabled"
    ]
    return next(iter([*by_socket, *services]), {})
