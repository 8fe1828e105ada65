"""cloud.router_subnets: what is on a router already, beside a subnet that shall come to it."""

from __future__ import annotations

import ipaddress

from probes.cloud import shapes
from probes.cloud.ask import Cloud
from probes.cloud.network_facts import RouterSubnets
from probes.cloud.networks import ROUTER_PORTS, is_id, subnet_facts, subnet_of
from probes.errors import NotFound, UnreadableOutput
from probes.probe import Toolbox, probe


@probe(
    "cloud.router_subnets",
    commands=(
        "GET network /v2.0/routers",
        "GET network /v2.0/ports",
        "GET network /v2.0/subnets",
        "GET identity /v3/auth/",
    ),
    timeout=30.0,
    on="cloud",
    router="line",
    subnet="line",
)
async def router_subnets(cloud: str, toolbox: Toolbox, router: str, subnet: str) -> RouterSubnets:
    """The subnets that a router (its name or id) is on, and those among them that overlap with another subnet."""
    asked = Cloud(cloud, toolbox)
    wanted = await subnet_of(asked, subnet)
    one = await _router(asked, router)
    ports = await asked.list("network", "v2.0", "ports", shape=shapes.Ports, query=(("device_id", one.id),))
    joined = [port for port in ports if port.device_owner in ROUTER_PORTS]
    ids = tuple(dict.fromkeys(fixed.subnet_id for port in joined for fixed in port.fixed_ips))
    held = await _subnets(asked, ids)
    return RouterSubnets(
        cloud,
        router=one.id,
        name=one.name,
        project=one.project_id,
        external=one.external_gateway_info.network_id if one.external_gateway_info else "",
        subnet=subnet_facts(wanted),
        attached=wanted.id in ids,
        subnets=tuple(map(subnet_facts, held)),
        overlapping=tuple(subnet_facts(other) for other in held if other.id != wanted.id and _clash(wanted, other)),
    )


async def _router(cloud: Cloud, asked: str) -> shapes.Router:
    query = (("id" if is_id(asked) else "name", asked),)
    found = await cloud.list("network", "v2.0", "routers", shape=shapes.Routers, query=query)
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{len(found)} routers have the name {asked}", hint="ask by the id of the one that is meant")
    await cloud.sees_all(asked)
    raise NotFound(f"the cloud has no router {asked}", hint="`openstack router list` lists what the role may see")


async def _subnets(cloud: Cloud, ids: tuple[str, ...]) -> tuple[shapes.Subnet, ...]:
    """In the order of the ids; one that the role may not see is left out."""
    if not ids:
        return ()
    query = tuple(("id", one) for one in ids)
    found = {
        one.id: one for one in await cloud.list("network", "v2.0", "subnets", shape=shapes.Subnets, query=query)
    }
    return tuple(found[one] for one in ids if one in found)


def _clash(one: shapes.Subnet, other: shapes.Subnet) -> bool:
    first, second = _network(one), _network(other)
    return first.version == second.version and first.overlaps(second)


def _network(one: shapes.Subnet) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(one.cidr)
    except ValueError as error:
        raise UnreadableOutput("the cloud gives a subnet a network that is none") from error
