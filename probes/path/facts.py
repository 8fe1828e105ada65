"""What probes of the way between two machines return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ping:
    source: str
    target: str
    sent: int
    received: int
    error: str
    """Empty, port-unreachable, net-unreachable, host-unreachable, prohibited, frag-needed, ttl-exceeded, or
    no-route (the source itself has none)."""
    error_from: str
    """Address that sent the error; empty when it was the source itself or nobody."""
    rtt_ms: float
    """Mean round trip; 0 when nothing came back."""


@dataclass(frozen=True, slots=True)
class TraceHop:
    ttl: int
    address: str
    """Empty when nobody answered."""
    rtt_ms: float
    note: str
    """traceroute's `!N`, `!H`, `!X` …"""


@dataclass(frozen=True, slots=True)
class Traceroute:
    source: str
    target: str
    hops: tuple[TraceHop, ...]
    arrived: bool


@dataclass(frozen=True, slots=True)
class Hit:
    table: str
    chain: str
    position: int
    text: str
    spec: tuple[str, ...]
    verdict: str
    packets: int
    """Counted while our packets were sent."""
    blanket: bool
    """The rule names no address, port or state: it drops everything (perhaps on one interface)."""


@dataclass(frozen=True, slots=True)
class FirewallHits:
    """Rule counters before and after our packets. `hits` holds what grew by at least our number of packets and
    has a final verdict (ACCEPT, DROP, REJECT), chain policies included (position 0), most suspicious first."""

    host: str
    source: str
    target: str
    sent: int
    received: int
    backend: str
    hits: tuple[Hit, ...]
    in_interface: str
    """Where packets from the source come in, by the way back to it; empty if unknown."""
    out_interface: str
    """Where packets to the target leave; empty when the target is this host."""
    seen_source: str
    """Source address as seen on this host (NAT changes it); empty if it could not be seen."""
    source_net: str
    """Connected network of `seen_source` on this host, else `seen_source`/32; empty with it."""
    target_net: str
    """The route's destination that holds the target."""


@dataclass(frozen=True, slots=True)
class FirewallAlong:
    """Rule counters on every host of the way there and back, before and after our packets. What blocks first on the
    way is what is told: `hits` are those of `blocking_host`."""

    source: str
    target: str
    sent: int
    received: int
    asked: tuple[str, ...]
    """Hosts whose firewalls could be read, in the order of the way."""
    unseen: tuple[str, ...]
    """Hosts on the way that could not be asked."""
    blocking_host: str
    """First host with a DROP or REJECT rule that counts our packets; empty if there is none."""
    hits: tuple[Hit, ...]
    source_net: str
    """As in FirewallHits, at the blocking host; empty where it did not see our packets come in (a rule on the way
    back), so that no rule is written for the wrong direction."""
    target_net: str


@dataclass(frozen=True, slots=True)
class Hop:
    host: str
    in_interface: str
    out_interface: str
    gateway: str
    """Next hop's address; empty when the target is on-link or local."""
    forwarding: bool
    rp_filter: int
    """Effective on the incoming interface: max(all, interface). 0 off, 1 strict, 2 loose."""
    source_ok: bool
    """The kernel's reverse path check would let the source in on this interface."""
    blocked_by: str
    """Empty, no-route, forwarding-off, rp-filter, prohibited."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A host on the way gives packets another target (DNAT)."""

    host: str
    address: str
    port: int
    """0 for echo requests."""


@dataclass(frozen=True, slots=True)
class RouteWalk:
    """The way from a host to an address as the routing tables say, hop by hop, without sending packets."""

    source: str
    target: str
    hops: tuple[Hop, ...]
    arrived: bool
    """The last hop holds the target address."""
    owner: str
    """Host that holds the target address; empty when the walk did not get there."""
    blocked_by: str
    """Empty, or why the last hop lets nothing through: no-route, forwarding-off, rp-filter, prohibited."""
    blocked_at: str
    blocked_interface: str
    """Incoming interface there (rp-filter), empty otherwise."""
    left_site_at: str
    """Last host before the way leaves what the site knows; empty if it does not."""
    unseen: str
    """First host on the way that could not be asked; empty if all could."""
    suspects: tuple[str, ...]
    """Forwarding hosts on the way, source and owner excluded, in order."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Which neighbour leads to an address, by what the site's hosts have connected."""

    host: str
    target: str
    found: bool
    owner: str
    """Host that has the target's network connected."""
    target_net: str
    gateway: str
    """The owner's address on a network that `host` has too."""
    interface: str
    """Interface of `host` on that network."""
    dynamic: bool
    """A routing daemon (BGP, OSPF) runs on `host`: a static route is then a stopgap."""


@dataclass(frozen=True, slots=True)
class Detour:
    """Where an address is looked for on a wire, and the neighbour that reaches it where nobody answers there."""

    source: str
    target: str
    host: str
    """Last machine on the way, which looks for the address on a wire of its own; empty if none is seen."""
    interface: str = ""
    """On which it does."""
    unanswered: bool = False
    """Nobody answers it there by ARP or neighbour discovery."""
    found: bool = False
    neighbour: str = ""
    """Host that has it answer, by a way of its own."""
    gateway: str = ""
    """The neighbour's address on a network that `host` has too."""
    gateway_interface: str = ""
    """Interface of `host` on that network."""


@dataclass(frozen=True, slots=True)
class PathDrops:
    """Kernel counters on one host, before and after our packets."""

    host: str
    source: str
    target: str
    sent: int
    received: int
    forwarded: int
    """IpForwDatagrams."""
    in_addr_errors: int
    """IpInAddrErrors: not for me, and I do not forward."""
    rp_filter: int
    """TcpExtIPReversePathFilter."""
    no_routes: int
    """IpInNoRoutes + IpOutNoRoutes."""
    discards: int
    """IpInDiscards + IpOutDiscards."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Do our packets arrive at the target's host, and do answers leave it?"""

    host: str
    source: str
    target: str
    sent: int
    received: int
    echo_requests: int
    """IcmpInEchos grew by this much."""
    echo_replies: int
    """IcmpOutEchoReps grew by this much."""
    no_routes: int
    """IpOutNoRoutes grew by this much."""
    seen_source: str
    """Source address as it arrives (NAT changes it)."""
    in_interface: str
    route_back: str
    """ok, unreachable, prohibited, or unknown (source not seen)."""
    source_net: str
    """The network to route back: the sender-side network of `seen_source`, else its /32."""
    gateway: str
    """Neighbour that brought the packets: the address to route back through; empty if unknown."""


@dataclass(frozen=True, slots=True)
class TunnelBlock:
    """A rule or policy that drops a tunnel's packets."""

    host: str
    table: str
    chain: str
    position: int
    """0 is the chain's policy."""
    text: str
    verdict: str
    packets: int
    """Counted beyond what it counts anyway."""
    peers: tuple[str, ...]
    """Far ends whose tunnel it cuts, one way or both."""


@dataclass(frozen=True, slots=True)
class Tunnels:
    """UDP datagrams to a tunnel's port, sent from both of its ends, and the firewalls that counted them."""

    host: str
    local: str
    port: int
    remotes: tuple[str, ...]
    """The far ends that were tried."""
    asked: tuple[str, ...]
    """Hosts whose firewalls were read."""
    unseen: tuple[str, ...]
    """Hosts on the way that could not be asked."""
    blocks: tuple[TunnelBlock, ...]
    """What drops them, the one that cuts most tunnels first."""


@dataclass(frozen=True, slots=True)
class Held:
    """A network, and who has it."""

    network: str
    kind: str
    """host (an interface), docker or libvirt (a bridge of one host), subnet, pods, services."""
    where: str
    """Host, cloud or cluster."""
    name: str
    """Interface or subnet."""
    address: str
    """The host's own address there with its prefix length; empty for clouds and clusters."""
    idle: bool
    """Of a bridge: nothing is plugged into it."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two networks with addresses in common, of which each hides the other."""

    one: Held
    """What is changed more easily."""
    other: Held


@dataclass(frozen=True, slots=True)
class Overlaps:
    networks: tuple[Held, ...]
    overlaps: tuple[Overlap, ...]
    unseen: tuple[str, ...]
    """Hosts, clouds and clusters that could not be asked."""
