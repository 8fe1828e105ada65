"""What is read of the objects of OpenStack's APIs: everything else is cut away before anybody keeps it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field

from probes.cloud.ask import Link, Page


class Shape(msgspec.Struct, omit_defaults=True):
    """Fields the role may not see are missing, so all but `id` have a default that says so."""


# ------------------------------------------------------------------ network


class FixedIp(Shape):
    ip_address: str = ""
    subnet_id: str = ""


class Pair(Shape):
    ip_address: str = ""
    mac_address: str = ""


class Port(Shape):
    id: str
    name: str = ""
    network_id: str = ""
    project_id: str = ""
    mac_address: str = ""
    fixed_ips: tuple[FixedIp, ...] = ()
    allowed_address_pairs: tuple[Pair, ...] = ()
    port_security_enabled: bool | None = None
    security_groups: tuple[str, ...] = ()
    device_id: str = ""
    device_owner: str = ""
    status: str = ""
    admin_state_up: bool = True
    host: str | None = field(name="binding:host_id", default=None)
    vif_type: str | None = field(name="binding:vif_type", default=None)
    vnic_type: str | None = field(name="binding:vnic_type", default=None)
    vif_details: dict[str, Any] = field(name="binding:vif_details", default_factory=dict)
    revision_number: int = 0


class Ports(Page[Port]):
    items: tuple[Port, ...] = field(name="ports")
    links: tuple[Link, ...] = field(name="ports_links", default=())


class OnePort(Shape):
    port: Port


class Rule(Shape):
    id: str
    security_group_id: str = ""
    direction: str = ""
    ethertype: str | None = None
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    remote_address_group_id: str | None = None


class Group(Shape):
    id: str
    name: str = ""
    stateful: bool = True
    security_group_rules: tuple[Rule, ...] = ()


class Groups(Page[Group]):
    items: tuple[Group, ...] = field(name="security_groups")
    links: tuple[Link, ...] = field(name="security_groups_links", default=())


class OneGroup(Shape):
    security_group: Group


class Agent(Shape):
    id: str
    agent_type: str = ""
    binary: str = ""
    host: str = ""
    alive: bool = False
    admin_state_up: bool = False
    availability_zone: str | None = None
    heartbeat_timestamp: str | None = None
    started_at: str | None = None
    configurations: dict[str, Any] = field(default_factory=dict)


class Agents(Page[Agent]):
    items: tuple[Agent, ...] = field(name="agents")
    links: tuple[Link, ...] = field(name="agents_links", default=())


class Floating(Shape):
    id: str
    floating_ip_address: str = ""
    fixed_ip_address: str | None = None
    floating_network_id: str = ""
    port_id: str | None = None
    router_id: str | None = None
    status: str = ""
    project_id: str = ""


class Floatings(Page[Floating]):
    items: tuple[Floating, ...] = field(name="floatingips")
    links: tuple[Link, ...] = field(name="floatingips_links", default=())


class HostRoute(Shape):
    destination: str = ""
    nexthop: str = ""


class Pool(Shape):
    start: str = ""
    end: str = ""


class Subnet(Shape):
    id: str
    name: str = ""
    network_id: str = ""
    ip_version: int = 4
    cidr: str = ""
    gateway_ip: str | None = None
    enable_dhcp: bool = True
    dns_nameservers: tuple[str, ...] = ()
    host_routes: tuple[HostRoute, ...] = ()
    allocation_pools: tuple[Pool, ...] = ()


class Subnets(Page[Subnet]):
    items: tuple[Subnet, ...] = field(name="subnets")
    links: tuple[Link, ...] = field(name="subnets_links", default=())


class Segment(Shape):
    network_type: str | None = field(name="provider:network_type", default=None)
    physical_network: str | None = field(name="provider:physical_network", default=None)
    segmentation_id: int | None = field(name="provider:segmentation_id", default=None)


class Network(Segment):
    id: str = ""
    name: str = ""
    status: str = ""
    admin_state_up: bool = True
    mtu: int = 0
    shared: bool = False
    external: bool = field(name="router:external", default=False)
    port_security_enabled: bool | None = None
    segments: tuple[Segment, ...] = ()


class Networks(Page[Network]):
    items: tuple[Network, ...] = field(name="networks")
    links: tuple[Link, ...] = field(name="networks_links", default=())


class Gateway(Shape):
    network_id: str = ""
    enable_snat: bool = True
    external_fixed_ips: tuple[FixedIp, ...] = ()


class Router(Shape):
    id: str
    name: str = ""
    project_id: str = ""
    status: str = ""
    admin_state_up: bool = True
    external_gateway_info: Gateway | None = None


class Routers(Page[Router]):
    items: tuple[Router, ...] = field(name="routers")
    links: tuple[Link, ...] = field(name="routers_links", default=())


class OneRouter(Shape):
    router: Router


# ------------------------------------------------------------------ compute


class Fault(Shape):
    code: int = 0
    message: str = ""
    created: str = ""
    details: str = ""


class ServerAddress(Shape):
    addr: str = ""
    version: int = 4
    kind: str = field(name="OS-EXT-IPS:type", default="")
    mac: str = field(name="OS-EXT-IPS-MAC:mac_addr", default="")


class Server(Shape):
    id: str
    name: str = ""
    status: str = ""
    created: str = ""
    updated: str = ""
    tenant_id: str = ""
    fault: Fault | None = None
    addresses: dict[str, tuple[ServerAddress, ...]] = field(default_factory=dict)
    vm_state: str | None = field(name="OS-EXT-STS:vm_state", default=None)
    task_state: str | None = field(name="OS-EXT-STS:task_state", default=None)
    power_state: int = field(name="OS-EXT-STS:power_state", default=0)
    zone: str | None = field(name="OS-EXT-AZ:availability_zone", default=None)
    host: str | None = field(name="OS-EXT-SRV-ATTR:host", default=None)
    hypervisor: str | None = field(name="OS-EXT-SRV-ATTR:hypervisor_hostname", default=None)
    instance_name: str = field(name="OS-EXT-SRV-ATTR:instance_name", default="")


class Servers(Page[Server]):
    items: tuple[Server, ...] = field(name="servers")
    links: tuple[Link, ...] = field(name="servers_links", default=())


class OneServer(Shape):
    server: Server


class Event(Shape):
    event: str = ""
    result: str | None = None
    host: str | None = None
    details: str | None = None
    traceback: str | None = None
    start_time: str | None = None
    finish_time: str | None = None


class Action(Shape):
    request_id: str = ""
    action: str = ""
    message: str | None = None
    start_time: str = ""
    events: tuple[Event, ...] = ()


class Actions(Shape):
    actions: tuple[Action, ...] = field(name="instanceActions")


class OneAction(Shape):
    action: Action = field(name="instanceAction")


class Service(Shape):
    id: str | int
    binary: str = ""
    host: str = ""
    zone: str = ""
    status: str = ""
    state: str = ""
    updated_at: str | None = None
    disabled_reason: str | None = None
    forced_down: bool = False


class Services(Shape):
    services: tuple[Service, ...]


class ServiceOf(Shape):
    host: str = ""
    disabled_reason: str | None = None


class Hypervisor(Shape):
    id: str | int
    hypervisor_hostname: str = ""
    state: str = ""
    status: str = ""
    host_ip: str = ""
    hypervisor_type: str = ""
    service: ServiceOf = field(default_factory=ServiceOf)


class Hypervisors(Shape):
    hypervisors: tuple[Hypervisor, ...]


# ------------------------------------------------------------------ identity


class Endpoint(Shape):
    interface: str = ""
    region: str = ""
    url: str = ""


class CatalogueEntry(Shape):
    type: str = ""
    name: str = ""
    endpoints: tuple[Endpoint, ...] = ()


class Catalogue(Shape):
    catalog: tuple[CatalogueEntry, ...]
