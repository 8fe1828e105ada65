"""What a word names as the end of a trace: a host, an address, a pod, a Service, a server of a cloud."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from base.errors import UsageError
from base.text import clip
from base.values import check
from probes.api import Api, ApiRequest
from probes.cloud.servers import server
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.backends import split
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.errors import NotFound, ProbeError
from probes.node.machine import host_of_node
from probes.path.networks import plain
from probes.probe import Toolbox
from probes.site import OPERATOR
from probes.trace import services
from probes.trace.services import ANY_DOOR, Door, Served, address_of

_PREFIX = re.compile(r"(?P<kind>host|pod|svc|service|server)[/:](?P<name>.+)")
_KINDS = {"svc": "service"}


@dataclass(frozen=True, slots=True)
class End:
    kind: str
    """host, address, pod, service or server."""
    name: str
    """As it is called: `default/web-0`, `k8s-w1`; empty for an address that nothing known has."""
    host: str = ""
    """Of the site: the host itself, a pod's node, a server that can be logged in to."""
    address: str = ""
    pod: str = ""
    """The pod's own address, where it is one."""
    ports: tuple[int, ...] = ()
    """A Service's TCP ports."""
    backends: tuple[str, ...] = ()
    """ADDRESS:PORT of a Service's ready endpoints, for the first port or the one that was asked for."""
    udp: tuple[int, ...] = ()
    """Its UDP ports."""
    at_node: bool = False
    """A Service's address that is translated on the node that has it, not where it is sent from."""
    nodes: tuple[str, ...] = ()
    """Addresses of nodes that translate it themselves all the same."""
    unasked: tuple[str, ...] = ()
    """Clusters that could not be asked whether an address is one of theirs."""


Finder = Callable[[Toolbox, str, str, Door], Awaitable[End | None]]


async def find_end(toolbox: Toolbox, word: str, door: Door = ANY_DOOR) -> End:
    """UsageError when nothing of the site has that name, and an API that could not be asked is named then."""
    text = word.strip()
    told = _PREFIX.fullmatch(text)
    kind = _KINDS.get(told["kind"], told["kind"]) if told else ""
    name = told["name"] if told else text
    if kind in ("", "host") and (host := _host(toolbox, name)):
        return await _served_or(toolbox, await _of_host(toolbox, host), door)
    if not kind and (address := address_of(name)):
        return await _of_address(toolbox, address, door)
    return await _named(toolbox, word, kind, name, door)


def _host(toolbox: Toolbox, name: str) -> str:
    if name == OPERATOR or name in toolbox.site.by_name:
        return name
    short = [host.name for host in toolbox.site.hosts if host.name.partition(".")[0] == name]
    return short[0] if len(short) == 1 else ""


async def _of_host(toolbox: Toolbox, host: str) -> End:
    known = () if host == OPERATOR else toolbox.site.by_name[host].addresses
    held = plain(filter(address_of, (*known, *await toolbox.addresses_of(host))))
    return End("host", host, host, held[0] if held else "")


async def _served_or(toolbox: Toolbox, end: End, door: Door) -> End:
    """The Service that has this port on every node, where the end is a node and the port one of those."""
    if not door.may_be_node_port or not end.address:
        return end
    found = await asyncio.gather(
        *(_asked(_node_port, toolbox, one.name, end.address, door) for one in toolbox.site.clusters)
    )
    return next((one for one in found if isinstance(one, End)), end)


async def _of_address(toolbox: Toolbox, address: str, door: Door) -> End:
    if host := await toolbox.host_of(address):
        return await _served_or(toolbox, End("address", host, host, address), door)
    names = [one.name for one in toolbox.site.clusters]
    found = [await _asked(_with_address, toolbox, name, address, door) for name in names]
    silent = tuple(name for name, one in zip(names, found, strict=True) if isinstance(one, ProbeError))
    return next((one for one in found if isinstance(one, End)), End("address", "", "", address, unasked=silent))


async def _named(toolbox: Toolbox, word: str, kind: str, name: str, door: Door) -> End:
    finders: list[tuple[Finder, str]] = []
    if kind in ("", "pod") and "/" in name:
        finders += [(_pod, one.name) for one in toolbox.site.clusters]
    if kind in ("", "service") and "/" in name:
        finders += [(_service, one.name) for one in toolbox.site.clusters]
    if kind in ("", "server") and "/" not in name:
        finders += [(_server, one.name) for one in toolbox.site.clouds]
    found = await asyncio.gather(*(_asked(finder, toolbox, where, name, door) for finder, where in finders))
    ends_ = [one for one in found if isinstance(one, End)]
    if len(ends_) > 1:
        kinds = ", ".join(f"{one.kind} {one.address}" for one in ends_)
        raise UsageError(f"{clip(word, 60)!r} may be several: {kinds}", hint="pod/…, svc/… or server/… tells which")
    if ends_:
        return ends_[0]
    failed = [one for one in found if isinstance(one, ProbeError)]
    hint = f"{failed[0].message}" if failed else "a host, an address, NAMESPACE/POD, NAMESPACE/SERVICE or a server"
    raise UsageError(f"nothing of the site is called {clip(word, 60)!r}", hint=hint)


async def _asked(finder: Finder, toolbox: Toolbox, where: str, name: str, door: Door) -> End | ProbeError | None:
    try:
        return await finder(toolbox, where, name, door)
    except NotFound:
        return None
    except ProbeError as error:
        return error


# ------------------------------------------------------------------ of a cluster


async def _pod(toolbox: Toolbox, cluster: str, name: str, door: Door) -> End | None:
    api = await toolbox.api(f"cluster:{cluster}")
    namespace, _, own = name.partition("/")
    path = ("api", "v1", "namespaces", _k8s(namespace), "pods", _k8s(own))
    return await _of_pod(toolbox, api, await fetch(api, ApiRequest(path, shape=shapes.Pod), shapes.Pod))


def _k8s(name: str) -> str:
    return str(check("k8s-name", name, name="name"))


async def _of_pod(toolbox: Toolbox, api: Api, pod: shapes.Pod) -> End:
    node, host = pod.spec.node_name or "", ""
    address = next((one.ip for one in pod.status.pod_ips or ()), "")
    if node:
        path = ("api", "v1", "nodes", node)
        host = await host_of_node(toolbox, node, await fetch(api, ApiRequest(path, shape=shapes.Node), shapes.Node))
    own = "" if pod.spec.host_network else address
    return End("pod", f"{pod.metadata.namespace}/{pod.metadata.name}", host, address, own)


async def _service(toolbox: Toolbox, cluster: str, name: str, door: Door) -> End | None:
    api = await toolbox.api(f"cluster:{cluster}")
    namespace, _, own = name.partition("/")
    return _of_service(await services.named(api, namespace, own, door))


def _of_service(one: Served, host: str = "") -> End:
    return End(
        "service",
        one.name,
        host,
        one.address,
        ports=one.tcp,
        backends=one.backends,
        udp=one.udp,
        at_node=one.at_node,
        nodes=one.nodes,
    )


async def _node_port(toolbox: Toolbox, cluster: str, address: str, door: Door) -> End | None:
    api = await toolbox.api(f"cluster:{cluster}")
    found = await services.at_node(api, address, door)
    return _of_service(found, await toolbox.host_of(address)) if found else None


async def _with_address(toolbox: Toolbox, cluster: str, address: str, door: Door) -> End | None:
    api = await toolbox.api(f"cluster:{cluster}")
    query = (("fieldSelector", f"status.podIP={address}"), CACHED)
    request = ApiRequest(("api", "v1", "pods"), query, shape=shapes.PodList, limit=LIST_LIMIT)
    pods, service = await asyncio.gather(
        fetch(api, request, shapes.PodList), services.with_address(api, address, door)
    )
    if pods.items:
        return await _of_pod(toolbox, api, pods.items[0])
    return _of_service(service) if service else None


def backend_of(end: End) -> tuple[tuple[str, ...], int]:
    """Addresses of a Service's endpoints and their port, most of which is the same."""
    if not end.backends:
        return (), 0
    places = [split(one) for one in end.backends]
    port = places[0][1]
    return tuple(address for address, number in places if number == port), port


# ------------------------------------------------------------------ of a cloud


async def _server(toolbox: Toolbox, cloud: str, name: str, door: Door) -> End | None:
    found = (await server(cloud, toolbox, name)).server
    if not found.id:
        return None
    addresses = [one.address for one in found.addresses]
    for address in addresses:
        if host := await toolbox.host_of(address):
            return End("server", found.name, host, address)
    floating = [one.address for one in found.addresses if one.kind == "floating"]
    return End("server", found.name, "", next(iter((*floating, *addresses)), ""))
