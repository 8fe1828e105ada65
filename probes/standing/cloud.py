"""cloud.snapshot: what the security groups of a cloud let through, for a later sweep to hold it against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.cloud import shapes
from probes.cloud.ask import Cloud
from probes.cloud.network_facts import SecurityRule
from probes.cloud.ports import rule_of
from probes.facts import Setting, Snapshot
from probes.probe import Toolbox, probe

KIND = "security-group"
_FIELDS = (("fields", "id"), ("fields", "name"), ("fields", "security_group_rules"))


@probe("cloud.snapshot", commands=("GET network /v2.0/security-groups",), timeout=30.0, on="cloud")
async def snapshot(cloud: str, toolbox: Toolbox) -> Snapshot:
    """The rules of all security groups that the role may see."""
    found = await Cloud(cloud, toolbox).list(
        "network", "v2.0", "security-groups", shape=shapes.Groups, query=_FIELDS
    )
    return Snapshot(cloud, tuple(groups(found)), (KIND,), ())


def groups(found: Sequence[shapes.Group]) -> Iterator[Setting]:
    """By name and id: every project has one that is called `default`."""
    for one in found:
        rules = sorted({_words(rule_of(one, rule)) for rule in one.security_group_rules})
        yield Setting(KIND, f"{one.name} {one.id}", tuple(rules))


def _words(rule: SecurityRule) -> str:
    """As the client's columns have it: what comes in or goes out, and from or to whom."""
    low, high = rule.port_min, rule.port_max
    ports = "" if low < 0 and high < 0 else f"{low}" if low == high else f"{low}-{high}"
    whom = f"{'from' if rule.direction == 'ingress' else 'to'} {rule.remote or 'anybody'}"
    return " ".join(part for part in (rule.direction, rule.ethertype, rule.protocol, ports, whom) if part)
