"""Where a trace could blame the wrong one: counters that tick by chance, two backends, rules that count nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from probes.linux.facts import ChainPolicy, Firewall
from probes.linux.nft import may_drop_uncounted, parse_nft
from probes.path.firewall_hits import grown
from probes.trace.growing import Growing
from probes.trace.judging import by_chance, judge
from probes.trace.sending import Answered
from probes.trace.watching import watched
from tests.probes.test_trace import HOPS, NOBODY, SENT, growing, judged, reading, rule, saw, ways

ONE_LOST = Answered(20, 19, 0, "", "")
OTHERS = "-A INPUT -i docker0 -j DROP"


def test_a_counter_that_ticks_once_took_none_of_twenty() -> None:
    ticked = {"a": Growing(*(reading(n, rule(count, OTHERS)) for n, count in enumerate((5, 5, 6))))}
    for seen in ({}, {"a": saw(eth0_out_there=20), "b": saw(eth1_in_there=20, eth2_out_there=20)}):
        told = judged(ways(*HOPS), ticked, seen, ONE_LOST)
        assert (told.verdict, told.dead) == ("some-lost", None)


@pytest.mark.parametrize("sent", [1, 2, 4, 5, 20])
def test_a_counter_that_ticks_beside_a_few_packets_is_asked_again(sent: int) -> None:
    """An LLDP frame that is dropped there, and a packet that is lost elsewhere."""
    lost = Answered(sent, 0, 0, "", "")
    told = judge(watched(ways(*HOPS), {"b": growing(5, 5, 5 + sent)}, {}, sent), lost, "a", "")
    assert told.dead
    assert by_chance(lost, told) is (sent < 5)
    assert not by_chance(replace(lost, error="port-unreachable"), told)
    nothing = judge(watched(ways(*HOPS), {"b": growing(5, 5, 5)}, {}, sent), lost, "a", "")
    assert not by_chance(lost, nothing)


def test_one_that_is_lost_between_two_captures_is_lost_at_the_rule_between_them() -> None:
    seen = {"a": saw(eth0_out_there=20), "b": saw(eth1_in_there=20, eth2_out_there=19), "c": saw(eth3_in_there=19)}
    told = judged(ways(*HOPS), {"b": growing(0, 0, 1), "a": growing(5, 5, 6)}, seen, ONE_LOST)
    assert told.dead
    assert (told.dead.host, told.dead.packets) == ("b", 1)


def test_many_lost_are_told_by_their_number_where_nobody_may_capture() -> None:
    told = judged(ways(*HOPS), {"b": growing(0, 0, 7)}, answered=Answered(20, 13, 0, "", ""))
    assert told.dead
    assert told.dead.packets == 7


def test_captures_that_saw_too_few_everywhere_place_no_loss() -> None:
    few = {"a": saw(eth0_out_there=14), "b": saw(eth1_in_there=14, eth2_out_there=7), "c": saw(eth3_in_there=7)}
    told = judged(ways(*HOPS), {"b": growing(0, 0, 10)}, few, Answered(20, 10, 0, "", ""))
    assert told.dead
    assert (told.dead.host, told.dead.packets) == ("b", 10)


def test_the_same_policy_of_two_backends_is_two() -> None:
    def both(moment: float, nft: int, legacy: int) -> Growing:
        held = [
            reading(n, policies=(policy(1000 if n < 2 else nft), policy(980 if n < 2 else legacy)))
            for n in range(3)
        ]
        return Growing(*held)

    def policy(packets: int) -> ChainPolicy:
        return ChainPolicy("filter", "FORWARD", "DROP", packets, 0)

    assert judged(ways(*HOPS), {"b": both(0, 1000, 980)}).dead is None
    for counted in ((1020, 980), (1000, 1000)):
        told = judged(ways(*HOPS), {"b": both(0, *counted)})
        assert told.dead
        assert (told.dead.rule, told.dead.packets) == ("-P FORWARD DROP", 20)


def test_the_same_rule_of_two_backends_hits_only_where_it_counted() -> None:
    before = Firewall("b", "iptables-nft+iptables-legacy", (rule(30), rule(10)), ())
    after = replace(before, rules=(rule(30), rule(30)))
    assert grown(before, before, 20, "icmp") == ()
    assert [hit.packets for hit in grown(before, after, 20, "icmp")] == [20]


def test_a_table_that_was_zeroed_meanwhile_says_nothing_of_its_other_rules() -> None:
    """Zeroed and counted up again to what it was: by itself it looks untouched."""
    other = "-A FORWARD -s 192.0.2.1/32 -j ACCEPT"
    counts = ((20, 90), (20, 90), (20, 3))
    zeroed = Growing(*(reading(n, rule(one), rule(two, other, 2)) for n, (one, two) in enumerate(counts)))
    assert [found.known for _, found in zeroed.rules()] == [False, False]
    assert judged(ways(*HOPS), {"b": zeroed}).verdict == "ambiguous"


def test_rules_that_were_flushed_meanwhile_are_why_nothing_counts() -> None:
    """The rule that dropped ours is gone with its counter."""
    flushed = Growing(reading(0, rule(4)), reading(1, rule(4)), reading(2))
    told = judged(ways(*HOPS), {"b": flushed})
    assert (told.verdict, told.dead, told.changed) == ("ambiguous", None, ("b",))
    there = judged(ways(*HOPS), {"b": flushed}, answered=Answered(SENT, SENT, 0, "", ""))
    assert (there.verdict, there.changed) == ("arrives", ())


def test_a_hop_that_is_named_is_in_no_doubt_for_rules_that_changed_elsewhere() -> None:
    flushed = Growing(reading(0, rule(4)), reading(1, rule(4)), reading(2))
    told = judged(ways(*HOPS), {"a": flushed, "b": growing(0, 0, 20)})
    assert told.dead
    assert (told.verdict, told.dead.host, told.changed) == ("dies", "b", ())


def test_rules_that_could_not_be_read_have_not_changed() -> None:
    blind = Growing(reading(0, rule(4)), replace(reading(1), firewall=None), reading(2))
    assert not blind.rules_changed


# ------------------------------------------------------------------ rules of nft

HEAD = {"chain": {"family": "inet", "table": "f", "name": "input", "handle": 1, "policy": "accept"}}
COUNTED = {"counter": {"family": "inet", "name": "dropped", "table": "f", "handle": 2, "packets": 7, "bytes": 588}}


def native(words: str, *expressions: dict[str, object]) -> Firewall:
    held = {"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 5, "expr": list(expressions)}}
    listing = f"table inet f {{ # handle 1\n\tchain input {{ # handle 1\n\t\t{words} # handle 5\n\t}}\n}}\n"
    rules, policies = parse_nft(json.dumps({"nftables": [HEAD, COUNTED, held]}), listing, ())
    return Firewall("c", "nft", rules, policies)


def test_a_named_counter_is_the_rules() -> None:
    (found,) = native('udp dport 514 counter name "dropped" drop', {"counter": "dropped"}, {"drop": None}).rules
    assert (found.verdict, found.packets) == ("DROP", 7)
    assert not may_drop_uncounted(found)


@pytest.mark.parametrize(
    ("words", "may"),
    [
        ("udp dport vmap { 514 : drop }", True),
        ("ct state vmap { invalid : drop, established : accept }", True),
        ("udp dport vmap @ports", True),
        ('iifname vmap { "lo" : accept, "eth0" : jump input_eth0 }', False),
    ],
)
def test_a_map_of_verdicts_may_drop_and_count_nothing(words: str, *, may: bool) -> None:
    (found,) = native(words, {"vmap": {"key": {}, "data": {}}}).rules
    assert may_drop_uncounted(found) is may


# ------------------------------------------------------------------ translation that the walk did not learn


def nat(rules: Firewall) -> Growing:
    return Growing(*(replace(reading(n), firewall=rules) for n in range(3)))


@pytest.mark.parametrize("protocol", ["tcp", "icmp"])
def test_a_capture_behind_a_translation_is_no_witness_for_connections(protocol: str) -> None:
    """Behind it they come from another address: that none were seen says nothing."""
    words = native('oifname "eth2" masquerade', {"masquerade": None})
    taken = Growing(*(reading(n, rule(count, "-A INPUT -j DROP")) for n, count in enumerate((0, 0, 20))))
    seen = {"a": saw(eth0_out_there=20), "b": saw(eth1_in_there=20, eth2_out_there=0), "c": saw(eth3_in_there=0)}
    told = judge(watched(ways(*HOPS), {"b": nat(words), "c": taken}, seen, 20, protocol), NOBODY, "a", "")
    if protocol == "icmp":
        assert told.next_unseen == "b"
    else:
        assert told.dead
        assert (told.dead.host, told.dead.rule) == ("c", "-A INPUT -j DROP")
