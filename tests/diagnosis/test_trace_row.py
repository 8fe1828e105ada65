"""Where the row of hops is marked: behind the last interface by which they may have come in at the dead hop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnosis.trace_row import row
from diagnosis.trace_words import in_a_walk, sentence
from probes.trace.facts import DeadHop, FlowStep, Trace, TracedHop


def hop(host: str, side: str, verdict: str, direction: str = "there", *, outer: bool = False) -> TracedHop:
    return TracedHop(host, "eth0", side, direction, outer, 20, 20 if verdict == "seen" else 0, "capture", verdict)


def trace(dead: tuple[str, str] | None, *hops: TracedHop) -> Trace:
    found = ()
    if dead is not None:
        host, direction = dead
        found = (
            DeadHop(host, "INPUT", direction, "rule", "-j DROP", "", "", 1, 20, "", "", 20, 0, confirmed=True),
        )
    verdict = "dies" if dead else "arrives"
    ends = ("a", "10.0.0.9", "icmp", 0, 20, 0 if dead else 20)
    return Trace(*ends, verdict, "", "", hops, found, "", "", (), (), (), loop=False)


def shown(one: Trace) -> list[str]:
    return [f"{line.mark} {line.host}{line.arrow}" for line in row(one)]


def test_behind_the_interface_by_which_they_came() -> None:
    hops = (hop("a", "out", "seen"), hop("b", "in", "seen"), hop("b", "out", "beyond"), hop("c", "in", "beyond"))
    assert shown(trace(("b", "there"), *hops)) == ["✓ a→", "✓ b←", "✗ b", "· b→", "· c←"]


def test_before_the_interface_that_never_saw_them() -> None:
    """A tunnel's packets were dropped below: nothing came out of it."""
    hops = (hop("a", "out", "seen"), hop("b", "in", "beyond"), hop("b", "out", "beyond"))
    assert shown(trace(("b", "there"), *hops)) == ["✓ a→", "✗ b", "· b←", "· b→"]


def test_behind_the_outer_interface_where_nobody_could_tell() -> None:
    hops = (hop("a", "out", "seen"), hop("b", "in", "unknown", outer=True), hop("b", "in", "beyond"))
    assert shown(trace(("b", "there"), *hops)) == ["✓ a→", "? b←", "✗ b", "· b←"]


def test_at_the_target_where_answers_have_no_way_back() -> None:
    hops = (hop("a", "out", "seen"), hop("b", "in", "seen"))
    assert shown(trace(("b", "back"), *hops)) == ["✓ a→", "✓ b←", "✗ b"]


@pytest.mark.parametrize(("verdict", "count"), [("beyond", 1), ("seen", 2)])
def test_a_way_back_that_nothing_went_is_not_drawn(verdict: str, count: int) -> None:
    assert len(shown(trace(None, hop("a", "out", "seen"), hop("b", "out", verdict, "back")))) == count


def test_behind_the_last_that_could_be_asked_the_next_is_drawn_as_unknown() -> None:
    left = replace(trace(None, hop("a", "out", "seen")), unseen=("10.0.0.1",))
    assert shown(left) == ["✓ a→", "? 10.0.0.1·", "✓ 10.0.0.9←"]
    lost = replace(left, verdict="unseen", received=0)
    assert shown(lost) == ["✓ a→", "? 10.0.0.1·"]
    back = replace(left, hops=(*left.hops, hop("a", "in", "seen", "back")))
    assert shown(back) == ["✓ a→", "? 10.0.0.1·", "✓ 10.0.0.9←", "✓ a←"]
    arrived = replace(trace(None, hop("a", "out", "seen"), hop("b", "in", "seen")), unseen=("10.0.0.1",))
    assert shown(arrived) == ["✓ a→", "✓ b←"]


@pytest.mark.parametrize(
    ("protocol", "packets", "said"), [("tcp", 40, True), ("tcp", 20, False), ("icmp", 40, False)]
)
def test_more_on_a_rule_than_were_sent_are_said_to_be_tcps(protocol: str, packets: int, *, said: bool) -> None:
    one = trace(("b", "there"), hop("a", "out", "seen"), hop("b", "in", "seen"))
    told = sentence(replace(one, protocol=protocol, dead=(replace(one.dead[0], packets=packets),)))
    assert (told.en.endswith("(TCP sends each again)"), told.ko.endswith("(TCP 재전송 포함)")) == (said, said)


def test_in_a_walk_the_rule_stands_behind_the_numbers() -> None:
    rule = "-A FORWARD -m statistic --mode random -j DROP"
    found = DeadHop(
        "b", "FORWARD", "there", "rule", rule, "filter", "FORWARD", 1, 11, "eth1", "eth2", 20, 9, confirmed=True
    )
    told = in_a_walk(replace(trace(("b", "there")), dead=(found,), verdict="some-lost", received=9))
    assert told.en == f"9 of 20 answered; on b: 20 entered eth1, 9 left eth2, 11 on a rule in FORWARD ({rule})"
    assert told.ko.endswith(f"({rule})")


STEP = FlowStep("br-int", 71, 10, "0x1", "reg5=0x3,in_port=3", "resubmit(,93)", 20, "")
LAST = FlowStep("br-int", 93, 0, "0x1", "", "drop", 20, "")


def in_switch(reason: str, *flows: FlowStep, rule: str = "") -> Trace:
    hops = (hop("a", "out", "seen"), replace(hop("b", "in", "seen"), at="tap1"), hop("b", "out", "beyond"))
    found = DeadHop(
        "b",
        "br-int",
        "there",
        reason,
        rule,
        "br-int",
        "",
        0,
        20,
        "tap1",
        "vxlan-1",
        20,
        0,
        confirmed=True,
        flows=flows,
    )
    return replace(trace(("b", "there"), *hops), dead=(found,))


def test_behind_the_port_by_which_they_came_into_open_vswitch() -> None:
    """A router of the cloud has several pairs of ports on one host."""
    one = in_switch("flow", STEP, LAST)
    hops = (one.hops[0], replace(one.hops[1], at="qg-1"), *one.hops[1:])
    assert shown(replace(one, hops=hops)) == ["✓ a→", "✓ b←", "✓ b←", "✗ b", "· b→"]
    earlier = (*one.hops[:2], replace(one.hops[1], at="qg-1"), one.hops[2])
    assert shown(replace(one, hops=earlier)) == ["✓ a→", "✓ b←", "✗ b", "✓ b←", "· b→"]


def test_the_flow_that_sends_them_to_where_all_is_dropped() -> None:
    said = sentence(in_switch("flow", STEP, LAST, rule="table=93 priority=0 actions=drop"))
    assert said.en == (
        "on b: 20 entered tap1, 0 left vxlan-1, 20 on a flow of Open vSwitch in br-int that drops; "
        "table=71 priority=10,reg5=0x3,in_port=3 sends them there"
    )
    assert said.ko.endswith("20 개를 버렸다. table=71 priority=10,reg5=0x3,in_port=3 이(가) 그리로 보낸다")


def test_a_flow_that_names_ours_itself_needs_no_other() -> None:
    own = replace(LAST, table=60, priority=500, match="icmp")
    assert "sends them there" not in sentence(in_switch("flow", STEP, own)).en
    assert "sends them there" not in sentence(in_switch("flow", LAST)).en


def test_a_table_without_a_flow_for_them() -> None:
    said = sentence(in_switch("no-flow", STEP, replace(LAST, table=10, priority=-1)))
    assert "no flow in table 10 of br-int takes them (20 came to it); table=71 priority=10," in said.en
    assert "br-int 의 10 번 테이블에 이것을 받는 플로가 없다 (20 개가 거기까지 왔다)" in said.ko


def test_a_flow_that_leads_nowhere_with_what_open_vswitch_remarks() -> None:
    said = sentence(in_switch("dead-end", replace(STEP, remark="Nonexistent output port")))
    assert said.en.endswith("a flow of Open vSwitch in br-int that sends them nowhere (Nonexistent output port)")
    assert said.ko.endswith("아무 데로도 보내지 않는다 (Nonexistent output port)")


@pytest.mark.parametrize(("target", "asked"), [("10.0.0.9", "ARP"), ("fd00::9", "NDP")])
def test_who_is_asked_for_a_neighbour(target: str, asked: str) -> None:
    one = trace(("b", "there"), hop("a", "out", "seen"))
    said = sentence(replace(one, target=target, dead=(replace(one.dead[0], reason="neighbour", packets=0),)))
    assert f"nobody answers {asked} on INPUT" in said.en
    assert asked in said.ko
