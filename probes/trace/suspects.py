"""What on a host may have ended our packets: rules, the kernel's own counters, routing tables, neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from probes.linux.facts import FirewallRule
from probes.linux.firewall import BLOCKING
from probes.path.facts import Hop
from probes.path.firewall_hits import can_see
from probes.trace.facts import DeadHop
from probes.trace.growing import Growing
from probes.trace.switching import may_match
from probes.trace.watching import Watched

_KERNEL = (
    ("rp-filter", ("TcpExtIPReversePathFilter",)),
    ("conntrack", ("ConntrackDrop",)),
    ("conntrack", ("ConntrackInsertFailed",)),
    ("no-route", ("IpExtInNoRoutes", "IpOutNoRoutes")),
    ("listen", ("TcpExtListenDrops",)),
)
_SELDOM = ("ConntrackDrop",)
"""What no host counts unless its table is full: then it drops others' beside ours. Of the rest a host at the edge
of a network counts hundreds a second that have nothing to do with us."""
REASONS = (
    "rule",
    "policy",
    "flow",
    "no-bridge",
    "no-tunnel",
    "no-plug",
    "port",
    "rp-filter",
    "forwarding-off",
    "conntrack",
    "no-route",
    "prohibited",
    "neighbour",
    "listen",
    "queue",
    "link",
    "discarded",
)
"""Most telling first: what stands later may only be the shadow of what stands before."""
MISSING = ("no-bridge", "no-tunnel", "no-plug")
_DEAF = ("FAILED", "INCOMPLETE")


@dataclass(frozen=True, slots=True)
class _Place:
    host: str
    direction: str
    hop: Hop | None
    """None for a host that is no hop: it bridges for one."""
    outer: bool = False
    """What it sees are a tunnel's packets."""

    @property
    def in_interface(self) -> str:
        return self.hop.in_interface if self.hop else ""

    @property
    def out_interface(self) -> str:
        return self.hop.out_interface if self.hop else ""


def suspects(watched: Watched, error: str) -> list[DeadHop]:
    """All of them, on every host of the way; `error` is what the sender heard."""
    found: list[DeadHop] = []
    for place in _places(watched):
        growing = watched.growing.get(place.host)
        if growing is not None:
            found += _counted(watched, place, growing)
        if place.hop is not None:
            found += _told_by_tables(watched, place, place.hop, error)
    return [*found, *_missing(watched)]


def _places(watched: Watched) -> list[_Place]:
    hops = [_Place(hop.host, direction, hop) for direction, hop in watched.ways.hops]
    known = {place.host for place in hops}
    inside = dict.fromkeys((one.host, one.direction) for one in watched.ways.stations if one.bridge)
    known |= {host for host, _ in inside}
    others = (_Place(host, "there", None) for host in watched.ways.hosts if host not in known)
    return [*hops, *(_Place(*one, None) for one in inside), *others, *_below(watched)]


def _below(watched: Watched) -> Iterator[_Place]:
    """Hosts that tunnels go through, beside what they are themselves on the way."""
    directions = dict.fromkeys(one.direction for one in watched.ways.stations if one.outer)
    for host in watched.ways.below if watched.ways.inside else ():
        yield from (_Place(host, direction, None, outer=True) for direction in directions)


def _counted(watched: Watched, place: _Place, growing: Growing) -> Iterator[DeadHop]:
    ends_here = _end_below(watched, place) if place.outer else _ends_here(watched, place)
    for rule, grown in growing.rules():
        ends = ends_here and (place.outer or not _is_elsewhere(watched, place, rule))
        counts = grown.may_be(watched.sent) if ends else grown.is_like(watched.sent)
        if counts and rule.verdict in BLOCKING and rule.table != "nat" and _may_be_ours(watched, place, rule):
            yield _by_rule(watched, _hooked(watched, place, rule), rule, grown.ours)
    if not place.outer:
        yield from _by_flows(watched, place, growing)
        yield from _by_ports(watched, place, growing)
    for reason, names in _KERNEL:
        grown = growing.counter(*names)
        busy = ends_here and names == _SELDOM
        counts = grown.may_be(watched.sent) if busy else grown.is_like(watched.sent)
        if counts and (reason != "listen" or _listens(watched, place)):
            yield _dead(watched, place, reason, _where(place, reason), grown.ours)
    if place.hop is not None:
        yield from _by_hop(watched, place, place.hop, growing)


def _by_flows(watched: Watched, place: _Place, growing: Growing) -> Iterator[DeadHop]:
    for (bridge, text), grown in growing.flow_drops():
        ours = place.hop is None or may_match(text, watched.protocol, below=_is_below(watched, place))
        if ours and grown.is_like(watched.sent):
            dead = _dead(watched, place, "flow", bridge, grown.ours)
            yield _at_ports(watched, replace(dead, rule=text, table=bridge))


def _by_ports(watched: Watched, place: _Place, growing: Growing) -> Iterator[DeadHop]:
    for (bridge, port), grown in growing.port_drops():
        if grown.is_like(watched.sent):
            yield _at_ports(watched, replace(_dead(watched, place, "port", port, grown.ours), table=bridge))


def _missing(watched: Watched) -> Iterator[DeadHop]:
    """Without it no packet goes on, which is proven where one came so far."""
    for gap in watched.ways.gaps:
        place = _Place(gap.host, gap.direction, None)
        came = any(one.is_seen(watched.sent) for one in watched.sights if one.station.direction == gap.direction)
        yield _at_ports(watched, _dead(watched, place, gap.reason, gap.at, 0, confirmed=came))


def _at_ports(watched: Watched, dead: DeadHop) -> DeadHop:
    """Seen from the bridge: what comes in at a port, and what leaves by one."""
    came = watched.of(dead.host, dead.direction, "in")
    left = watched.of(dead.host, dead.direction, "out")
    return replace(
        dead,
        in_interface=came[0].station.interface if came else dead.in_interface,
        out_interface=left[-1].station.interface if left else dead.out_interface,
        entered=came[0].seen if came and came[0].by else -1,
        left=left[-1].seen if left and left[-1].by else -1,
    )


def _ends_here(watched: Watched, place: _Place) -> bool:
    """A capture saw them come in and none leave: then a busy rule may be blamed too."""
    came = watched.captured(place.host, place.direction, "in")
    if came is None or not came.is_seen(watched.sent):
        return False
    if _is_target(watched, place):
        return watched.ends_unanswered()
    left = watched.captured(place.host, place.direction, "out")
    return left is not None and left.seen == 0


def _end_below(watched: Watched, place: _Place) -> bool:
    """They were seen going into the tunnel, and none coming out."""
    mine = [one for one in watched.sights if one.station.direction == place.direction]
    outer = [number for number, one in enumerate(mine) if one.station.outer]
    before, behind = mine[: outer[0]], mine[outer[-1] + 1 :]
    went = bool(before) and (before[-1].is_seen(watched.sent) or not before[-1].by)
    came = any(one.is_seen(watched.sent) for one in before)
    return went and came and any(one.is_lost(watched.sent) for one in behind)


def _is_elsewhere(watched: Watched, place: _Place, rule: FirewallRule) -> bool:
    """Of a chain that what ends here, or is sent on, does not come to."""
    return rule.chain in (
        ("FORWARD", "OUTPUT", "POSTROUTING") if _is_target(watched, place) else ("INPUT", "OUTPUT")
    )


def _is_target(watched: Watched, place: _Place) -> bool:
    """Not the node of a pod, or the host of a container: they send on to it."""
    return place.host == watched.ways.owner and place.direction == "there" and not place.out_interface


def _may_be_ours(watched: Watched, place: _Place, rule: FirewallRule) -> bool:
    """Not written for another protocol; inside a tunnel they are UDP or IP in IP to the hosts below."""
    if place.outer:
        return can_see(rule, "udp")
    return _is_below(watched, place) or place.hop is None or can_see(rule, watched.protocol)


def _is_below(watched: Watched, place: _Place) -> bool:
    return any(one.outer and one.host == place.host for one in watched.ways.stations)


def _listens(watched: Watched, place: _Place) -> bool:
    return watched.protocol == "tcp" and place.host == watched.ways.owner


def _by_hop(watched: Watched, place: _Place, hop: Hop, growing: Growing) -> Iterator[DeadHop]:
    astray = growing.counter("IpInAddrErrors")
    if not hop.forwarding and hop.in_interface and astray.is_like(watched.sent):
        yield _dead(watched, place, "forwarding-off", hop.in_interface, astray.ours)
    for interface in filter(None, (hop.out_interface, hop.in_interface)):
        for reason, grown in (("queue", growing.queue_drops(interface)), ("link", growing.link_drops(interface))):
            if grown.is_like(watched.sent):
                yield _dead(watched, place, reason, interface, grown.ours)
    discarded = growing.counter("IpInDiscards", "IpOutDiscards")
    if discarded.is_like(watched.sent):
        yield _dead(watched, place, "discarded", hop.out_interface or hop.in_interface, discarded.ours)
    if _is_deaf(watched, place, hop, growing):
        yield _dead(watched, place, "neighbour", hop.out_interface, 0, confirmed=True)


def _is_deaf(watched: Watched, place: _Place, hop: Hop, growing: Growing) -> bool:
    """The next hop, or the target itself where it is next, gave no answer to ARP."""
    aims = (watched.ways.target, *(one.address for one in watched.ways.translations))
    towards = (hop.gateway,) if hop.gateway else aims if place.direction == "there" else ()
    asked = [one for one in growing.after.neighbours if one.interface == hop.out_interface]
    return any(one.address in towards and one.state in _DEAF for one in asked)


def _told_by_tables(watched: Watched, place: _Place, hop: Hop, error: str) -> Iterator[DeadHop]:
    if hop.blocked_by:
        own = not hop.in_interface and bool(error) and place.direction == "there"
        came = own or _came(watched, place)
        yield _dead(watched, place, hop.blocked_by, hop.in_interface or hop.out_interface, 0, confirmed=came)


def _came(watched: Watched, place: _Place) -> bool:
    """Our packets were seen there: coming in, or, where answers begin, at the target itself."""
    least = max(1, watched.sent / 2)
    begins = place.direction == "back" and place.host == watched.ways.owner
    return watched.at(place.host, "there" if begins else place.direction, "in") >= least


def _where(place: _Place, reason: str) -> str:
    if place.hop is None:
        return ""
    return place.hop.in_interface or place.hop.out_interface


def _hooked(watched: Watched, place: _Place, rule: FirewallRule) -> _Place:
    """Answers begin at the target: what its INPUT counts is on the way there, also where that way ends at an
    address which is translated to the target's own."""
    begins = place.direction == "back" and place.host == watched.ways.owner
    return _Place(place.host, "there", None) if begins and rule.chain == "INPUT" else place


def _by_rule(watched: Watched, place: _Place, rule: FirewallRule, packets: int) -> DeadHop:
    return DeadHop(
        host=place.host,
        at=rule.chain,
        direction=place.direction,
        reason="rule" if rule.position else "policy",
        rule=rule.text,
        table=rule.table,
        chain=rule.chain,
        position=rule.position,
        packets=packets,
        in_interface=place.in_interface,
        out_interface=place.out_interface,
        entered=-1 if place.outer else watched.at(place.host, place.direction, "in", place.in_interface),
        left=-1 if place.outer else watched.at(place.host, place.direction, "out", place.out_interface),
        confirmed=True,
        outer=place.outer,
    )


def _dead(
    watched: Watched, place: _Place, reason: str, at: str, packets: int, *, confirmed: bool = False
) -> DeadHop:
    return DeadHop(
        host=place.host,
        at=at,
        direction=place.direction,
        reason=reason,
        rule="",
        table="",
        chain="",
        position=0,
        packets=packets,
        in_interface=place.in_interface,
        out_interface=place.out_interface,
        entered=watched.at(place.host, place.direction, "in", place.in_interface),
        left=watched.at(place.host, place.direction, "out", place.out_interface),
        confirmed=confirmed or packets > 0,
        outer=place.outer,
    )
