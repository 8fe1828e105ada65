"""k8s.pods_across: whether pods reach pods of other nodes, while the nodes reach each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from probes.api import Api
from probes.cluster.policies import Known, Unjudged, all_policies
from probes.cluster.program_policies import COMMANDS as POLICIES
from probes.cluster.standpoints import Standpoint, Tried, from_started, pod_on, standpoints, try_from
from probes.node.tries import COMMANDS, Try
from probes.probe import Toolbox, probe

_NOBODY_LISTENS, _KUBELET = 1, 10250
_ARRIVED = ("opened", "refused")
"""A reset comes from the far end itself."""


@dataclass(frozen=True, slots=True)
class PodsAcross(Unjudged):
    cluster: str
    sent: int
    """Connections from a pod to a pod of another node."""
    arrived: int
    nodes_sent: int
    """From a node to the kubelet of another."""
    nodes_arrived: int
    lost: tuple[str, ...]
    """`w1 → w2` of those pods whose packets do not arrive."""
    host: str
    """Of the first of them, from which nothing arrives; empty when all arrive."""
    to_pod: str
    """Address of the pod that it does not reach."""
    from_pod: str
    """Address of the pod there that tried."""
    to_host: str
    """The host of the pod that is not reached."""
    node_host: str
    """The first host whose node does not reach another's kubelet; empty when all do."""
    to_node: str
    """That node's address."""
    not_tried: tuple[str, ...]
    policies: tuple[str, ...] = ()
    """NetworkPolicies, as `NAMESPACE/NAME`, that select the pods of all that is lost: they may deny these tries."""
    others: tuple[str, ...] = ()
    """Policies of Calico's and Cilium's own kinds that may select them, where something is lost."""
    unread: tuple[str, ...] = ()
    """Why policies could not be read."""


@probe(
    "k8s.pods_across",
    commands=(
        "GET /api/v1/nodes",
        "GET /api/v1/pods",
        "GET /apis/networking.k8s.io/v1/networkpolicies",
        *POLICIES,
        *COMMANDS,
    ),
    timeout=30.0,
    on="cluster",
)
async def pods_across(cluster: str, toolbox: Toolbox) -> PodsAcross:
    """Connects from a pod on each of some nodes to pods on the others, on a port where nobody listens: a reset says
    that the packet arrived. And from node to node."""
    api = await toolbox.api(f"cluster:{cluster}")
    policies = await all_policies(api)
    places = await standpoints(toolbox, api, policies=policies)
    wanted = [(place, _to_others(place, places)) for place in places if place.pod]
    found = await asyncio.gather(*(try_from(toolbox, [place], tries) for place, tries in wanted))
    tried = [one for each, _ in found for one in each]
    pods = [one for one in tried if one.of.startswith("pod") and one.from_pod]
    why = [said for _, each in found for said in each]
    if not pods:
        pods, not_started = await _from_started(toolbox, cluster, api, places, policies)
        why += not_started
    nodes = [one for one in tried if one.of.startswith("node") and not one.from_pod]
    lost = sorted((one for one in pods if one.outcome not in _ARRIVED), key=lambda one: any(_by(one, places)))
    apart = [one for one in nodes if one.outcome not in _ARRIVED]
    hosts = {place.node: place.host for place in places}
    return PodsAcross(
        cluster=cluster,
        sent=len(pods),
        arrived=len(pods) - len(lost),
        nodes_sent=len(nodes),
        nodes_arrived=sum(one.outcome in _ARRIVED for one in nodes),
        lost=tuple(f"{one.node} → {_name(one)}" for one in lost),
        host=lost[0].host if lost else "",
        to_pod=lost[0].to if lost else "",
        from_pod=lost[0].from_pod if lost else "",
        to_host=hosts.get(_name(lost[0]), "") if lost else "",
        node_host=apart[0].host if apart else "",
        to_node=apart[0].to if apart else "",
        not_tried=tuple(dict.fromkeys(why)),
        policies=_by(lost[0], places)[0] if lost else (),
        others=_by(lost[0], places)[1] if lost else (),
        unread=policies.unread,
    )


def _by(one: Tried, places: Sequence[Standpoint]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The policies that may have denied it: Kubernetes' own, and others."""
    from_ = [place.held for place in places if place.pod == one.from_pod]
    to = [place.held for place in places if place.pod == one.to]
    network = [*(held.out for held in from_), *(held.into for held in to)]
    others = [*(held.others_out for held in from_), *(held.others_into for held in to)]
    return _each_once(network), _each_once(others)


def _each_once(many: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in many for name in names))


async def _from_started(
    toolbox: Toolbox, cluster: str, api: Api, places: Sequence[Standpoint], policies: Known
) -> tuple[list[Tried], tuple[str, ...]]:
    """From pods that are started for it, all to the same pods; what stays on a node is left out."""
    there = await asyncio.gather(*(pod_on(api, place.node, (), policies) for place in places))
    pods = [(place.node, pod) for place, (pod, _) in zip(places, there, strict=True) if pod]
    if len(pods) < 2:
        return [], ()
    wanted = [(f"pod {node}", Try("tcp", pod, _NOBODY_LISTENS)) for node, pod in pods]
    tried, why = from_started(toolbox, cluster, places, wanted)
    return [one for one in tried if _name(one) != one.node], why


def _to_others(place: Standpoint, places: Sequence[Standpoint]) -> list[tuple[str, Try]]:
    others = [other for other in places if other is not place]
    pods = [(f"pod {other.node}", Try("tcp", other.pod, _NOBODY_LISTENS)) for other in others if other.pod]
    return pods + [(f"node {other.node}", Try("tcp", other.address, _KUBELET)) for other in others if other.address]


def _name(one: Tried) -> str:
    return one.of.partition(" ")[2]
