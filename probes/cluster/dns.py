"""k8s.dns and k8s.dns_tries: the cluster's own name service, as its API tells and as nodes and pods find it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import msgspec

from base.text import inert
from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch, fetch_text
from probes.cluster.objects import CACHED
from probes.cluster.standpoints import Tried, standpoints, try_anyhow
from probes.errors import NotFound, NotRecorded, ProbeError
from probes.node.dns_message import FRESH, question
from probes.node.tries import COMMANDS, Try
from probes.probe import Toolbox, probe

_IN = ("api", "v1", "namespaces", "kube-system")
_LABEL = ("labelSelector", "k8s-app=kube-dns")
_DOMAIN = re.compile(r"^[ \t]*kubernetes[ \t]+([A-Za-z0-9.-]+)", re.MULTILINE)
_FORWARD = re.compile(r"^[ \t]*forward[ \t]+\.[ \t]+([^{}\n]+)", re.MULTILINE)
_SILENT = re.compile(r"(?:read|dial) \w+ \S+->(\S+?):\d+: (?:i/o timeout|read: )|dial \w+ (\S+?):\d+: ")
_LOOP = "plugin/loop: Loop"
_MOST_PODS = 4
_PORT = 53
OUTSIDE = f"deadhop-{FRESH}.invalid"
"""Nobody has this name (RFC 6761); whoever says so has been reached."""


@dataclass(frozen=True, slots=True)
class DnsPod:
    name: str
    address: str
    node: str
    ready: bool
    restarts: int
    loop: bool
    """It said that it forwards to itself."""
    silent: tuple[str, ...]
    """Resolvers that its log says gave no answer."""


@dataclass(frozen=True, slots=True)
class Dns:
    cluster: str
    address: str
    """ClusterIP of kube-dns; empty without that Service."""
    deployment: str
    """Of CoreDNS; empty when none has the label."""
    replicas: int
    """As wanted; -1 without a Deployment."""
    ready: tuple[str, ...]
    """Addresses behind the Service."""
    not_ready: tuple[str, ...]
    pods: tuple[DnsPod, ...]
    domain: str
    forwards: tuple[str, ...]
    """What CoreDNS forwards other names to: addresses, or /etc/resolv.conf of its node."""


@dataclass(frozen=True, slots=True)
class DnsTries:
    cluster: str
    tries: tuple[Tried, ...]
    """`of` is service-inside, service-outside, pod-inside or pod-outside: asked whom, for a name of where."""
    not_tried: tuple[str, ...]
    """Why from some places nothing could be tried."""
    pods: int
    """Pods from which something was tried."""


class _DeploymentSpec(shapes.Shape):
    replicas: int = 1


class _Deployment(shapes.Shape):
    metadata: shapes.Meta
    spec: _DeploymentSpec = msgspec.field(default_factory=_DeploymentSpec)


class _Deployments(shapes.Shape):
    items: list[_Deployment] | None


class _ConfigMap(shapes.Shape):
    data: dict[str, str] | None = None


_SERVICE = ApiRequest((*_IN, "services", "kube-dns"), shape=shapes.Service)
_SLICES = ApiRequest(
    ("apis", "discovery.k8s.io", "v1", "namespaces", "kube-system", "endpointslices"),
    (("labelSelector", "kubernetes.io/service-name=kube-dns"), CACHED),
    shape=shapes.EndpointSliceList,
)
_DEPLOYMENTS = ApiRequest(
    ("apis", "apps", "v1", "namespaces", "kube-system", "deployments"), (_LABEL, CACHED), shape=_Deployments
)
_PODS = ApiRequest((*_IN, "pods"), (_LABEL, CACHED), shape=shapes.PodList)
_COREFILE = ApiRequest((*_IN, "configmaps", "coredns"), shape=_ConfigMap)


@probe(
    "k8s.dns",
    commands=("GET /api/v1/namespaces/", "GET /apis/discovery.k8s.io/v1/", "GET /apis/apps/v1/"),
    timeout=20.0,
    on="cluster",
)
async def dns(cluster: str, toolbox: Toolbox) -> Dns:
    """kube-dns: its address, who stands behind it, what these pods said last, and where they ask further."""
    api = await toolbox.api(f"cluster:{cluster}")
    address, slices, deployments, pods, corefile = await asyncio.gather(
        _address(api),
        fetch(api, _SLICES, shapes.EndpointSliceList),
        fetch(api, _DEPLOYMENTS, _Deployments),
        fetch(api, _PODS, shapes.PodList),
        _corefile(api),
    )
    some = (pods.items or [])[:_MOST_PODS]
    said = await asyncio.gather(*(_said(api, pod) for pod in some))
    deployment = next(iter(deployments.items or ()), None)
    ready, not_ready = behind(slices)
    return Dns(
        cluster=cluster,
        address=address,
        deployment=deployment.metadata.name if deployment else "",
        replicas=deployment.spec.replicas if deployment else -1,
        ready=ready,
        not_ready=not_ready,
        pods=tuple(dns_pod(pod, log) for pod, log in zip(some, said, strict=True)),
        domain=parse_domain(corefile),
        forwards=parse_forwards(corefile),
    )


async def _address(api: Api) -> str:
    try:
        return (await fetch(api, _SERVICE, shapes.Service)).spec.cluster_ip
    except NotFound:
        return ""


async def _corefile(api: Api) -> str:
    """Empty where CoreDNS is configured in another way."""
    try:
        return ((await fetch(api, _COREFILE, _ConfigMap)).data or {}).get("Corefile", "")
    except NotRecorded:
        raise
    except ProbeError:
        return ""


def behind(slices: shapes.EndpointSliceList) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses that are ready, and those that are not."""
    ends = [end for one in slices.items or () for end in one.endpoints or ()]
    ready = [a for end in ends if end.conditions.ready is not False for a in end.addresses or ()]
    others = [a for end in ends if end.conditions.ready is False for a in end.addresses or ()]
    return tuple(dict.fromkeys(ready)), tuple(dict.fromkeys(others))


async def _said(api: Api, pod: shapes.Pod) -> str:
    """Of the container now, and of the one before it where it was started again."""
    again = any(one.restart_count for one in pod.status.container_statuses or ())
    logs = await asyncio.gather(*(_log(api, pod, previous) for previous in (True, False)[not again :]))
    return "\n".join(logs)


async def _log(api: Api, pod: shapes.Pod, previous: bool) -> str:
    query = [("tailLines", "40"), ("limitBytes", "16384"), *([("previous", "true")] if previous else [])]
    path = (*_IN, "pods", pod.metadata.name, "log")
    try:
        return await fetch_text(api, ApiRequest(path, tuple(query), accept="text/plain, */*"))
    except NotRecorded:
        raise
    except ProbeError:
        return ""


def dns_pod(pod: shapes.Pod, log: str) -> DnsPod:
    containers = pod.status.container_statuses or []
    return DnsPod(
        name=pod.metadata.name,
        address=next((one.ip for one in pod.status.pod_ips or ()), ""),
        node=pod.spec.node_name,
        ready=bool(containers) and all(one.ready for one in containers),
        restarts=sum(one.restart_count for one in containers),
        loop=_LOOP in log,
        silent=tuple(dict.fromkeys(inert(one or other) for one, other in _SILENT.findall(log))),
    )


def parse_domain(corefile: str) -> str:
    found = _DOMAIN.search(corefile)
    return found[1] if found else "cluster.local"


def parse_forwards(corefile: str) -> tuple[str, ...]:
    """Of the line `forward . TO…`; none when there is no such line."""
    found = _FORWARD.search(corefile)
    return tuple(map(inert, found[1].split())) if found else ()


# ------------------------------------------------------------------ asked from nodes and pods


@probe(
    "k8s.dns_tries",
    commands=(
        "GET /api/v1/nodes",
        "GET /api/v1/pods",
        "GET /api/v1/namespaces/",
        "GET /apis/discovery.k8s.io/v1/",
        *COMMANDS,
    ),
    timeout=30.0,
    on="cluster",
    domain="name",
)
async def dns_tries(cluster: str, toolbox: Toolbox, domain: str = "cluster.local") -> DnsTries:
    """Asks kube-dns, and the pods behind it directly, for a name of the cluster and for one outside; from some
    nodes and from a pod on each."""
    api = await toolbox.api(f"cluster:{cluster}")
    address, slices = await asyncio.gather(_address(api), fetch(api, _SLICES, shapes.EndpointSliceList))
    ready, others = behind(slices)
    places = await standpoints(toolbox, api, avoid=(*ready, *others))
    wanted = _questions(address, ready[:_MOST_PODS], domain)
    tried, why = await try_anyhow(toolbox, cluster, places, wanted)
    return DnsTries(cluster, tried, why, len({one.from_pod for one in tried if one.from_pod}))


def _questions(address: str, pods: tuple[str, ...], domain: str) -> list[tuple[str, Try]]:
    inside, outside = question(f"kubernetes.default.svc.{domain}"), question(OUTSIDE)
    asked = [("service", address)] * bool(address) + [("pod", pod) for pod in pods]
    return [
        (f"{who}-{where}", Try("udp", to, _PORT, message))
        for who, to in asked
        for where, message in (("inside", inside), ("outside", outside))
    ]
