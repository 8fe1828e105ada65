"""What path.trace returns."""

from __future__ import annotations

from dataclasses import dataclass

from probes.path.facts import Hit, Translation
from probes.path.mtu_facts import PathMtu


@dataclass(frozen=True, slots=True)
class TracedHop:
    """Our packets at one interface of one host, on the way there or back."""

    host: str
    at: str
    """Interface."""
    side: str
    """in or out, seen from the host."""
    direction: str
    """there or back."""
    outer: bool
    """Here they travel inside a tunnel's packets."""
    sent: int
    """How many of ours there should be: what was sent; on the way back, what was to be answered."""
    seen: int
    """How many there were, by `by`; 0 also where nobody could tell (`by` is empty then)."""
    by: str
    """capture, counter (what was counted in silence is taken off), or empty: it could not be told."""
    verdict: str
    """seen, lost (none, or less than half), unknown, or beyond (behind the dead hop)."""


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One table of Open vSwitch on the way of our packets, as `ofproto/trace` tells."""

    bridge: str
    table: int
    priority: int
    """Of the flow that matches them; -1 where none does."""
    cookie: str
    """Whose flow it is; empty where it has none."""
    match: str
    """Empty where it takes all."""
    actions: str
    """As the host lists them; as it traces them where it does not list the flow."""
    packets: int
    """As DeadHop's; -1 where nobody can tell."""
    remark: str
    """What Open vSwitch says of it by itself."""


@dataclass(frozen=True, slots=True)
class DeadHop:
    """Where our packets end, and what counted them there."""

    host: str
    at: str
    """Interface or chain."""
    direction: str
    """there or back."""
    reason: str
    """rule, policy, flow (of Open vSwitch), no-flow (none of it takes them), dead-end (one sends them nowhere),
    no-bridge, no-tunnel, no-plug (what it lacks), port (of it), rp-filter, forwarding-off, no-route, prohibited,
    neighbour, conntrack, queue, link, discarded, or listen."""
    rule: str
    """The rule or flow as the host prints it; empty for the other reasons."""
    table: str
    """Of a flow its bridge."""
    chain: str
    position: int
    """1 is the chain's first rule; 0 its policy, or no rule."""
    packets: int
    """Counted while ours were sent, without what was counted in silence; 0 where only the routing tables say so."""
    in_interface: str
    """Where they come in; empty where they begin, and on a host that is no hop."""
    out_interface: str
    """Where they would leave; empty where they are to end, or no route leads on."""
    entered: int
    """How many of ours were seen coming in there; -1 if that could not be told."""
    left: int
    """How many of ours were seen leaving; -1 if that could not be told."""
    confirmed: bool
    """Packets say so (a counter, a capture, an answer of this host), not the routing tables alone."""
    outer: bool = False
    """There they travel inside a tunnel's packets: the host is no hop of their own."""
    flows: tuple[FlowStep, ...] = ()
    """Their way through the tables of Open vSwitch to the one where they end, where its own trace explains what the
    counters say."""


@dataclass(frozen=True, slots=True)
class OwnSizes:
    """Sizes tried by the protocol that is traced, where one was asked for; bytes of a whole IP packet."""

    protocol: str
    """tcp or udp."""
    port: int
    largest: int
    """Of the largest that was acknowledged (TCP) or answered (UDP); 0 when none was."""
    lost: int
    """Of the smallest that vanished more than once while smaller ones arrive; 0 if none did."""
    chosen: int
    """The largest that both kernels agreed on; 0 where that is not known, and of UDP."""
    hits_host: str = ""
    """First machine on the way with a rule that took as many, and looks at sizes; empty when none is seen."""
    hits: tuple[Hit, ...] = ()
    """Its rules that did."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the endpoints behind a Service, tried by its own address."""

    address: str
    port: int
    sent: int
    received: int
    """Refusals of the endpoint's own machine are among them."""
    refused: int


@dataclass(frozen=True, slots=True)
class Trace:
    """N packets that can be told apart, and the counters of every host on their way before and after."""

    source: str
    target: str
    protocol: str
    """icmp, tcp or udp."""
    port: int
    sent: int
    received: int
    """Answers of any kind that only the target can give: echo replies, SYN-ACK or RST, datagrams."""
    verdict: str
    """arrives, refused (it arrives, and nobody listens), dies, some-lost, ambiguous (others' packets hide ours),
    unseen (they die where nobody could look), sizes-lost (smaller ones arrive, and larger ones vanish), or
    too-large (somebody says so of the size that was asked for)."""
    error: str
    """As in Ping: what a machine on the way said; empty if nobody said anything."""
    error_from: str
    hops: tuple[TracedHop, ...]
    """In the order of the way there, then back."""
    dead: tuple[DeadHop, ...]
    """None or one: the first on the way that lets nothing through."""
    last_seen: str
    """The last host where they were seen, or where they come from."""
    next_unseen: str
    """The first host or address behind it where they were not; the same host where they enter it and captures prove
    that none leaves; empty when they arrive or nothing is known."""
    unseen: tuple[str, ...]
    """Hosts on the way that could not be asked."""
    unread: tuple[str, ...]
    """Hosts on the way whose firewall rules could not be read: no root, or too many. None where all arrives."""
    uncounted: tuple[str, ...]
    """Hosts with rules or policies of nft that drop and have no counter. Empty where all arrives, and where the
    dead hop is named."""
    loop: bool
    """The routing tables lead in a circle."""
    changed: tuple[str, ...] = ()
    """Hosts whose rules changed or were reset meanwhile. Empty where all arrives, or the dead hop is named."""
    sizes: tuple[PathMtu, ...] = ()
    """None or one: which sizes of echo requests arrive that may not be cut, where they were tried too."""
    branches: tuple[Branch, ...] = ()
    """Endpoints of a Service, each tried from where its address is translated."""
    translations: tuple[Translation, ...] = ()
    """Where rules of hosts on the way there give them another target."""
    own_sizes: tuple[OwnSizes, ...] = ()
    """None or one: of TCP and UDP, where a size was asked for."""
