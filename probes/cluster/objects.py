"""k8s.nodes, k8s.pods, k8s.object_of: what there is, as the API says it."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Iterator
from contextlib import suppress

from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch, no_collecting
from probes.cluster.facts import Condition, Container, Node, Nodes, ObjectOf, Pod, Pods
from probes.connection import MEBIBYTE
from probes.probe import Toolbox, probe

LIST_LIMIT = 512 * MEBIBYTE
"""Of JSON: 50,000 pods are 150 MiB. What is kept of them is a tenth."""
CACHED = ("resourceVersion", "0")
"""From the API server's memory, without a question to etcd."""
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""`accept` of lists whose names, labels and annotations are enough: what a Secret holds stays on the server. An
aggregated API that cannot cut them sends them whole, and the shape cuts them here."""
_SECONDS = 20.0
_ROLE = "node-role.kubernetes.io/"
_NOT_ENDED = -1


@probe("k8s.nodes", commands=("GET /api/v1/nodes",), timeout=25.0, on="cluster")
async def nodes(cluster: str, toolbox: Toolbox) -> Nodes:
    """Every node with its addresses, pod CIDRs, conditions, taints and versions."""
    api = await toolbox.api(f"cluster:{cluster}")
    found = await fetch(api, _list("nodes", shapes.NodeList), shapes.NodeList)
    return Nodes(cluster, tuple(map(_node, found.items or ())))


def _list(what: str, shape: type, namespace: str = "", query: tuple[tuple[str, str], ...] = ()) -> ApiRequest:
    inside = ("namespaces", namespace) if namespace else ()
    return ApiRequest(
        ("api", "v1", *inside, what), (*query, CACHED), shape=shape, timeout=_SECONDS, limit=LIST_LIMIT
    )


def _node(node: shapes.Node) -> Node:
    conditions = tuple(map(_condition, node.status.conditions or ()))
    ready = next((one for one in conditions if one.kind == "Ready"), Condition("Ready", "", "", ""))
    addresses, info = node.status.addresses or [], node.status.node_info
    return Node(
        name=node.metadata.name,
        addresses=tuple(one.address for one in addresses if one.type != "Hostname"),
        internal_address=next((one.address for one in addresses if one.type == "InternalIP"), ""),
        pod_cidrs=tuple(node.spec.pod_cidrs or filter(None, (node.spec.pod_cidr,))),
        provider_id=node.spec.provider_id,
        ready=ready.status,
        reason=ready.reason,
        message=ready.message,
        conditions=conditions,
        taints=tuple(f"{one.key}={one.value}:{one.effect}" for one in node.spec.taints or ()),
        unschedulable=node.spec.unschedulable,
        kubelet=info.kubelet_version,
        kernel=info.kernel_version,
        runtime=info.container_runtime_version,
        os_image=info.os_image,
        roles=tuple(key.removeprefix(_ROLE) for key in node.metadata.labels or () if key.startswith(_ROLE)),
    )


def _condition(one: shapes.Condition) -> Condition:
    return Condition(one.type, one.status, one.reason, one.message)


# ------------------------------------------------------------------ pods


@probe(
    "k8s.pods",
    commands=("GET /api/v1/pods", "GET /api/v1/namespaces/"),
    timeout=25.0,
    on="cluster",
    namespace="k8s-name",
    selector="line",
    node="k8s-name",
)
async def pods(cluster: str, toolbox: Toolbox, namespace: str = "", selector: str = "", node: str = "") -> Pods:
    """Pods (of a namespace, with labels, on a node) with their containers' states and how they ended before."""
    query = [("labelSelector", selector)] if selector else []
    query += [("fieldSelector", f"spec.nodeName={node}")] if node else []
    api = await toolbox.api(f"cluster:{cluster}")
    found = await fetch(api, _list("pods", shapes.PodList, namespace, tuple(query)), shapes.PodList)
    with no_collecting():
        return Pods(cluster, tuple(map(_pod, found.items or ())))


def _pod(pod: shapes.Pod) -> Pod:
    status = pod.status
    ready, scheduled = _said(status.conditions, "Ready"), _said(status.conditions, "PodScheduled")
    waits = scheduled is not None and scheduled.status != "True"
    owner = pod.metadata.owner_references[0] if pod.metadata.owner_references else None
    inits = [_container(one, init=True) for one in status.init_container_statuses or ()]
    return Pod(
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        phase=status.phase,
        reason=status.reason,
        message=status.message,
        ready=ready is not None and ready.status == "True",
        node=pod.spec.node_name,
        addresses=tuple(one.ip for one in status.pod_ips or ()),
        host_network=pod.spec.host_network,
        owner=f"{owner.kind}/{owner.name}" if owner else "",
        deleting=pod.metadata.deletion_timestamp is not None,
        unschedulable=(scheduled.message or scheduled.reason) if scheduled and waits else "",
        containers=(*inits, *(_container(one, init=False) for one in status.container_statuses or ())),
    )


def _said(conditions: list[shapes.Condition] | None, kind: str) -> shapes.Condition | None:
    for one in conditions or ():
        if one.type == kind:
            return one
    return None


def _container(one: shapes.ContainerStatus, *, init: bool) -> Container:
    name, reason, message, code = _state(one.state)
    _, last_reason, last_message, last_code = _state(one.last_state)
    return Container(
        name=one.name,
        image=one.image,
        init=init,
        ready=one.ready,
        restarts=one.restart_count,
        state=name,
        reason=reason,
        message=message,
        exit_code=code,
        last_reason=last_reason,
        last_exit_code=last_code,
        last_message=last_message,
    )


def _state(state: shapes.State) -> tuple[str, str, str, int]:
    """Name, reason, message, exit code."""
    if state.terminated:
        return "terminated", state.terminated.reason, state.terminated.message, state.terminated.exit_code
    if state.waiting:
        return "waiting", state.waiting.reason, state.waiting.message, _NOT_ENDED
    return ("running" if state.running else ""), "", "", _NOT_ENDED


# ------------------------------------------------------------------ whose address


@probe(
    "k8s.object_of",
    commands=("GET /api/v1/nodes", "GET /api/v1/pods", "GET /api/v1/services"),
    timeout=25.0,
    on="cluster",
    address="address",
)
async def object_of(cluster: str, toolbox: Toolbox, address: str) -> ObjectOf:
    """What an address is: a node, a pod, a Service, or nothing the cluster knows."""
    api = await toolbox.api(f"cluster:{cluster}")
    by_address = (("fieldSelector", f"status.podIP={address}"),)
    machines, some, services = await asyncio.gather(
        fetch(api, _list("nodes", shapes.NodeList), shapes.NodeList),
        fetch(api, _list("pods", shapes.PodList, query=by_address), shapes.PodList),
        fetch(api, _list("services", shapes.ServiceList), shapes.ServiceList),
    )
    holders = [*_nodes_with(machines, address), *_pods_with(some, address), *_services_with(services, address)]
    kind, namespace, name, node = holders[0] if holders else ("", "", "", "")
    return ObjectOf(cluster, address, kind, namespace, name, node, tuple(map(_words, holders[1:])))


_Holder = tuple[str, str, str, str]
"""Kind, namespace, name, node."""


def _words(holder: _Holder) -> str:
    kind, namespace, name, _ = holder
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _nodes_with(found: shapes.NodeList, address: str) -> Iterator[_Holder]:
    for node in found.items or ():
        if _among(address, (one.address for one in node.status.addresses or ())):
            yield "node", "", node.metadata.name, node.metadata.name


def _pods_with(found: shapes.PodList, address: str) -> Iterator[_Holder]:
    """Those in the network of their host hold the node's address, not one of their own; ended ones none."""
    for pod in found.items or ():
        ended = pod.status.phase in ("Succeeded", "Failed")
        own = not (pod.spec.host_network or ended)
        if own and _among(address, (one.ip for one in pod.status.pod_ips or ())):
            yield "pod", pod.metadata.namespace, pod.metadata.name, pod.spec.node_name


def _services_with(found: shapes.ServiceList, address: str) -> Iterator[_Holder]:
    for service in found.items or ():
        ingress = service.status.load_balancer.ingress or ()
        held = [service.spec.cluster_ip, *(service.spec.cluster_ips or ()), *(service.spec.external_ips or ())]
        if _among(address, (*held, *(one.ip for one in ingress))):
            yield "service", service.metadata.namespace, service.metadata.name, ""


def _among(address: str, held: Iterable[str]) -> bool:
    """Spelled in any way."""
    for text in held:
        with suppress(ValueError):
            if ipaddress.ip_address(text) == ipaddress.ip_address(address):
                return True
    return False
