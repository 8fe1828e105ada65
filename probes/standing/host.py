"""linux.snapshot: what a host looks like, for a later sweep to hold it against. All of it travels in one exec."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from probes.cloud import containers
from probes.cloud.units import PATTERNS
from probes.connection import MEBIBYTE, Connection
from probes.errors import CommandFailed, CommandMissing, HostUnreachable, ProbeError
from probes.facts import Setting, Snapshot, Unread
from probes.linux import firewall, ip, proc
from probes.linux.ask import ask, reply_to
from probes.linux.state import parse_swaps
from probes.probe import Toolbox, probe
from probes.site import target_of
from probes.standing import settings as standing

MOST = 5000
"""Settings of one kind that are worth keeping; a router of the Internet has a million learned routes."""
_LIMIT = 16 * MEBIBYTE
_CONF = "/proc/sys/net/ipv4/conf"
_INSTALLED = "${db:Status-Status} ${Package} ${Version}\\n"
_RPM = "%{NAME} %{VERSION}-%{RELEASE}\\n"
_TABLES = (("Bridge", "name,ports,fail_mode"), ("Port", "_uuid,name"), ("Interface", "name,type,options"))
_SWITCH = "ovs-vswitchd"
_ANY = (0, 1, 2)
Found = Iterable[Setting]
Reader = Callable[[], Awaitable[Found | None]]
"""None: it is not there to be asked."""


@probe(
    "linux.snapshot",
    commands=(
        "grep -Hs '' /proc/sys/",
        "grep -rHs",
        "cat /proc/swaps",
        "ip -j -s -d link",
        "ip -j addr",
        "ip -j route show table all",
        "ip -j rule",
        "systemctl show",
        "dpkg-query -W",
        "rpm -qa --qf",
        "ovs-vsctl --format=json",
        "pgrep -of",
        *firewall.COMMANDS,
        *containers.COMMANDS,
        *containers.inside(_SWITCH, "ovs-vsctl --format=json"),
    ),
    timeout=30.0,
)
async def snapshot(host: str, toolbox: Toolbox) -> Snapshot:
    """Sysctls, links, addresses, routes, rules, units, packages and bridges, without what changes by itself."""
    connection = toolbox.connection(target_of(host))
    readers: tuple[tuple[tuple[str, ...], Reader], ...] = (
        (("sysctl", "kernel"), partial(_sysctls, connection)),
        (("link",), partial(_links, connection)),
        (("address",), partial(_addresses, connection)),
        (("route", "learned-route"), partial(_routes, connection)),
        (("policy-rule",), partial(_policy_rules, connection)),
        (("firewall",), partial(_firewall, connection, host)),
        (("unit",), partial(_units, connection)),
        (("package",), partial(_packages, connection)),
        (("bridge",), partial(_bridges, connection)),
        (("swap",), partial(_swaps, connection)),
    )
    answers = await asyncio.gather(*(_try(reader) for _, reader in readers))
    errors = [answer for answer in answers if isinstance(answer, ProbeError)]
    if len(errors) + answers.count(None) == len(answers):
        raise errors[0]
    return joined(host, [(kinds, answer) for (kinds, _), answer in zip(readers, answers, strict=True)])


async def _try(reader: Reader) -> Found | ProbeError | None:
    """Of a host that says nothing at all there is no snapshot; of one that refuses something, the rest."""
    try:
        return await reader()
    except HostUnreachable:
        raise
    except ProbeError as error:
        return error


def joined(host: str, answers: Iterable[tuple[tuple[str, ...], Found | ProbeError | None]]) -> Snapshot:
    settings: list[Setting] = []
    kinds: list[str] = []
    unread: list[Unread] = []
    for names, answer in answers:
        if answer is None:
            continue
        found = () if isinstance(answer, ProbeError) else tuple(answer)
        for kind in names:
            some = [one for one in found if one.kind == kind]
            if isinstance(answer, ProbeError):
                unread.append(Unread(kind, answer.message))
            elif len(some) > MOST:
                unread.append(Unread(kind, f"{len(some)} are more than a baseline keeps"))
            else:
                kinds.append(kind)
                settings += some
    return Snapshot(host, tuple(settings), tuple(kinds), tuple(unread))


# ------------------------------------------------------------------ what is asked


async def _sysctls(connection: Connection) -> Found:
    included = (f"--include={name}" for name in standing.OF_INTERFACES)
    held, each = await asyncio.gather(
        ask(connection, *proc.sysctl_question(standing.SYSCTLS), ok=_ANY),
        _long(connection, "grep", "-rHs", "", _CONF, *included, ok=_ANY),
    )
    values = proc.parse_sysctls(standing.SYSCTLS, held)
    forwards = values.get("net.ipv4.ip_forward", "")
    return [*standing.sysctls(values), *standing.of_interfaces(each, forwards)]


async def _long(connection: Connection, *argv: str, sudo: bool = False, ok: tuple[int, ...] = (0,)) -> str:
    return (await reply_to(connection, *argv, sudo=sudo, ok=ok, limit=_LIMIT)).stdout


async def _links(connection: Connection) -> Found:
    return standing.links(ip.parse_links(await _long(connection, "ip", "-j", "-s", "-d", "link")))


async def _addresses(connection: Connection) -> Found:
    return standing.addresses(ip.parse_addresses(await _long(connection, "ip", "-j", "addr")))


async def _routes(connection: Connection) -> Found:
    said = await _long(connection, "ip", "-j", "route", "show", "table", "all")
    return standing.routes(ip.parse_routes(said))


async def _policy_rules(connection: Connection) -> Found:
    return standing.policy_rules(ip.parse_rules(await ask(connection, "ip", "-j", "rule")))


async def _firewall(connection: Connection, host: str) -> Found:
    """A host without any tool for a firewall has none that a tool has made."""
    try:
        return standing.firewall(await firewall.read_firewall(connection, host))
    except CommandMissing:
        return ()


async def _units(connection: Connection) -> Found:
    names = dict.fromkeys((*(f"{name}.service" for name in standing.UNITS), *PATTERNS, "ovn-*.service"))
    return standing.units(await ask(connection, "systemctl", "show", *names, "-p", standing.SHOWN))


async def _packages(connection: Connection) -> Found:
    debian, rpm = await asyncio.gather(
        _if_there(connection, "dpkg-query", "-W", "-f", _INSTALLED, *standing.PACKAGES),
        _if_there(connection, "rpm", "-qa", "--qf", _RPM, *standing.PACKAGES),
    )
    return standing.packages(debian, rpm)


async def _if_there(connection: Connection, *argv: str) -> str:
    try:
        return await ask(connection, *argv, ok=(0, 1))
    except CommandMissing:
        return ""


async def _bridges(connection: Connection) -> Found | None:
    """By the machine's own tools; where they cannot tell and the switch runs, in its container. None where they are
    there and no switch runs."""
    tables, running = await asyncio.gather(
        asyncio.gather(*(_table(connection, (), *one) for one in _TABLES), return_exceptions=True),
        ask(connection, "pgrep", "-of", containers.pattern_of(_SWITCH), ok=_ANY),
    )
    wrong = next((one for one in tables if isinstance(one, BaseException)), None)
    if wrong is None:
        return standing.bridges([str(one) for one in tables])
    if not isinstance(wrong, CommandMissing | CommandFailed):
        raise wrong
    if not running.strip():
        return () if isinstance(wrong, CommandMissing) else None
    front = await containers.in_front(connection, _SWITCH)
    if not front:
        raise wrong
    return standing.bridges(await asyncio.gather(*(_table(connection, front, *one) for one in _TABLES)))


async def _table(connection: Connection, front: tuple[str, ...], name: str, columns: str) -> str:
    words = (*front, "ovs-vsctl", "--format=json", f"--columns={columns}", "list", name)
    return await _long(connection, *words, sudo=True)


async def _swaps(connection: Connection) -> Found:
    kept = parse_swaps(await ask(connection, "cat", "/proc/swaps"))
    return [Setting("swap", "swap", kept.lines)] if kept.lines else []
