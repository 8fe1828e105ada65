"""Rules of a host that give packets another address, of either backend in one form: `iptables-save -t nat`, and the
tables of nft's own (libvirt ≥ 10.4 and many a router have no others)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probes.connection import Connection
from probes.errors import CommandFailed, CommandMissing, NotRecorded, ProbeError
from probes.linux.backends import CHAINS, if_there, parse_chains, rules_of
from probes.linux.facts import FirewallRule
from probes.linux.fields import is_address, json_of, number, reading, word
from probes.linux.iptables import option, parse_iptables_save

COMMANDS = ("iptables-save -t nat", "ip6tables-save -t nat", CHAINS, "nft -j list table")
_SAVES = {4: "iptables-save", 6: "ip6tables-save"}
_FAMILIES = {4: ("ip", "inet"), 6: ("ip6", "inet")}
_MOST_TABLES = 8
_BESIDE = "iptables-legacy tables present"
"""A warning of `iptables-save`, which shows those of nft alone."""
STOPS = ("accept", "return", "redirect", "drop")
"""What ends a chain without another target, or with the host's own."""
ELSEWHERE = "elsewhere"
"""What is done with a packet stands in another chain, or in a map."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field must be, or must not: networks, ports (`80`, `8000:8080`), names (`eth+`)."""

    field: str
    """source, target, entry, out, protocol or port."""
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NatRule:
    kind: str
    """masquerade, snat, dnat; one of STOPS, or ELSEWHERE."""
    address: str = ""
    """The new one; empty for masquerade, and where a target becomes one of several; of many sources the first."""
    port: int = 0
    """The new one of a target; 0 where it stays."""
    conditions: tuple[Condition, ...] = ()
    hook: str = ""
    """prerouting, output or postrouting; empty in a chain that others jump to."""
    is_whole: bool = True
    """It asks for nothing beside its conditions."""
    chain: str = ""
    """With its table; each base chain of a hook is come to by itself."""


async def read_nat(connection: Connection, version: int = 4) -> tuple[NatRule, ...] | None:
    """None when they cannot be seen: then every hop may have changed the source."""
    try:
        saved, chains = await asyncio.gather(
            _may_lack(connection, f"{_SAVES[version]} -t nat"),
            _may_lack(connection, CHAINS),
        )
        if saved is None and chains is None:
            return None
        rules = await asyncio.to_thread(lambda: tuple(parse_saved(saved))) if saved else ()
        natives = parse_nat_tables(chains, version, shown=_is_shown(saved or "")) if chains else ()
        if len(natives) > _MOST_TABLES:
            return None
        texts = await asyncio.gather(
            *(rules_of(connection, f"nft -j list table {' '.join(one)}") for one in natives)
        )
        found = [await asyncio.to_thread(parse_native, one.stdout, version) for one in texts]
    except ProbeError:
        return None
    return (*rules, *(rule for some in found for rule in some))


async def _may_lack(connection: Connection, command: str) -> str | None:
    reply = await if_there(connection, command, absent=(CommandMissing, NotRecorded))
    if isinstance(reply, ProbeError):
        return None
    if _BESIDE in reply.stderr:
        raise CommandFailed(f"{connection.target}: iptables-legacy has tables beside those of nft")
    return reply.stdout


def _is_shown(saved: str) -> bool:
    """Table `nat` of nft is that which iptables has printed."""
    return "*nat" in saved and "(nf_tables)" in saved


# ------------------------------------------------------------------ iptables

_FLAGS = {
    "-s": "source", "-d": "target", "-o": "out", "-i": "entry", "-p": "protocol",
    "--dport": "port", "--dports": "port",
}  # fmt: skip
_MATCHES = ("tcp", "udp", "icmp", "icmp6", "multiport", "comment")
_TO = {"SNAT": "--to-source", "DNAT": "--to-destination"}
_ASIDE = ("--comment", "-j", "--to-ports", *_TO.values())
"""Words with a value that ask nothing of a packet."""
_BARE = ("!", "--random", "--random-fully", "--persistent")
_ECHO = ("--icmp-type", "8")
"""What a trace and a ping send."""


def parse_saved(text: str) -> Iterator[NatRule]:
    """Of `iptables-save -t nat`. UnreadableOutput for what is none."""
    yield from map(_of_iptables, parse_iptables_save(text).rules)


def _of_iptables(rule: FirewallRule) -> NatRule:
    hook = rule.chain.lower() if rule.chain in ("PREROUTING", "OUTPUT", "POSTROUTING") else ""
    kind = rule.verdict.lower()
    if kind in ("masquerade", *STOPS):
        address, port = "", 0
    elif rule.verdict in _TO and _TO[rule.verdict] in rule.spec:
        to = option(rule.spec, _TO[rule.verdict])
        address, port = _to(to.partition("-")[0] if kind == "snat" else to)
    else:
        kind, address, port = ELSEWHERE, "", 0
    conditions = tuple(_conditions_of(rule.spec))
    return NatRule(kind, address, port, conditions, hook, _is_whole(rule.spec), f"iptables {rule.chain}")


def _conditions_of(spec: tuple[str, ...]) -> Iterator[Condition]:
    for at, flag in enumerate(spec[:-1]):
        name = _FLAGS.get(flag, "")
        values = _protocols(spec[at + 1]) if name == "protocol" else tuple(spec[at + 1].split(","))
        if name and values:
            yield Condition(name, values, at > 0 and spec[at - 1] == "!")


def _is_whole(spec: tuple[str, ...]) -> bool:
    """Every word is known to be a condition, or to ask for nothing."""
    at = 0
    while at < len(spec):
        word, value = spec[at], spec[at + 1] if at + 1 < len(spec) else ""
        known = word in _BARE or word in _FLAGS or word in _ASIDE or (word, value) == _ECHO
        if not known and not (word == "-m" and value in _MATCHES):
            return False
        at += 1 if word in _BARE else 2
    return True


def _protocols(name: str) -> tuple[str, ...]:
    """As we call them; none for any."""
    return () if name in ("all", "0") else (_PROTOCOLS.get(name, name),)


_PROTOCOLS = {"ipv6-icmp": "icmp", "icmpv6": "icmp", "1": "icmp", "58": "icmp", "6": "tcp", "17": "udp"}
_TARGET = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<bare>[^:]+))(?::(?P<port>[0-9]{1,5}))?")


def _to(text: str) -> tuple[str, int]:
    """`192.0.2.9`, `192.0.2.9:80`, `[2001:db8::9]:80`, `2001:db8::9`; empty for ranges."""
    if is_address(text):
        return text, 0
    found = _TARGET.fullmatch(text)
    address = (found["six"] or found["bare"]) if found else ""
    return (address, int(found["port"] or 0)) if found and is_address(address) else ("", 0)


# ------------------------------------------------------------------ nft

_FIELDS = {
    ("ip", "saddr"): "source", ("ip", "daddr"): "target", ("ip6", "saddr"): "source", ("ip6", "daddr"): "target",
    ("ip", "protocol"): "protocol", ("ip6", "nexthdr"): "protocol", ("meta", "l4proto"): "protocol",
    ("tcp", "dport"): "port", ("udp", "dport"): "port", ("th", "dport"): "port",
    ("meta", "oifname"): "out", ("meta", "oif"): "out", ("meta", "iifname"): "entry", ("meta", "iif"): "entry",
}  # fmt: skip
"""What nft calls a field of a packet → ours."""
_VERSIONS = {"ip": 4, "ip6": 6, "ipv4": 4, "ipv6": 6}
_SILENT = ("counter", "comment", "log")
_ENDS = ("masquerade", "snat", "dnat", *STOPS)
_AWAY = ("jump", "goto", "vmap")


def parse_nat_tables(text: str, version: int, *, shown: bool) -> tuple[tuple[str, str], ...]:
    """Family and name of the tables with chains for NAT, but that which iptables has `shown`."""
    chains = [one for one in parse_chains(text) if one.kind == "nat" and one.is_askable]
    found = dict.fromkeys((one.family, one.table) for one in chains if one.family in _FAMILIES[version])
    own = (_FAMILIES[version][0], "nat") if shown else ("", "")
    return tuple(one for one in found if one != own)


@reading("nft -j list table")
def parse_native(text: str, version: int = 4) -> tuple[NatRule, ...]:
    """Those of this IP. Maps and named sets are not looked into: a condition with them may be met, and what
    translates by them says nothing."""
    entries = [entry for entry in json_of(text)["nftables"] if isinstance(entry, dict)]
    chains = [entry["chain"] for entry in entries if "chain" in entry]
    hooks = {word(one, "name"): word(one, "hook", "") for one in chains if one.get("type") == "nat"}
    rules = (entry["rule"] for entry in entries if "rule" in entry)
    found = (_of_nft(rule, hooks.get(word(rule, "chain"), ""), version) for rule in rules)
    return tuple(one for one in found if one is not None)


def _of_nft(rule: Mapping[str, Any], hook: str, version: int) -> NatRule | None:
    expressions = [one for one in rule.get("expr", ()) if isinstance(one, dict)]
    end = next(((kind, one[kind]) for one in expressions for kind in (*_ENDS, *_AWAY) if kind in one), None)
    if end is None or any(_is_of_other(one, version) for one in (*_matches(expressions), end[1])):
        return None
    known = [(tuple(_conditions_in(match)), _is_version(match)) for match in _matches(expressions)]
    conditions = tuple(one for found, _ in known for one in found)
    is_whole = all(found or said for found, said in known)
    beside = [one for one in expressions if not ({"match", end[0], *_SILENT} & one.keys())]
    address, port = _new(end[1], many=end[0] == "snat")
    kind, chain = ELSEWHERE if end[0] in _AWAY else end[0], f"{word(rule, 'table')} {word(rule, 'chain')}"
    return NatRule(kind, address, port, conditions, hook, is_whole and not beside, chain)


def _matches(expressions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one["match"] for one in expressions if isinstance(one.get("match"), dict)]


def _new(end: object, *, many: bool = False) -> tuple[str, int]:
    """Of `many` the first."""
    to: Mapping[str, Any] = end if isinstance(end, dict) else {}
    address, port = to.get("addr", ""), to.get("port", 0)
    if isinstance(address, dict) and isinstance(address.get("range"), list):
        address = next(iter(address["range"]), "") if many else ""
    known = isinstance(address, str) and is_address(address) and isinstance(port, int)
    return (address, port) if known else ("", 0)


def _is_of_other(part: object, version: int) -> bool:
    """A condition on, or an address of, the other IP."""
    if not isinstance(part, dict):
        return False
    if "left" not in part:
        address = _new(part)[0]
        return _VERSIONS.get(str(part.get("family", "")), version) != version or (":" in address) > (version == 6)
    protocol, _ = _field_of(part)
    if _is_version(part):
        return _VERSIONS.get(str(part.get("right")), version) != version
    return _VERSIONS.get(protocol, version) != version


def _is_version(match: Mapping[str, Any]) -> bool:
    return _field_of(match) in (("meta", "nfproto"), ("meta", "protocol")) and match.get("op") == "=="


def _field_of(match: Mapping[str, Any]) -> tuple[str, str]:
    """Protocol and name of what is compared; `meta` for what is known beside the packet."""
    left: Any = match.get("left")
    if not isinstance(left, dict):
        return "", ""
    payload, meta = left.get("payload"), left.get("meta")
    if isinstance(payload, dict):
        return str(payload.get("protocol", "")), str(payload.get("field", ""))
    return ("meta", str(meta.get("key", ""))) if isinstance(meta, dict) else ("", "")


def _conditions_in(match: Mapping[str, Any]) -> Iterator[Condition]:
    protocol, _ = field = _field_of(match)
    name, values = _FIELDS.get(field, ""), tuple(_values(match.get("right")))
    if name and values and all(values) and match.get("op") in ("==", "!=", "in"):
        if name == "protocol":
            values = tuple(ours for one in values for ours in _protocols(one))
        yield Condition(name, values, match["op"] == "!=")
        if name == "port" and protocol != "th":
            yield Condition("protocol", (protocol,))


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
