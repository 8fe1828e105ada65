"""Where a bridge of Open vSwitch lets nothing through: what its `ofproto/trace` is asked, and when it is believed.
The answers and the lists of flows are the lab's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

import probes.all
from probes.errors import UnreadableOutput
from probes.exchange import Exchange, Reply, Request
from probes.probe import PROBES
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from probes.trace.crossing import Crossing, crossings, flow_of, marks_of
from probes.trace.explaining import explained, network_of
from probes.trace.growing import Growing
from probes.trace.judging import Judgement, judge
from probes.trace.marks import fresh_mark
from probes.trace.stations import Ends, Station
from probes.trace.switch import Counted, Switch, Tunnel
from probes.trace.switching import Drops, drops_copies, parse_drops
from probes.trace.watching import Watched, watched
from probes.trace.ways import Ways
from tests.probes.readonly import looks_only
from tests.probes.recorded import recorded
from tests.probes.test_trace import NOBODY, SENT, reading

assert probes.all

TUNNEL, TAP = "vxlan-c0a86465", "tap5255ada6-5e"
ROUTER, SERVER = "fa:16:3e:49:4b:d6", "fa:16:3e:d5:0f:f2"
NETWORK = Switch(
    (),
    {"br-int": ()},
    bridge_of={"qr-1": "br-int", "vxlan-9": "br-tun"},
    numbers={("br-int", "qr-1"): 4, ("br-tun", "vxlan-9"): 2},
    plugs={"port-qr": "qr-1"},
    macs={"qr-1": ROUTER},
)
COMPUTE = Switch(
    (),
    {"br-int": (), "br-tun": ()},
    bridge_of={TUNNEL: "br-tun", TAP: "br-int", "br-int": "br-int"},
    numbers={("br-tun", TUNNEL): 2, ("br-int", TAP): 3},
    plugs={"port-tap": TAP},
    tunnels=(Tunnel(TUNNEL, "br-tun", "192.168.100.102", "192.168.100.101"),),
    macs={TAP: SERVER},
)
SWITCHES = {"net": NETWORK, "cmp": COMPUTE}
STATIONS = (
    Station("net", "qr-1", "out", "there", bridge="br-int", counts="rx"),
    Station("net", "vxlan-9", "out", "there", bridge="br-tun", counts="tx"),
    Station("cmp", "br-ex", "in", "there", outer=True),
    Station("cmp", TUNNEL, "in", "there", bridge="br-tun", counts="rx"),
    Station("cmp", TAP, "out", "there", bridge="br-int", counts="tx"),
    Station("cmp", TAP, "in", "back", bridge="br-int", counts="rx"),
    Station("cmp", TUNNEL, "out", "back", bridge="br-tun", counts="tx"),
    Station("net", "vxlan-9", "in", "back", bridge="br-tun", counts="rx"),
    Station("net", "qr-1", "in", "back", bridge="br-int", counts="tx"),
)
NETWORKS = (
    '{"data":[["tap5255ada6-5e",["map",[["network_type","vxlan"],["segmentation_id","500"],["tag","1"]]]],'
    '["br-int",["map",[]]]],"headings":["name","other_config"]}'
)
LIST = "ovs-vsctl --format=json --columns=name,other_config list Port"
IN = (
    "ovs-appctl ofproto/trace br-tun in_port=2,tun_id=0x1f4,tun_src=192.168.100.101,tun_dst=192.168.100.102,icmp,"
    "dl_src=fa:16:3e:49:4b:d6,dl_dst=fa:16:3e:d5:0f:f2,nw_src=10.10.10.2,nw_dst=10.0.0.205,nw_ttl=64,"
    "icmp_type=8,icmp_code=0"
)
OUT = (
    "ovs-appctl ofproto/trace br-int in_port=3,icmp,dl_src=fa:16:3e:d5:0f:f2,dl_dst=fa:16:3e:49:4b:d6,"
    "nw_src=10.0.0.205,nw_dst=10.10.10.2,nw_ttl=64,icmp_type=0,icmp_code=0" + " --ct-next trk,est,rpl" * 3
)
FLOWS = recorded("ovs-flows-dropped").split("NXST_FLOW")
Took = Callable[[str, int, str], bool]
"""Bridge, table and line of a flow that took ours."""


def listed(bridge: str, took: Took, moment: int, noise: Callable[[str, int], int]) -> str:
    """All have counted a hundred; those that took ours as many more as were sent."""
    text = FLOWS[1] if bridge == "br-tun" else FLOWS[2]
    return "\n".join(_counting(bridge, line, took, moment, noise) for line in text.splitlines())


def _counting(bridge: str, line: str, took: Took, moment: int, noise: Callable[[str, int], int]) -> str:
    found = re.search(r"table=(\d+)", line)
    table = int(found[1]) if found else -1
    ours = SENT if moment == 2 and took(bridge, table, line) else 0
    return re.sub(r"n_packets=\d+", f"n_packets={100 + moment * noise(bridge, table) + ours}", line, count=1)


def growing(took: Took, ports: dict[str, Counted], noise: int = 0, noisy: tuple[str, int] | None = None) -> Growing:
    """Of the host `cmp`; others' packets in all tables, or in one."""

    def others(bridge: str, table: int) -> int:
        return noise if noisy in (None, (bridge, table)) else 0

    moments = []
    for moment in range(3):
        texts = {bridge: listed(bridge, took, moment, others) for bridge in ("br-tun", "br-int")}
        counts = dict(one for bridge, text in texts.items() for one in parse_drops(bridge, text))
        now = {(COMPUTE.bridge_of[name], name): one if moment == 2 else NONE for name, one in ports.items()}
        moments.append(Drops(float(moment), counts, now, texts))
    return Growing(reading(0), reading(1), reading(2), (moments[0], moments[1], moments[2]))


NONE, RECEIVED, SENT_OUT = Counted(0, 0, 0), Counted(SENT, 0, 0), Counted(0, SENT, 0)
BLOCKED = {TUNNEL: RECEIVED, TAP: NONE}
"""They come in by the tunnel, and do not leave to the server."""
ANSWERED = {TUNNEL: RECEIVED, TAP: Counted(SENT, SENT, 0)}
"""Its answers come back, and do not leave by the tunnel."""


def seen(grown: Growing, *stations: Station) -> Watched:
    way = Ways(
        stations or STATIONS, (), "192.168.200.106", "", ("net", "cmp"), (), inside=True,
        within=Ends("10.10.10.2", "10.0.0.205"), outside=Ends("10.10.10.2", "192.168.200.106"),
    )  # fmt: skip
    return watched(way, {"cmp": grown}, {}, SENT)


async def told(grown: Growing, **said: str) -> tuple[Judgement, Judgement]:
    """What the counters say alone, and with Open vSwitch's explanation. `said`: answer to IN or OUT."""
    texts = {{"way_in": IN, "way_out": OUT}[name]: text for name, text in said.items()} | {LIST: NETWORKS}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    exchanges = [Exchange(Request("host:cmp", text, sudo=True), Reply(0, one), at) for text, one in texts.items()]
    toolbox = ReplayToolbox(Site("test", (Host("cmp"),)), exchanges)
    found = seen(grown)
    judged = JUDGE(found)
    return judged, await explained(toolbox, found, SWITCHES, MARK, judged, JUDGE)


MARK = fresh_mark("icmp", 0, "192.168.200.106")
JUDGE = partial(judge, answered=NOBODY, source="a", refuser="")


def through(*flows: tuple[str, int, str]) -> Took:
    """Bridge, table, and what stands in the flow that took ours."""
    return lambda bridge, table, line: any(
        (bridge, table) == (at, number) and words in line for at, number, words in flows
    )


BY_TUNNEL = (("br-tun", 0, "in_port=2 "), ("br-tun", 4, "tun_id=0x1f4"), ("br-tun", 10, "priority=1 "))
BY_INT = (*BY_TUNNEL, ("br-int", 0, "priority=0 "), ("br-int", 58, ""), ("br-int", 59, ""))
TO_SERVER = (*BY_INT, ("br-int", 60, "dl_vlan=1"), ("br-int", 81, "priority=90,ct_state=-trk,ip,"))
FROM_SERVER = (("br-int", 0, "priority=0 "), ("br-int", 58, ""), ("br-int", 59, ""), ("br-int", 60, "in_port=3 "))


# ------------------------------------------------------------------ what is explained


async def test_a_flow_that_drops_is_explained_by_the_way_to_it() -> None:
    took = through(*BY_INT, ("br-int", 60, "priority=500"))
    alone, one = await told(growing(took, BLOCKED), way_in=recorded("ofproto-trace-dropped"))
    assert alone.dead
    assert one.dead
    assert (one.dead.reason, one.dead.rule) == (alone.dead.reason, alone.dead.rule)
    assert one.dead.rule == "table=60 priority=500,icmp,dl_dst=fa:16:3e:d5:0f:f2 actions=drop"
    assert [(step.bridge, step.table) for step in one.dead.flows] == [
        *(("br-tun", number) for number in (0, 4, 10)),
        *(("br-int", number) for number in (0, 58, 59, 60)),
    ]
    last = one.dead.flows[-1]
    assert (last.cookie, last.packets, last.actions) == ("0xdead", SENT, "drop")
    assert (one.dead.in_interface, one.dead.out_interface) == (TUNNEL, TAP)
    assert (one.dead.entered, one.dead.left) == (SENT, 0)


async def test_a_table_where_no_flow_takes_them_is_named_where_nothing_counts_them() -> None:
    took = through(*BY_TUNNEL[:2])
    alone, one = await told(growing(took, BLOCKED), way_in=recorded("ofproto-trace-missed"))
    assert alone.dead is None
    assert one.dead
    assert (one.verdict, one.last_seen, one.next_unseen) == ("dies", "cmp", "")
    assert (one.dead.reason, one.dead.at, one.dead.rule, one.dead.packets) == ("no-flow", "br-tun", "", SENT)
    assert (one.dead.flows[-1].table, one.dead.flows[-1].priority) == (10, -1)
    assert one.dead.flows[-2].match == "tun_id=0x1f4"


async def test_a_flow_that_leads_nowhere_is_named() -> None:
    """Nothing that drops has counted: behind connection tracking a flow sends them to a port that is not there."""
    extra = (
        " cookie=0x0, duration=1s, table=82, n_packets=0, n_bytes=0, priority=500,icmp,reg5=0x3 actions=output:77"
    )
    took = through(*TO_SERVER, ("br-int", 82, "output:77"))
    grown = with_line(growing(took, BLOCKED), extra)
    alone, one = await told(grown, way_in=recorded("ofproto-trace-dead-end"))
    assert alone.dead is None
    assert one.dead
    assert (one.dead.reason, one.dead.table, one.dead.packets) == ("dead-end", "br-int", SENT)
    assert one.dead.rule == "table=82 priority=500,icmp,reg5=0x3 actions=output:77"
    assert one.dead.flows[-1].remark == "Nonexistent output port"


def with_line(grown: Growing, line: str, bridge: str = "br-int") -> Growing:
    """A flow that took ours, beside those that were recorded."""
    assert grown.drops
    drops = []
    for moment, one in enumerate(grown.drops):
        counted = line.replace("n_packets=0", f"n_packets={SENT if moment == 2 else 0}")
        text = f"{one.texts.get(bridge, '')}\n{counted}"
        counts = {**one.counts, **dict(parse_drops(bridge, counted))}
        drops.append(replace(one, counts=counts, texts={**one.texts, bridge: text}))
    return replace(grown, drops=(drops[0], drops[1], drops[2]))


async def test_answers_that_anti_spoofing_drops() -> None:
    """The flow of the port sends them to a table that drops all; asked as answers of a connection that is known."""
    took = through(*FROM_SERVER, ("br-int", 71, "priority=10,"), ("br-int", 93, "priority=0 "))
    _, one = await told(growing(took, ANSWERED), way_out=recorded("ofproto-trace-spoofed"))
    assert one.dead
    assert (one.dead.direction, one.dead.rule) == ("back", "table=93 priority=0 actions=drop")
    assert one.dead.flows[-2].match == "reg5=0x3,in_port=3"
    assert one.dead.flows[-2].actions == "ct_clear,resubmit(,93)"


# ------------------------------------------------------------------ when it is not believed


@pytest.mark.parametrize(
    "took",
    [
        through(*BY_INT),
        through(*BY_TUNNEL[1:], *BY_INT, ("br-int", 60, "priority=90")),
        through(("br-int", 60, "priority=500")),
    ],
    ids=["the flow counts none", "another took them", "those before it count none"],
)
async def test_what_the_counters_do_not_say_is_not_claimed(took: Took) -> None:
    alone, one = await told(growing(took, BLOCKED), way_in=recorded("ofproto-trace-dropped"))
    assert one == alone


async def test_a_miss_is_not_claimed_where_none_came_to_the_table() -> None:
    alone, one = await told(growing(through(*BY_TUNNEL[:1]), BLOCKED), way_in=recorded("ofproto-trace-missed"))
    assert alone.dead is None
    assert one == alone


async def test_others_packets_hide_ours() -> None:
    took = through(*BY_TUNNEL[:2])
    alone, one = await told(growing(took, BLOCKED, noise=5000), way_in=recorded("ofproto-trace-missed"))
    assert one == alone


async def test_a_flow_on_the_way_that_others_take_too_denies_nothing() -> None:
    """How many of ours it took nobody can tell."""
    busy = growing(through(*BY_INT, ("br-int", 60, "priority=500")), BLOCKED, noise=5000, noisy=("br-tun", 0))
    _, one = await told(busy, way_in=recorded("ofproto-trace-dropped"))
    assert one.dead
    assert [step.packets for step in one.dead.flows] == [-1, *[SENT] * 6]


async def test_what_goes_on_in_open_vswitch_explains_nothing() -> None:
    alone, one = await told(growing(through(*TO_SERVER), BLOCKED), way_in=recorded("ofproto-trace-arrives"))
    assert one == alone


@pytest.mark.parametrize(
    "answer",
    ["", "br-tun: unknown bridge\n", "x" * 100_000, "\x1b[2J\x00 0. \u202e, priority 0\n    drop\n", "\n" * 9000],
    ids=["empty", "error", "huge", "hostile", "lines"],
)
async def test_an_odd_answer_leaves_what_the_counters_say(answer: str) -> None:
    took = through(*BY_INT, ("br-int", 60, "priority=500"))
    for end in (answer, f"{answer}Datapath actions: drop\n"):
        alone, one = await told(growing(took, BLOCKED), way_in=end)
        assert one == alone
        assert alone.dead


async def test_no_answer_leaves_what_the_counters_say() -> None:
    """None was recorded: an older journal, no ovs-appctl, no root, no time."""
    took = through(*BY_INT, ("br-int", 60, "priority=500"))
    alone, one = await told(growing(took, BLOCKED))
    assert alone.dead
    assert one == alone


# ------------------------------------------------------------------ what is asked


def crossing(**more: object) -> Crossing:
    found = next(crossings(seen(growing(through(), BLOCKED)), SWITCHES))
    return replace(found, **more)  # type: ignore[arg-type]


def test_the_place_where_they_came_in_and_did_not_leave() -> None:
    found = crossing()
    assert (found.host, found.direction, found.port, found.plug) == ("cmp", "there", ("br-tun", TUNNEL), TAP)
    assert (found.sender, found.receiver) == (ROUTER, SERVER)
    assert (found.source, found.target, found.marked) == ("10.10.10.2", "10.0.0.205", True)


def test_nothing_is_asked_where_all_of_them_left() -> None:
    went = {TUNNEL: Counted(SENT, SENT, 0), TAP: Counted(SENT, SENT, 0)}
    assert list(crossings(seen(growing(through(), went)), {"cmp": COMPUTE})) == []


def test_nothing_is_asked_of_a_host_without_open_vswitch() -> None:
    grown = growing(through(), BLOCKED)
    assert list(crossings(seen(grown), {"net": NETWORK})) == []
    plain = (Station("cmp", "eth0", "in", "there"), Station("cmp", "eth1", "out", "there"))
    assert list(crossings(seen(grown, *plain), SWITCHES)) == []


@pytest.mark.parametrize(
    ("protocol", "direction", "ends"),
    [
        ("icmp", "there", "icmp_type=8,icmp_code=0"),
        ("icmp", "back", "icmp_type=0,icmp_code=0"),
        ("tcp", "there", "tp_dst=22"),
        ("udp", "back", "tp_src=22"),
    ],
)
def test_the_very_packets(protocol: str, direction: str, ends: str) -> None:
    flow = flow_of(crossing(direction=direction), protocol, 22, [])
    assert flow == (
        f"in_port=2,{protocol},dl_src={ROUTER},dl_dst={SERVER},nw_src=10.10.10.2,nw_dst=10.0.0.205,nw_ttl=64,{ends}"
    )
    assert looks_only(f"ovs-appctl ofproto/trace br-int {flow}")


def test_of_ipv6() -> None:
    flow = flow_of(crossing(source="fd00::1", target="fd00::2"), "icmp", 0, [])
    assert flow.startswith("in_port=2,icmp6,")
    assert flow.endswith("ipv6_src=fd00::1,ipv6_dst=fd00::2,nw_ttl=64,icmpv6_type=128,icmpv6_code=0")
    assert looks_only(f"ovs-appctl ofproto/trace br-int {flow}")


def test_what_is_not_known_is_left_out() -> None:
    flow = flow_of(crossing(sender="", receiver="", source="", target=""), "icmp", 0, [])
    assert flow == "in_port=2,icmp,nw_ttl=64,icmp_type=8,icmp_code=0"


def test_words_of_another_form_do_not_get_into_the_question() -> None:
    """Addresses are a cloud's and a host's word."""
    assert "dl_src" not in flow_of(crossing(sender="fa:16:3e:49:4b:d6,actions=drop"), "icmp", 0, [])
    with pytest.raises(ValueError, match="address"):
        flow_of(crossing(source="10.0.0.1,tcp"), "icmp", 0, [])
    with pytest.raises(ValueError, match="address"):
        flow_of(crossing(target="-generate"), "icmp", 0, [])
    assert marks_of(crossing(), {"segmentation_id": "5,actions=drop"}) == []
    odd = replace(COMPUTE, tunnels=(Tunnel(TUNNEL, "br-tun", "-generate", "$(reboot)"),))
    assert marks_of(crossing(switch=odd), {"segmentation_id": "500"}) == ["tun_id=0x1f4"]


async def test_a_bridge_whose_name_is_an_option_is_not_asked() -> None:
    switch = replace(
        COMPUTE, bridge_of={TUNNEL: "--help", TAP: "br-int"}, numbers={("--help", TUNNEL): 2, ("br-int", TAP): 3}
    )
    odd = [replace(one, bridge="--help") if one.interface == TUNNEL else one for one in STATIONS]
    found = seen(growing(through(*BY_TUNNEL[:2]), BLOCKED), *odd)
    toolbox = ReplayToolbox(Site("test", (Host("cmp"),)), [])
    assert await explained(toolbox, found, {"cmp": switch}, MARK, JUDGE(found), JUDGE) == JUDGE(found)


async def test_in_the_container_of_open_vswitch() -> None:
    """By what stands before its other commands; all of it is declared."""
    front = ("podman", "exec", "openvswitch_vswitchd")
    took = through(*BY_TUNNEL[:2])
    at = datetime(2026, 1, 1, tzinfo=UTC)
    said = {LIST: NETWORKS, IN: recorded("ofproto-trace-missed")}
    texts = {f"{' '.join(front)} {text}": one for text, one in said.items()}
    exchanges = [Exchange(Request("host:cmp", text, sudo=True), Reply(0, one), at) for text, one in texts.items()]
    toolbox = ReplayToolbox(Site("test", (Host("cmp"),)), exchanges)
    found = seen(growing(took, BLOCKED))
    switches = {**SWITCHES, "cmp": replace(COMPUTE, front=front)}
    one = await explained(toolbox, found, switches, MARK, JUDGE(found), JUDGE)
    assert one.dead
    assert one.dead.reason == "no-flow"
    for text in texts:
        assert looks_only(text)
        assert text.startswith(PROBES["path.trace"].commands)


def test_how_networks_are_told_apart_on_the_wire() -> None:
    assert network_of(NETWORKS, TAP)["segmentation_id"] == "500"
    assert network_of(NETWORKS, "tap-none") == {}
    with pytest.raises(UnreadableOutput):
        network_of(f'{{"data":[["{TAP}"]],"headings":["name"]}}', TAP)
    assert marks_of(crossing(), network_of(NETWORKS, TAP))[0] == "tun_id=0x1f4"
    outside = replace(COMPUTE, tunnels=())
    assert marks_of(crossing(switch=outside), {"network_type": "vlan", "segmentation_id": "7"}) == ["dl_vlan=7"]
    assert marks_of(crossing(switch=outside), {"network_type": "flat"}) == []


# ------------------------------------------------------------------ copies


def test_a_flow_that_drops_what_was_sent_already_drops_nothing() -> None:
    """Table 92 of Neutron's firewall: behind the port of the server."""
    text = FLOWS[2].replace("n_packets=0", "n_packets=1")
    assert drops_copies(text, "table=92 priority=0 actions=drop")
    assert not drops_copies(text, "table=93 priority=0 actions=drop")
    assert not drops_copies(text, "table=0 priority=2,in_port=1 actions=drop")
    assert not drops_copies("", "table=92 priority=0 actions=drop")


def test_a_way_to_it_that_nobody_took_says_nothing() -> None:
    lines = (
        " table=1, n_packets=0, actions=resubmit(,92)\n table=2, n_packets=3, actions=output:1,resubmit(,92)\n"
        " table=9, n_packets=3, actions=output:1,resubmit(,9)"
    )
    assert drops_copies(lines, "table=92 actions=drop")
    assert not drops_copies(lines.replace("n_packets=0", "n_packets=1"), "table=92 actions=drop")


async def test_such_a_flow_is_no_suspect() -> None:
    took = through(*TO_SERVER, ("br-int", 82, "priority=75,ct_state=+new"), ("br-int", 92, ""))
    alone, _ = await told(growing(took, ANSWERED))
    assert alone.dead is None


async def test_a_flow_that_dropped_what_was_flooded_is_not_blamed() -> None:
    """The packets of a network with another number than the server's port: its bridge sends them to all. The bridge
    outside drops its copy, and the bridge's own interface, which is down, another one."""
    extra = " cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, priority=2,in_port=2 actions=drop"
    down = {**BLOCKED, "br-int": Counted(0, 0, SENT)}
    grown = with_line(growing(through(*BY_INT, ("br-int", 60, "priority=1 ")), down), extra, "br-ex")
    alone, one = await told(grown, way_in=recorded("ofproto-trace-flooded"))
    assert alone.dead
    assert (alone.dead.table, alone.dead.rule) == ("br-ex", "table=0 priority=2,in_port=2 actions=drop")
    assert one.dead is None
    assert (one.verdict, one.last_seen) == ("dies", "cmp")


async def test_where_the_receiver_is_not_known_ours_may_not_have_been_flooded() -> None:
    extra = " cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, priority=2,in_port=2 actions=drop"
    grown = with_line(growing(through(*BY_INT, ("br-int", 60, "priority=1 ")), BLOCKED), extra, "br-ex")
    switch = replace(COMPUTE, macs={})
    asked = IN.replace(f"dl_dst={SERVER},", "")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    said = {asked: recorded("ofproto-trace-flooded"), LIST: NETWORKS}
    exchanges = [Exchange(Request("host:cmp", text, sudo=True), Reply(0, one), at) for text, one in said.items()]
    toolbox = ReplayToolbox(Site("test", (Host("cmp"),)), exchanges)
    judged = JUDGE(seen(grown))
    again = await explained(toolbox, seen(grown), {**SWITCHES, "cmp": switch}, MARK, judged, JUDGE)
    assert judged.dead
    assert again == judged
