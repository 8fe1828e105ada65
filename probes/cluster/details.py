"""k8s.events, k8s.service, k8s.logs: one object, closely."""

from __future__ import annotations

import asyncio

from base.text import inert
from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch, fetch_text
from probes.cluster.facts import Endpoint, Event, Events, Logs, Service, ServicePort
from probes.cluster.objects import CACHED
from probes.connection import MEBIBYTE
from probes.probe import Toolbox, probe

_LOG_BYTES = 256 << 10


@probe(
    "k8s.events",
    commands=("GET /api/v1/namespaces/",),
    timeout=12.0,
    on="cluster",
    kind="name",
    name="k8s-name",
    namespace="k8s-name",
)
async def events(cluster: str, toolbox: Toolbox, kind: str, name: str, namespace: str = "default") -> Events:
    """What was said of an object (`Pod`, `Node`, …), not only Warnings; a node's events are in `default`."""
    wanted = f"involvedObject.kind={kind},involvedObject.name={name}"
    request = ApiRequest(
        ("api", "v1", "namespaces", namespace, "events"), (("fieldSelector", wanted),), shape=shapes.EventList
    )
    found = await fetch(await toolbox.api(f"cluster:{cluster}"), request, shapes.EventList)
    said = sorted(map(_event, found.items or ()), key=lambda event: event.last)
    return Events(cluster, kind, namespace, name, tuple(said))


def _event(event: shapes.Event) -> Event:
    """Two generations of the API say when and how often in other fields."""
    series = event.series or shapes.Series()
    last = event.last_timestamp or series.last_observed_time or event.event_time or event.first_timestamp or ""
    count = event.count or series.count or 1
    source = event.source.component or event.reporting_component
    return Event(event.type, event.reason, event.message, count, last, source)


# ------------------------------------------------------------------ a Service


@probe(
    "k8s.service",
    commands=("GET /api/v1/namespaces/", "GET /apis/discovery.k8s.io/v1/namespaces/"),
    timeout=12.0,
    on="cluster",
    namespace="k8s-name",
    name="k8s-name",
)
async def service(cluster: str, toolbox: Toolbox, namespace: str, name: str) -> Service:
    """A Service with its addresses and ports, and who stands behind it, ready or not."""
    api = await toolbox.api(f"cluster:{cluster}")
    itself = ApiRequest(("api", "v1", "namespaces", namespace, "services", name), shape=shapes.Service)
    behind = ApiRequest(
        ("apis", "discovery.k8s.io", "v1", "namespaces", namespace, "endpointslices"),
        (("labelSelector", f"kubernetes.io/service-name={name}"), CACHED),
        shape=shapes.EndpointSliceList,
    )
    found, slices = await asyncio.gather(
        fetch(api, itself, shapes.Service), fetch(api, behind, shapes.EndpointSliceList)
    )
    return _service(cluster, found, slices.items or [])


def _service(cluster: str, found: shapes.Service, slices: list[shapes.EndpointSlice]) -> Service:
    spec = found.spec
    balanced = (one.ip or one.hostname for one in found.status.load_balancer.ingress or ())
    ends = [end for one in slices for end in one.endpoints or ()]
    ports = {port.port for one in slices for port in one.ports or () if port.port is not None}
    return Service(
        cluster=cluster,
        namespace=found.metadata.namespace,
        name=found.metadata.name,
        kind=spec.type,
        cluster_address=spec.cluster_ip,
        external_addresses=(*(spec.external_ips or ()), *balanced),
        selector=spec.selector or {},
        ports=tuple(
            ServicePort(one.name, one.protocol, one.port, str(one.target_port), one.node_port)
            for one in spec.ports or ()
        ),
        ready=_endpoints(ends, ready=True),
        not_ready=_endpoints(ends, ready=False),
        endpoint_ports=tuple(sorted(ports)),
    )


def _endpoints(ends: list[shapes.Endpoint], *, ready: bool) -> tuple[Endpoint, ...]:
    """An endpoint that does not say is ready, by the API's rule."""
    return tuple(
        Endpoint(address, end.node_name or "", end.target_ref.name if end.target_ref else "")
        for end in ends
        if (end.conditions.ready is not False) is ready
        for address in end.addresses or ()
    )


# ------------------------------------------------------------------ what a container said


@probe(
    "k8s.logs",
    commands=("GET /api/v1/namespaces/",),
    timeout=15.0,
    on="cluster",
    namespace="k8s-name",
    pod="k8s-name",
    container="k8s-name",
    previous="yes-no",
    lines="count",
)
async def logs(
    cluster: str,
    toolbox: Toolbox,
    namespace: str,
    pod: str,
    container: str = "",
    previous: bool = False,
    lines: int = 200,
) -> Logs:
    """The last lines of a container, or of the one before it; the kubelet of its node is asked for them."""
    query = [("tailLines", str(min(lines, 2000))), ("limitBytes", str(_LOG_BYTES))]
    query += [("container", container)] if container else []
    query += [("previous", "true")] if previous else []
    request = ApiRequest(
        ("api", "v1", "namespaces", namespace, "pods", pod, "log"),
        tuple(query),
        accept="text/plain, */*",
        limit=MEBIBYTE,
    )
    text = await fetch_text(await toolbox.api(f"cluster:{cluster}"), request)
    return Logs(cluster, namespace, pod, container, previous, tuple(map(inert, text.splitlines()[-2000:])))
