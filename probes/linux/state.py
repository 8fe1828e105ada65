"""linux.state: what a fix is about to change, exactly as it is: rules in their order, files to the byte."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence
from hashlib import sha256

from probes.connection import Command, Connection
from probes.errors import CommandFailed, ProbeError, UnreadableOutput
from probes.exchange import Reply
from probes.facts import Kept, State
from probes.linux import proc
from probes.linux.ask import ask, reply_to, why_no_answer
from probes.linux.iptables import parse_iptables_save
from probes.probe import Toolbox, probe
from probes.site import target_of

TOOLS = ("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy", "iptables-nft", "ip6tables-nft")
_LOOK = "%F|%a|%u|%g|%U|%G|%C"
_SHOWN = "LoadState,ActiveState,SubState,UnitFileState,MainPID"
_NOT_RUNNING = {"ActiveState": "inactive", "SubState": "dead"}
_ABSENT = ("No such file or directory", "Not a directory")
_EXPIRES = re.compile(r" expires \d+sec")
_LEASE = re.compile(r"valid_lft \S+ preferred_lft \S+")
_DIGEST = re.compile(r"\\?([0-9a-f]{64}) ")


@probe(
    "linux.state",
    commands=(
        *(f"{tool}-save -t" for tool in TOOLS),
        f"stat -L -c '{_LOOK}' --",
        "readlink --",
        "sha256sum --",
        "cat --",
        "cat /proc/",
        "grep -Hs '' /proc/sys/",
        "ip -4 route show table all exact",
        "ip -6 route show table all exact",
        "ip -o address show dev",
        "cat /proc/swaps",
        "systemctl show",
        "dpkg-query -W",
    ),
    timeout=20.0,
    rules="name[]",
    files="path[]",
    sysctls="sysctl[]",
    routes="destination[]",
    addresses="interface[]",
    units="unit[]",
    packages="name[]",
    processes="count[]",
    swaps="yes-no",
    mtus="interface[]",
    sudo="yes-no",
)
async def state(
    host: str,
    toolbox: Toolbox,
    rules: tuple[str, ...] = (),
    files: tuple[str, ...] = (),
    sysctls: tuple[str, ...] = (),
    routes: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    units: tuple[str, ...] = (),
    packages: tuple[str, ...] = (),
    processes: tuple[int, ...] = (),
    swaps: bool = False,
    mtus: tuple[str, ...] = (),
    sudo: bool = True,
) -> State:
    """Chains (`iptables/filter/INPUT`), files, sysctls, routes, units, packages: as they are, to be compared."""
    connection = toolbox.connection(target_of(host))
    asked: list[Awaitable[Kept]] = [
        *(_rules(connection, name) for name in rules),
        *(_file(connection, path, sudo) for path in files),
        *(_sysctl(connection, name) for name in sysctls),
        *(_route(connection, destination) for destination in routes),
        *(_addresses(connection, name) for name in addresses),
        *(_unit(connection, name) for name in units),
        *(_package(connection, name) for name in packages),
        *(_process(connection, pid) for pid in processes),
        *([_swaps(connection)] if swaps else []),
        *(_mtu(connection, name) for name in mtus),
    ]
    return State(host, tuple(await asyncio.gather(*asked)))


def kept(what: str, lines: Sequence[str], more: str = "") -> Kept:
    """`more` is what lines cannot hold."""
    whole = "\n".join((what, *lines, more))
    return Kept(what, tuple(lines), sha256(whole.encode("utf-8", "surrogatepass")).hexdigest())


# ------------------------------------------------------------------ rules


async def _rules(connection: Connection, name: str) -> Kept:
    tool, table, chain = split_chain(name)
    return parse_rules(name, chain, await ask(connection, f"{tool}-save", "-t", table, sudo=True))


def split_chain(name: str) -> tuple[str, str, str]:
    """`iptables/filter/INPUT` → its tool, table and chain; CommandFailed when it is none."""
    tool, _, rest = name.partition("/")
    table, _, chain = rest.partition("/")
    if tool not in TOOLS or not re.fullmatch(r"[a-z]+", table) or not chain:
        raise CommandFailed(f"{name!r} names no chain", hint="such as iptables/filter/INPUT")
    return tool, table, chain


def parse_rules(name: str, chain: str, text: str) -> Kept:
    """Of `iptables-save -t TABLE`: the chain's policy and its rules in their order, without counters."""
    tables = parse_iptables_save(text)
    policy = [f"policy {one.verdict}" for one in tables.policies if one.chain == chain]
    rules = [rule.text for rule in tables.rules if rule.chain == chain]
    there = policy or rules or re.search(rf"^:{re.escape(chain)} ", text, re.MULTILINE)
    return kept(f"rules {name}", [*policy, *rules] if there else ["absent"])


# ------------------------------------------------------------------ files


async def _file(connection: Connection, path: str, sudo: bool) -> Kept:
    looked, link = await asyncio.gather(
        reply_to(connection, "stat", "-L", "-c", _LOOK, "--", path, sudo=sudo, ok=None),
        reply_to(connection, "readlink", "--", path, sudo=sudo, ok=None),
    )
    lines = parse_stat(path, looked)
    if link.status == 0:
        lines = (f"link {link.stdout.rstrip()}", *lines)
    if not lines[-1].startswith("label") or "regular" not in lines[-4]:
        return kept(f"file {path}", lines)
    digest, content = await _content(connection, path, sudo)
    return kept(f"file {path}", (*lines, *content), digest)


def parse_stat(path: str, looked: Reply) -> tuple[str, ...]:
    """Kind, mode, owner and SELinux label; just `absent` when nothing is there. GNU's stat ends with 1 where
    nobody gave the file a label, and has said the rest."""
    words = looked.stdout.rstrip("\n").split("|")
    if len(words) != 7:
        if any(said in looked.stderr for said in _ABSENT):
            return ("absent",)
        raise why_no_answer(looked, Command(argv=("stat", path)), path) or UnreadableOutput(
            f"`stat` said of {path} what is not known"
        )
    kind, mode, uid, gid, user, group, label = words
    plain = kind.replace("regular empty file", "regular file")
    return (
        f"kind {plain}",
        f"mode {int(mode, 8):04o}",
        f"owner {user}:{group} ({uid}:{gid})",
        f"label {'' if label == '?' else label}".rstrip(),
    )


async def _content(connection: Connection, path: str, sudo: bool) -> tuple[str, tuple[str, ...]]:
    """The digest of all of it, and its lines where they are not too many to keep."""
    summed = ask(connection, "sha256sum", "--", path, sudo=sudo)
    command = Command(argv=("cat", "--", path), sudo=sudo)
    digest, reply = await asyncio.gather(summed, connection.run(command))
    if reply.failure == "too-long":
        return parse_sum(digest), ("| …",)
    error = why_no_answer(reply, command, connection.target)
    if error is not None:
        raise error
    return parse_sum(digest), tuple(f"| {line}" for line in reply.stdout.split("\n"))


def parse_sum(text: str) -> str:
    """The digest that `sha256sum` printed."""
    found = _DIGEST.match(text)
    if found is None:
        raise UnreadableOutput("`sha256sum` printed no digest")
    return found[1]


# ------------------------------------------------------------------ sysctls, routes and units


async def _sysctl(connection: Connection, name: str) -> Kept:
    held = proc.parse_sysctls([name], await ask(connection, *proc.sysctl_question([name]), ok=(0, 1, 2)))
    return kept(f"sysctl {name}", [held.get(name, "absent")])


async def _route(connection: Connection, destination: str) -> Kept:
    families = ("-4", "-6") if destination == "default" else ("-6",) if ":" in destination else ("-4",)
    question = ("route", "show", "table", "all", "exact", destination)
    texts = await asyncio.gather(*(ask(connection, "ip", family, *question) for family in families))
    return parse_route(destination, "".join(texts))


def parse_route(destination: str, text: str) -> Kept:
    """Of `ip route show`: the routes of exactly this destination; a line may go on in the next one."""
    joined = re.sub(r"\n[ \t]+", " ", text)
    lines = [_EXPIRES.sub("", line).strip() for line in joined.splitlines() if line.strip()]
    return kept(f"route {destination}", lines or ["absent"])


async def _addresses(connection: Connection, interface: str) -> Kept:
    return parse_addresses(interface, await ask(connection, "ip", "-o", "address", "show", "dev", interface))


def parse_addresses(interface: str, text: str) -> Kept:
    """Of `ip -o address`: without how long a lease is still valid, and in no order of time."""
    lines = [" ".join(_LEASE.sub("", line).replace("\\", " ").split()[1:]) for line in text.splitlines()]
    return kept(f"addresses {interface}", sorted(lines))


async def _mtu(connection: Connection, interface: str) -> Kept:
    """Bytes; nothing where there is no such interface."""
    said = await ask(connection, "cat", "--", f"/sys/class/net/{interface}/mtu", ok=(0, 1))
    return kept(f"mtu {interface}", said.split()[:1])


async def _swaps(connection: Connection) -> Kept:
    return parse_swaps(await ask(connection, "cat", "/proc/swaps"))


def parse_swaps(text: str) -> Kept:
    """Of /proc/swaps: which there are; how much of them is used changes all the time."""
    head, *rows = text.splitlines() or [""]
    if not head.startswith("Filename"):
        raise UnreadableOutput("/proc/swaps is not in its form")
    return kept("swaps", sorted(" ".join(row.split()[:2]) for row in rows))


async def _package(connection: Connection, name: str) -> Kept:
    """A Debian package: what it is to be (`hold`), what it is, and its version; nothing where nobody knows it."""
    words = ("dpkg-query", "-W", "-f", "${db:Status-Want} ${db:Status-Status} ${Version}\\n", name)
    said = await ask(connection, *words, ok=(0, 1))
    return kept(f"package {name}", [line for line in said.splitlines() if "installed" in line.split()])


async def _process(connection: Connection, pid: int) -> Kept:
    """Whether a signal has stopped it; nothing where there is no such process."""
    said = await ask(connection, "cat", f"/proc/{pid}/stat", ok=(0, 1))
    letters = said.rpartition(")")[2].split()[:1]
    return kept(f"process {pid}", ["stopped" if letter in ("T", "t") else "runs" for letter in letters])


async def _unit(connection: Connection, name: str) -> Kept:
    return await _with_process(connection, name, await ask(connection, "systemctl", "show", name, "-p", _SHOWN))


async def _with_process(connection: Connection, name: str, shown: str) -> Kept:
    """A process that was stopped is still `active` to systemd."""
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    pid = found.get("MainPID", "0")
    stat = ""
    if pid.isdigit() and pid != "0":
        try:
            stat = await ask(connection, "cat", f"/proc/{pid}/stat")
        except ProbeError:
            stat = ""  # it ended in between
    return parse_unit(name, shown, stat)


def parse_unit(name: str, shown: str, stat: str = "") -> Kept:
    """Of `systemctl show`, and of its process whether it is stopped; a process number is another every time.
    A program that does not end well on SIGTERM leaves its unit failed instead of inactive: it runs neither way."""
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    names = [part for part in _SHOWN.split(",") if part != "MainPID"]
    if not set(names) <= set(found):
        raise UnreadableOutput(f"`systemctl show {name}` does not say how it is")
    letter = stat.rpartition(")")[2].split()[:1]
    stopped = ["process stopped"] if letter in (["T"], ["t"]) else []
    what, lines = f"unit {name}", (*(f"{part}={found[part]}" for part in names), *stopped)
    alike = {**found, **_NOT_RUNNING} if found["ActiveState"] in ("inactive", "failed") else found
    return Kept(what, lines, kept(what, [*(f"{part}={alike[part]}" for part in names), *stopped]).digest)
