"""cloud.ports, cloud.port_of, cloud.security_rules: what Neutron says of ports, and what it lets pass."""

from __future__ import annotations

import asyncio

from probes.cloud import shapes
from probes.cloud.ask import Cloud, Query
from probes.cloud.network_facts import AllowedPair, FixedIp, Port, PortOf, Ports, SecurityRule, SecurityRules
from probes.errors import Forbidden, NotFound
from probes.probe import Toolbox, probe

_PORTS = ("v2.0", "ports")


@probe(
    "cloud.ports",
    commands=("GET network /v2.0/ports", "GET identity /v3/auth/"),
    timeout=30.0,
    on="cloud",
    server="uuid",
    network="uuid",
)
async def ports(cloud: str, toolbox: Toolbox, server: str = "", network: str = "") -> Ports:
    """The ports of a server or a network; without either, all that the role may see."""
    query: Query = tuple((key, value) for key, value in (("device_id", server), ("network_id", network)) if value)
    asked = Cloud(cloud, toolbox)
    found = await asked.list("network", *_PORTS, shape=shapes.Ports, query=query)
    if not found:
        await asked.sees_all("ports")
    return Ports(cloud, len(found), tuple(map(port_facts, found)))


@probe(
    "cloud.port_of",
    commands=("GET network /v2.0/ports", "GET network /v2.0/floatingips", "GET identity /v3/auth/"),
    timeout=30.0,
    on="cloud",
    address="address",
)
async def port_of(cloud: str, toolbox: Toolbox, address: str) -> PortOf:
    """The port that has an address; for a floating address, the port it leads to."""
    found, floating = await ports_with(Cloud(cloud, toolbox), address)
    facts = tuple(map(port_facts, found))
    return PortOf(cloud, address, len(facts), facts[0] if facts else Port(), facts, floating)


async def ports_with(cloud: Cloud, address: str) -> tuple[tuple[shapes.Port, ...], bool]:
    """Ports with a fixed address; else what a floating one leads to."""
    query = (("fixed_ips", f"ip_address={address}"),)
    found = await cloud.list("network", *_PORTS, shape=shapes.Ports, query=query)
    own = tuple(port for port in found if port.device_owner != "network:floatingip")
    if own:
        return own, False
    led = await floating_with(cloud, address)
    if not led:
        await cloud.sees_all(address)
    ports = await asyncio.gather(*(one_port(cloud, one.port_id) for one in led if one.port_id))
    return tuple(port for port in ports if port is not None), bool(led)


async def floating_with(cloud: Cloud, address: str) -> tuple[shapes.Floating, ...]:
    query = (("floating_ip_address", address),)
    return await cloud.list("network", "v2.0", "floatingips", shape=shapes.Floatings, query=query)


async def one_port(cloud: Cloud, port: str) -> shapes.Port | None:
    try:
        return (await cloud.get("network", *_PORTS, port, shape=shapes.OnePort)).port
    except NotFound:
        return None


def port_facts(one: shapes.Port) -> Port:
    return Port(
        id=one.id,
        name=one.name,
        network=one.network_id,
        project=one.project_id,
        mac=one.mac_address,
        fixed=tuple(FixedIp(fixed.ip_address, fixed.subnet_id) for fixed in one.fixed_ips),
        addresses=tuple(fixed.ip_address for fixed in one.fixed_ips),
        allowed=tuple(AllowedPair(pair.ip_address, pair.mac_address) for pair in one.allowed_address_pairs),
        port_security=one.port_security_enabled is not False,  # without that extension, every port has it
        security_groups=one.security_groups,
        device=one.device_id,
        owner=one.device_owner,
        status=one.status,
        admin_up=one.admin_state_up,
        host=one.host or "",
        vif_type=one.vif_type or "",
        vnic_type=one.vnic_type or "",
        details={key: str(value) for key, value in one.vif_details.items() if isinstance(value, str | int)},
        binding_known=one.vif_type is not None,
        revision=one.revision_number,
    )


@probe(
    "cloud.security_rules",
    commands=("GET network /v2.0/ports", "GET network /v2.0/security-groups"),
    timeout=30.0,
    on="cloud",
    port="uuid",
)
async def security_rules(cloud: str, toolbox: Toolbox, port: str) -> SecurityRules:
    """What a port's security groups let in and out. What no rule names is dropped."""
    asked = Cloud(cloud, toolbox)
    held = (await asked.get("network", *_PORTS, port, shape=shapes.OnePort)).port
    groups = await asyncio.gather(*(_group(asked, group) for group in held.security_groups))
    seen = tuple(group for group in groups if isinstance(group, shapes.Group))
    return SecurityRules(
        cloud,
        port,
        port_security=held.port_security_enabled is not False,
        groups=tuple(group.name for group in seen),
        hidden=tuple(group for group in groups if isinstance(group, str)),
        rules=tuple(rule_of(group, rule) for group in seen for rule in group.security_group_rules),
    )


async def _group(cloud: Cloud, group: str) -> shapes.Group | str:
    """Its id, where the role may not see it."""
    try:
        return (await cloud.get("network", "v2.0", "security-groups", group, shape=shapes.OneGroup)).security_group
    except (NotFound, Forbidden):
        return group


def rule_of(group: shapes.Group, one: shapes.Rule) -> SecurityRule:
    remotes = {
        "cidr": one.remote_ip_prefix,
        "group": one.remote_group_id,
        "address-group": one.remote_address_group_id,
    }
    kind = next((kind for kind, remote in remotes.items() if remote), "any")
    return SecurityRule(
        one.id,
        group.name,
        one.direction,
        one.ethertype or "",
        (one.protocol or "any").lower(),
        -1 if one.port_range_min is None else one.port_range_min,
        -1 if one.port_range_max is None else one.port_range_max,
        remotes.get(kind) or "",
        kind,
    )
