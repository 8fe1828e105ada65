"""Answers of `ofproto/trace`: recorded on the lab's OpenStack (Open vSwitch 3.1), as other versions write them, and
what no Open vSwitch says."""

from __future__ import annotations

import pytest

from probes.errors import UnreadableOutput
from probes.trace.pipeline import Pipeline, Step, parse_pipeline
from tests.probes.recorded import recorded

BRIDGES = {"answer": "br-int", "spoofed": "br-int", "branches": "br-x", "empty-bridge": "br-x"}


def told(name: str) -> Pipeline:
    return parse_pipeline(recorded(f"ofproto-trace-{name}"), BRIDGES.get(name, "br-tun"))


def claimed(text: str, bridge: str) -> tuple[tuple[Step, ...], ...]:
    """What an explanation may begin with."""
    one = parse_pipeline(text, bridge)
    return () if one.sends else one.ends


def ways(name: str) -> tuple[tuple[Step, ...], ...]:
    one = told(name)
    assert not one.sends
    return one.ends


def tables(way: tuple[Step, ...]) -> list[str]:
    return [f"{step.bridge} {step.table}" for step in way]


THROUGH = ["br-tun 0", "br-tun 4", "br-tun 10", "br-int 0", "br-int 58", "br-int 59", "br-int 60"]


def test_a_flow_that_drops_behind_a_patch_port() -> None:
    (way,) = ways("dropped")
    assert tables(way) == THROUGH
    last = way[-1]
    assert (last.priority, last.match, last.cookie) == (500, "icmp,dl_dst=fa:16:3e:d5:0f:f2", "0xdead")
    assert (last.drops, last.misses) == (True, False)


def test_no_flow_matches() -> None:
    (way,) = ways("missed")
    assert tables(way) == ["br-tun 0", "br-tun 4", "br-tun 10"]
    assert [step.misses for step in way] == [False, False, True]
    (alone,) = ways("empty-bridge")
    assert (tables(alone), alone[0].misses) == (["br-x 0"], True)


def test_the_last_flow_of_a_table_drops_what_no_other_takes() -> None:
    (way,) = ways("last")
    assert (tables(way), way[-1].match, way[-1].priority, way[-1].drops) == (["br-tun 0", "br-tun 4"], "", 0, True)


def test_anti_spoofing() -> None:
    (way,) = ways("spoofed")
    assert tables(way) == ["br-int 0", "br-int 58", "br-int 59", "br-int 60", "br-int 71", "br-int 93"]
    assert way[-2].actions == ("ct_clear", "resubmit(,93)")


def test_behind_connection_tracking_it_goes_on_in_the_bridge_that_it_left() -> None:
    """The heading says br-tun there, where the packet came in; `drop` after `ct(…)` ends nothing."""
    (way,) = ways("refused")
    assert tables(way) == [*THROUGH, "br-int 81", "br-int 82", "br-int 93"]
    assert [step.part for step in way[-3:]] == [0, 1, 1]


def test_a_flow_that_sends_them_to_a_port_that_is_not_there() -> None:
    (way,) = ways("dead-end")
    assert (tables(way)[-1], way[-1].drops, way[-1].misses) == ("br-int 82", False, False)
    assert (way[-1].actions, way[-1].remark) == (("output:77",), "Nonexistent output port")


def test_a_packet_that_is_sent_to_several_ends_in_each() -> None:
    """In another bridge than the one that was asked for a miss is printed as a flow of Open vSwitch's own."""
    nested, last = ways("branches")
    assert (tables(nested), nested[-1].misses) == (["br-x 0", "br-y 0", "br-y 9"], True)
    assert (tables(last), last[-1].match, last[-1].drops) == (["br-x 0", "br-x 7"], "icmp", True)


@pytest.mark.parametrize(
    ("name", "copy"), [("arrives", "br-int 92"), ("answer", "br-ex 0"), ("flooded", "br-ex 0")]
)
def test_what_a_port_sends_out_may_end_as_a_copy(name: str, copy: str) -> None:
    """Behind the port of a server, or where a bridge floods."""
    one = told(name)
    assert one.sends
    assert copy in [tables(way)[-1] for way in one.ends if way[-1].drops]


def test_bridges_that_branch_off_side_by_side_are_not_behind_each_other() -> None:
    inside = '    output:{n}\n\n    bridge("br-{n}")\n    -------------\n         0. priority 1\n            drop\n'
    both = inside.format(n=1) + inside.format(n=2)
    text = f'bridge("br-x")\n 0. priority 7\n{both}    resubmit(,7)\n 7. priority 0\n    drop\n'
    found = parse_pipeline(f"{text}Datapath actions: drop\n", "br-x").ends
    assert [tables(way) for way in found] == [["br-x 0", "br-1 0"], ["br-x 0", "br-2 0"], ["br-x 0", "br-x 7"]]


@pytest.mark.parametrize("name", ["resubmits", "resubmits-behind"])
def test_a_table_that_a_flow_goes_on_behind_is_not_followed(name: str) -> None:
    """`resubmit(,5),resubmit(,6),resubmit(,7)`, of 3.1: in the bridge that was asked for, and in another one."""
    with pytest.raises(UnreadableOutput):
        parse_pipeline(recorded(f"ofproto-trace-{name}"), "br-x")


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_table_at_a_level_of_its_own_is_not_followed(level: int) -> None:
    """Also where it is told last, or first in another bridge."""
    odd = f"{' ' * 4 * level} 5. ip, priority 5\n{' ' * 4 * level}    drop\n"
    first = 'bridge("br-x")\n--------------\n 0. ip, priority 9\n    resubmit(,5)\n'
    with pytest.raises(UnreadableOutput):
        parse_pipeline(f"{first}{odd}\nDatapath actions: drop\n", "br-x")
    with pytest.raises(UnreadableOutput):
        parse_pipeline(f'{first}bridge("br-y")\n--------------\n{odd}\nDatapath actions: drop\n', "br-x")


# ------------------------------------------------------------------ other versions


def test_of_2_13() -> None:
    """No `nw_frag`, actions with their old names, and a miss that a controller would be asked about."""
    text = """\
Flow: icmp,in_port=1,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,nw_src=0.0.0.0,nw_dst=0.0.0.0

bridge("br-int")
----------------
 0. in_port=1, priority 200, cookie 0x5e000000000000
    load:0->NXM_NX_REG0[0..15]
    resubmit(,30)
30. ip, priority 200
    ct(table=31,zone=65520)
    drop
     -> A clone of the packet is forked to recirculate. The forked pipeline will be resumed at table 31.

Final flow: unchanged
Megaflow: recirc_id=0,eth,icmp,in_port=1,nw_frag=no
Datapath actions: ct(zone=65520),recirc(0x53)

===============================================================================
recirc(0x53) - resume conntrack with default ct_state=trk|new (use --ct-next to customize)
===============================================================================

Flow: recirc_id=0x53,ct_state=new|trk,ct_zone=65520,eth,icmp,in_port=1

bridge("br-int")
----------------
    thaw
        Resuming from table 31
31. No match, and a "packet-in" is called for.
    drop

Final flow: unchanged
Megaflow: recirc_id=0x53,eth,icmp,in_port=1,nw_frag=no
Datapath actions: drop
"""
    (way,) = parse_pipeline(text, "br-int").ends
    assert tables(way) == ["br-int 0", "br-int 30", "br-int 31"]
    assert way[-1].misses


def test_of_3_3_tables_may_have_names_and_translation_is_simulated() -> None:
    text = recorded("ofproto-trace-refused").replace("82. icmp", "82(rules_ingress). icmp")
    text = text.replace(
        "to customize)\n", "to customize)\nReplacing src/dst IP/ports to simulate NAT:\n Initial flow: \n"
    )
    (way,) = parse_pipeline(text, "br-tun").ends
    assert tables(way)[-2:] == ["br-int 82", "br-int 93"]


def test_before_2_8_nothing_is_known() -> None:
    text = "Bridge: br-int\nFlow: icmp,in_port=1\n\nRule: table=0 cookie=0 priority=0\nOpenFlow actions=drop\n"
    assert claimed(f"{text}\nFinal flow: unchanged\nDatapath actions: drop\n", "br-int") == ()


# ------------------------------------------------------------------ what is no answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "br-none: unknown bridge\n",
        "Datapath actions: \n",
        "Datapath actions: drop\n",
        'bridge("br-int")\n 0. priority 0\n    drop\n',
        'bridge("br-int")\n 0. priority 0\n    drop\n\nDatapath actions: drop\n'
        "Translation failed (Recursion too deep), packet is dropped.\n",
        'bridge("br-int")\n 0. priority 0\n    drop\nDatapath actions: userspace(pid=0)\n',
    ],
    ids=["empty", "error", "no word", "no table", "no end", "failed", "to a controller"],
)
def test_what_says_nothing(text: str) -> None:
    assert claimed(text, "br-int") == ()


def test_an_answer_that_was_cut_says_nothing() -> None:
    """Wherever it was cut: a way that is not told to its end is none."""
    text = recorded("ofproto-trace-refused")
    for end in range(0, text.rindex("Datapath actions: drop"), 7):
        assert claimed(text[:end], "br-tun") == (), end
    assert len(claimed(text, "br-tun")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 6000,
        'bridge("b")\n' + " 0. priority 0\n    drop\n" * 3000 + "Datapath actions: drop\n",
        'bridge("b")\n 0. nobody knows\n    drop\nDatapath actions: drop\n',
        'bridge("b")\n 0. a b, priority 0\n    drop\nDatapath actions: drop\n',
        'bridge("\x1b[2Jb")\n 0. No match.\n    drop\nDatapath actions: drop\n',
    ],
    ids=["lines", "steps", "no priority", "spaces", "name"],
)
def test_what_nobody_can_read(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_pipeline(text, "br-int")


def test_hostile_text_stays_text() -> None:
    text = 'bridge("br-int")\n 0. priority 7\n    output:9\n     >> \x1b[2Jgone\u202e ' + "x" * 9000
    (way,) = parse_pipeline(f"{text}\nDatapath actions: drop\n", "br-int").ends
    assert "\x1b" not in way[0].remark
    assert "\u202e" not in way[0].remark
    assert len(way[0].remark) <= 200


def test_a_line_that_goes_on_and_on_is_not_looked_at_to_its_end() -> None:
    """A pattern that tries anew at each bracket would take hours."""
    text = f'bridge("br-int")\n 0. priority 7\n    {"ct(" * 80_000}\n    drop\nDatapath actions: drop\n'
    (way,) = parse_pipeline(text, "br-int").ends
    assert len(way[0].actions[0]) <= 2000


def test_what_is_sent_out_at_the_end_of_a_long_line_is_sent_out() -> None:
    silent = ",".join(f"set(eth(src=00:00:00:00:00:{n % 100:02}))" for n in range(500))
    text = f'bridge("br-int")\n 0. priority 7\n    drop\nDatapath actions: {silent}'
    assert not parse_pipeline(f"{text}\n", "br-int").sends
    assert parse_pipeline(f"{text},3\n", "br-int").sends


@pytest.mark.parametrize(("number", "ends"), [(15, 16), (16, 0), (800, 0)])
def test_more_ways_than_any_network_has_say_nothing(number: int, ends: int) -> None:
    inside = (
        '    output:1\n\n    bridge("br-y")\n    --------------\n         0. priority 1\n            drop\n'
        * number
    )
    text = f'bridge("br-x")\n 0. priority 7\n{inside}    resubmit(,7)\n 7. priority 0\n    drop\n'
    assert len(parse_pipeline(f"{text}Datapath actions: drop\n", "br-x").ends) == ends
