"""k8s.pod_places, k8s.service_places: where pods and Services live and under which addresses, and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from probes.api import Api, ApiRequest
from probes.cluster.answers import fetch, no_collecting
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.cluster.shapes import Endpoint, Labels, PodAddress, PodSpec, Service, ServiceList, ServicePort, Shape
from probes.errors import ProbeError
from probes.probe import Toolbox, probe

_SECONDS = 20.0
_SERVICE = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class PodPlace:
    namespace: str
    name: str
    phase: str
    node: str
    addresses: tuple[str, ...]
    host_network: bool
    """It has no address of its own: those are the node's."""


@dataclass(frozen=True, slots=True)
class PodPlaces:
    cluster: str
    pods: tuple[PodPlace, ...]


@dataclass(frozen=True, slots=True)
class EndpointPlace:
    address: str
    node: str
    ready: bool


@dataclass(frozen=True, slots=True)
class ServicePlace:
    namespace: str
    name: str
    kind: str
    addresses: tuple[str, ...]
    """Cluster addresses; none for a headless one."""
    external: tuple[str, ...]
    """Of load balancers and `externalIPs`."""
    ports: tuple[str, ...]
    """`80/TCP`, `80:30080/TCP` with a node port."""
    endpoints: tuple[EndpointPlace, ...]


@dataclass(frozen=True, slots=True)
class ServicePlaces:
    cluster: str
    services: tuple[ServicePlace, ...]
    endpoints_error: str
    """Why nobody could look at endpoints; empty when they were seen."""


class _Named(Shape):
    name: str = ""
    namespace: str = ""


class _PodStatus(Shape):
    phase: str = ""
    pod_ips: list[PodAddress] | None = msgspec.field(name="podIPs", default=None)


class _Pod(Shape):
    metadata: _Named
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


class _PodList(Shape):
    items: list[_Pod] | None


class _Labelled(Shape):
    namespace: str = ""
    labels: Labels | None = None


class _Slice(Shape):
    metadata: _Labelled
    endpoints: list[Endpoint] | None = None


class _SliceList(Shape):
    items: list[_Slice] | None


_Endpoints = Mapping[tuple[str, str], list[EndpointPlace]]


@probe("k8s.pod_places", commands=("GET /api/v1/pods",), timeout=25.0, on="cluster")
async def pod_places(cluster: str, toolbox: Toolbox) -> PodPlaces:
    """Every pod with its node and addresses."""
    api = await toolbox.api(f"cluster:{cluster}")
    found = await fetch(api, _list(("api", "v1", "pods"), _PodList), _PodList)
    with no_collecting():
        return PodPlaces(cluster, tuple(map(_place, found.items or ())))


def _list(segments: tuple[str, ...], shape: type) -> ApiRequest:
    return ApiRequest(segments, (CACHED,), shape=shape, timeout=_SECONDS, limit=LIST_LIMIT)


def _place(pod: _Pod) -> PodPlace:
    return PodPlace(
        pod.metadata.namespace,
        pod.metadata.name,
        pod.status.phase,
        pod.spec.node_name,
        tuple(one.ip for one in pod.status.pod_ips or ()),
        pod.spec.host_network,
    )


@probe(
    "k8s.service_places",
    commands=("GET /api/v1/services", "GET /apis/discovery.k8s.io/v1/endpointslices"),
    timeout=25.0,
    on="cluster",
)
async def service_places(cluster: str, toolbox: Toolbox) -> ServicePlaces:
    """Every Service with its addresses, ports and endpoints."""
    api = await toolbox.api(f"cluster:{cluster}")
    found, (slices, error) = await asyncio.gather(
        fetch(api, _list(("api", "v1", "services"), ServiceList), ServiceList), _slices(api)
    )
    endpoints: dict[tuple[str, str], list[EndpointPlace]] = {}
    for one in slices.items or ():
        key = (one.metadata.namespace, (one.metadata.labels or {}).get(_SERVICE, ""))
        endpoints.setdefault(key, []).extend(_endpoints(one))
    return ServicePlaces(cluster, tuple(_service(one, endpoints) for one in found.items or ()), error)


async def _slices(api: Api) -> tuple[_SliceList, str]:
    """A role may see Services and no endpoints."""
    request = _list(("apis", "discovery.k8s.io", "v1", "endpointslices"), _SliceList)
    try:
        return await fetch(api, request, _SliceList), ""
    except ProbeError as error:
        return _SliceList(items=None), error.message


def _endpoints(one: _Slice) -> list[EndpointPlace]:
    return [
        EndpointPlace(address, endpoint.node_name or "", endpoint.conditions.ready is not False)
        for endpoint in one.endpoints or ()
        for address in endpoint.addresses or ()
    ]


def _service(one: Service, endpoints: _Endpoints) -> ServicePlace:
    spec, ingress = one.spec, one.status.load_balancer.ingress or ()
    own = spec.cluster_ips or [spec.cluster_ip]
    return ServicePlace(
        one.metadata.namespace,
        one.metadata.name,
        spec.type,
        tuple(address for address in own if address not in ("", "None")),
        (*(spec.external_ips or ()), *(at.ip for at in ingress if at.ip)),
        tuple(map(_port, spec.ports or ())),
        tuple(endpoints.get((one.metadata.namespace, one.metadata.name), ())),
    )


def _port(one: ServicePort) -> str:
    return f"{one.port}:{one.node_port}/{one.protocol}" if one.node_port else f"{one.port}/{one.protocol}"
