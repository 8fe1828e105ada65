"""Where a bridge of Open vSwitch lets nothing through: what its `ofproto/trace` is asked, and when it is believed.
The answers and the lists of flows are the lab's."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

import probes.all
from probes.errors import UnreadableOutput
from probes.probe import PROBES
from probes.trace import explaining
from probes.trace.crossing import Crossing, crossings, flow_of, marks_of
from probes.trace.explaining import explained, network_of
from probes.trace.pipeline import Pipeline, parse_pipeline
from probes.trace.stations import Station
from probes.trace.switch import Counted, Tunnel
from tests.probes.explanations import (
    ANSWERED,
    BLOCKED,
    BY_INT,
    BY_TUNNEL,
    COMPUTE,
    FROM_SERVER,
    IN,
    JUDGE,
    LIST,
    MARK,
    NETWORK,
    NETWORKS,
    RECEIVED,
    ROUTER,
    SERVER,
    STATIONS,
    SWITCHES,
    TAP,
    TO_SERVER,
    TUNNEL,
    Took,
    growing,
    says,
    seen,
    through,
    told,
    with_line,
)
from tests.probes.readonly import looks_only
from tests.probes.recorded import recorded
from tests.probes.test_trace import SENT

assert probes.all

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


async def test_a_miss_is_not_claimed_where_a_flow_of_the_table_took_them() -> None:
    """The question was not quite what ours are: it lacks what nobody knows of them."""
    took = through(*BY_TUNNEL)
    alone, one = await told(growing(took, BLOCKED), way_in=recorded("ofproto-trace-missed"))
    assert alone.dead is None
    assert one == alone


async def test_a_miss_is_not_claimed_where_others_hide_who_took_them() -> None:
    busy = growing(through(*BY_TUNNEL[:2]), BLOCKED, noise=5000, noisy=("br-tun", 10))
    alone, one = await told(busy, way_in=recorded("ofproto-trace-missed"))
    assert one == alone


async def test_a_miss_is_not_claimed_where_a_flow_of_the_table_went_meanwhile() -> None:
    """It may have taken them before."""
    grown = growing(through(*BY_TUNNEL[:2]), BLOCKED)
    silent, before, after = grown.drops or ()
    lines = after.texts["br-tun"].splitlines()
    left = "\n".join(line for line in lines if "table=10," not in line)
    gone = replace(grown, drops=(silent, before, replace(after, texts={**after.texts, "br-tun": left})))
    alone, one = await told(gone, way_in=recorded("ofproto-trace-missed"))
    assert one == alone


async def test_a_tunnel_is_not_asked_without_the_number_of_the_network() -> None:
    """Without one no flow is for them."""
    unmarked = IN.replace("tun_id=0x1f4,tun_src=192.168.100.101,tun_dst=192.168.100.102,", "")
    toolbox = says({LIST: NETWORKS.replace("segmentation_id", "other"), unmarked: recorded("ofproto-trace-missed")})
    found = seen(growing(through(*BY_TUNNEL[:2]), BLOCKED))
    assert await explained(toolbox, found, SWITCHES, MARK, JUDGE(found), JUDGE) == JUDGE(found)


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


ODD = " cookie=0x0, duration=1s, table={}, n_packets=0, n_bytes=0, priority=x,ip actions={}"


async def test_a_listed_flow_that_nobody_can_read_is_left_out() -> None:
    took = through(*BY_INT, ("br-int", 60, "priority=500"))
    grown = with_line(growing(took, BLOCKED), ODD.format(60, "NORMAL"))
    _, one = await told(grown, way_in=recorded("ofproto-trace-dropped"))
    assert one.dead
    assert len(one.dead.flows) == 7


async def test_a_miss_is_not_claimed_in_a_table_with_such_a_flow() -> None:
    grown = with_line(growing(through(*BY_TUNNEL[:2]), BLOCKED), ODD.format(10, "NORMAL"), "br-tun")
    alone, one = await told(grown, way_in=recorded("ofproto-trace-missed"))
    assert alone.dead is None
    assert one == alone


async def test_such_a_flow_that_drops_is_still_what_the_counters_say() -> None:
    grown = with_line(growing(through(*BY_INT), BLOCKED), ODD.format(60, "drop"))
    alone, one = await told(grown, way_in=recorded("ofproto-trace-flooded"))
    assert alone.dead
    assert one == alone


async def test_where_one_answer_is_odd_the_next_place_is_asked() -> None:
    """Nobody counts at the server's port: they may be missing before or behind it."""
    grown = growing(through(*FROM_SERVER), {TUNNEL: RECEIVED})
    answer = recorded("ofproto-trace-spoofed")
    at = answer.index("71. ")
    missed = f"{answer[:at]}71. No match.\n    drop\n\nDatapath actions: drop\n"
    alone, one = await told(grown, way_in='bridge("br-tun")\n 0. ?\nDatapath actions: drop\n', way_out=missed)
    assert alone.dead is None
    assert one.dead
    assert (one.dead.direction, one.dead.reason, one.dead.flows[-1].table) == ("back", "no-flow", 71)


async def test_long_lists_are_read_once_and_beside_what_else_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host may print much: others are not to wait for it."""
    lines: list[str] = []
    threads: list[threading.Thread] = []

    def flow(line: str) -> tuple[str, int] | None:
        lines.append(line)
        return read(line)

    def pipeline(text: str, bridge: str) -> Pipeline:
        threads.append(threading.current_thread())
        way = parse_pipeline(text, bridge).ends[0]
        return Pipeline((way,) * 16)

    read = explaining.parse_flow
    monkeypatch.setattr(explaining, "parse_flow", flow)
    monkeypatch.setattr(explaining, "parse_pipeline", pipeline)
    grown = growing(through(*BY_TUNNEL[:2]), BLOCKED)
    await told(grown, way_in=recorded("ofproto-trace-missed"))
    held = sum(len(text.splitlines()) for drops in grown.drops or () for text in drops.texts.values())
    assert 0 < len(lines) <= held
    assert threading.main_thread() not in threads
    assert threads


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
    assert await explained(says({}), found, {"cmp": switch}, MARK, JUDGE(found), JUDGE) == JUDGE(found)


async def test_in_the_container_of_open_vswitch() -> None:
    """By what stands before its other commands; all of it is declared."""
    front = ("podman", "exec", "openvswitch_vswitchd")
    took = through(*BY_TUNNEL[:2])
    said = {LIST: NETWORKS, IN: recorded("ofproto-trace-missed")}
    texts = {f"{' '.join(front)} {text}": one for text, one in said.items()}
    found = seen(growing(took, BLOCKED))
    switches = {**SWITCHES, "cmp": replace(COMPUTE, front=front)}
    one = await explained(says(texts), found, switches, MARK, JUDGE(found), JUDGE)
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
