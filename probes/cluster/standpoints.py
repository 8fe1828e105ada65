"""From where a cluster's Services are tried: some nodes that are hosts of the site, and a pod on each. Where none
can be entered, pods that were started for it, if the operator agreed to that (`probes.wish`)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.cluster.pods_said import read_pods
from probes.cluster.policies import FREE, NONE_KNOWN, Held, Known, held
from probes.errors import NotRecorded, ProbeError
from probes.node.machine import host_of_node
from probes.node.tries import Try, outcomes
from probes.probe import Toolbox
from probes.site import target_of
from probes.wish import Wish

MOST = 3
"""Nodes that are asked; each costs a login."""
_NODES = ApiRequest(("api", "v1", "nodes"), (CACHED,), shape=shapes.NodeList, timeout=8.0, limit=LIST_LIMIT)


@dataclass(frozen=True, slots=True)
class Standpoint:
    node: str
    host: str
    """Empty where no host of the site is that node."""
    pod: str
    """Address of a running pod there with a network of its own; empty when there is none."""
    address: str
    """The node's own, as the cluster knows it."""
    held: Held = FREE
    """By which policies that pod is."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try of ours."""

    node: str
    host: str
    """Empty where no host of the site is that node."""
    from_pod: str
    """Address of the pod it was made from; empty: from the node itself."""
    to: str
    """Address."""
    port: int
    of: str
    """What was tried, in the word of who asked."""
    outcome: str
    """What `probes.node.tries.outcomes` says: opened, answered, nxdomain, servfail, refused, timeout, …"""
    pod_was_started: bool = False
    """For this try, and is gone since; no pod of the application."""


async def standpoints(
    toolbox: Toolbox,
    api: Api,
    first: Sequence[str] = (),
    avoid: Collection[str] = (),
    policies: Known = NONE_KNOWN,
) -> list[Standpoint]:
    """At most MOST, nodes in `first` before others; control nodes only where there are no others. A pod whose
    address is in `avoid`, or that a policy selects, is the last choice. Where no node is a host of the site, such
    as are none."""
    listed = (await fetch(api, _NODES, shapes.NodeList)).items or []
    nodes = [node for node in listed if not _is_control(node)] or listed
    nodes.sort(key=lambda node: (node.metadata.name not in first, node.metadata.name))
    hosts = await asyncio.gather(*(host_of_node(toolbox, node.metadata.name, node) for node in nodes[: 4 * MOST]))
    both = list(zip(nodes, hosts, strict=False))
    known = [(node, host) for node, host in both if host] or [(node, "") for node, _ in both if _is_ready(node)]
    return await asyncio.gather(*(_standpoint(api, node, host, avoid, policies) for node, host in known[:MOST]))


async def _standpoint(
    api: Api, node: shapes.Node, host: str, avoid: Collection[str], policies: Known
) -> Standpoint:
    name = node.metadata.name
    pod, by = await pod_on(api, name, avoid, policies) if host else ("", FREE)
    return Standpoint(name, host, pod, _address(node), by)


def _is_ready(node: shapes.Node) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in node.status.conditions or ())


def _address(node: shapes.Node) -> str:
    return next((one.address for one in node.status.addresses or () if one.type == "InternalIP"), "")


def _is_control(node: shapes.Node) -> bool:
    return any(key.startswith("node-role.kubernetes.io/control-plane") for key in node.metadata.labels or ())


async def pod_on(
    api: Api, node: str, avoid: Collection[str] = (), policies: Known = NONE_KNOWN
) -> tuple[str, Held]:
    """Of several one that has no role in what is tried, and that no policy selects."""
    wanted = f"spec.nodeName={node},status.phase=Running"
    request = ApiRequest(
        ("api", "v1", "pods"), (("fieldSelector", wanted), CACHED), shape=shapes.PodList, limit=LIST_LIMIT
    )
    return chosen((await fetch(api, request, shapes.PodList)).items or [], avoid, policies)


def chosen(pods: Sequence[shapes.Pod], avoid: Collection[str], policies: Known) -> tuple[str, Held]:
    """Nothing where all share their node's network."""
    own = [
        (one.ip, held(policies, pod.metadata))
        for pod in pods
        if not pod.spec.host_network
        for one in (pod.status.pod_ips or ())[:1]
    ]
    return min(own, key=lambda one: (one[0] in avoid, one[1] != FREE), default=("", FREE))


Wanted = Sequence[tuple[str, Try]]
"""Word for what is tried, and the try."""


async def try_anyhow(
    toolbox: Toolbox, cluster: str, places: Sequence[Standpoint], wanted: Wanted
) -> tuple[tuple[Tried, ...], tuple[str, ...]]:
    """As `try_from`; where nothing could be tried from a pod that is there, from pods that were started for it."""
    tried, why = await try_from(toolbox, places, wanted)
    if any(one.from_pod for one in tried) or not wanted:
        return tried, why
    more, not_started = from_started(toolbox, cluster, places, wanted)
    return (*tried, *more), (*why, *not_started)


def from_started(
    toolbox: Toolbox, cluster: str, places: Sequence[Standpoint], wanted: Wanted
) -> tuple[tuple[Tried, ...], tuple[str, ...]]:
    """Nothing of both while nobody has agreed to start a pod on these nodes."""
    tries = tuple(one for _, one in wanted)
    if not (places and tries):
        return (), ()
    wish = Wish(cluster, tuple(place.node for place in places), tries)
    reply = toolbox.from_pods(wish)
    if reply is None:
        return (), ()
    found, why = read_pods(reply, tries)
    hosts = {place.node: place.host for place in places}
    return tuple(
        Tried(pod.node, hosts.get(pod.node, ""), pod.address, one.address, one.port, of, how, pod_was_started=True)
        for pod, outcomes_there in found
        for (of, one), how in zip(wanted, outcomes_there, strict=True)
    ), why


async def try_from(
    toolbox: Toolbox, places: Sequence[Standpoint], wanted: Wanted
) -> tuple[tuple[Tried, ...], tuple[str, ...]]:
    """From each node and from its pod, at the same time; and why nothing could be tried from some."""
    asked = [(place, pod) for place in places if place.host for pod in dict.fromkeys(("", place.pod))]
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
