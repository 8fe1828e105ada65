"""Facts: frozen, typed values parsed from exchanges. Their fields are what conditions may read."""

from __future__ import annotations

from dataclasses import dataclass

# ------------------------------------------------------------------ one host


@dataclass(frozen=True, slots=True)
class Address:
    interface: str
    address: str
    prefix_length: int
    scope: str
    family: str
    """`inet` or `inet6`."""
    up: bool
    """The interface is administratively up."""


@dataclass(frozen=True, slots=True)
class Addresses:
    host: str
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    state: str
    """UP, DOWN, UNKNOWN, LOWERLAYERDOWN … as the kernel says."""
    up: bool
    mtu: int
    mac: str
    master: str
    kind: str
    """bridge, veth, vxlan, tun … or empty."""
    rx_packets: int
    tx_packets: int
    rx_dropped: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int


@dataclass(frozen=True, slots=True)
class Links:
    host: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    address: str
    interface: str
    mac: str
    state: str
    """REACHABLE, STALE, DELAY, PROBE, FAILED, INCOMPLETE, PERMANENT, NOARP."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    host: str
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Route:
    destination: str
    """`default` or a CIDR; a single address is a /32 or /128."""
    gateway: str
    interface: str
    protocol: str
    """kernel, boot, static, bgp, dhcp …"""
    scope: str
    source: str
    metric: int
    kind: str
    """unicast, blackhole, unreachable, prohibit, local …"""
    table: str


@dataclass(frozen=True, slots=True)
class Rule:
    priority: int
    source: str
    table: str
    text: str


@dataclass(frozen=True, slots=True)
class Routes:
    host: str
    routes: tuple[Route, ...]
    """Of all tables but `local`."""
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RouteGet:
    """What the kernel would do with one packet. `error` is empty, `unreachable` (no route), `invalid-source`
    (reverse path filter), `prohibited`, or the kernel's words."""

    host: str
    target: str
    gateway: str
    interface: str
    source: str
    local: bool
    error: str


@dataclass(frozen=True, slots=True)
class Sysctls:
    host: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class FirewallRule:
    table: str
    chain: str
    position: int
    """1 is the chain's first rule."""
    text: str
    """As `iptables-save` prints it, without counters; nft rules as nft prints them."""
    spec: tuple[str, ...]
    """The words after `-A CHAIN`, for -C, -I and -D; empty for native nft rules."""
    verdict: str
    """ACCEPT, DROP, REJECT, RETURN, MASQUERADE …, the chain jumped to, or empty."""
    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ChainPolicy:
    table: str
    chain: str
    verdict: str
    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Firewall:
    host: str
    backend: str
    """iptables-nft, iptables-legacy, nft or none; several joined by `+`."""
    rules: tuple[FirewallRule, ...]
    policies: tuple[ChainPolicy, ...]


@dataclass(frozen=True, slots=True)
class DropCounters:
    host: str
    counters: dict[str, int]
    """nstat's names: IpInAddrErrors, TcpExtIPReversePathFilter, IpForwDatagrams …"""


@dataclass(frozen=True, slots=True)
class Sshd:
    """The SSH server as the host itself sees it; needs a way in that is not SSH, or working SSH."""

    host: str
    unit: str
    """ssh.service or sshd.service; empty when the host has neither."""
    active: str
    """systemd's ActiveState: active, inactive, failed, activating."""
    process_state: str
    """First letter of /proc/PID/stat: R, S, D, T (stopped by a signal) …; empty without a process."""
    listening: bool
    fingerprints: tuple[str, ...]
    """SHA256 fingerprints of the host keys on its disk."""
    public_keys: tuple[str, ...]
    """`type base64` of the same keys, in the same order."""


# ------------------------------------------------------------------ reaching a host


@dataclass(frozen=True, slots=True)
class Reach:
    """The way to a host's shell, layer by layer. When a jump host on the way is what fails, `host` is that
    jump host and `asked` the one asked for."""

    asked: str
    host: str
    address: str
    port: int
    via: str
    """The last jump host before `host`; empty when it is reached directly."""
    stopped_at: str
    """Empty when all is well, else the first layer that failed: name, route, port, banner, key, login, sudo."""
    port_state: str
    """open, refused, silent (no answer), unreachable (ICMP or no route), prohibited, or unknown."""
    banner: str
    key_state: str
    """known, changed, unknown (never seen), revoked, or unseen (did not get that far)."""
    presented_key: str
    """`type base64`."""
    presented_fingerprint: str
    known_fingerprints: tuple[str, ...]
    known_hosts_file: str
    known_hosts_line: int
    login: str
    """ok, denied, or untried."""
    user: str
    sudo: str
    """root, passwordless, password, missing, or untried."""
    has_console: bool
    error: str
    known_name: str = ""
    """The name known_hosts has it under: HostName, [HOSTNAME]:PORT or HostKeyAlias."""


@dataclass(frozen=True, slots=True)
class KeySighting:
    seen_from: str
    """`operator`, a host's name, or `console` (read on the machine itself)."""
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeyVantages:
    """Where the same host key was seen. `agree`: every network vantage point saw the same key. `proven`: the
    machine itself, through its console, has that key on its disk. `contradicted`: its disk has another."""

    host: str
    address: str
    known_name: str
    """The name known_hosts has it under: ADDRESS, HOST or [HOST]:PORT."""
    presented_key: str
    presented_fingerprint: str
    known_fingerprints: tuple[str, ...]
    known_hosts_file: str
    seen_from: tuple[KeySighting, ...]
    vantages: int
    agree: bool
    proven: bool
    contradicted: bool


# ------------------------------------------------------------------ paths


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


# ------------------------------------------------------------------ what a fix changes


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that can be changed, as it was when it was looked at."""

    what: str
    """A kind and a name: `rules iptables/filter/INPUT`, `file /etc/hosts`, `sysctl net.ipv4.ip_forward`,
    `route 192.0.2.0/24`, `unit ssh.service`."""
    lines: tuple[str, ...]
    """All of it, for people: of a file its kind, mode, owner and label, and then its content behind `| `."""
    digest: str
    """Equal for equal states, also where `lines` cannot hold all of it."""
    revision: str = ""
    """Of an API's object, which counts its changes: it says who was there in between, and comes never back."""


@dataclass(frozen=True, slots=True)
class State:
    """What a fix is about to change. Probes that give this can be named in an action's `state`."""

    host: str
    kept: tuple[Kept, ...]
