"""Flows of Open vSwitch that drop copies of what was sent on: they lose nothing, and are blamed for nothing."""

from __future__ import annotations

from dataclasses import replace

from probes.trace.explaining import explained
from probes.trace.switch import Counted
from probes.trace.switching import drops_copies
from tests.probes.explanations import (
    ANSWERED,
    BLOCKED,
    BY_INT,
    FLOWS,
    IN,
    JUDGE,
    LIST,
    MARK,
    NETWORKS,
    SERVER,
    SWITCHES,
    TO_SERVER,
    growing,
    says,
    seen,
    through,
    told,
    with_line,
)
from tests.probes.recorded import recorded
from tests.probes.test_trace import SENT


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
    switch = replace(SWITCHES["cmp"], macs={})
    asked = IN.replace(f"dl_dst={SERVER},", "")
    toolbox = says({asked: recorded("ofproto-trace-flooded"), LIST: NETWORKS})
    judged = JUDGE(seen(grown))
    again = await explained(toolbox, seen(grown), {**SWITCHES, "cmp": switch}, MARK, judged, JUDGE)
    assert judged.dead
    assert again == judged


FLOODED = recorded("ofproto-trace-flooded")
INSIDE = """\
    bridge("br-ex{n}")
    -----------------
         0. in_port={n}, priority 2
            drop

"""


async def test_copies_that_several_bridges_drop_are_not_blamed() -> None:
    """A cloud with three networks outside: what floods goes to the bridge of each."""
    line = " cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, priority=2,in_port={} actions=drop"
    grown = growing(through(*BY_INT, ("br-int", 60, "priority=1 ")), BLOCKED)
    for number, bridge in ((2, "br-ex"), (5, "br-ex5"), (6, "br-ex6")):
        grown = with_line(grown, line.format(number), bridge)
    inside = INSIDE.format(n=5) + INSIDE.format(n=6)
    alone, one = await told(grown, way_in=FLOODED.replace('bridge("br-ex")', f'{inside}bridge("br-ex")'))
    assert alone.dead
    assert alone.dead.table.startswith("br-ex")
    assert one.dead is None
    assert (one.verdict, one.last_seen) == ("dies", "cmp")


async def test_a_flow_of_the_bridge_that_they_should_leave_stays_blamed() -> None:
    """What goes out may do so by another port than the server's."""
    took = through(*BY_INT, ("br-int", 60, "priority=500"))
    sent = recorded("ofproto-trace-dropped").replace("Datapath actions: drop", "Datapath actions: 6")
    alone, one = await told(growing(took, BLOCKED), way_in=sent)
    assert alone.dead
    assert (alone.dead.table, one) == ("br-int", alone)
