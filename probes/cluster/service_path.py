"""k8s.service_path: a Service by its address, tried by TCP from nodes and pods; what stands behind and between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.backends import (
    as_text,
    bad_backends,
    ends,
    is_ready,
    matching,
    owner_of,
    pod_of,
    similar,
    split,
    text_of,
)
from probes.cluster.dns import behind
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.cluster.policies import Known, Unjudged, all_policies, held
from probes.cluster.program_policies import COMMANDS as POLICIES
from probes.cluster.standpoints import Standpoint, Tried, standpoints, try_anyhow
from probes.cluster.suspects import Suspect, backend_nodes, proxy_pod, suspects
from probes.connection import Connection
from probes.errors import NotRecorded, ProbeError
from probes.linux.ask import ask
from probes.node.service_rules import OTHER, ServiceRules, parse_ipvs, parse_rules
from probes.node.tries import COMMANDS, Try
from probes.probe import Toolbox, probe
from probes.site import target_of

_TIMES = 8
"""Connections to the Service: one bad of two backends is missed by all of them once in 256 times."""
_MOST_BACKENDS = 6
_ANY = (0, 1)
_BRIDGED = "/proc/sys/net/bridge/bridge-nf-call-iptables"


@dataclass(frozen=True, slots=True)
class NodeRules:
    node: str
    host: str
    running: bool
    """A process kube-proxy runs there; true where rules are looked at in vain."""
    mode: str
    """iptables or ipvs; empty when neither knows the Service there; `other` where nobody can tell."""
    backends: tuple[str, ...]
    rejects: bool
    current: bool
    """Its rules send to the same backends as the API names, or cannot be read (`other`)."""
    bridged: str
    """net.bridge.bridge-nf-call-iptables; empty while br_netfilter is not loaded."""
    proxy_pod: str
    """kube-proxy's pod on that node; empty when there is none."""


@dataclass(frozen=True, slots=True)
class ServicePath(Unjudged):
    cluster: str
    namespace: str
    name: str
    """Empty when no Service has the address."""
    address: str
    port: int
    """The one that was tried: TCP; 0 when the Service has none."""
    selector: str
    """`app=web,tier=front`; empty for one without."""
    ready: tuple[str, ...]
    """ADDRESS:PORT of ready endpoints."""
    not_ready: tuple[str, ...]
    """Addresses of those that are not."""
    matching: int
    """Pods in its namespace that have the selector's labels."""
    waiting: str
    """One of them that is not ready; empty when all are."""
    similar: str
    """The selector that would find the pods named after the Service; empty when there is no single one."""
    similar_ready: int
    """Pods that it would find and that are ready."""
    sent: int
    """Connections to the Service's address, from all places."""
    arrived: int
    """That opened. A refusal by the program at the end would count as well, a refusal by kube-proxy does not."""
    refused: int
    lost: int
    """Timeouts, and everything that is neither."""
    tries: tuple[Tried, ...]
    """`of` is service or backend."""
    bad: tuple[str, ...]
    """Backends that no place could connect to, while others could be."""
    bad_pod: str
    """The first of them."""
    bad_pod_owner: str
    """Kind of what made that pod: ReplicaSet, StatefulSet …; `none` for one that was made alone."""
    label: str
    """`key=value`, by which the Service finds that pod."""
    label_key: str
    rules: tuple[NodeRules, ...]
    suspects: tuple[Suspect, ...]
    """Nodes whose rules could not be read, and from whose pods only the Service's address does not answer."""
    not_tried: tuple[str, ...]
    pod: str = ""
    """The pod that has the address, where no Service has it."""
    others: tuple[str, ...] = ()
    """Policies of Calico's and Cilium's own kinds that may select who tried and who stands behind it, where not all
    connections arrive."""
    unread: tuple[str, ...] = ()
    """Why policies could not be read."""


_SERVICES = ApiRequest(("api", "v1", "services"), (CACHED,), shape=shapes.ServiceList, limit=LIST_LIMIT)


@probe(
    "k8s.service_path",
    commands=(
        "GET /api/v1/",
        "GET /apis/discovery.k8s.io/v1/",
        "GET /apis/networking.k8s.io/v1/networkpolicies",
        *POLICIES,
        "iptables-save",
        "cat /proc/net/ip_vs",
        "cat /proc/sys/net/bridge/",
        "pgrep -x",
        *COMMANDS,
    ),
    timeout=35.0,
    on="cluster",
    address="address",
    port="count",
)
async def service_path(cluster: str, toolbox: Toolbox, address: str, port: int = 0) -> ServicePath:
    """Connects to a Service from some nodes and from a pod on each, and to every backend; compares the rules of
    kube-proxy with what the API says. Nothing is sent over the connections."""
    api = await toolbox.api(f"cluster:{cluster}")
    service = await service_with(api, address)
    if service is None:
        return replace(_unknown(cluster, address, port), pod=await _pod_with(api, address))
    tcp = [one for one in service.spec.ports or () if one.protocol == "TCP"]
    number = port if port or not tcp else tcp[0].port
    slices, pods, policies = await asyncio.gather(
        slices_of(api, service), _pods(api, service.metadata.namespace), all_policies(api)
    )
    selector, ready = service.spec.selector or {}, ends(slices, tcp, number)
    places = await _places(toolbox, api, slices, policies)
    wanted = [("service", Try("tcp", address, number))] * _TIMES * bool(number)
    wanted += [("backend", Try("tcp", *split(one))) for one in ready[:_MOST_BACKENDS]]
    (tried, why), rules = await asyncio.gather(
        try_anyhow(toolbox, cluster, places, wanted),
        asyncio.gather(*(_rules(toolbox, api, place, address, number, ready) for place in places if place.host)),
    )
    bad = bad_backends(tried)
    read = [one.node for one in rules if one is not None]
    bad_pod = pod_of(slices, bad[0]) if bad else ""
    meant = similar(service.metadata.name, selector, pods)
    label = next(iter(as_text(selector).split(",")))
    to_service = [one.outcome for one in tried if one.of == "service"]
    return ServicePath(
        cluster=cluster,
        namespace=service.metadata.namespace,
        name=service.metadata.name,
        address=address,
        port=number,
        selector=as_text(selector),
        ready=ready,
        not_ready=behind(slices)[1],
        matching=len(matching(pods, selector)),
        waiting=next((pod.metadata.name for pod in matching(pods, selector) if not is_ready(pod)), ""),
        similar=meant,
        similar_ready=sum(is_ready(one) for one in pods if meant and text_of(one, selector) == meant),
        sent=len(to_service),
        arrived=to_service.count("opened"),
        refused=to_service.count("refused"),
        lost=len(to_service) - to_service.count("opened") - to_service.count("refused"),
        tries=tried,
        bad=bad,
        bad_pod=bad_pod,
        bad_pod_owner=owner_of(bad_pod, pods),
        label=label,
        label_key=label.partition("=")[0],
        rules=tuple(one for one in rules if one is not None),
        suspects=await suspects(api, tried, backend_nodes(slices), read),
        not_tried=why,
        others=_others(places, matching(pods, selector), policies) if set(to_service) - {"opened"} else (),
        unread=policies.unread,
    )


def _unknown(cluster: str, address: str, port: int) -> ServicePath:
    return ServicePath(
        cluster,
        namespace="",
        name="",
        address=address,
        port=port,
        selector="",
        ready=(),
        not_ready=(),
        matching=0,
        waiting="",
        similar="",
        similar_ready=0,
        sent=0,
        arrived=0,
        refused=0,
        lost=0,
        tries=(),
        bad=(),
        bad_pod="",
        bad_pod_owner="",
        label="",
        label_key="",
        rules=(),
        suspects=(),
        not_tried=(),
    )


async def service_with(api: Api, address: str, asking: ApiRequest = _SERVICES) -> shapes.Service | None:
    """The Service that has the address, its own, an external one, or its load balancer's."""
    for one in (await fetch(api, asking, shapes.ServiceList)).items or ():
        given = (ingress.ip for ingress in one.status.load_balancer.ingress or ())
        if address in own_addresses(one) or address in (*(one.spec.external_ips or ()), *given):
            return one
    return None


def own_addresses(service: shapes.Service) -> tuple[str, ...]:
    """Those that every node translates for its own pods."""
    return (service.spec.cluster_ip, *(service.spec.cluster_ips or ()))


async def slices_of(api: Api, service: shapes.Service) -> shapes.EndpointSliceList:
    meta = service.metadata
    request = ApiRequest(
        ("apis", "discovery.k8s.io", "v1", "namespaces", meta.namespace, "endpointslices"),
        (("labelSelector", f"kubernetes.io/service-name={meta.name}"), CACHED),
        shape=shapes.EndpointSliceList,
    )
    return await fetch(api, request, shapes.EndpointSliceList)


async def _pod_with(api: Api, address: str) -> str:
    """Pods in their node's own network share its address and do not count; old servers cannot select by that."""
    request = ApiRequest(
        ("api", "v1", "pods"),
        (CACHED, ("fieldSelector", f"status.podIP={address}")),
        shape=shapes.PodList,
        limit=LIST_LIMIT,
    )
    try:
        found = (await fetch(api, request, shapes.PodList)).items or []
    except ProbeError:
        return ""
    return next((one.metadata.name for one in found if not one.spec.host_network), "")


async def _pods(api: Api, namespace: str) -> list[shapes.Pod]:
    path = ("api", "v1", "namespaces", namespace, "pods")
    request = ApiRequest(path, (CACHED,), shape=shapes.PodList, limit=LIST_LIMIT)
    return (await fetch(api, request, shapes.PodList)).items or []


async def _places(
    toolbox: Toolbox, api: Api, slices: shapes.EndpointSliceList, policies: Known
) -> list[Standpoint]:
    """Nodes with a backend before others: between a pod and a backend beside it lies a bridge, and nothing else."""
    nodes = [end.node_name or "" for one in slices.items or () for end in one.endpoints or ()]
    addresses = [address for addresses in behind(slices) for address in addresses]
    return await standpoints(toolbox, api, nodes, addresses, policies)


def _others(places: list[Standpoint], behind_it: list[shapes.Pod], policies: Known) -> tuple[str, ...]:
    out = [name for place in places for name in place.held.others_out]
    into = [name for pod in behind_it for name in held(policies, pod.metadata).others_into]
    return tuple(dict.fromkeys((*out, *into)))


# ------------------------------------------------------------------ what stands between


async def _rules(
    toolbox: Toolbox, api: Api, place: Standpoint, address: str, port: int, ready: tuple[str, ...]
) -> NodeRules | None:
    """None where nobody could look."""
    connection = toolbox.connection(target_of(place.host))
    try:
        rules, process, bridged, pod = await asyncio.gather(
            _of_kernel(connection, address, port),
            ask(connection, "pgrep", "-x", "kube-proxy", ok=_ANY),
            ask(connection, "cat", _BRIDGED, ok=_ANY),
            proxy_pod(api, place.node),
        )
    except NotRecorded:
        raise
    except ProbeError:
        return None
    return NodeRules(
        node=place.node,
        host=place.host,
        running=bool(process.strip()),
        mode=rules.mode,
        backends=rules.backends,
        rejects=rules.rejects,
        current=_is_current(rules, ready, bool(process.strip())),
        bridged=bridged.strip(),
        proxy_pod=pod,
    )


def _is_current(rules: ServiceRules, ready: tuple[str, ...], running: bool) -> bool:
    """What a running kube-proxy writes where we cannot read is not said to be stale."""
    return (rules == OTHER and running) or (set(rules.backends) == set(ready) and rules.rejects == (not ready))


async def _of_kernel(connection: Connection, address: str, port: int) -> ServiceRules:
    nat, filters, ipvs = await asyncio.gather(
        ask(connection, "iptables-save", "-t", "nat", sudo=True),
        ask(connection, "iptables-save", "-t", "filter", sudo=True),
        ask(connection, "cat", "/proc/net/ip_vs", ok=_ANY, sudo=True),
    )
    by_ipvs = parse_ipvs(ipvs, address, port)
    return by_ipvs if by_ipvs.mode else parse_rules(nat, filters, address, port)
