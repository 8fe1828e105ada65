"""Every counter of one host that may count our packets, read in one exec."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux import firewall, ip, nft, proc
from probes.linux.ask import ask
from probes.linux.facts import Firewall, Link, Neighbour
from probes.linux.fields import number, reading, word
from probes.linux.unit import parse_uptime
from probes.trace import rules

COMMANDS = (
    "cat /proc/uptime",
    "ip -j -s -d link",
    "ip -j neigh",
    "cat /proc/net/snmp /proc/net/netstat",
    f"cat {proc.CONNTRACK_FILE}",
    "tc -s -j qdisc show",
    *rules.COMMANDS,
)
_OPTIONAL = (
    ("cat", *proc.COUNTER_FILES),
    ("ip", "-j", "neigh"),
    ("cat", proc.CONNTRACK_FILE),
    ("tc", "-s", "-j", "qdisc", "show"),
)
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
        policies = (one for one in self.firewall.policies if " " in one.table)
        silent = (one for one in self.firewall.rules if not one.spec and nft.may_drop_uncounted(one))
        return any(one.verdict in firewall.BLOCKING for one in policies) or any(True for _ in silent)


async def read(connection: Connection, host: str, known: Reading | None = None, version: int = 4) -> Reading:
    """`known` is an earlier one: only the backend of its rules is asked. `version` is the IP's. ProbeError when not
    even its interfaces can be read."""
    before = known.firewall if known and known.firewall and known.firewall.backend != "none" else None
    (uptime, links), (counters, neighbours, tracked, queues), held = await asyncio.gather(
        asyncio.gather(ask(connection, "cat", "/proc/uptime"), ask(connection, "ip", "-j", "-s", "-d", "link")),
        asyncio.gather(*(_may_fail(ask(connection, *words)) for words in _OPTIONAL)),
        _may_fail(rules.read_rules(connection, host, version, before)),
    )
    return Reading(
        moment=parse_uptime(uptime),
        counters={**proc.parse_counters(counters), **proc.parse_conntrack(tracked or "")} if counters else {},
        links={link.name: link for link in ip.parse_links(links)},
        queues=parse_queues(queues) if queues else {},
        neighbours=ip.parse_neighbours(neighbours) if neighbours else (),
        firewall=held,
    )


async def _may_fail(asked: Awaitable[Answer]) -> Answer | None:
    """conntrack and tc are no part of every kernel, and rules need root."""
    try:
        return await asked
    except ProbeError:
        return None


@reading("tc -s -j qdisc")
def parse_queues(text: str) -> dict[str, int]:
    """Of `tc -s -j qdisc show`: what the queues of each interface dropped. A child's drops are its parent's too."""
    found: dict[str, int] = {}
    for entry in ip.entries(text, "tc -s -j qdisc"):
        name = word(entry, "dev")
        found[name] = max(found.get(name, 0), number(entry, "drops", 0))
    return found
