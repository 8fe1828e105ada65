"""cloud.lets_in: whether a port's security groups let one kind of packet in from one machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from probes.cloud.ask import Cloud
from probes.cloud.network_facts import LetsIn, SecurityRule
from probes.cloud.ports import ports_with, security_rules
from probes.probe import Toolbox, probe

_ALIKE = (("icmp", "1"), ("ipip", "4", "ipencap"), ("tcp", "6"), ("udp", "17"))
"""Spellings of one protocol; the server returns whichever was sent."""


@probe(
    "cloud.lets_in",
    commands=(
        "GET network /v2.0/ports",
        "GET network /v2.0/floatingips",
        "GET network /v2.0/security-groups",
        "GET identity /v3/auth/",
    ),
    timeout=30.0,
    on="cloud",
    port="uuid",
    source="address",
    protocol="name",
    number="count",
)
async def lets_in(cloud: str, toolbox: Toolbox, port: str, source: str, protocol: str, number: int = 0) -> LetsIn:
    """Whether packets of a protocol (`udp`, `tcp`, `4` …) to a port number come in from an address."""
    held = await security_rules(cloud, toolbox, port)
    senders, _ = await ports_with(Cloud(cloud, toolbox), source)
    groups = {group for sender in senders for group in sender.security_groups}
    by = tuple(rule for rule in held.rules if fits(rule, source, groups, protocol, number))
    return LetsIn(
        cloud=cloud,
        port=port,
        source=source,
        protocol=protocol,
        number=number,
        port_security=held.port_security,
        allowed=not held.port_security or bool(by),
        by=tuple(dict.fromkeys(rule.group for rule in by)),
        hidden=held.hidden,
    )


def fits(rule: SecurityRule, source: str, groups: Collection[str], protocol: str, number: int) -> bool:
    """`groups` are those of the sender's port. Whom an address group names is not known, so its rule may fit."""
    version = f"IPv{ipaddress.ip_address(source).version}"
    if rule.direction != "ingress" or rule.ethertype not in ("", version):
        return False
    if not _same_protocol(rule.protocol, protocol):
        return False
    if rule.protocol != "any" and number and rule.port_min != -1 and not rule.port_min <= number <= rule.port_max:
        return False
    return _from(rule, source, groups)


def _same_protocol(one: str, other: str) -> bool:
    return one in ("any", other) or any(one in alike and other in alike for alike in _ALIKE)


def _from(rule: SecurityRule, source: str, groups: Collection[str]) -> bool:
    if rule.remote_kind == "cidr":
        return ipaddress.ip_address(source) in ipaddress.ip_network(rule.remote, strict=False)
    return rule.remote_kind != "group" or rule.remote in groups
