"""From where a cluster's Services are tried: some nodes that are hosts of the site, and a pod on each."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.errors import NotRecorded, ProbeError
from probes.node.machine import host_of_node
from probes.node.tries import Try, outcomes
from probes.probe import Toolbox
from probes.site import target_of

MOST = 3
"""Nodes that are asked; each costs a login."""
_NODES = ApiRequest(("api", "v1", "nodes"), (CACHED,), shape=shapes.NodeList, timeout=8.0, limit=LIST_LIMIT)


@dataclass(frozen=True, slots=True)
class Standpoint:
    node: str
    host: str
    pod: str
    """Address of a running pod there with a network of its own; empty when there is none."""
    address: str
    """The node's own, as the cluster knows it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try of ours."""

    node: str
    host: str
    from_pod: str
    """Address of the pod it was made from; empty: from the node itself."""
    to: str
    """Address."""
    port: int
    of: str
    """What was tried, in the word of who asked."""
    outcome: str
    """What `probes.node.tries.outcomes` says: opened, answered, nxdomain, servfail, refused, timeout, …"""


async def standpoints(
    toolbox: Toolbox, api: Api, first: Sequence[str] = (), avoid: Collection[str] = ()
) -> tuple[Standpoint, ...]:
    """At most MOST, nodes in `first` before others; control nodes only where there are no others. A pod whose
    address is in `avoid` is the last choice."""
    listed = (await fetch(api, _NODES, shapes.NodeList)).items or []
    nodes = [node for node in listed if not _is_control(node)] or listed
    nodes.sort(key=lambda node: (node.metadata.name not in first, node.metadata.name))
    hosts = await asyncio.gather(*(host_of_node(toolbox, node.metadata.name, node) for node in nodes[: 4 * MOST]))
    known = [(node, host) for node, host in zip(nodes, hosts, strict=False) if host][:MOST]
    pods = await asyncio.gather(*(_pod_on(api, node.metadata.name, avoid) for node, _ in known))
    return tuple(
        Standpoint(node.metadata.name, host, pod, _address(node))
        for (node, host), pod in zip(known, pods, strict=True)
    )


def _address(node: shapes.Node) -> str:
    return next((one.address for one in node.status.addresses or () if one.type == "InternalIP"), "")


def _is_control(node: shapes.Node) -> bool:
    return any(key.startswith("node-role.kubernetes.io/control-plane") for key in node.metadata.labels or ())


async def _pod_on(api: Api, node: str, avoid: Collection[str]) -> str:
    """Of several one that has no role in what is tried."""
    wanted = f"spec.nodeName={node},status.phase=Running"
    request = ApiRequest(
        ("api", "v1", "pods"), (("fieldSelector", wanted), CACHED), shape=shapes.PodList, limit=LIST_LIMIT
    )
    pods = (await fetch(api, request, shapes.PodList)).items or []
    own = [one.ip for pod in pods if not pod.spec.host_network for one in (pod.status.pod_ips or ())[:1]]
    return next((address for address in own if address not in avoid), own[0] if own else "")


Wanted = Sequence[tuple[str, Try]]
"""Word for what is tried, and the try."""


async def try_from(
    toolbox: Toolbox, places: Sequence[Standpoint], wanted: Wanted
) -> tuple[tuple[Tried, ...], tuple[str, ...]]:
    """From each node and from its pod, at the same time; and why nothing could be tried from some."""
    asked = [(place, pod) for place in places for pod in dict.fromkeys(("", place.pod))]
    found = await asyncio.gather(*(_from(toolbox, place, pod, wanted) for place, pod in asked))
    tried = tuple(one for each in found if not isinstance(each, str) for one in each)
    return tried, tuple(dict.fromkeys(each for each in found if isinstance(each, str)))


async def _from(toolbox: Toolbox, place: Standpoint, pod: str, wanted: Wanted) -> tuple[Tried, ...] | str:
    try:
        said = await outcomes(toolbox.connection(target_of(place.host)), [one for _, one in wanted], pod)
    except NotRecorded:
        raise
    except ProbeError as error:
        return error.message
    pairs = zip(wanted, said, strict=True)
    return tuple(Tried(place.node, place.host, pod, one.address, one.port, of, how) for (of, one), how in pairs)
