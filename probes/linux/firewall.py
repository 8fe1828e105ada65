"""linux.firewall: every IPv4 rule with its counter, from the backend that really holds it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from probes.connection import Connection
from probes.errors import AccessDenied, ProbeError
from probes.exchange import Reply
from probes.linux.backends import if_there
from probes.linux.facts import ChainPolicy, Firewall, FirewallRule
from probes.linux.iptables import NO_TABLES, Tables, parse_iptables_save
from probes.linux.nft import parse_nft
from probes.probe import Toolbox, probe
from probes.site import target_of

COMMANDS = ("iptables-save -c", "iptables-legacy-save -c", "nft -j list ruleset", "nft -s -a list ruleset")
_HOLDS = {"iptables-nft": (0,), "iptables-legacy": (0, 1), "nft": (0, 2, 3)}
"""Backend → numbers of COMMANDS that show it. `nft` shows iptables-nft again, so that has to be known beside it."""
BLOCKING = ("DROP", "REJECT")
"""Verdicts that let nothing through."""


@probe("linux.firewall", commands=COMMANDS)
async def firewall(host: str, toolbox: Toolbox) -> Firewall:
    """Rules and policies with counters: iptables (both backends) and native nft, none counted twice."""
    return await read_firewall(toolbox.connection(target_of(host)), host)


async def read_firewall(connection: Connection, host: str, backend: str = "") -> Firewall:
    """Asks all backends at once; those that are not installed hold no rules. `backend` is what an earlier reading
    found: only that is asked again. ProbeError when none could answer."""
    asked = _commands_of(backend)
    answers = await asyncio.gather(*(if_there(connection, command) for command in asked))
    if all(isinstance(answer, ProbeError) for answer in answers):
        raise _worst([answer for answer in answers if isinstance(answer, ProbeError)])
    said = dict(zip(asked, map(_text, answers), strict=True))
    saved, legacy, ruleset, listing = (said.get(command, "") for command in COMMANDS)
    return combine(host, saved, legacy, ruleset, listing)


def _commands_of(backend: str) -> tuple[str, ...]:
    names = backend.split("+")
    wanted = {COMMANDS[at] for name in names for at in _HOLDS.get(name, ())}
    return tuple(command for command in COMMANDS if command in wanted) or COMMANDS


def _text(answer: Reply | ProbeError) -> str:
    return "" if isinstance(answer, ProbeError) else answer.stdout


def _worst(errors: list[ProbeError]) -> ProbeError:
    denied = [error for error in errors if isinstance(error, AccessDenied)]
    return (denied or errors)[0]


Key = tuple[str, str, int, str, int]
"""Table, chain, position and text; and a number: two backends may hold the same rule."""


def apart(rules: Iterable[FirewallRule]) -> dict[Key, FirewallRule]:
    """Each rule by what it is known by in another reading. One that moved is another, and counts from nothing."""
    found: dict[Key, FirewallRule] = {}
    met: Counter[tuple[str, str, int, str]] = Counter()
    for rule in rules:
        words = rule.table, rule.chain, rule.position, rule.text
        found[*words, met[words]] = rule
        met[words] += 1
    return found


def policies_as_rules(policies: Iterable[ChainPolicy]) -> list[FirewallRule]:
    """A policy counts like a rule of position 0."""
    return [
        FirewallRule(
            one.table, one.chain, 0, f"-P {one.chain} {one.verdict}", (), one.verdict, one.packets, one.bytes
        )
        for one in policies
    ]


def combine(host: str, saved: str, legacy: str, ruleset: str, listing: str) -> Firewall:
    """One firewall of the four outputs: `iptables-save` may be either backend, nft shows iptables-nft again."""
    first, second = parse_iptables_save(saved), parse_iptables_save(legacy)
    if first.backend == "iptables-legacy":
        second = NO_TABLES
    shown = first.names if first.backend == "iptables-nft" else ()
    native = parse_nft(ruleset, listing, shown) if ruleset.strip() else ((), ())
    rules = (*first.rules, *second.rules, *native[0])
    policies = (*first.policies, *second.policies, *native[1])
    return Firewall(host, backends(first, second, native), rules, policies)


def backends(
    first: Tables, second: Tables, native: tuple[tuple[FirewallRule, ...], tuple[ChainPolicy, ...]]
) -> str:
    found = [tables.backend for tables in (first, second) if tables.rules or tables.policies]
    return "+".join([*found, *["nft"] * any(native)]) or "none"
