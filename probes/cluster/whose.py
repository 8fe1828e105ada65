"""k8s.whose: which cluster of the site has a Service with an address. A ClusterIP looks like any address that does
not answer, and routes say nothing of it: kube-proxy's rules on each node do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.cluster.service_path import own_addresses, service_with
from probes.errors import HostUnreachable, ProbeError
from probes.node.machine import host_of_node
from probes.probe import Toolbox, probe

_SECONDS = 4.0
"""Every walk of a ping without an answer waits for it."""
_SERVICES = ApiRequest(
    ("api", "v1", "services"), (CACHED,), shape=shapes.ServiceList, limit=LIST_LIMIT, timeout=_SECONDS
)

_NODES = ApiRequest(("api", "v1", "nodes"), (CACHED,), shape=shapes.NodeList, limit=LIST_LIMIT, timeout=_SECONDS)


@dataclass(frozen=True, slots=True)
class WhoseService:
    """The one Service of the site's clusters that has an address."""

    address: str
    cluster: str
    """Empty where none has it, or those of several clusters and the host that asks is a node of none or several."""
    namespace: str
    name: str
    unseen: tuple[str, ...]
    """Clusters that could not be asked."""


@probe(
    "k8s.whose",
    commands=("GET /api/v1/services", "GET /api/v1/nodes"),
    timeout=12.0,
    address="address",
    seen_from="host",
)
async def whose(host: str, toolbox: Toolbox, address: str, seen_from: str = "") -> WhoseService:
    """Asks all clusters of the site at once for a Service that has an address; put to `operator`. Nobody is asked
    where there is no cluster, or where the site says that a host has the address. Clusters often share a range:
    of several that have it, that of the node `seen_from` is meant."""
    if any(address in one.addresses for one in toolbox.site.hosts):
        return WhoseService(address, "", "", "", ())
    names = [cluster.name for cluster in toolbox.site.clusters]
    answers = await asyncio.gather(*(_service(toolbox, name, address) for name in names))
    found = [one for one in answers if one and one[2]]
    unseen = tuple(name for name, one in zip(names, answers, strict=True) if one is None)
    if names and len(unseen) == len(names):
        raise HostUnreachable("no cluster of the site can be asked", hint="`deadhop site check`")
    if len(found) > 1 and seen_from:
        theirs = await asyncio.gather(*(_has_node(toolbox, cluster, seen_from) for cluster, _, _ in found))
        found = [one for one, its in zip(found, theirs, strict=True) if its]
    cluster, namespace, name = found[0] if len(found) == 1 else ("", "", "")
    return WhoseService(address, cluster, namespace, name, unseen)


async def _service(toolbox: Toolbox, cluster: str, address: str) -> tuple[str, str, str] | None:
    """Cluster, namespace and name, the last two empty for none; None where the cluster could not be asked."""
    try:
        async with asyncio.timeout(_SECONDS):
            api = await toolbox.api(f"cluster:{cluster}")
            found = await service_with(api, address, _SERVICES)
            if found and address not in own_addresses(found) and await _is_nodes(api, address):
                return cluster, "", ""
    except (ProbeError, TimeoutError):
        return None
    return (cluster, found.metadata.namespace, found.metadata.name) if found else (cluster, "", "")


async def _is_nodes(api: Api, address: str) -> bool:
    """Load balancers without machines of their own (k3s) give the addresses of nodes: what fails there need not be
    the Service."""
    nodes = (await fetch(api, _NODES, shapes.NodeList)).items or ()
    return any(one.address == address for node in nodes for one in node.status.addresses or ())


async def _has_node(toolbox: Toolbox, cluster: str, host: str) -> bool:
    try:
        async with asyncio.timeout(_SECONDS):
            listed = await fetch(await toolbox.api(f"cluster:{cluster}"), _NODES, shapes.NodeList)
            nodes = listed.items or []
            return host in await asyncio.gather(*(host_of_node(toolbox, one.metadata.name, one) for one in nodes))
    except (ProbeError, TimeoutError):
        return False
