"""Facts of clusters: frozen, typed values parsed from answers of the API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterReach:
    """How far the way to an API leads."""

    cluster: str
    server: str
    """Its URL; empty when a control node asks."""
    address: str
    via: str
    """Control node that asks, or proxy."""
    stopped_at: str
    """Empty, or the layer that fails: kubeconfig, plugin (which gives no login), host, login, name, route, port,
    proxy, tls, http, ready."""
    reason: str
    """`reason` of the ProbeError: timeout, unreachable, certificate, denied, …"""
    error: str
    hint: str
    version: str
    not_ready: tuple[str, ...]
    """Checks of /readyz that fail: etcd, poststarthook/…"""
    insecure: bool
    """The kubeconfig says that nobody's certificate is looked at."""
    seconds: float
    """Of the fastest answer, as asked from here; 0 where the way ends before."""

    @property
    def untold(self) -> str:
        """Why nobody could look further."""
        return self.error if self.stopped_at else ""


@dataclass(frozen=True, slots=True)
class Condition:
    kind: str
    """Ready, MemoryPressure, NetworkUnavailable, …"""
    status: str
    """True, False or Unknown."""
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    addresses: tuple[str, ...]
    internal_address: str
    """The first InternalIP."""
    pod_cidrs: tuple[str, ...]
    provider_id: str
    ready: str
    """True, False or Unknown; empty when the node never said so."""
    reason: str
    message: str
    conditions: tuple[Condition, ...]
    taints: tuple[str, ...]
    """`key=value:effect`."""
    unschedulable: bool
    kubelet: str
    kernel: str
    runtime: str
    os_image: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nodes:
    cluster: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    image: str
    init: bool
    ready: bool
    restarts: int
    state: str
    """waiting, running or terminated; empty when the kubelet has not said."""
    reason: str
    """Of that state: CrashLoopBackOff, ImagePullBackOff, Completed, …"""
    message: str
    exit_code: int
    """Of that state; -1 when it has not ended."""
    last_reason: str
    """Why it ended the last time: Error, OOMKilled, …"""
    last_exit_code: int
    """-1 when it has not ended before."""
    last_message: str


@dataclass(frozen=True, slots=True)
class Pod:
    namespace: str
    name: str
    phase: str
    reason: str
    """Evicted, NodeLost, …"""
    message: str
    ready: bool
    node: str
    addresses: tuple[str, ...]
    host_network: bool
    owner: str
    """`ReplicaSet/web-5d4f`; empty for a bare one."""
    deleting: bool
    unschedulable: str
    """Why no node takes it; empty when it has one."""
    containers: tuple[Container, ...]
    """Init containers first."""


@dataclass(frozen=True, slots=True)
class Pods:
    cluster: str
    pods: tuple[Pod, ...]


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    """Normal or Warning: `CIDRNotAvailable` is Normal, so do not look at Warnings alone."""
    reason: str
    message: str
    count: int
    last: str
    """When it was seen last, as the API says it."""
    source: str
    """kubelet, scheduler, …"""


@dataclass(frozen=True, slots=True)
class Events:
    """Of one object, the latest last."""

    cluster: str
    kind: str
    namespace: str
    name: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class ServicePort:
    name: str
    protocol: str
    port: int
    target: str
    """Number or name."""
    node_port: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    address: str
    node: str
    pod: str


@dataclass(frozen=True, slots=True)
class Service:
    cluster: str
    namespace: str
    name: str
    kind: str
    """ClusterIP, NodePort, LoadBalancer or ExternalName."""
    cluster_address: str
    """`None` for a headless one."""
    external_addresses: tuple[str, ...]
    """Of load balancers and `externalIPs`."""
    selector: dict[str, str]
    ports: tuple[ServicePort, ...]
    ready: tuple[Endpoint, ...]
    not_ready: tuple[Endpoint, ...]
    endpoint_ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Logs:
    """The end of what a container said."""

    cluster: str
    namespace: str
    pod: str
    container: str
    previous: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """What an address is in the cluster."""

    cluster: str
    address: str
    kind: str
    """node, pod or service; empty when the cluster does not know it."""
    namespace: str
    name: str
    node: str
    """Node of the pod, or the node itself."""
    others: tuple[str, ...]
    """Further holders, as `pod default/web-0`: an address twice is a finding."""
