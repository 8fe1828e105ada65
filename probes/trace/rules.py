"""The rules of one host that may count our packets, with their counters, as cheaply as a long list allows.

`nft` is asked only for what iptables did not show: of a list of 50,000 rules its JSON is 24 MB, and takes far
longer than `iptables-save`. IPv6 packets meet other rules than those of IPv4.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from probes.connection import MEBIBYTE, Connection
from probes.errors import CommandFailed, CommandMissing, NotRecorded, ProbeError
from probes.linux import firewall
from probes.linux.ask import reply_to
from probes.linux.backends import CHAINS, Chain, if_there, parse_chains, rules_of
from probes.linux.facts import ChainPolicy, Firewall, FirewallRule
from probes.linux.iptables import NO_TABLES, Tables, parse_iptables_save
from probes.linux.nft import parse_nft
from probes.trace import long_list

_SAVES = {
    4: ("iptables-save -c", "iptables-legacy-save -c"),
    6: ("ip6tables-save -c", "ip6tables-legacy-save -c"),
}
_TABLE = ("nft -j list table", "nft -s -a list table")
_RULESET = ("nft -j list ruleset", "nft -s -a list ruleset")
COMMANDS = (*chain(*_SAVES.values()), *long_list.declared((*chain(*_SAVES.values()),)), CHAINS, *_TABLE, *_RULESET)
_FAMILIES = {4: ("ip", "inet", "arp", "bridge", "netdev"), 6: ("ip6", "inet", "bridge", "netdev")}
_OWN = {4: "ip", 6: "ip6"}
"""Family of nft's tables that iptables shows."""
_GONE = "No such file or directory"
_EMPTY = ('{"nftables": []}', "")
_LIMIT = 16 * MEBIBYTE
_SECONDS = 15.0
Native = tuple[str, str]
"""Family and name of a table of nft."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which backends hold rules."""

    saves: tuple[str, ...]
    native: tuple[Native, ...]


async def read_rules(
    connection: Connection, host: str, version: int = 4, known: Firewall | None = None
) -> Firewall:
    """`known` is an earlier reading: only what held rules then is asked. ProbeError when nobody may look."""
    if known is not None:
        return await _of(connection, host, version, _where(known, version), known)
    answers = await asyncio.gather(*(_may_lack(connection, one) for one in (*_SAVES[version], CHAINS)))
    if all(isinstance(one, ProbeError) for one in answers):
        raise next(one for one in answers if isinstance(one, ProbeError))
    saved, legacy, tables = ("" if isinstance(one, ProbeError) else one for one in answers)
    shown = _together(parse_iptables_save(saved), parse_iptables_save(legacy))
    if isinstance(answers[-1], NotRecorded):
        return _combined(host, shown, await _whole(connection, version, shown))
    chains = parse_chains(tables) if tables.strip() else ()
    native = tuple(dict.fromkeys((one.family, one.table) for one in chains if _is_native(one, version, shown[0])))
    return _combined(host, shown, await _native(connection, version, native))


async def _of(connection: Connection, host: str, version: int, where: Where, known: Firewall) -> Firewall:
    saved, native = await asyncio.gather(
        _saved(connection, where.saves, known),
        _native(connection, version, where.native),
        return_exceptions=True,
    )
    if isinstance(saved, BaseException):
        raise saved
    first, second = [*saved, NO_TABLES, NO_TABLES][:2]
    shown = _together(first, second)
    if isinstance(native, NotRecorded):
        native = await _whole(connection, version, shown)
    if isinstance(native, BaseException):
        raise native
    return _combined(host, shown, native)


async def _saved(connection: Connection, saves: tuple[str, ...], known: Firewall) -> list[Tables]:
    shown = [rule for rule in known.rules if " " not in rule.table]
    if len(saves) == 1 and len(shown) > long_list.LONG:
        with suppress(ProbeError):  # sudo may allow iptables-save and no shell; a recording may lack it
            words = long_list.counting(saves[0])
            said = await reply_to(connection, *words, sudo=True, limit=_LIMIT, seconds=_SECONDS)
            if tables := long_list.parse_counting(said.stdout, shown):
                return [tables]
    before = {rule.text: rule for rule in known.rules}
    texts = await asyncio.gather(*(_save(connection, one) for one in saves))
    return [parse_iptables_save(text, before) for text in texts]


def _where(known: Firewall, version: int) -> Where:
    """A table of nft is called `inet filter`, one of iptables `filter`."""
    held = [*(one.table for one in known.rules), *(one.table for one in known.policies)]
    tables = dict.fromkeys(table for table in held if " " in table)
    native = tuple((family, name) for family, _, name in (table.partition(" ") for table in tables))
    both = "iptables-legacy" in known.backend
    saves = _SAVES[version] if both else _SAVES[version][:1] if "iptables-nft" in known.backend else ()
    return Where(saves, native)


async def _save(connection: Connection, command: str) -> str:
    return (await rules_of(connection, command, _SECONDS)).stdout


async def _may_lack(connection: Connection, command: str) -> str | ProbeError:
    answer = await if_there(connection, command, _SECONDS, (CommandMissing, NotRecorded))
    return answer if isinstance(answer, ProbeError) else answer.stdout


def _together(first: Tables, second: Tables) -> tuple[Tables, Tables]:
    """`iptables-save` may be either backend."""
    return (first, NO_TABLES) if first.backend == "iptables-legacy" else (first, second)


def _is_native(one: Chain, version: int, shown: Tables) -> bool:
    is_iptables = shown.backend == "iptables-nft" and one.family == _OWN[version] and one.table in shown.names
    return one.family in _FAMILIES[version] and not is_iptables and one.is_askable


Rules = tuple[tuple[FirewallRule, ...], tuple[ChainPolicy, ...]]


async def _native(connection: Connection, version: int, tables: tuple[Native, ...]) -> Rules:
    found = [
        parse_nft(*texts, (), version)
        for texts in await asyncio.gather(*(_texts(connection, one) for one in tables))
    ]
    return tuple(chain(*(rules for rules, _ in found))), tuple(chain(*(policies for _, policies in found)))


async def _texts(connection: Connection, table: Native) -> tuple[str, str]:
    try:
        ruleset, listing = await asyncio.gather(
            *(_save(connection, f"{command} {' '.join(table)}") for command in _TABLE)
        )
    except CommandFailed as error:
        if _GONE in error.message:  # flushed since it was listed
            return _EMPTY
        raise
    return ruleset, listing


async def _whole(connection: Connection, version: int, shown: tuple[Tables, Tables]) -> Rules:
    """As deadhop asked before it asked for single tables: recordings of then hold no more."""
    answers = await asyncio.gather(*(_may_lack(connection, one) for one in _RULESET))
    ruleset, listing = ("" if isinstance(one, ProbeError) else one for one in answers)
    names = shown[0].names if shown[0].backend == "iptables-nft" else ()
    return parse_nft(ruleset, listing, names, version) if ruleset.strip() else ((), ())


def _combined(host: str, shown: tuple[Tables, Tables], native: Rules) -> Firewall:
    rules = (*shown[0].rules, *shown[1].rules, *native[0])
    policies = (*shown[0].policies, *shown[1].policies, *native[1])
    return Firewall(host, firewall.backends(*shown, native), rules, policies)
