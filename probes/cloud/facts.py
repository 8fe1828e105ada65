"""Facts of clouds. What a role may not see is empty, and a field beside it says that it was not shown."""

from __future__ import annotations

from dataclasses import dataclass, field

# ------------------------------------------------------------------ the way to it


@dataclass(frozen=True, slots=True)
class ServiceReach:
    type: str
    """`network`, `compute`, `image` …, as the catalogue calls it."""
    url: str
    answers: bool
    """Something of HTTP came back that is no error of the server; a refusal for want of a role is an answer."""
    state: str
    """Empty, the HTTP status, or refused, silent, unreachable, expired, untrusted …"""
    error: str
    hint: str


@dataclass(frozen=True, slots=True)
class CloudReach:
    """The way to a cloud's APIs, layer by layer."""

    cloud: str
    stopped_at: str
    """Empty when all is well, else the first layer that failed: config, name, route, port, tls, answer, login,
    catalogue, service."""
    state: str
    """Of a port: refused, silent, unreachable. Of a certificate: expired, not-yet-valid, untrusted, wrong-name,
    own-certificate, no-tls. Else the HTTP status, or empty."""
    url: str
    """What was asked when it failed; without a failure, Keystone's."""
    address: str
    not_before: str
    """Of a certificate that was refused."""
    not_after: str
    user: str
    project: str
    roles: tuple[str, ...]
    services: tuple[ServiceReach, ...]
    silent: tuple[str, ...]
    """Types of those services that do not answer."""
    error: str
    hint: str


# ------------------------------------------------------------------ servers


@dataclass(frozen=True, slots=True)
class ServerAddress:
    network: str
    address: str
    mac: str
    kind: str
    """fixed or floating."""


@dataclass(frozen=True, slots=True)
class Server:
    id: str = ""
    name: str = ""
    status: str = ""
    """ACTIVE, BUILD, ERROR, SHUTOFF …"""
    vm_state: str = ""
    task_state: str = ""
    """Empty when nothing is being done to it."""
    power: str = ""
    """running, paused, shutdown, crashed, suspended, or empty."""
    fault_code: int = 0
    fault_message: str = ""
    fault_details: str = ""
    """For administrators."""
    host: str = ""
    """nova-compute's host; empty where the server was never placed, or `placed_known` is false."""
    hypervisor: str = ""
    instance_name: str = ""
    """libvirt's name for it, `instance-0000001a`."""
    placed_known: bool = False
    """The role may see where servers are."""
    zone: str = ""
    project: str = ""
    created: str = ""
    updated: str = ""
    addresses: tuple[ServerAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class CloudServer:
    cloud: str
    asked: str
    count: int
    """Servers that fit: two may have one name, or one address in two networks."""
    server: Server
    """The one that fits best; its `id` is empty when there is none."""
    servers: tuple[Server, ...]
    everywhere: bool
    """All projects were looked at; else only that of the login."""
    near: tuple[str, ...]
    """Asked by a name that no server has: names that begin with it."""


@dataclass(frozen=True, slots=True)
class ActionEvent:
    event: str
    """`compute__do_build_and_run_instance`, `conductor_schedule_and_build_instances` …"""
    result: str
    """Success, Error, or empty while it runs."""
    host: str
    reason: str
    """What the failed event says; the last line of its traceback for administrators."""
    started: str


@dataclass(frozen=True, slots=True)
class ServerAction:
    action: str
    """create, stop, reboot, live-migration …"""
    request_id: str
    message: str
    started: str
    events: tuple[ActionEvent, ...]


@dataclass(frozen=True, slots=True)
class HostReason:
    host: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServerActions:
    cloud: str
    server: str
    actions: tuple[ServerAction, ...]
    """Newest first."""
    failed: tuple[HostReason, ...]
    """Of the newest action: each host that tried, and why it failed there."""
    hosts: tuple[str, ...]
    """The hosts of `failed`, each once."""


# ------------------------------------------------------------------ ports


@dataclass(frozen=True, slots=True)
class FixedIp:
    address: str
    subnet: str


@dataclass(frozen=True, slots=True)
class AllowedPair:
    address: str
    """An address or a CIDR."""
    mac: str


@dataclass(frozen=True, slots=True)
class Port:
    id: str = ""
    name: str = ""
    network: str = ""
    project: str = ""
    mac: str = ""
    fixed: tuple[FixedIp, ...] = ()
    addresses: tuple[str, ...] = ()
    """Those of `fixed`."""
    allowed: tuple[AllowedPair, ...] = ()
    port_security: bool = False
    """Packets with other sources than `addresses` and `allowed` are dropped, and the security groups hold."""
    security_groups: tuple[str, ...] = ()
    device: str = ""
    """The server's or router's id."""
    owner: str = ""
    """`compute:ZONE`, `network:router_interface`, `network:dhcp` …"""
    status: str = ""
    """ACTIVE, DOWN, BUILD, N/A."""
    admin_up: bool = False
    host: str = ""
    vif_type: str = ""
    """ovs, bridge, unbound, binding_failed …"""
    vnic_type: str = ""
    details: dict[str, str] = field(default_factory=dict)
    """`bridge_name`, `datapath_type`, `ovs_hybrid_plug` …"""
    binding_known: bool = False
    """The role may see `host`, `vif_type` and `details`."""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Ports:
    cloud: str
    count: int
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class PortOf:
    """The port that has an address, fixed or floating."""

    cloud: str
    address: str
    count: int
    """More than one where networks overlap: then which one is meant is not known, and `port` is the first."""
    port: Port
    ports: tuple[Port, ...]
    floating: bool
    """The address is a floating one; `port` is what it leads to."""


@dataclass(frozen=True, slots=True)
class SecurityRule:
    id: str
    group: str
    """The group's name."""
    direction: str
    """ingress or egress."""
    ethertype: str
    """IPv4 or IPv6."""
    protocol: str
    """As the server spells it: tcp, icmp, ipip, 4 …; `any` where it says none."""
    port_min: int
    """The ICMP type for icmp; -1 for all."""
    port_max: int
    remote: str
    """A CIDR, the id of a group, or empty for everybody."""
    remote_kind: str
    """cidr, group, address-group, or any."""


@dataclass(frozen=True, slots=True)
class SecurityRules:
    cloud: str
    port: str
    port_security: bool
    """Without it no rule holds, everything passes."""
    groups: tuple[str, ...]
    """Names."""
    hidden: tuple[str, ...]
    """Ids of groups that the role may not see: what they let pass is not known."""
    rules: tuple[SecurityRule, ...]


# ------------------------------------------------------------------ agents and services


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    kind: str
    """`Open vSwitch agent`, `L3 agent`, `DHCP agent`, `Metadata agent`, `OVN Controller agent` …"""
    binary: str
    host: str
    alive: bool
    admin_up: bool
    zone: str
    heartbeat: str
    age: int
    """Seconds since its heartbeat, by the API's clock; -1 when one of both is not known."""
    bridge_mappings: dict[str, str]
    """Physical network → bridge."""
    tunnel_types: tuple[str, ...]
    tunneling_ip: str


@dataclass(frozen=True, slots=True)
class Agents:
    cloud: str
    agents: tuple[Agent, ...]
    dead: tuple[Agent, ...]
    """Those that are not alive."""


@dataclass(frozen=True, slots=True)
class ComputeService:
    id: str
    binary: str
    host: str
    zone: str
    enabled: bool
    up: bool
    forced_down: bool
    updated: str
    age: int
    """Seconds since it last reported, by the API's clock; -1 when one of both is not known."""
    disabled_reason: str


@dataclass(frozen=True, slots=True)
class ComputeServices:
    cloud: str
    services: tuple[ComputeService, ...]
    down: tuple[ComputeService, ...]
    disabled: tuple[ComputeService, ...]


@dataclass(frozen=True, slots=True)
class Hypervisor:
    id: str
    name: str
    """hypervisor_hostname: the machine's own full name."""
    host: str
    """nova-compute's host, what ports and servers are bound to."""
    address: str
    kind: str
    up: bool
    enabled: bool


@dataclass(frozen=True, slots=True)
class Hypervisors:
    cloud: str
    hypervisors: tuple[Hypervisor, ...]


# ------------------------------------------------------------------ networks


@dataclass(frozen=True, slots=True)
class HostRoute:
    destination: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Subnet:
    id: str = ""
    name: str = ""
    network: str = ""
    version: int = 0
    """4 or 6."""
    cidr: str = ""
    gateway: str = ""
    dhcp: bool = False
    dns: tuple[str, ...] = ()
    routes: tuple[HostRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    kind: str
    """flat, vlan, vxlan, geneve, gre, local."""
    physical: str
    """`physical_network`: what bridge_mappings of agents name; empty for tunnels."""
    id: int
    """VLAN or VNI; 0 without."""


@dataclass(frozen=True, slots=True)
class Network:
    cloud: str
    asked: str
    count: int
    """Networks that fit; names need not be unique."""
    id: str
    name: str
    status: str
    admin_up: bool
    external: bool
    shared: bool
    mtu: int
    port_security: bool
    """What its new ports get."""
    kind: str
    """Of the first segment, as in Segment."""
    physical: str
    segment: int
    segments: tuple[Segment, ...]
    segments_known: bool
    """The role may see `kind`, `physical` and `segment`."""
    subnets: tuple[Subnet, ...]


@dataclass(frozen=True, slots=True)
class FloatingIp:
    cloud: str
    address: str
    found: bool
    id: str
    status: str
    """ACTIVE, DOWN, ERROR."""
    port: str
    """Empty when it is associated with nothing."""
    fixed: str
    router: str
    network: str
    """The external network it is of."""
    server: str
    """Of the port; empty when the port is no server's."""
    port_status: str


@dataclass(frozen=True, slots=True)
class Router:
    id: str
    name: str
    status: str
    admin_up: bool
    external: str
    """The external network's id; empty without a gateway."""
    external_addresses: tuple[str, ...]
    snat: bool
    interface: str
    """Its address in the subnet."""
    port: str
    """Its port there."""


@dataclass(frozen=True, slots=True)
class RouterPath:
    """From a subnet over a router to an external network."""

    cloud: str
    subnet: Subnet
    routers: tuple[Router, ...]
    """Those with an interface in the subnet; the one at the subnet's gateway address first."""
    blocked_by: str
    """Empty, no-router, no-gateway (the router has no external network), gateway-differs (no router has the
    subnet's gateway address), router-down."""
