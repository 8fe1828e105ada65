"""Nodes that keep a Service from their pods, told without a login on them: from a pod there every backend answers,
and the Service's address never does."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED
from probes.cluster.standpoints import Tried


@dataclass(frozen=True, slots=True)
class Suspect:
    node: str
    proxy_pod: str
    """kube-proxy's pod there; empty when there is none."""


async def suspects(
    api: Api, tried: Sequence[Tried], nodes: Mapping[str, str], read: Collection[str]
) -> tuple[Suspect, ...]:
    """`nodes`: the node of each backend's address. `read`: nodes whose rules were read, which say it better."""
    found = [node for node in dict.fromkeys(one.node for one in tried) if node not in read]
    names = [node for node in found if only_the_address_fails(node, tried, nodes)]
    pods = await asyncio.gather(*(proxy_pod(api, node) for node in names))
    return tuple(Suspect(*both) for both in zip(names, pods, strict=True))


def only_the_address_fails(node: str, tried: Sequence[Tried], nodes: Mapping[str, str]) -> bool:
    """With a backend on another node among them: one beside the pod can be lost to a bridge that iptables does not
    see, and that is no fault of kube-proxy."""
    there = [one for one in tried if one.node == node and one.from_pod]
    to_service = [one.outcome for one in there if one.of == "service"]
    backends = [one for one in there if one.of == "backend"]
    elsewhere = any(nodes.get(one.to, node) != node for one in backends)
    all_answer = all(one.outcome == "opened" for one in backends)
    return bool(to_service) and "opened" not in to_service and elsewhere and all_answer


def backend_nodes(slices: shapes.EndpointSliceList) -> dict[str, str]:
    """Address → node."""
    ends = [end for one in slices.items or () for end in one.endpoints or ()]
    return {address: end.node_name or "" for end in ends for address in end.addresses or ()}


async def proxy_pod(api: Api, node: str) -> str:
    request = ApiRequest(
        ("api", "v1", "namespaces", "kube-system", "pods"),
        (("labelSelector", "k8s-app=kube-proxy"), ("fieldSelector", f"spec.nodeName={node}"), CACHED),
        shape=shapes.PodList,
    )
    pods = (await fetch(api, request, shapes.PodList)).items or []
    return pods[0].metadata.name if pods else ""
