"""What is read of objects of the API; everything else is skipped while it is decoded."""

from __future__ import annotations

import msgspec

Labels = dict[str, str]


class Shape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """Fields that are missing have their default; of another type, the answer is unreadable."""


class Owner(Shape):
    kind: str = ""
    name: str = ""


class Meta(Shape):
    name: str = ""
    namespace: str = ""
    labels: Labels | None = None
    owner_references: list[Owner] | None = None
    deletion_timestamp: str | None = None


class Version(Shape):
    git_version: str = ""


class Condition(Shape):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


# ------------------------------------------------------------------ nodes


class Taint(Shape):
    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Shape):
    pod_cidr: str = msgspec.field(name="podCIDR", default="")
    pod_cidrs: list[str] | None = msgspec.field(name="podCIDRs", default=None)
    provider_id: str = msgspec.field(name="providerID", default="")
    taints: list[Taint] | None = None
    unschedulable: bool = False


class NodeAddress(Shape):
    type: str = ""
    address: str = ""


class NodeInfo(Shape):
    kubelet_version: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    os_image: str = ""


class NodeStatus(Shape):
    addresses: list[NodeAddress] | None = None
    conditions: list[Condition] | None = None
    node_info: NodeInfo = msgspec.field(default_factory=NodeInfo)


class Node(Shape):
    metadata: Meta
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class NodeList(Shape):
    items: list[Node] | None


# ------------------------------------------------------------------ pods


class Waiting(Shape):
    reason: str = ""
    message: str = ""


class Terminated(Shape):
    exit_code: int = 0
    reason: str = ""
    message: str = ""


class Running(Shape):
    pass


class State(Shape):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Shape):
    name: str = ""
    image: str = ""
    ready: bool = False
    restart_count: int = 0
    state: State = msgspec.field(default_factory=State)
    last_state: State = msgspec.field(default_factory=State)


class PodAddress(Shape):
    ip: str = ""


class PodSpec(Shape):
    node_name: str = ""
    host_network: bool = False


class PodStatus(Shape):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ips: list[PodAddress] | None = msgspec.field(name="podIPs", default=None)
    conditions: list[Condition] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    container_statuses: list[ContainerStatus] | None = None


class Pod(Shape):
    metadata: Meta
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class PodList(Shape):
    items: list[Pod] | None


# ------------------------------------------------------------------ events, services


class Source(Shape):
    component: str = ""


class Series(Shape):
    count: int = 0
    last_observed_time: str | None = None


class Event(Shape):
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    source: Source = msgspec.field(default_factory=Source)
    reporting_component: str = ""
    series: Series | None = None


class EventList(Shape):
    items: list[Event] | None


class ServicePort(Shape):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: int | str = ""
    node_port: int = 0


class ServiceSpec(Shape):
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    cluster_ips: list[str] | None = msgspec.field(name="clusterIPs", default=None)
    external_ips: list[str] | None = msgspec.field(name="externalIPs", default=None)
    selector: Labels | None = None
    ports: list[ServicePort] | None = None


class Ingress(Shape):
    ip: str = ""
    hostname: str = ""


class Balancer(Shape):
    ingress: list[Ingress] | None = None


class ServiceStatus(Shape):
    load_balancer: Balancer = msgspec.field(default_factory=Balancer)


class Service(Shape):
    metadata: Meta
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)
    status: ServiceStatus = msgspec.field(default_factory=ServiceStatus)


class ServiceList(Shape):
    items: list[Service] | None


class EndpointConditions(Shape):
    ready: bool | None = None


class Reference(Shape):
    kind: str = ""
    name: str = ""


class Endpoint(Shape):
    addresses: list[str] | None = None
    conditions: EndpointConditions = msgspec.field(default_factory=EndpointConditions)
    node_name: str | None = None
    target_ref: Reference | None = None


class EndpointPort(Shape):
    name: str = ""
    port: int | None = None


class EndpointSlice(Shape):
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


class EndpointSliceList(Shape):
    items: list[EndpointSlice] | None
