"""What probes of one Linux machine return."""

from __future__ import annotations

from dataclasses import dataclass


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
class Load:
    host: str
    load: float
    """Of the last minute."""
    cores: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """The kernel's table of connections; all zero where it keeps none."""

    host: str
    count: int = 0
    most: int = 0
    """The table is full with so many."""
    buckets: int = 0
    dropped: int = 0
    """Packets since the start that found no room in it."""
    raisable: bool = False
    """Not in a container, where the limit is the host's."""
    busiest: str = ""
    """The address that began the most of them, and in how many of a hundred."""
    share: int = 0


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
class TunnelTo:
    """The tunnel in which packets to an address leave; without `kind` there is none."""

    host: str
    target: str
    interface: str
    error: str
    """Of the route, as in RouteGet."""
    kind: str = ""
    """vxlan, geneve or ipip."""
    port: int = 0
    """UDP; 0 for ipip."""
    protocol: str = ""
    """udp, or 4 for ipip."""
    local: str = ""
    remote: str = ""
    """The outer addresses: this machine's, and that of the machine at the far end; empty if it is not known."""


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


@dataclass(frozen=True, slots=True)
class Unit:
    """One systemd unit as it is now."""

    host: str
    unit: str
    installed: bool
    active: str
    """ActiveState: active, inactive, failed, activating (also between two tries), deactivating."""
    sub: str
    """SubState: running, dead, auto-restart, exited …"""
    enabled: bool
    ran: bool
    """It runs, or its journal says that it has run there."""
    restarts: int
    """How often systemd has restarted it by itself since it was started."""
    failing: bool
    """It ends soon after each start: between two tries, or started again less than a minute ago."""
    status: int
    """Exit status of its last main process; 0 while it runs."""
    pid: int
    frozen: bool
    """Stopped by a signal: systemd calls it active, and it does nothing."""
    errors: tuple[str, ...]
    """What it complained of, oldest first, each once: since it was started if it runs, else at the end. Empty for
    one that was stopped and, among many, for one that is well."""


@dataclass(frozen=True, slots=True)
class Disk:
    mount: str
    device: str
    size: int
    """Bytes."""
    available: int
    used_percent: int
    inodes_percent: int
    """0 where the file system does not count them."""
    can_grow: int
    """Bytes of the disk behind the partition that belong to no partition; 0 where it is no partition."""
    disk: str = ""
    """On which the partition lies, where it can grow."""
    part: int = 0
    """Its number there."""
    filesystem: str = ""
    """ext4, xfs, …; looked at where it is full and can grow."""


@dataclass(frozen=True, slots=True)
class Disks:
    host: str
    disks: tuple[Disk, ...]
    growpart: bool = False
    """The program is there; looked at where a disk is full and can grow."""
    journal: int = 0
    """Bytes of the journals that systemd keeps; looked at where bytes, not inodes, are short there."""
    journal_mount: str = ""
    """The file system that they lie in; empty where none are kept."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A machine's clock beside others."""

    host: str
    ahead: int
    """Seconds before the middle one of the others, at least; 0 when it is not."""
    behind: int
    beside: tuple[str, ...]
    """Hosts whose clocks it was held against, and `operator`."""
    unit: str
    """Its time service: chrony, systemd-timesyncd, ntpd …; empty when none is installed."""
    running: bool
