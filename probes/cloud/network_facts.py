"""What probes of Neutron's networks, ports and rules return."""

from __future__ import annotations

from dataclasses import dataclass, field


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
class FloatingAddress:
    id: str
    address: str
    fixed: str
    """The port's address that it leads to; empty where it leads nowhere."""
    port: str
    status: str
    """ACTIVE, DOWN, ERROR."""


@dataclass(frozen=True, slots=True)
class FloatingAddresses:
    cloud: str
    floating: tuple[FloatingAddress, ...]


@dataclass(frozen=True, slots=True)
class GroupNames:
    cloud: str
    names: dict[str, str]
    """Id → name."""


@dataclass(frozen=True, slots=True)
class Whose:
    """The one server of the site's clouds that has an address."""

    address: str
    cloud: str
    """Empty where none has it, or more than one."""
    server: str
    unseen: tuple[str, ...]
    """Clouds that could not be asked."""


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


@dataclass(frozen=True, slots=True)
class LetsIn:
    """Whether one kind of packet comes in at a port."""

    cloud: str
    port: str
    source: str
    protocol: str
    number: int
    port_security: bool
    allowed: bool
    by: tuple[str, ...]
    """Names of the groups whose rules let it in."""
    hidden: tuple[str, ...]
    """Ids of groups that the role may not see: they may let it in."""


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


@dataclass(frozen=True, slots=True)
class RouterSubnets:
    """A router, and a subnet that shall come to it."""

    cloud: str
    router: str
    """Its id."""
    name: str
    project: str
    external: str
    """The external network's id; empty without a gateway."""
    subnet: Subnet
    attached: bool
    """The subnet is on this router already."""
    subnets: tuple[Subnet, ...]
    """Those on the router that the role may see."""
    overlapping: tuple[Subnet, ...]
    """Those of them that have addresses of the subnet."""
