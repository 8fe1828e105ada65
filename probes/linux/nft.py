"""Parser of `nft -j list ruleset`, with the words of `nft -s -a list ruleset`. iptables' own matches are opaque in
it, so its tables are left to `iptables-save`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from probes.errors import UnreadableOutput
from probes.linux.facts import ChainPolicy, FirewallRule
from probes.linux.fields import json_of, number, reading, word

_BLOCK = re.compile(r"\s*(?P<kind>table|chain) (?P<name>[^{]+?) \{")
_HANDLE = re.compile(r"\s*(?P<text>.*\S) # handle (?P<handle>[0-9]{1,20})")
_ASIDES = re.compile(
    r'\bcounter\b|comment "[^"]*"|\b[io]if(?:name)? (?:!= )?\S+|meta nfproto ipv4|log(?: prefix "[^"]*")?'
)
_FINAL = ("accept", "drop", "reject", "queue", "masquerade", "snat", "dnat", "redirect", "return")
_JUMPS = ("jump", "goto")
_ENDING = re.compile(r"\bdrop\b|\breject\b|@")
"""In a map of verdicts; what a named map holds its rule does not say."""

Handle = tuple[str, str, int]
"""Table (`inet filter`), chain, handle."""


@reading("nft -j list ruleset")
def parse_nft(
    ruleset: str, listing: str, iptables_tables: Collection[str], version: int = 4
) -> tuple[tuple[FirewallRule, ...], tuple[ChainPolicy, ...]]:
    """Native rules and base chain policies. Tables of the other IP alone, and those that iptables has shown, are
    left out."""
    words = rule_words(listing)
    rules: list[FirewallRule] = []
    policies: list[ChainPolicy] = []
    positions: dict[tuple[str, str], int] = {}
    entries = _objects(ruleset)
    counters = _named_counters(entries)
    for entry in entries:
        part: Mapping[str, Any] = entry.get("rule") or entry.get("chain") or {}
        if not isinstance(part, dict):
            raise TypeError("neither a rule nor a chain")
        if not part or _left_out(part, iptables_tables, version):
            continue
        if "rule" in entry:
            rules.append(_rule(part, words, positions, counters))
        elif "policy" in part:
            policies.append(ChainPolicy(_table(part), word(part, "name"), word(part, "policy").upper(), 0, 0))
    return tuple(rules), tuple(policies)


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        found = json_of(text)["nftables"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableOutput(
            "`nft -j list ruleset` gave no JSON", hint="nft built without JSON support?"
        ) from error
    return [entry for entry in found if isinstance(entry, dict)]


def _table(part: Mapping[str, Any]) -> str:
    return f"{word(part, 'family')} {word(part, 'table')}"


def _left_out(part: Mapping[str, Any], iptables_tables: Collection[str], version: int) -> bool:
    own, other = ("ip", "ip6") if version == 4 else ("ip6", "ip")
    return part.get("family") == other or (part.get("family") == own and part.get("table") in iptables_tables)


def _named_counters(entries: list[dict[str, Any]]) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Table and name → what it holds. Rules may share one."""
    held = (entry["counter"] for entry in entries if isinstance(entry.get("counter"), dict))
    return {(_table(one), word(one, "name")): one for one in held}


def _rule(
    part: Mapping[str, Any],
    words: Mapping[Handle, str],
    positions: dict[tuple[str, str], int],
    counters: Mapping[tuple[str, str], Mapping[str, Any]],
) -> FirewallRule:
    table, chain = _table(part), word(part, "chain")
    position = positions[table, chain] = positions.get((table, chain), 0) + 1
    expressions = [entry for entry in part.get("expr", ()) if isinstance(entry, dict)]
    said: Any = next((entry["counter"] for entry in expressions if "counter" in entry), {})
    counter: Mapping[str, Any] = said if isinstance(said, dict) else counters.get((table, str(said)), {})
    text = words.get((table, chain, number(part, "handle")), "")
    packets, octets = number(counter, "packets", 0), number(counter, "bytes", 0)
    return FirewallRule(table, chain, position, text, (), _verdict(expressions), packets, octets)


def _verdict(expressions: list[dict[str, Any]]) -> str:
    for entry in expressions:
        for key in _FINAL:
            if key in entry:
                return key.upper()
        for key in _JUMPS:
            if key in entry:
                return word(entry[key], "target")
        if "vmap" in entry:
            return "VMAP"
    return ""


def rule_words(listing: str) -> dict[Handle, str]:
    """Of `nft -s -a list ruleset`: each rule as nft prints it, by its handle."""
    table = chain = ""
    words: dict[Handle, str] = {}
    for line in listing.splitlines():
        block = _BLOCK.match(line)
        if block and block["kind"] == "table":
            table, chain = block["name"], ""
        elif block:
            chain = block["name"]
        elif chain and (found := _HANDLE.fullmatch(line)):
            words[table, chain, int(found["handle"])] = found["text"]
    return words


def may_drop_uncounted(rule: FirewallRule) -> bool:
    """Packets may end there and no counter tells: it has none, or is a map of verdicts, which tells none apart."""
    if rule.verdict == "VMAP":
        return bool(_ENDING.search(rule.text))
    return rule.verdict in ("DROP", "REJECT") and "counter" not in rule.text


def says_nothing_else(text: str) -> bool:
    """A native rule that names at most an interface: `iifname "eth0" counter drop`."""
    bare = _ASIDES.sub("", text)
    return bool(re.fullmatch(r"\s*(?:accept|drop|reject(?: with .*)?)\s*", bare))
