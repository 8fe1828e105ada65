"""Every counter of one host that may count our packets, read in one exec."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from probes.connection import Connection
from probes.errors import ProbeError, UnreadableOutput
from probes.linux import firewall, ip, proc
from probes.linux.ask import ask
from probes.linux.facts import Firewall, Link, Neighbour
from probes.linux.fields import number, reading, word

CONNTRACK_FILE = "/proc/net/stat/nf_conntrack"
COMMANDS = (
    "cat /proc/uptime",
    "ip -j -s -d link",
    "ip -j neigh",
    "cat /proc/net/snmp /proc/net/netstat",
    f"cat {CONNTRACK_FILE}",
    "tc -s -j qdisc show",
    *firewall.COMMANDS,
)
_OPTIONAL = (
    ("cat", *proc.COUNTER_FILES),
    ("ip", "-j", "neigh"),
    ("cat", CONNTRACK_FILE),
    ("tc", "-s", "-j", "qdisc", "show"),
)
_DROPPING = ("DROP", "REJECT")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Reading:
    """Absolute counters at one moment."""

    moment: float
    """Seconds since the host was started: its own clock, which no time service moves."""
    counters: Mapping[str, int]
    """By the names of nstat; `ConntrackDrop`, `ConntrackInsertFailed`."""
    links: Mapping[str, Link]
    queues: Mapping[str, int]
    """Interface → packets that its queues dropped."""
    neighbours: tuple[Neighbour, ...]
    firewall: Firewall | None
    """None where rules may not be read."""

    @property
    def uncounted(self) -> bool:
        """A rule or policy of nft drops and counts nothing."""
        if self.firewall is None:
            return False
        silent = (one for one in self.firewall.rules if not one.spec and "counter" not in one.text)
        policies = (one for one in self.firewall.policies if " " in one.table)
        verdicts = [one.verdict for one in silent] + [one.verdict for one in policies]
        return any(verdict in _DROPPING for verdict in verdicts)


async def read(connection: Connection, host: str, known: Reading | None = None) -> Reading:
    """`known` is an earlier one: only the backend of its rules is asked. ProbeError when not even its interfaces
    can be read."""
    backend = known.firewall.backend if known and known.firewall else ""
    (uptime, links), (counters, neighbours, tracked, queues), rules = await asyncio.gather(
        asyncio.gather(ask(connection, "cat", "/proc/uptime"), ask(connection, "ip", "-j", "-s", "-d", "link")),
        asyncio.gather(*(_may_fail(ask(connection, *words)) for words in _OPTIONAL)),
        _may_fail(firewall.read_firewall(connection, host, backend)),
    )
    return Reading(
        moment=parse_uptime(uptime),
        counters={**proc.parse_counters(counters), **parse_conntrack(tracked or "")} if counters else {},
        links={link.name: link for link in ip.parse_links(links)},
        queues=parse_queues(queues) if queues else {},
        neighbours=ip.parse_neighbours(neighbours) if neighbours else (),
        firewall=rules,
    )


async def _may_fail(asked: Awaitable[Answer]) -> Answer | None:
    """conntrack and tc are no part of every kernel, and rules need root."""
    try:
        return await asked
    except ProbeError:
        return None


@reading("cat /proc/uptime")
def parse_uptime(text: str) -> float:
    seconds = float(text.split()[0])
    if not 0 <= seconds < 1e12:
        raise ValueError("no number of seconds")
    return seconds


def parse_conntrack(text: str) -> dict[str, int]:
    """Of /proc/net/stat/nf_conntrack: names, then a line of hexadecimal numbers a processor. Empty without it."""
    names, *processors = [line.split() for line in text.splitlines()] or [[]]
    wanted = {"drop": "ConntrackDrop", "insert_failed": "ConntrackInsertFailed", "early_drop": "ConntrackEarlyDrop"}
    try:
        rows = [dict(zip(names, (int(one[:16], 16) for one in row), strict=False)) for row in processors]
    except ValueError as error:
        raise UnreadableOutput(f"{CONNTRACK_FILE} holds a line of another form") from error
    return {name: sum(row.get(key, 0) for row in rows) for key, name in wanted.items() if key in names}


@reading("tc -s -j qdisc")
def parse_queues(text: str) -> dict[str, int]:
    """Of `tc -s -j qdisc show`: what the queues of each interface dropped. A child's drops are its parent's too."""
    found: dict[str, int] = {}
    for entry in ip.entries(text, "tc -s -j qdisc"):
        name = word(entry, "dev")
        found[name] = max(found.get(name, 0), number(entry, "drops", 0))
    return found
