"""What a trace makes of counters, captures and tables; no machine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from probes.errors import UnreadableOutput
from probes.linux.facts import ChainPolicy, Firewall, FirewallRule, Link, Neighbour
from probes.linux.proc import parse_conntrack
from probes.linux.unit import parse_uptime
from probes.path.facts import Hop
from probes.path.ping import PingOutput
from probes.trace.capturing import UNABLE, Sighted, parse_sightings
from probes.trace.growing import Growing, Grown
from probes.trace.judging import Judgement, judge
from probes.trace.marks import fresh_mark
from probes.trace.reading import Reading, parse_queues
from probes.trace.sending import Answered, pinged, seconds_to_send, tried
from probes.trace.watching import watched
from probes.trace.ways import Station, Ways

SENT = 20
NOBODY = Answered(SENT, 0, 0, "", "")
REJECT = "-A FORWARD -o virbr10 -j REJECT"
HOPS = (
    Hop("a", "", "eth0", "10.0.0.1", True, 0, True, ""),
    Hop("b", "eth1", "eth2", "", True, 0, True, ""),
    Hop("c", "eth3", "", "", False, 0, True, ""),
)


def ways(*hops: Hop, unseen: tuple[str, ...] = (), back: tuple[Hop, ...] = ()) -> Ways:
    stations = []
    for direction, some in (("there", hops), ("back", back)):
        for hop in some:
            stations += [Station(hop.host, hop.in_interface, "in", direction)] if hop.in_interface else []
            stations += [Station(hop.host, hop.out_interface, "out", direction)] if hop.out_interface else []
    both = [("there", hop) for hop in hops] + [("back", hop) for hop in back]
    return Ways(tuple(stations), tuple(both), "10.0.1.9", "c", tuple(hop.host for hop in hops), unseen)


def rule(packets: int, text: str = REJECT, position: int = 1) -> FirewallRule:
    words = tuple(text.split()[2:])
    return FirewallRule("filter", text.split()[1], position, text, words, words[-1], packets, 0)


def reading(
    moment: float,
    *rules: FirewallRule,
    counters: Mapping[str, int] | None = None,
    links: Mapping[str, tuple[int, int]] | None = None,
    neighbours: tuple[Neighbour, ...] = (),
    policies: tuple[ChainPolicy, ...] = (),
) -> Reading:
    found = {
        name: Link(name, "UP", True, 1500, "", "", "", rx, tx, 0, 0, 0, 0)
        for name, (rx, tx) in (links or {}).items()
    }
    return Reading(moment, counters or {}, found, {}, neighbours, Firewall("b", "iptables-nft", rules, policies))


def growing(silent: int, before: int, after: int) -> Growing:
    """Of one rule that drops, in three readings a second apart."""
    return Growing(reading(0, rule(silent)), reading(1, rule(before)), reading(2, rule(after)))


def judged(
    way: Ways,
    growth: Mapping[str, Growing],
    sighted: Mapping[str, Sighted] | None = None,
    answered: Answered = NOBODY,
) -> Judgement:
    return judge(watched(way, growth, sighted or {}, SENT), answered, "a", "")


def saw(**counts: int) -> Sighted:
    """`eth1_in_there=20`."""
    places = {tuple(name.split("_")): number for name, number in counts.items()}
    return Sighted({(one[0], one[1], one[2]): number for one, number in places.items()}, able=True)


# ------------------------------------------------------------------ counters


def test_silence_is_taken_off() -> None:
    (found,) = growing(100, 110, 140).rules()
    assert found[1] == Grown(ours=20, noise=10)


def test_silence_of_another_length_is_scaled_by_the_hosts_own_clock() -> None:
    longer = Growing(reading(0, rule(0)), reading(1, rule(10)), reading(3, rule(50)))
    assert longer.share == 2
    assert longer.rules()[0][1] == Grown(ours=20, noise=20)


@pytest.mark.parametrize("counts", [(100, 0, 20), (100, 120, 5)], ids=["zeroed in silence", "zeroed while we sent"])
def test_counters_that_were_reset_say_nothing(counts: tuple[int, int, int]) -> None:
    (found,) = growing(*counts).rules()
    assert not found[1].known
    assert not found[1].is_like(SENT)
    assert found[1].is_hidden(SENT)


def test_a_rule_that_was_put_in_meanwhile_says_nothing() -> None:
    late = Growing(reading(0), reading(1), reading(2, rule(20)))
    assert not late.rules()[0][1].known


def test_a_busy_rule_hides_our_packets_and_a_quiet_one_does_not() -> None:
    assert Grown(20, noise=4).is_like(SENT)
    assert not Grown(20, noise=400).is_like(SENT)
    assert Grown(20, noise=400).is_hidden(SENT)
    assert Grown(80, noise=160).is_like(80), "more packets show again"
    assert not Grown(90, noise=4).is_like(SENT), "far more than ours are none of ours"


def test_a_rule_for_another_protocol_is_not_blamed() -> None:
    other = "-A FORWARD -p tcp -m tcp --dport 23 -j DROP"
    readings = [reading(n, rule(count, other)) for n, count in enumerate((0, 0, 20))]
    assert judged(ways(*HOPS), {"b": Growing(*readings)}).dead is None


def test_a_busy_rule_is_blamed_where_a_capture_saw_them_end() -> None:
    sighted = {"b": saw(eth1_in_there=20, eth2_out_there=0)}
    assert judged(ways(*HOPS), {"b": growing(0, 60, 140)}).dead is None
    told = judged(ways(*HOPS), {"b": growing(0, 60, 140)}, sighted)
    assert told.dead is not None
    assert told.dead.packets == 20


def test_at_the_target_as_well_unless_its_kernel_counted_them() -> None:
    """It sends no answer, and a rule for all that comes counts what others send, too."""
    text = "-A INPUT -i eth3 -j DROP"
    told = _at_target(text).dead
    assert told is not None
    assert (told.host, told.rule, told.packets) == ("c", text, 20)
    assert _at_target(text, echoes=SENT).dead is None
    assert _at_target(text, eth9_out_back=20).dead is None, "it answers by another way than tables say"
    assert _at_target(text, protocol="udp").dead is None, "nobody has to answer"
    assert _at_target(text.replace("INPUT", "FORWARD")).dead is None


@pytest.mark.parametrize(("chain", "blamed"), [("FORWARD", True), ("INPUT", False)])
def test_a_pods_node_sends_on(chain: str, *, blamed: bool) -> None:
    hops = (*HOPS[:2], Hop("c", "eth3", "cali1", "", True, 0, True, ""))
    grown = [reading(n, rule(one, f"-A {chain} -i eth3 -j DROP")) for n, one in enumerate((0, 60, 140))]
    sighted = {"c": saw(eth3_in_there=20, cali1_out_there=0)}
    assert (judged(ways(*hops), {"c": Growing(*grown)}, sighted).dead is not None) is blamed


def _at_target(text: str, echoes: int = 0, protocol: str = "icmp", **also: int) -> Judgement:
    counts = ((0, 0), (60, 0), (140, echoes))
    grown = [reading(n, rule(one, text), counters={"IcmpInEchos": got}) for n, (one, got) in enumerate(counts)]
    back = (Hop("c", "", "eth3", "10.0.1.1", False, 0, True, ""), HOPS[1])
    sighted = {"c": saw(eth3_in_there=20, eth3_out_back=0, **also)}
    seen = watched(ways(*HOPS, back=back), {"c": Growing(*grown)}, sighted, SENT, protocol)
    return judge(seen, NOBODY, "a", "")


def test_seven_of_twenty_are_lost_at_the_rule_that_counted_seven() -> None:
    sighted = {"b": saw(eth1_in_there=20, eth2_out_there=13), "c": saw(eth3_in_there=13)}
    told = judged(ways(*HOPS), {"b": growing(0, 0, 7)}, sighted, Answered(SENT, 13, 0, "", ""))
    assert told.verdict == "some-lost"
    assert told.dead is not None
    assert (told.dead.host, told.dead.packets) == ("b", 7)


def test_what_is_seen_far_more_often_than_sent_is_somebody_elses() -> None:
    sighted = {"b": saw(eth1_in_there=20), "c": saw(eth3_in_there=500)}
    told = judged(ways(*HOPS), {"b": growing(0, 0, 20)}, sighted)
    assert told.dead is not None
    assert told.dead.host == "b"


# ------------------------------------------------------------------ the dead hop


def test_the_rule_that_counts_our_packets_is_named() -> None:
    sighted = {"a": saw(eth0_out_there=20), "b": saw(eth1_in_there=20, eth2_out_there=0), "c": saw()}
    told = judged(ways(*HOPS), {"b": growing(0, 0, 20)}, sighted)
    assert told.verdict == "dies"
    assert told.dead is not None
    assert (told.dead.host, told.dead.reason, told.dead.rule) == ("b", "rule", REJECT)
    assert (told.dead.entered, told.dead.left, told.dead.packets) == (20, 0, 20)
    assert [hop.verdict for hop in told.hops] == ["seen", "seen", "beyond", "beyond"]


def test_a_rule_behind_the_last_that_saw_them_is_not_blamed_for_what_it_never_got() -> None:
    """It counted as many of somebody else's packets meanwhile."""
    sighted = {"b": saw(eth1_in_there=20, eth2_out_there=20), "c": saw(eth3_in_there=20)}
    told = judged(ways(*HOPS), {"b": growing(0, 0, 20), "c": growing(0, 0, 0)}, sighted)
    assert told.dead is None
    assert told.last_seen == "c"


def test_counters_alone_find_it_where_nobody_may_capture() -> None:
    told = judged(ways(*HOPS), {"b": growing(0, 3, 26)}, {"b": UNABLE})
    assert told.dead is not None
    assert told.dead.packets == 23 - 3
    assert told.dead.entered == -1


def test_what_cannot_be_told_from_others_is_ambiguous() -> None:
    told = judged(ways(*HOPS), {"b": growing(0, 400, 820)})
    assert (told.verdict, told.dead) == ("ambiguous", None)


def test_a_policy_counts_as_a_rule_of_position_zero() -> None:
    def policy(count: int) -> tuple[ChainPolicy, ...]:
        return (ChainPolicy("filter", "FORWARD", "DROP", count, 0),)

    readings = [reading(n, policies=policy(count)) for n, count in enumerate((0, 0, 20))]
    told = judged(ways(*HOPS), {"b": Growing(*readings)})
    assert told.dead is not None
    assert (told.dead.reason, told.dead.position, told.dead.chain) == ("policy", 0, "FORWARD")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("TcpExtIPReversePathFilter", "rp-filter"),
        ("ConntrackDrop", "conntrack"),
        ("IpExtInNoRoutes", "no-route"),
        ("IpInDiscards", "discarded"),
    ],
)
def test_the_kernels_own_counters(name: str, reason: str) -> None:
    readings = [reading(n, counters={name: count}) for n, count in enumerate((5, 5, 25))]
    told = judged(ways(*HOPS), {"b": Growing(*readings)})
    assert told.dead is not None
    assert (told.dead.host, told.dead.reason, told.dead.packets) == ("b", reason, 20)


def test_a_busy_counter_of_the_kernel_is_blamed_where_a_capture_saw_them_end() -> None:
    """A full table drops others' packets too, and what cannot be put in is another number than what is dropped."""
    counts = [
        {"ConntrackDrop": drop, "ConntrackInsertFailed": failed}
        for drop, failed in ((0, 0), (60, 900), (141, 1850))
    ]
    busy = {"b": Growing(*(reading(n, counters=one) for n, one in enumerate(counts)))}
    assert judged(ways(*HOPS), busy).dead is None
    told = judged(ways(*HOPS), busy, {"b": saw(eth1_in_there=20, eth2_out_there=0)})
    assert told.dead is not None
    assert (told.dead.reason, told.dead.packets) == ("conntrack", 21)


@pytest.mark.parametrize("name", ["IpExtInNoRoutes", "TcpExtIPReversePathFilter", "ConntrackInsertFailed"])
def test_what_a_host_always_counts_is_not_blamed_for_ours(name: str) -> None:
    """A hundred a second that come from elsewhere vary by as many as ours; what took ours counted nothing."""
    busy = {"b": Growing(*(reading(n, counters={name: count}) for n, count in enumerate((0, 100, 221))))}
    told = judged(ways(*HOPS), busy, {"b": saw(eth1_in_there=20, eth2_out_there=0)})
    assert told.dead is None


def test_packets_that_are_not_its_own_are_no_fault_of_a_host_that_forwards() -> None:
    readings = [reading(n, counters={"IpInAddrErrors": count}) for n, count in enumerate((0, 0, 20))]
    assert judged(ways(*HOPS), {"b": Growing(*readings)}).dead is None
    closed = Hop("b", "eth1", "eth2", "", False, 0, True, "forwarding-off")
    told = judged(ways(HOPS[0], closed), {"b": Growing(*readings)})
    assert told.dead is not None
    assert (told.dead.reason, told.dead.confirmed) == ("forwarding-off", True)


def test_a_table_alone_is_not_proof() -> None:
    told = judged(ways(HOPS[0], Hop("b", "eth1", "", "", True, 0, True, "no-route")), {})
    assert told.dead is not None
    assert (told.dead.reason, told.dead.confirmed) == ("no-route", False)


def test_nobody_answers_arp() -> None:
    deaf = (Neighbour("10.0.0.1", "eth0", "", "FAILED"),)
    readings = [reading(n, neighbours=deaf) for n in range(3)]
    told = judged(ways(HOPS[0]), {"a": Growing(*readings)})
    assert told.dead is not None
    assert (told.dead.host, told.dead.reason) == ("a", "neighbour")


def test_captured_coming_in_and_missing_going_out_they_vanish_inside() -> None:
    captured = {"b": saw(eth1_in_there=20, eth2_out_there=0)}
    told = judged(ways(*HOPS), {}, captured)
    assert (told.dead, told.last_seen, told.next_unseen) == (None, "b", "b")
    left = judged(ways(*HOPS), {}, {"b": saw(eth1_in_there=20, eth2_out_there=20), "c": saw(eth3_in_there=0)})
    assert (left.last_seen, left.next_unseen) == ("b", "c")


def test_what_the_targets_input_counts_is_on_the_way_there() -> None:
    """The way there ends at a floating address; only the way back begins at the target itself."""
    there, back = HOPS[:2], (Hop("c", "", "eth3", "10.0.1.1", False, 0, True, ""), HOPS[1])
    text = "-A INPUT -p icmp -j DROP"
    readings = [reading(n, rule(count, text)) for n, count in enumerate((0, 0, SENT))]
    told = judged(ways(*there, back=back), {"c": Growing(*readings)})
    assert told.dead is not None
    assert (told.dead.host, told.dead.chain, told.dead.direction) == ("c", "INPUT", "there")


def test_between_two_hosts_where_one_cannot_be_asked() -> None:
    sighted = {"a": saw(eth0_out_there=20)}
    told = judged(ways(HOPS[0], unseen=("b",)), {}, sighted)
    assert (told.verdict, told.last_seen, told.next_unseen) == ("unseen", "a", "b")


def test_answers_lost_on_the_way_back() -> None:
    back = (Hop("c", "", "eth3", "", False, 0, True, ""), Hop("b", "eth2", "eth1", "", True, 0, True, ""))
    sighted = {
        "b": saw(eth1_in_there=20, eth2_out_there=20, eth2_in_back=20, eth1_out_back=0),
        "c": saw(eth3_in_there=20, eth3_out_back=20),
    }
    told = judged(ways(*HOPS, back=back), {"b": growing(0, 0, 20)}, sighted)
    assert told.dead is not None
    assert (told.dead.host, told.dead.direction) == ("b", "back")


def test_some_lost_and_all_refused() -> None:
    some = judged(ways(*HOPS), {"b": growing(0, 0, 11)}, answered=Answered(SENT, 9, 0, "", ""))
    assert some.verdict == "some-lost"
    refused = judged(ways(*HOPS), {}, answered=Answered(SENT, SENT, SENT, "", ""))
    assert (refused.verdict, refused.dead) == ("refused", None)


@pytest.mark.parametrize("text", [REJECT, "-A FORWARD counter reject"], ids=["iptables", "nft"])
def test_a_reject_on_the_way_is_no_refusal_of_the_target(text: str) -> None:
    refused = Answered(SENT, SENT, SENT, "", "")
    rules = [replace(rule(count, text), verdict="REJECT") for count in (0, 0, 20)]
    readings = [reading(n, one) for n, one in enumerate(rules)]
    told = judged(ways(*HOPS), {"b": Growing(*readings)}, answered=refused)
    assert (told.verdict, told.received) == ("dies", 0)
    assert told.dead is not None
    assert told.dead.rule == text


@pytest.mark.parametrize("policy", ["ACCEPT", "DROP"])
def test_udp_that_reached_its_host_arrived_unless_something_there_drops_unseen(policy: str) -> None:
    silent = (ChainPolicy("inet filter", "input", policy, 0, 0),)
    readings = [reading(n, policies=silent) for n in range(3)]
    sighted = {"c": saw(eth3_in_there=20)}
    seen = watched(ways(*HOPS), {"c": Growing(*readings)}, sighted, SENT, "udp")
    assert judge(seen, NOBODY, "a", "").verdict == ("arrives" if policy == "ACCEPT" else "unseen")


def test_a_port_by_udp_that_nobody_listens_on_is_refused_a_few_times_a_second() -> None:
    few = Answered(SENT, 4, 4, "timeout", "")
    silent = (ChainPolicy("inet filter", "input", "DROP", 0, 0),)
    growth = {"c": Growing(*(reading(n, policies=silent) for n in range(3)))}
    seen = watched(ways(*HOPS), growth, {"c": saw(eth3_in_there=20)}, SENT, "udp")
    assert judge(seen, few, "a", "").verdict == "refused"
    lost = watched(ways(*HOPS), growth, {"c": saw(eth3_in_there=4)}, SENT, "udp")
    assert judge(lost, few, "a", "").verdict == "some-lost"


# ------------------------------------------------------------------ what machines print

_LINE = "12:00:00.1 {} ifindex 5 52:54:00:00:00:02 {}{}, id 7, seq 1, length 77\n"
_ASKED, _TOLD = "10.0.0.5 > 10.0.1.9: ICMP echo request", "10.0.1.9 > 10.0.0.5: ICMP echo reply"


def captured(link: str = "") -> str:
    """As tcpdump 4.99 prints it; before libpcap 1.10 with what the link layer says."""
    there = (("enp7s0 In ", _ASKED), ("virbr10 Out", _ASKED), ("virbr10 In ", _TOLD))
    return "".join(_LINE.format(where, link, what) for where, what in there)


CAPTURED = captured()
LISTENED = "tcpdump: listening on any, link-type LINUX_SLL2\n3 packets captured\n0 packets dropped by kernel\n"


@pytest.mark.parametrize("link", ["", "IPv4, length 105: ", "ethertype IPv4 (0x0800), length 105: "])
def test_a_capture_counts_by_interface_side_and_direction(link: str) -> None:
    seen = parse_sightings(captured(link), LISTENED, fresh_mark("icmp", 0, "10.0.1.9"))
    assert seen.able
    assert seen.at("enp7s0", "in", "there") == seen.at("virbr10", "out", "there") == 1
    assert seen.at("virbr10", "in", "back") == 1
    assert seen.at("enp7s0", "out", "back") == 0


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (CAPTURED, "tcpdump: any: You don't have permission"),
        (CAPTURED, LISTENED.replace("0 packets dropped", "4 packets dropped")),
        ("12:00:00.1 IP 10.0.0.5 > 10.0.1.9: ICMP echo request, id 7, seq 1, length 77\n", LISTENED),
    ],
    ids=["not allowed", "the kernel dropped some", "an old tcpdump tells no interface"],
)
def test_a_capture_that_may_lack_some_is_no_witness(text: str, errors: str) -> None:
    assert parse_sightings(text, errors, fresh_mark("icmp", 0, "10.0.1.9")) == UNABLE


@pytest.mark.parametrize("text", ["", "\n"])
def test_a_capture_that_saw_none_is_a_witness(text: str) -> None:
    assert parse_sightings(text, LISTENED, fresh_mark("icmp", 0, "10.0.1.9")) == Sighted({}, able=True)


def test_connections_are_told_by_who_answers() -> None:
    text = (
        "12:00:00.1 lo    In  ifindex 1 00:00:00:00:00:00 10.0.0.5.51344 > 10.0.1.9.5399: tcp 0\n"
        "12:00:00.1 lo    In  ifindex 1 00:00:00:00:00:00 10.0.1.9.5399 > 10.0.0.5.51344: tcp 0\n"
    )
    seen = parse_sightings(text, LISTENED, fresh_mark("tcp", 5399, "10.0.1.9"))
    assert (seen.at("lo", "in", "there"), seen.at("lo", "in", "back")) == (1, 1)


def test_marks_differ_from_what_ping_sends_by_itself() -> None:
    sizes = {fresh_mark("icmp", 0, "10.0.1.9", origin=f"host-{n}").size for n in range(200)}
    assert not sizes & {56, 64, 100, 128}
    assert len(sizes) > 50
    again = {fresh_mark("icmp", 0, "10.0.1.9", origin="a").size for _ in range(5)}
    assert len(again) == 1, "a replay asks the same"
    assert fresh_mark("icmp", 0, "10.0.1.9", size=1472).size == 1472


def test_connections_have_no_mark_but_their_two_ends() -> None:
    mark = fresh_mark("tcp", 443, "10.0.1.9", sources=["10.0.0.5", "10.10.10.1"])
    assert "and (src host 10.0.0.5 or src host 10.10.10.1)" in mark.there()
    assert "and (dst host 10.0.0.5 or dst host 10.10.10.1)" in mark.back()
    assert "ip6[53] & 0x12 = 0x02" in fresh_mark("tcp", 443, "fd00::9").there()


def test_a_size_that_was_asked_for_is_not_cut() -> None:
    assert fresh_mark("icmp", 0, "10.0.1.9", size=3000).uncut
    assert not fresh_mark("icmp", 0, "10.0.1.9").uncut


def test_a_translated_target_is_looked_for_behind_the_translation_too() -> None:
    mark = fresh_mark("tcp", 443, "10.96.0.1", [("10.244.1.7", 6443)])
    assert "dst host 10.96.0.1 or dst host 10.244.1.7" in mark.there()
    assert "dst port 443 or dst port 6443" in mark.there()


def test_what_came_back() -> None:
    lanes = [PingOutput(5, 0, "port-unreachable", "10.0.0.1", 0.0), PingOutput(5, 5, "", "", 0.3)]
    assert pinged(lanes) == Answered(10, 5, 0, "port-unreachable", "10.0.0.1")
    assert tried(["opened", "refused", "timeout"]) == Answered(3, 2, 1, "", "")
    assert tried(["unreachable"] * 2) == Answered(2, 0, 0, "host-unreachable", "")
    assert seconds_to_send(fresh_mark("icmp", 0, "10.0.1.9"), 20) <= 0.5


def test_files_of_the_kernel() -> None:
    assert parse_uptime("12.50 3.0\n") == 12.5
    names = "entries  insert_failed drop early_drop\n"
    text = f"{names}00000001  00000002 0000000a 00000000\n00000001  00000001 00000001 0\n"
    assert parse_conntrack(text) == {"ConntrackDrop": 11, "ConntrackInsertFailed": 3}
    assert parse_conntrack("") == {}
    assert parse_queues('[{"dev": "eth0", "drops": 3}, {"dev": "eth0", "drops": 2}, {"dev": "lo"}]') == {
        "eth0": 3,
        "lo": 0,
    }


@pytest.mark.parametrize("text", ["", "never", "nan 1", "9" * 5000, "-1 0"])
def test_an_uptime_that_is_none(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_uptime(text)


def test_a_conntrack_file_of_another_form() -> None:
    with pytest.raises(UnreadableOutput):
        parse_conntrack("drop\nzz\n")
