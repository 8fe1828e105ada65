"""Rules of a host that give packets another address, of either backend in one form: `iptables-save -t nat`, and the
tables of nft's own (libvirt ≥ 10.4 and many a router have no others)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.facts import FirewallRule
from probes.linux.fields import is_address, json_of, number, reading, word
from probes.linux.iptables import option, parse_iptables_save

COMMANDS = ("iptables-save -t nat", "ip6tables-save -t nat", "nft -j list chains", "nft -j list table")
_SAVES = {4: "iptables-save", 6: "ip6tables-save"}
_FAMILIES = {4: ("ip", "inet"), 6: ("ip6", "inet")}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,63}")
_OWN = "*nat"
_MOST_TABLES = 4
_FIELDS = {
    "saddr": "source", "daddr": "target", "oifname": "out", "oif": "out", "iifname": "entry", "iif": "entry",
    "dport": "port", "l4proto": "protocol", "nexthdr": "protocol",
}  # fmt: skip
"""What nft calls a field of a packet → ours."""
_PORTS = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field must be, or must not; of networks, ports (`80`, `8000:8080`), names (`eth+`)."""

    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NatRule:
    kind: str
    """masquerade, snat or dnat."""
    address: str = ""
    """The new one; empty for masquerade, and where it is not one alone."""
    port: int = 0
    """The new one of a target; 0 where it stays."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """By source, target, entry, out, protocol, port. What else the rule asks for is not here: taken to be met."""
    hook: str = ""
    """prerouting, output or postrouting; empty in a chain that others jump to."""


async def read_nat(connection: Connection, version: int = 4) -> tuple[NatRule, ...] | None:
    """None when they cannot be seen: then every hop may have changed the source."""
    saved, chains = await asyncio.gather(
        _may_lack(connection, _SAVES[version], "-t", "nat"), _may_lack(connection, "nft", "-j", "list", "chains")
    )
    if saved is None:
        return None
    try:
        rules = list(parse_saved(saved))
        natives = parse_nat_tables(chains, version, shown=_OWN in saved) if chains else ()
        texts = await asyncio.gather(
            *(_may_lack(connection, "nft", "-j", "list", "table", *one) for one in natives[:_MOST_TABLES])
        )
        return (*rules, *(rule for text in texts if text for rule in parse_native(text)))
    except ProbeError:
        return None


async def _may_lack(connection: Connection, *words: str) -> str | None:
    try:
        return await ask(connection, *words, sudo=True)
    except ProbeError:
        return None


# ------------------------------------------------------------------ iptables


def parse_saved(text: str) -> Iterator[NatRule]:
    """Of `iptables-save -t nat`. UnreadableOutput for what is none."""
    for rule in parse_iptables_save(text).rules:
        made = _of_iptables(rule)
        if made is not None:
            yield made


def _of_iptables(rule: FirewallRule) -> NatRule | None:
    hook = rule.chain.lower() if rule.chain in ("PREROUTING", "OUTPUT", "POSTROUTING") else ""
    conditions = dict(_conditions_of(rule.spec))
    if rule.verdict == "MASQUERADE":
        return NatRule("masquerade", conditions=conditions, hook=hook)
    for verdict, flag in (("SNAT", "--to-source"), ("DNAT", "--to-destination")):
        if rule.verdict == verdict and flag in rule.spec:
            address, port = _to(option(rule.spec, flag))
            return NatRule(verdict.lower(), address, port, conditions, hook)
    return None


_FLAGS = (
    ("-s", "source"),
    ("-d", "target"),
    ("-o", "out"),
    ("-i", "entry"),
    ("-p", "protocol"),
    ("--dport", "port"),
    ("--dports", "port"),
)


def _conditions_of(spec: tuple[str, ...]) -> Iterator[tuple[str, Condition]]:
    for flag, name in _FLAGS:
        if flag in spec[:-1] and (name, spec[spec.index(flag) + 1]) != ("protocol", "all"):
            at = spec.index(flag)
            yield name, Condition(tuple(spec[at + 1].split(",")), at > 0 and spec[at - 1] == "!")


_TO = re.compile(
    r"(?:\[(?P<six>[^\]-]+)[^\]]*\]|(?P<bare>[^-]+?)(?:-[^:]+)?)(?::(?P<port>[0-9]{1,5})(?:-[0-9]+)?)?"
)


def _to(text: str) -> tuple[str, int]:
    """`192.0.2.9`, `192.0.2.9:80`, `[2001:db8::9]:80`, `2001:db8::9`; of a range the first."""
    if is_address(text):
        return text, 0
    found = _TO.fullmatch(text)
    address = (found["six"] or found["bare"]) if found else ""
    return (address, int(found["port"] or 0)) if found and is_address(address) else ("", 0)


# ------------------------------------------------------------------ nft


@reading("nft -j list chains")
def parse_nat_tables(text: str, version: int, *, shown: bool) -> tuple[tuple[str, str], ...]:
    """Family and name of the tables with chains for NAT, but that which iptables has `shown`."""
    chains = [entry["chain"] for entry in json_of(text)["nftables"] if "chain" in entry]
    found = dict.fromkeys((word(one, "family"), word(one, "table")) for one in chains if one.get("type") == "nat")
    own = (_FAMILIES[version][0], "nat") if shown else ("", "")
    return tuple(one for one in found if one != own and one[0] in _FAMILIES[version] and _NAME.fullmatch(one[1]))


@reading("nft -j list table")
def parse_native(text: str) -> tuple[NatRule, ...]:
    """Maps and named sets are not looked into: a rule that has them matches, one that translates by them says
    nothing."""
    entries = [entry for entry in json_of(text)["nftables"] if isinstance(entry, dict)]
    chains = [entry["chain"] for entry in entries if "chain" in entry]
    hooks = {word(one, "name"): word(one, "hook", "") for one in chains}
    rules = (entry["rule"] for entry in entries if "rule" in entry)
    return tuple(made for rule in rules for made in _of_nft(rule, hooks.get(word(rule, "chain"), "")))


def _of_nft(rule: Mapping[str, Any], hook: str) -> Iterator[NatRule]:
    expressions = [one for one in rule.get("expr", ()) if isinstance(one, dict)]
    conditions = dict(found for one in expressions for found in _conditions_in(one.get("match")))
    for one in expressions:
        for kind in ("masquerade", "snat", "dnat"):
            if kind in one:
                to = one[kind] if isinstance(one[kind], dict) else {}
                address, port = to.get("addr", ""), to.get("port", 0)
                known = isinstance(address, str) and is_address(address)
                new = (address if known else "", port if isinstance(port, int) else 0)
                yield NatRule(kind, *new, conditions, hook)


def _conditions_in(match: object) -> Iterator[tuple[str, Condition]]:
    if not isinstance(match, dict) or match.get("op") not in ("==", "!=", "in"):
        return
    left = match.get("left")
    part: Any = next(iter(left.values()), {}) if isinstance(left, dict) else {}
    if not isinstance(part, dict):
        return
    name = _FIELDS.get(str(part.get("field", part.get("key", ""))), "")
    values = tuple(_values(match.get("right")))
    if name and values and all(values):
        yield name, Condition(values, match["op"] == "!=")
    if name == "port" and part.get("protocol") in _PORTS:
        yield "protocol", Condition((str(part["protocol"]),))


def _values(right: object) -> Iterator[str]:
    """Empty for what has no one value: a named set, a range of addresses."""
    if isinstance(right, dict) and isinstance(right.get("set"), list):
        for one in right["set"]:
            yield from _values(one)
    elif isinstance(right, dict) and isinstance(right.get("prefix"), dict):
        yield f"{word(right['prefix'], 'addr')}/{number(right['prefix'], 'len')}"
    elif isinstance(right, dict) and isinstance(right.get("range"), list) and len(right["range"]) == 2:
        ends = [str(one) for one in right["range"]]
        yield ":".join(ends) if all(one.isdecimal() for one in ends) else ""
    elif isinstance(right, str | int) and not str(right).startswith("@"):
        yield str(right).replace("*", "+")
    else:
        yield ""
