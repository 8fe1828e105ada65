"""Open vSwitch on the way of a trace: which flow that drops has counted ours, and the port before the bridge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probes.cloud.openvswitch import parse_table
from probes.errors import UnreadableOutput
from probes.exchange import Exchange, Reply, Request
from probes.linux.facts import Link
from probes.path.facts import Hop
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from probes.trace.facts import DeadHop
from probes.trace.growing import Growing
from probes.trace.judging import judge
from probes.trace.switch import TABLES, Counted, Switch, parse_ports, parse_switch
from probes.trace.switching import Drops, Switches, has_switch, may_match, parse_drops, with_ports
from probes.trace.watching import watched
from tests.probes.test_trace import HOPS, NOBODY, SENT, reading, saw, ways

FLOWS = """\
NXST_FLOW reply (xid=0x4):
 cookie=0x666, duration=7.197s, table=0, n_packets=24, n_bytes=9028, idle_age=2, \
priority=500,icmp,nw_src=10.10.10.2,nw_dst=192.168.100.101 actions=drop
 cookie=0x0, duration=296.702s, table=0, n_packets=3, n_bytes=126, idle_age=290, priority=2,in_port=2 actions=drop
 cookie=0x0, duration=8.823s, table=71, n_packets=1, n_bytes=42, idle_timeout=60, hard_age=5, send_flow_rem \
priority=3,arp,arp_tpa=10.0.0.1 actions=drop
 cookie=0x0, duration=8.1s, table=0, n_packets=7, n_bytes=42, idle_age=1, actions=drop
 cookie=0x0, duration=296.742s, table=0, n_packets=1273, n_bytes=309262, idle_age=0, priority=0 actions=NORMAL
"""
NEWER = """\
OFPST_FLOW reply (OF1.3) (xid=0x2):
 cookie=0xffffffffffffffff, duration=8.164s, table=24, n_packets=5, n_bytes=210, reset_counts \
priority=2,in_port=1 actions=drop
"""
OURS = "table=0 priority=500,icmp,nw_src=10.10.10.2,nw_dst=192.168.100.101 actions=drop"
ROWS = {
    "Bridge": '{"data":[["br-ex",["set",[["uuid","p1"],["uuid","p2"],["uuid","p3"]]]]],'
    '"headings":["name","ports"]}',
    "Port": '{"data":[[["uuid","p1"],"br-ex",["uuid","i1"]],[["uuid","p2"],"enp1s0",["uuid","i2"]],'
    '[["uuid","p3"],"phy-br-ex",["uuid","i3"]]],"headings":["_uuid","name","interfaces"]}',
    "Interface": '{"data":[[["uuid","i1"],"br-ex","internal",65534,["map",[]],["map",[]]],'
    '[["uuid","i2"],"enp1s0","",1,["map",[["iface-id","5255ada6"]]],["map",[]]],'
    '[["uuid","i3"],"phy-br-ex","patch",2,["map",[]],["map",[["peer","int-br-ex"]]]],'
    '[["uuid","i4"],"gone0","",["set",[]],["map",[]],["map",[]]]],'
    '"headings":["_uuid","name","type","ofport","external_ids","options"]}',
}
PORTS = """\
OFPST_PORT reply (xid=0x2): 3 ports
  port  1: rx pkts=47, bytes=3774, drop=5, errs=1, frame=?, over=?, crc=?
           tx pkts=9, bytes=0, drop=2, errs=?, coll=?
  port  "phy-br-ex": rx pkts=3, bytes=0, drop=?, errs=?, frame=?, over=?, crc=?
           tx pkts=43, bytes=3936, drop=?, errs=?, coll=?
  port LOCAL: rx pkts=2, bytes=0, drop=0, errs=0, frame=0, over=0, crc=0
           tx pkts=1, bytes=0, drop=0, errs=0, coll=0
"""
NUMBERS = {("br-ex", "br-ex"): 65534, ("br-ex", "enp1s0"): 1, ("br-ex", "phy-br-ex"): 2}
READ = Switch(
    (),
    {"br-ex": ("enp1s0",)},
    bridge_of={"br-ex": "br-ex", "enp1s0": "br-ex", "phy-br-ex": "br-ex"},
    numbers={**NUMBERS},
    plugs={"5255ada6": "enp1s0"},
)
"""Of ROWS: an interface without a bridge is none of its ports."""
SWITCH = Switch((), {"eth3": ("port",)})
"""The target's own bridge is called eth3 here."""


def test_flows_that_drop_with_their_counters() -> None:
    assert parse_drops("br-ex", FLOWS) == [
        (("br-ex", OURS), 24),
        (("br-ex", "table=0 priority=2,in_port=2 actions=drop"), 3),
        (("br-ex", "table=71 priority=3,arp,arp_tpa=10.0.0.1 actions=drop"), 1),
        (("br-ex", "table=0 actions=drop"), 7),
    ]
    assert parse_drops("br-int", NEWER) == [(("br-int", "table=24 priority=2,in_port=1 actions=drop"), 5)]


def test_a_line_of_another_form_is_no_flow() -> None:
    assert parse_drops("br-ex", "ovs-ofctl: actions=drop\n cookie=0x0, n_packets=x actions=drop\n") == []


@pytest.mark.parametrize(
    ("flow", "below", "expected"),
    [
        (OURS, False, True),
        ("table=0 priority=2,in_port=2 actions=drop", False, True),
        ("table=0 priority=9,ip,nw_dst=10.0.0.1 actions=drop", False, True),
        ("table=0 priority=3,arp,arp_tpa=10.0.0.1 actions=drop", False, False),
        ("table=0 tcp,tp_dst=22 actions=drop", False, False),
        ("table=0 udp,tp_dst=4789 actions=drop", False, False),
        ("table=0 udp,tp_dst=4789 actions=drop", True, True),
        ("table=0 icmp6 actions=drop", False, True),
    ],
)
def test_flows_for_other_protocols_are_not_blamed(flow: str, below: bool, expected: bool) -> None:
    assert may_match(flow, "icmp", below=below) is expected


def test_ports_of_a_bridge_that_are_interfaces_of_the_machine() -> None:
    tables = {name: parse_table(text) for name, text in ROWS.items()}
    assert parse_switch(tables) == READ
    with pytest.raises(UnreadableOutput):
        parse_switch({**tables, "Port": [{"name": "x"}]})


def test_what_ports_have_counted() -> None:
    """By number, by name, and the bridge's own; a patch port does not count what it drops."""
    found = parse_ports("br-ex", PORTS, NUMBERS)
    assert found == {
        ("br-ex", "enp1s0"): Counted(47, 9, 8),
        ("br-ex", "phy-br-ex"): Counted(3, 43, 0),
        ("br-ex", "br-ex"): Counted(2, 1, 0),
    }
    assert parse_ports("br-ex", "OFPT_ERROR (xid=0x2)", NUMBERS) == {}


async def test_flows_tell_where_ports_are_not_recorded() -> None:
    links = {"ovs-system": Link("ovs-system", "UP", True, 1500, "", "", "", 0, 0, 0, 0, 0, 0)}
    drops = await Switches(host(**{"ovs-ofctl dump-ports br-ex": ""}), {}).begin({"c": links})
    assert (drops["c"].counts["br-ex", OURS], drops["c"].ports) == (24, {})


def test_where_open_vswitch_runs() -> None:
    link = Link("ovs-system", "UP", True, 1500, "", "", "", 0, 0, 0, 0, 0, 0)
    assert has_switch({"ovs-system": link})
    assert not has_switch({"br0": link})


def host(**said: str) -> ReplayToolbox:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    texts = {
        "cat /proc/uptime": "12.5 3.0\n",
        **{f"ovs-vsctl --format=json --columns={TABLES[name]} list {name}": text for name, text in ROWS.items()},
        "ovs-ofctl dump-flows br-ex": FLOWS,
        "ovs-ofctl dump-ports br-ex": PORTS,
        **said,
    }
    exchanges = [Exchange(Request("host:c", text, sudo=True), Reply(0, one), at) for text, one in texts.items()]
    return ReplayToolbox(Site("test", (Host("c"),)), exchanges)


async def test_what_the_flows_dropped_at_one_moment() -> None:
    switches = Switches(host(), {})
    links = {"ovs-system": Link("ovs-system", "UP", True, 1500, "", "", "", 0, 0, 0, 0, 0, 0)}
    drops = await switches.begin({"c": links, "d": {}})
    assert switches.known == {"c": READ}
    assert (drops["c"].moment, drops["c"].counts["br-ex", OURS]) == (12.5, 24)
    assert drops["c"].ports["br-ex", "enp1s0"] == Counted(47, 9, 8)


@pytest.mark.parametrize(
    "said",
    [
        {"ovs-vsctl --format=json --columns=name,ports list Bridge": "no json"},
        {f"ovs-vsctl --format=json --columns={TABLES['Interface']} list Interface": '{"data":[[1]]}'},
        {"cat /proc/uptime": "never"},
    ],
)
async def test_an_open_vswitch_that_says_what_nobody_knows_is_left_out(said: dict[str, str]) -> None:
    links = {"ovs-netdev": Link("ovs-netdev", "UP", True, 1500, "", "", "", 0, 0, 0, 0, 0, 0)}
    assert await Switches(host(**said), {}).begin({"c": links}) == {}


# ------------------------------------------------------------------ what they come to


def through(*ports: str, **counts: int) -> list[str]:
    sighted = {"c": saw(**counts)} if counts else {}
    way = with_ports(ways(*HOPS), {"c": Switch((), {"eth3": ports})}, sighted)
    return [f"{one.host} {one.interface}" for one in way.stations if one.host == "c"]


def test_the_port_stands_before_the_bridge() -> None:
    assert through("port") == ["c port", "c eth3"]
    assert through("one", "two") == ["c eth3"], "which of several is not known"
    assert through("one", "two", two_in_there=20) == ["c two", "c eth3"]
    assert through() == ["c eth3"]


def test_the_port_stands_behind_the_bridge_on_the_way_out() -> None:
    back = Hop("c", "", "eth3", "", False, 0, True, "")
    way = with_ports(ways(*HOPS, back=(back,)), {"c": SWITCH}, {})
    out = [one.interface for one in way.stations if one.direction == "back"]
    assert out == ["eth3", "port"]


def dying(*counts: int, noise: int = 0) -> DeadHop | None:
    one, two, three = (
        Drops(float(n), {("eth3", OURS): count, ("eth3", "table=0 actions=drop"): noise * n})
        for n, count in enumerate(counts)
    )
    growing = Growing(reading(0), reading(1), reading(2), (one, two, three))
    sighted = {"b": saw(eth1_in_there=20, eth2_out_there=20), "c": saw(port_in_there=20)}
    seen = watched(with_ports(ways(*HOPS), {"c": SWITCH}, sighted), {"c": growing}, sighted, SENT)
    return judge(seen, NOBODY, "a", "").dead


def test_the_flow_that_counts_ours_is_named() -> None:
    dead = dying(4, 8, 32)
    assert dead is not None
    assert (dead.host, dead.reason, dead.at, dead.table, dead.rule) == ("c", "flow", "eth3", "eth3", OURS)
    assert (dead.packets, dead.in_interface, dead.entered, dead.confirmed) == (20, "port", 20, True)


def test_a_flow_that_is_busy_with_others_is_not_blamed() -> None:
    dead = dying(0, 0, 20, noise=400)
    assert dead is not None
    assert dead.rule == OURS
    assert dying(0, 400, 820) is None


@pytest.mark.parametrize("counts", [(5, 0, 20), (5, 30, 10)], ids=["in silence", "while we sent"])
def test_flows_that_were_put_in_again_say_nothing(counts: tuple[int, int, int]) -> None:
    assert dying(*counts) is None


def test_a_flow_that_was_not_there_before_says_nothing() -> None:
    empty = Drops(0.0, {})
    late = (empty, replace(empty, moment=1.0), Drops(2.0, {("br-ex", OURS): 20}))
    assert Growing(reading(0), reading(1), reading(2), late).flow_drops() == []


def test_the_port_that_drops_ours_is_named() -> None:
    one, two, three = (
        Drops(float(n), {}, {("eth3", "port"): Counted(n, 0, count)}) for n, count in enumerate((4, 8, 32))
    )
    growing = Growing(reading(0), reading(1), reading(2), (one, two, three))
    sighted = {"b": saw(eth1_in_there=20, eth2_out_there=20), "c": saw(port_in_there=20)}
    seen = watched(with_ports(ways(*HOPS), {"c": SWITCH}, sighted), {"c": growing}, sighted, SENT)
    dead = judge(seen, NOBODY, "a", "").dead
    assert dead is not None
    assert (dead.host, dead.reason, dead.at, dead.table, dead.packets) == ("c", "port", "port", "eth3", 20)
