"""From Neutron's ports to those of Open vSwitch: which a packet passes on two hypervisors, which are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from probes.path.facts import Hop
from probes.trace.growing import Growing
from probes.trace.inside import Leg, Socket
from probes.trace.judging import Judgement, judge
from probes.trace.plugged import _At, _of_legs, _outside_of
from probes.trace.reading import Reading
from probes.trace.stations import Gap, Station
from probes.trace.switch import Counted, Switch, Tunnel
from probes.trace.switching import Drops
from probes.trace.watching import watched
from probes.trace.ways import Ways
from tests.probes.test_trace import NOBODY, SENT, reading, rule

ROUTER = Socket("net.example", "port-qr", "router-1")
SERVER = Socket("cmp", "port-tap")
OUTER = Socket("net.example", "port-qg", "router-1")
LEGS = (Leg(None, OUTER), Leg(ROUTER, SERVER))
NETWORK = Switch(
    (),
    {"br-ex": ("eno1",), "br-int": (), "br-tun": ()},
    bridge_of={"qr-1": "br-int", "qg-1": "br-int", "vxlan-2": "br-tun"},
    plugs={"port-qr": "qr-1", "port-qg": "qg-1"},
    tunnels=(Tunnel("vxlan-2", "br-tun", "10.9.0.1", "10.9.0.2"),),
)
COMPUTE = Switch(
    (),
    {"br-int": ("tap1",), "br-tun": ()},
    bridge_of={"tap1": "br-int", "vxlan-1": "br-tun"},
    plugs={"port-tap": "tap1"},
    tunnels=(Tunnel("vxlan-1", "br-tun", "10.9.0.2", "10.9.0.1"),),
)


def at(**switches: Switch) -> _At:
    names = {"net.example": "net", "cmp": "cmp"}
    return _At(names, switches, {"net": ("10.9.0.1",), "cmp": ("10.9.0.2",)})


def passed(where: _At) -> list[str]:
    found = _of_legs(where, LEGS, "there", {})
    return [f"{one.host} {one.side} {one.interface} {one.counts}" for one in found if isinstance(one, Station)]


def missing(where: _At) -> list[Gap]:
    return [one for one in _of_legs(where, LEGS, "there", {}) if isinstance(one, Gap)]


WHOLE = [
    "net in eno1 ",
    "net in qg-1 tx",
    "net out qr-1 rx",
    "net out vxlan-2 tx",
    "cmp in vxlan-1 rx",
    "cmp out tap1 tx",
]


def test_by_the_router_and_the_tunnel_to_the_server() -> None:
    assert passed(at(net=NETWORK, cmp=COMPUTE)) == WHOLE
    assert missing(at(net=NETWORK, cmp=COMPUTE)) == []


def test_a_host_that_does_not_say_is_no_gap() -> None:
    assert passed(at(net=NETWORK)) == WHOLE[:4]
    assert missing(at(net=NETWORK)) == []


def test_a_far_end_that_nobody_can_ask_lacks_nothing() -> None:
    """Its address is not known either: whose tunnel it is cannot be told."""
    where = replace(at(net=NETWORK), addresses={"net": ("10.9.0.1",), "cmp": ()})
    assert missing(where) == []
    assert passed(where) == WHOLE[:3]


def test_a_network_of_vlans_needs_no_tunnel() -> None:
    flat = at(net=replace(NETWORK, tunnels=()), cmp=replace(COMPUTE, tunnels=()))
    assert missing(flat) == []
    assert passed(flat) == [*WHOLE[:3], WHOLE[-1]]


def test_what_a_card_passes_through_by_itself_is_in_no_bridge() -> None:
    bare, direct = replace(COMPUTE, plugs={}), Leg(ROUTER, replace(SERVER, switched=False))
    found = _of_legs(at(net=NETWORK, cmp=bare), (direct,), "there", {})
    assert [one for one in found if isinstance(one, Gap)] == []


def test_the_bridge_of_the_tunnels_is_missing() -> None:
    bare = replace(COMPUTE, ports={"br-int": ("tap1",)}, tunnels=())
    assert missing(at(net=NETWORK, cmp=bare)) == [Gap("cmp", "there", "no-bridge", "br-tun")]


def test_a_tunnel_to_another_host_is_none_to_this_one() -> None:
    astray = replace(NETWORK, tunnels=(Tunnel("vxlan-9", "br-tun", "10.9.0.1", "10.9.0.9"),))
    assert missing(at(net=astray, cmp=COMPUTE)) == [Gap("net", "there", "no-tunnel", "cmp")]


def test_a_port_that_is_not_plugged_in() -> None:
    bare = replace(COMPUTE, plugs={})
    assert [one.reason for one in missing(at(net=NETWORK, cmp=bare))] == ["no-plug"]


# ------------------------------------------------------------------ what it comes to


def judged(counts: Mapping[tuple[str, str], Counted], *gaps: Gap, growth: Mapping[str, Growing]) -> Judgement:
    """`counts`: what grew of the network node's ports while we sent; nothing was seen on `cmp`."""
    stations = [
        one for one in _of_legs(at(net=NETWORK, cmp=COMPUTE), LEGS, "there", {}) if isinstance(one, Station)
    ]
    stations.insert(4, Station("net", "br-ex", "out", "there", outer=True))
    hop = Hop("gate", "eth0", "eth1", "", True, 0, True, "")
    first = (Station("gate", "eth0", "in", "there"), Station("gate", "eth1", "out", "there"))
    way = Ways(
        (*first, *stations), (("there", hop),), "10.0.0.9", "", ("gate", "net", "cmp"), (), gaps=gaps,
        below=("gate",), inside=True,
    )  # fmt: skip
    zero = dict.fromkeys(counts, Counted(0, 0, 0))
    drops = (Drops(0.0, {}, zero), Drops(1.0, {}, zero), Drops(2.0, {}, counts))
    empty = {("br-tun", "vxlan-1"): Counted(0, 0, 0), ("br-int", "tap1"): Counted(0, 0, 0)}
    none = (Drops(0.0, {}, empty), Drops(1.0, {}, empty), Drops(2.0, {}, empty))
    silent: tuple[Reading, Reading, Reading] = (reading(0), reading(1), reading(2))
    all_of = {"net": Growing(*silent, drops), "cmp": Growing(*silent, none), **growth}
    return judge(watched(way, all_of, {}, SENT), NOBODY, "a", "")


def counting(text: str) -> Growing:
    """A rule that counted as many as we sent."""
    silent, before, after = (reading(n, rule(count, text)) for n, count in enumerate((0, 0, SENT)))
    return Growing(silent, before, after)


WENT = {
    ("br-int", "qg-1"): Counted(0, 20, 0),
    ("br-int", "qr-1"): Counted(20, 0, 0),
    ("br-tun", "vxlan-2"): Counted(0, 20, 0),
}


def test_what_is_missing_is_the_dead_hop_where_packets_came_so_far() -> None:
    gap = Gap("cmp", "there", "no-bridge", "br-tun")
    dead = judged(WENT, gap, growth={}).dead
    assert dead
    assert (dead.host, dead.reason, dead.at, dead.confirmed) == ("cmp", "no-bridge", "br-tun", True)


def test_what_is_missing_behind_the_tunnel_ends_them_before_it() -> None:
    """The router asks in vain for the server's MAC: ours do not even enter the tunnel."""
    asking = {**WENT, ("br-int", "qr-1"): Counted(2, 0, 0), ("br-tun", "vxlan-2"): Counted(0, 2, 0)}
    dead = judged(asking, Gap("cmp", "there", "no-bridge", "br-tun"), growth={}).dead
    assert dead
    assert (dead.host, dead.reason) == ("cmp", "no-bridge")


def test_a_rule_that_drops_the_tunnel_on_a_host_that_has_let_them_pass() -> None:
    drop = "-A FORWARD -p udp -m udp --dport 4789 -j DROP"
    gate = counting(drop)
    dead = judged(WENT, growth={"gate": gate}).dead
    assert dead
    assert (dead.host, dead.rule, dead.outer, dead.entered) == ("gate", drop, True, -1)


def test_a_rule_for_others_on_that_host_is_not_blamed() -> None:
    drop = "-A FORWARD -p tcp -m tcp --dport 22 -j DROP"
    gate = counting(drop)
    assert judged(WENT, growth={"gate": gate}).dead is None


def test_the_tunnels_own_packets_pass_the_port_and_not_the_bridge() -> None:
    """With a datapath of its own Open vSwitch sends them there by itself."""
    walked = [Station("net", "br-ex", "out", "there"), Station("gate", "eth1", "in", "there")]
    found = list(_outside_of(at(net=NETWORK), walked))
    assert [(one.interface, one.outer) for one in found] == [("eno1", True), ("eth1", True)]
    assert list(_outside_of(at(net=replace(NETWORK, ports={"br-ex": ("a", "b")})), walked[:1])) == []
