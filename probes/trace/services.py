"""A Service as the end of a trace: by its name, an address that it has, or the port that it has on every node."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from base.values import check
from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.backends import ends
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.cluster.service_path import own_addresses, service_with, slices_of

_SECONDS = 2.0
"""For lists that are asked for beside everything else: a trace does not wait longer to know whose a port is."""
_SERVICES = ApiRequest(
    ("api", "v1", "services"), (CACHED,), shape=shapes.ServiceList, limit=LIST_LIMIT, timeout=_SECONDS
)
_NODES = ApiRequest(("api", "v1", "nodes"), (CACHED,), shape=shapes.NodeList, limit=LIST_LIMIT, timeout=_SECONDS)
_NODE_PORTS = range(30_000, 32_768)
"""Unless the API server was told otherwise."""


@dataclass(frozen=True, slots=True)
class Door:
    """What is knocked at."""

    protocol: str = ""
    port: int = 0

    @property
    def may_be_node_port(self) -> bool:
        return self.protocol in ("tcp", "udp") and self.port in _NODE_PORTS


ANY_DOOR = Door()


@dataclass(frozen=True, slots=True)
class Served:
    """A Service, seen from one of its addresses."""

    name: str
    address: str
    tcp: tuple[int, ...]
    udp: tuple[int, ...]
    backends: tuple[str, ...]
    """ADDRESS:PORT of ready endpoints, for the port that was asked for or the first one."""
    at_node: bool = False
    """Translated on the node that has the address, not where it is sent from."""
    nodes: tuple[str, ...] = ()
    """Addresses of the nodes, which translate it themselves all the same."""


async def named(api: Api, namespace: str, name: str, door: Door) -> Served:
    path = ("api", "v1", "namespaces", _k8s(namespace), "services", _k8s(name))
    found = await fetch(api, ApiRequest(path, shape=shapes.Service), shapes.Service)
    return await _served(api, found, address_of(found.spec.cluster_ip), door)


async def with_address(api: Api, address: str, door: Door) -> Served | None:
    found = await service_with(api, address)
    if found is None:
        return None
    outside = address not in own_addresses(found)
    nodes = _addresses((await fetch(api, _NODES, shapes.NodeList)).items or ()) if outside else ()
    return await _served(api, found, address, door, at_node=outside, nodes=nodes)


async def at_node(api: Api, address: str, door: Door) -> Served | None:
    """The one that has this port on a node with that address."""
    services, nodes = await asyncio.gather(
        fetch(api, _SERVICES, shapes.ServiceList), fetch(api, _NODES, shapes.NodeList)
    )
    if address not in _addresses(nodes.items or ()):
        return None
    for one in services.items or ():
        for port in one.spec.ports or ():
            if (port.node_port, port.protocol.lower()) == (door.port, door.protocol):
                ready = ends(await slices_of(api, one), [port], port.port)
                tcp, udp = ((door.port,) if door.protocol == kind else () for kind in ("tcp", "udp"))
                return Served(_name(one), address, tcp, udp, ready, at_node=True)
    return None


def _addresses(nodes: Iterable[shapes.Node]) -> tuple[str, ...]:
    return tuple(held.address for one in nodes for held in one.status.addresses or ())


async def _served(
    api: Api,
    found: shapes.Service,
    address: str,
    door: Door,
    *,
    at_node: bool = False,
    nodes: tuple[str, ...] = (),
) -> Served:
    ports = found.spec.ports or []
    tcp, udp = (tuple(one.port for one in ports if one.protocol == kind) for kind in ("TCP", "UDP"))
    kind, numbers = ("UDP", udp) if door.protocol == "udp" or not tcp else ("TCP", tcp)
    wanted = door.port if door.port in numbers else next(iter(numbers), 0)
    own = [one for one in ports if one.protocol == kind]
    ready = ends(await slices_of(api, found), own, wanted) if wanted else ()
    return Served(_name(found), address, tcp, udp, ready, at_node=at_node, nodes=nodes)


def _name(service: shapes.Service) -> str:
    return f"{service.metadata.namespace}/{service.metadata.name}"


def _k8s(name: str) -> str:
    return str(check("k8s-name", name, name="name"))


def address_of(text: str) -> str:
    """Empty for what is none. One of IPv4 in the spelling of IPv6 is that of IPv4."""
    try:
        it = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return str(getattr(it, "ipv4_mapped", None) or it)
