"""A long list of iptables read once more: only the lines that count anything travel, and the rest is as it was.

Of 50,000 rules `iptables-save -c` is three megabytes, which take longer to come than to print.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from probes.linux.facts import FirewallRule
from probes.linux.iptables import Tables, parse_iptables_save

LONG = 5_000
"""Rules; a shorter list is read as it is."""
_COUNTING = "%s | grep -nv '^\\[0:0\\] -A '"
_LINE = re.compile(r"(?P<number>[0-9]{1,7}):(?P<text>.*)")
_COUNTED = re.compile(r"\[(?P<packets>[0-9]{1,20}):(?P<bytes>[0-9]{1,20})\] (?P<text>-A .*)")


def counting(command: str) -> tuple[str, ...]:
    """The command that prints those lines with their numbers."""
    return ("sh", "-c", _COUNTING % command)


def declared(commands: Sequence[str]) -> tuple[str, ...]:
    return tuple(shlex.join(counting(command)) for command in commands)


def parse_counting(text: str, known: Sequence[FirewallRule]) -> Tables | None:
    """All rules, with the counters of now; None where the list is not the one that is `known` any more."""
    tables: defaultdict[str, list[FirewallRule]] = defaultdict(list)
    for rule in known:
        tables[rule.table].append(rule)
    found: dict[int, FirewallRule] = {}
    head: list[str] = []
    table, first, seen = "", 0, 0
    for line in map(_LINE.fullmatch, text.splitlines()):
        if line is None:
            return None
        number, said = int(line["number"]), line["text"]
        if counted := _COUNTED.fullmatch(said):
            at = number - first
            if not 0 <= at < len(tables[table]) or tables[table][at].text != counted["text"]:
                return None
            found[id(tables[table][at])] = _with(tables[table][at], counted)
            continue
        head.append(said)
        if said.startswith("*"):
            table = said[1:].strip()
            first = number + 1
        elif said.startswith(":"):
            first = number + 1
        elif said == "COMMIT":
            if number - first != len(tables[table]):
                return None
            seen += len(tables[table])
    if seen != len(known):
        return None
    rules = tuple(found.get(id(rule)) or _silent(rule) for rule in known)
    return replace(parse_iptables_save("\n".join(head)), rules=rules)


def _with(rule: FirewallRule, counted: re.Match[str]) -> FirewallRule:
    return replace(rule, packets=int(counted["packets"]), bytes=int(counted["bytes"]))


def _silent(rule: FirewallRule) -> FirewallRule:
    return replace(rule, packets=0, bytes=0) if rule.packets or rule.bytes else rule
