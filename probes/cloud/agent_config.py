"""openstack.agent_config: options as the process itself was told them; nothing else leaves the machine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from probes.cloud import containers
from probes.cloud.containers import Container, container_of
from probes.cloud.host_facts import AgentConfig
from probes.cloud.services import is_container_unit, service_of, unit_names
from probes.connection import Connection
from probes.errors import ProbeError, UnreadableOutput
from probes.linux.ask import ask
from probes.linux.fields import reading
from probes.probe import Toolbox, probe
from probes.site import target_of

_SECRET = re.compile(r"passw|secret|token|credential|private|transport_url|connection$|auth_key", re.IGNORECASE)
_OPTION = re.compile(r"[A-Za-z0-9_]+/[a-z0-9_-]+")
_FILE = re.compile(r"--config-(file|dir)[ =\0]+([^\s\0)]+)")
_ANY = (0, 1, 2)
_DEFAULT = "DEFAULT"
COMMANDS = (*containers.COMMANDS, "grep -EHsno", "sed -n", "stat -c", "ls -1", "ls -1d")


@dataclass(frozen=True, slots=True)
class Running:
    unit: str
    pid: int
    words: str
    """Its command line, or what its unit would start."""
    container: Container | None = None

    @property
    def root(self) -> str:
        """In front of the paths that the process sees."""
        return f"/proc/{self.pid}/root" if self.container else ""


@dataclass(frozen=True, slots=True)
class Option:
    """As the file that decides has it."""

    value: str = ""
    file: str = ""
    line: int = 0
    more: int = 0
    """Indented lines right below: the value goes on there."""


@probe("openstack.agent_config", commands=COMMANDS, timeout=15.0, unit="unit", options="line[]")
async def agent_config(host: str, toolbox: Toolbox, unit: str, options: tuple[str, ...]) -> AgentConfig:
    """Options of a service as its process was told them: `section/option`, never a password."""
    wanted = checked(options)
    connection = toolbox.connection(target_of(host))
    running = await running_of(connection, unit)
    files = await files_of(connection, running)
    values, set_in = await read(connection, files, wanted, running.root)
    changed = await _changed(connection, running, files)
    container, engine = (running.container.name, running.container.engine) if running.container else ("", "")
    return AgentConfig(host, running.unit, running.pid, files, values, set_in, changed, container, engine)


def checked(options: Sequence[str]) -> tuple[str, ...]:
    """They become a pattern of grep, and their values are recorded."""
    for one in options:
        if not _OPTION.fullmatch(one) or _SECRET.search(one):
            raise UnreadableOutput(
                f"`{one}` is no option that is read", hint="`section/option`, and none that holds a password"
            )
    return tuple(dict.fromkeys(options))


async def running_of(connection: Connection, unit: str) -> Running:
    """As a unit of systemd, else in a container."""
    name, shown = await _unit_there(connection, unit)
    pid = parse_pid(shown)
    container = await container_of(connection, unit) if not pid or is_container_unit(name) else None
    if container is not None:
        pid = container.pid
    line = ""
    if pid:
        line = await ask(connection, "cat", f"/proc/{pid}/cmdline", ok=_ANY)
    return Running(name, pid, line if "--config-" in line else shown, container)


async def _unit_there(connection: Connection, unit: str) -> tuple[str, str]:
    """The unit by the name it has there, and what systemd shows of it; of a container's the name it would have."""
    shown: dict[str, str] = {}
    for name in unit_names(unit):
        shown[name] = await ask(connection, "systemctl", "show", name, "-p", "LoadState,MainPID,ExecStart")
        if "LoadState=loaded" in shown[name]:
            return name, shown[name]
    return next(iter(shown.items()))


@reading("systemctl show", hint="is systemd running there?")
def parse_pid(text: str) -> int:
    return int(dict(line.split("=", 1) for line in text.splitlines() if "=" in line)["MainPID"])


async def files_of(connection: Connection, running: Running) -> tuple[str, ...]:
    """In the order in which oslo.config reads them; a folder's files by name. Paths are those the process sees."""
    named = parse_files(running.words)
    if not any(kind == "file" for kind, _ in named):
        own = await _own_places(connection, running)
        named = own if not named else [*(one for one in own if one[0] == "file"), *named]
    files: list[str] = []
    for kind, path in named:
        if kind == "file":
            files.append(path)
        else:
            found = await ask(connection, "ls", "-1", running.root + path, sudo=True, ok=_ANY)
            files += sorted(f"{path.rstrip('/')}/{name}" for name in found.splitlines() if name.endswith(".conf"))
    return tuple(dict.fromkeys(files))


async def _own_places(connection: Connection, running: Running) -> list[tuple[str, str]]:
    """Where oslo.config looks when nobody names a file; a home folder of a service has none."""
    wanted = own_places(service_of(running.unit))
    paths = [running.root + path for _, places in wanted for path in places]
    found = set((await ask(connection, "ls", "-1d", *paths, sudo=True, ok=_ANY)).splitlines())
    there = ((kind, [path for path in places if running.root + path in found]) for kind, places in wanted)
    return [(kind, places[0]) for kind, places in there if places]


def own_places(service: str) -> list[tuple[str, tuple[str, ...]]]:
    """Of nova-compute: nova.conf and nova-compute.conf, then their folders, each at the first place that has it.
    RDO's packages put their own values below all of them."""
    project = service.partition("-")[0]
    above = (f"/etc/{project}", "/etc")
    names = tuple(dict.fromkeys((project, service)))
    return [
        ("file", (f"/usr/share/{project}/{project}-dist.conf",)),
        *(("file", tuple(f"{folder}/{name}.conf" for folder in above)) for name in names),
        *(("dir", tuple(f"{folder}/{name}.conf.d" for folder in above)) for name in names),
    ]


def parse_files(words: str) -> list[tuple[str, str]]:
    """Of a command line with NULs, of one that its process has rewritten (`name (python … --config-file X)`, as
    setproctitle does), or of a unit's ExecStart. Files before folders, as oslo.config reads them."""
    found = [(kind, path) for kind, path in _FILE.findall(words) if path.startswith("/")]
    return [one for one in found if one[0] == "file"] + [one for one in found if one[0] == "dir"]


async def read(
    connection: Connection, files: tuple[str, ...], wanted: tuple[str, ...], root: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """Nothing but section heads and lines of these options comes over, and which lines are indented: those that
    belong to one of these options are asked for afterwards. `root` stands before the files there."""
    if not files:
        return dict.fromkeys(wanted, ""), dict.fromkeys(wanted, "")
    names = "|".join(sorted({re.escape(one.split("/")[1]) for one in wanted}))
    pattern = rf"^(\[[A-Za-z0-9_:.-]+\]|({names})[[:space:]]*[=:].*|[[:space:]]+)"
    text = await ask(connection, "grep", "-EHsno", pattern, *(root + file for file in files), sudo=True, ok=_ANY)
    lines = (line.removeprefix(root) for line in text.split("\n"))
    found = parse_options("\n".join(lines), files, wanted)
    values = await asyncio.gather(*(_whole(connection, one, root) for one in found.values()))
    return dict(zip(found, values, strict=True)), {key: one.file for key, one in found.items()}


async def _whole(connection: Connection, one: Option, root: str) -> str:
    if not one.more:
        return joined(one.value, "")
    lines = f"{one.line + 1},{one.line + one.more}p"
    return joined(one.value, await ask(connection, "sed", "-n", lines, root + one.file, sudo=True))


def joined(value: str, more: str) -> str:
    """As oslo.config would have a list, without spaces around its commas, that may go on over indented lines; an
    empty line ends it."""
    parts = [value]
    for line in more.split("\n"):
        if not line.strip():
            break
        parts.append(line.strip())
    return re.sub(r"\s*,\s*", ",", " ".join(parts)).strip()


@reading("grep -n")
def parse_options(text: str, files: tuple[str, ...], wanted: tuple[str, ...]) -> dict[str, Option]:
    """Of `grep -Hno`: the last file that sets an option decides; in one file the last line does. What grep itself
    has to say of a file (`Binary file … matches`) is no line of it."""
    found = dict.fromkeys(wanted, Option())
    section = dict.fromkeys(files, _DEFAULT)
    key = ""
    for line in text.split("\n"):  # no other character ends a line of grep's
        path, _, numbered = line.partition(":")
        number, colon, rest = numbered.partition(":")
        if path not in section or not colon:
            continue
        if not rest.strip():
            last = found.get(key, Option())
            if (path, int(number)) == (last.file, last.line + last.more + 1):
                found[key] = replace(last, more=last.more + 1)
        elif rest.startswith("["):
            section[path], key = rest[1 : rest.find("]")], ""
        else:
            name, value = (part.strip() for part in re.split("[=:]", rest, maxsplit=1))
            key = f"{section[path]}/{name}"
            if key in found:
                found[key] = Option(value, path, int(number))
    return found


async def _changed(connection: Connection, running: Running, files: tuple[str, ...]) -> tuple[str, ...]:
    if not running.pid or not files:
        return ()
    there = (running.root + file for file in files)
    try:
        text = await ask(connection, "stat", "-c", "%Y %n", f"/proc/{running.pid}", *there, sudo=True, ok=_ANY)
        return tuple(path.removeprefix(running.root) for path in parse_changed(text, running.pid))
    except ProbeError:
        return ()


@reading("stat")
def parse_changed(text: str, pid: int) -> tuple[str, ...]:
    """Of `stat -c '%Y %n'`: /proc/PID is as old as its process."""
    written = {path: int(second) for second, path in (line.split(" ", 1) for line in text.splitlines())}
    started = written.pop(f"/proc/{pid}")
    return tuple(path for path, second in written.items() if second > started)
