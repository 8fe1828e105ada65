"""cloud.network, cloud.floating_ip, cloud.router_path: how Neutron joins networks."""

from __future__ import annotations

import asyncio

from base.values import KINDS
from probes.cloud import shapes
from probes.cloud.ask import Cloud, Query
from probes.cloud.network_facts import FloatingIp, HostRoute, Network, Router, RouterPath, Segment, Subnet
from probes.cloud.ports import floating_with, one_port, ports_with
from probes.errors import NotFound
from probes.linux.fields import is_address
from probes.probe import Toolbox, probe

ROUTER_PORTS = frozenset(
    {
        "network:router_interface",
        "network:router_interface_distributed",
        "network:ha_router_replicated_interface",
    }
)


def is_id(text: str) -> bool:
    try:
        return bool(KINDS["uuid"](text))
    except ValueError:
        return False


@probe(
    "cloud.network",
    commands=("GET network /v2.0/networks", "GET network /v2.0/subnets", "GET identity /v3/auth/"),
    timeout=30.0,
    on="cloud",
    network="line",
)
async def network(cloud: str, toolbox: Toolbox, network: str) -> Network:
    """A network by its name or id: type, segment, MTU, and its subnets."""
    asked = Cloud(cloud, toolbox)
    query: Query = (("id" if is_id(network) else "name", network),)
    found = await asked.list("network", "v2.0", "networks", shape=shapes.Networks, query=query)
    subnets: tuple[shapes.Subnet, ...] = ()
    if not found:
        await asked.sees_all(network)
    else:
        of_it = (("network_id", found[0].id),)
        subnets = await asked.list("network", "v2.0", "subnets", shape=shapes.Subnets, query=of_it)
    return _network(cloud, network, found, subnets)


def _network(
    cloud: str, asked: str, found: tuple[shapes.Network, ...], subnets: tuple[shapes.Subnet, ...]
) -> Network:
    one = found[0] if found else shapes.Network(admin_state_up=False)
    segments = tuple(map(_segment, one.segments or (one,)))
    return Network(
        cloud,
        asked,
        count=len(found),
        id=one.id,
        name=one.name,
        status=one.status,
        admin_up=one.admin_state_up,
        external=one.external,
        shared=one.shared,
        mtu=one.mtu,
        port_security=bool(found) and one.port_security_enabled is not False,
        kind=segments[0].kind,
        physical=segments[0].physical,
        segment=segments[0].id,
        segments=tuple(segment for segment in segments if segment.kind),
        segments_known=bool(segments[0].kind),
        subnets=tuple(map(subnet_facts, subnets)),
    )


def _segment(one: shapes.Segment) -> Segment:
    return Segment(one.network_type or "", one.physical_network or "", one.segmentation_id or 0)


def subnet_facts(one: shapes.Subnet) -> Subnet:
    return Subnet(
        id=one.id,
        name=one.name,
        network=one.network_id,
        version=one.ip_version,
        cidr=one.cidr,
        gateway=one.gateway_ip or "",
        dhcp=one.enable_dhcp,
        dns=one.dns_nameservers,
        routes=tuple(HostRoute(route.destination, route.nexthop) for route in one.host_routes),
    )


# ------------------------------------------------------------------ floating addresses


@probe(
    "cloud.floating_ip",
    commands=("GET network /v2.0/floatingips", "GET network /v2.0/ports", "GET identity /v3/auth/"),
    timeout=30.0,
    on="cloud",
    address="address",
)
async def floating_ip(cloud: str, toolbox: Toolbox, address: str) -> FloatingIp:
    """A floating address: the port, the fixed address and the router it leads to."""
    asked = Cloud(cloud, toolbox)
    found = await floating_with(asked, address)
    if not found:
        await asked.sees_all(address)
    one = found[0] if found else shapes.Floating(id="")
    port = await one_port(asked, one.port_id) if one.port_id else None
    return FloatingIp(
        cloud,
        address,
        found=bool(found),
        id=one.id,
        status=one.status,
        port=one.port_id or "",
        fixed=one.fixed_ip_address or "",
        router=one.router_id or "",
        network=one.floating_network_id,
        server=port.device_id if port and port.device_owner.startswith("compute:") else "",
        port_status=port.status if port else "",
    )


# ------------------------------------------------------------------ routers


@probe(
    "cloud.router_path",
    commands=(
        "GET network /v2.0/ports",
        "GET network /v2.0/floatingips",
        "GET network /v2.0/subnets",
        "GET network /v2.0/routers",
        "GET identity /v3/auth/",
    ),
    timeout=30.0,
    on="cloud",
    subnet="line",
)
async def router_path(cloud: str, toolbox: Toolbox, subnet: str) -> RouterPath:
    """From a subnet (its id or name, or a fixed address in it) over a router to an external network."""
    asked = Cloud(cloud, toolbox)
    held = await subnet_of(asked, subnet)
    query = (("fixed_ips", f"subnet_id={held.id}"),)
    found = await asked.list("network", "v2.0", "ports", shape=shapes.Ports, query=query)
    interfaces = [port for port in found if port.device_owner in ROUTER_PORTS]
    routers = await asyncio.gather(*(_router(asked, port, held) for port in interfaces))
    ordered = tuple(sorted(filter(None, routers), key=lambda one: one.interface != held.gateway_ip))
    if not ordered:
        await asked.sees_all(f"routers of {subnet}")
    return RouterPath(cloud, subnet_facts(held), ordered, _blocked(held, ordered))


async def subnet_of(cloud: Cloud, asked: str) -> shapes.Subnet:
    path = ("v2.0", "subnets")
    if is_address(asked):
        ports, _ = await ports_with(cloud, asked)
        ids = [fixed.subnet_id for port in ports for fixed in port.fixed_ips]
        query: Query = (("id", ids[0]),) if ids else (("id", asked),)
    else:
        query = (("id" if is_id(asked) else "name", asked),)
    found = await cloud.list("network", *path, shape=shapes.Subnets, query=query)
    if not found:
        await cloud.sees_all(asked)
        raise NotFound(
            f"the cloud has no subnet {asked}", hint="`openstack subnet list` lists what the role may see"
        )
    return found[0]


async def _router(cloud: Cloud, port: shapes.Port, subnet: shapes.Subnet) -> Router | None:
    """None for one that the role may not see."""
    try:
        one = (await cloud.get("network", "v2.0", "routers", port.device_id, shape=shapes.OneRouter)).router
    except NotFound:
        return None
    gateway = one.external_gateway_info or shapes.Gateway()
    return Router(
        id=one.id,
        name=one.name,
        status=one.status,
        admin_up=one.admin_state_up,
        external=gateway.network_id,
        external_addresses=tuple(fixed.ip_address for fixed in gateway.external_fixed_ips),
        snat=bool(one.external_gateway_info) and gateway.enable_snat,
        interface=next((fixed.ip_address for fixed in port.fixed_ips if fixed.subnet_id == subnet.id), ""),
        port=port.id,
    )


def _blocked(subnet: shapes.Subnet, routers: tuple[Router, ...]) -> str:
    if not routers:
        return "no-router"
    leading = [one for one in routers if one.external]
    if not leading:
        return "no-gateway"
    if subnet.gateway_ip not in [one.interface for one in leading]:
        return "gateway-differs"
    return "" if leading[0].admin_up else "router-down"
