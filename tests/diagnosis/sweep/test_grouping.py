"""Many trees, few findings: what is one cause, which is the root, what comes first, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from diagnosis.catalog import catalog
from diagnosis.sweep.grouping import Group, grouped, ruled_out
from diagnosis.sweep.tree import Outcome, Way
from knowledge.load import load, shipped
from knowledge.model import Knowledge, Verdict
from knowledge.tree import Found

PING, SSH = "no-answer-to-ping", "host-does-not-answer-ssh"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load([shipped()], catalog()).knowledge


def found(cause: str, symptom: str = PING, *, passes: tuple[str, ...] = (), **more: Any) -> Outcome:
    values: Mapping[str, Any] = more.pop("values", {"host": "gate"})
    refused = more.pop("refused", ())
    way = Found(cause, symptom, "step", values, refused)
    places = frozenset(f"host:{name}" for name in (*passes, values.get("host", "gate")))
    return Outcome(symptom, {}, Way.FOUND, found=way, passes=places, **more)


def ended(symptom: str = PING, verdict: Verdict = Verdict.UNKNOWN, *passes: str, **more: Any) -> Outcome:
    places = frozenset(f"host:{name}" for name in passes)
    return Outcome(symptom, {}, Way.ENDED, verdict=verdict, passes=places, **more)


def names(groups: tuple[Group, ...]) -> list[tuple[str, str]]:
    return [(group.cause.id, group.target) for group in groups]


def test_forty_trees_that_end_at_one_host_are_one_finding(knowledge: Knowledge) -> None:
    groups = grouped([found("ip-forward-off", number=number) for number in range(40)], knowledge)
    assert names(groups) == [("ip-forward-off", "host:gate")]
    assert len(groups[0].outcomes) == 40


def test_another_host_is_another_finding(knowledge: Knowledge) -> None:
    groups = grouped([found("ip-forward-off"), found("ip-forward-off", values={"host": "other"})], knowledge)
    assert len(groups) == 2


def gone(number: int, wire: str = "eth1") -> Outcome:
    values = {"host": f"n{number}", "address": f"10.0.0.{number}", "seen_from": "gate", "interface": wire}
    return found("host-not-on-the-wire", SSH, values=values, number=number)


def test_forty_machines_behind_a_dead_switch_are_one_finding(knowledge: Knowledge) -> None:
    nodes = [ended("node-not-ready", Verdict.UNKNOWN, f"n{number}", number=100 + number) for number in range(40)]
    (group,) = grouped([*(gone(number) for number in range(40)), *nodes], knowledge)
    assert group.targets == tuple(f"host:n{number}" for number in range(40))
    assert (len(group.outcomes), len(group.symptoms), group.explained_by) == (40, 40, [])


def test_two_machines_that_are_gone_are_two_and_so_are_two_wires(knowledge: Knowledge) -> None:
    assert len(grouped([gone(1), gone(2)], knowledge)) == 2
    wires = grouped([gone(number, f"eth{number % 2}") for number in range(8)], knowledge)
    assert [len(group.targets) for group in wires] == [4, 4]


def test_who_is_seen_from_two_sides_is_one_all_the_same(knowledge: Knowledge) -> None:
    other = {"host": "n1", "address": "10.0.0.1", "seen_from": "b", "interface": "eth9"}
    outcomes = [*(gone(number) for number in range(3)), found("host-not-on-the-wire", SSH, values=other, number=9)]
    (group,) = grouped(outcomes, knowledge)
    assert (group.targets, len(group.outcomes)) == (("host:n0", "host:n1", "host:n2"), 4)


def test_a_subject_tells_two_causes_of_one_host_apart(knowledge: Knowledge) -> None:
    one, other = ({"host": "gate", "target_net": net} for net in ("10.1.0.0/24", "10.2.0.0/24"))
    outcomes = [found("missing-route", values=values) for values in (one, other, one)]
    assert [len(group.outcomes) for group in grouped(outcomes, knowledge)] == [2, 1]


def test_a_subject_that_is_not_known_tells_nothing_apart(knowledge: Knowledge) -> None:
    known = {"host": "gate", "target_net": "10.1.0.0/24"}
    groups = grouped([found("missing-route"), found("missing-route", values=known)], knowledge)
    assert [group.found.values for group in groups] == [known]


def test_who_can_be_repaired_speaks_for_all(knowledge: Knowledge) -> None:
    vague = found("ip-forward-off", refused=("source: not known",), number=0)
    likely = found("ip-forward-off", sure=False, number=1)
    clear = found("ip-forward-off", values={"host": "gate", "source": "a"}, number=2)
    (group,) = grouped([vague, likely, clear], knowledge)
    assert (group.found, group.sure, group.outcomes[0]) == (clear.found, True, clear)


def test_a_root_comes_before_what_it_explains(knowledge: Knowledge) -> None:
    many = [found("missing-route", passes=("silent",), number=number) for number in range(5)]
    root = found("firewall-drops-everything", SSH, values={"host": "silent"})
    groups = grouped([*many, root], knowledge)
    assert names(groups) == [("firewall-drops-everything", "host:silent"), ("missing-route", "host:gate")]
    assert groups[0].explains == [groups[1]]
    assert groups[1].explained_by == [groups[0]]


def test_what_a_cloud_drops_explains_what_passes_the_hosts_that_it_names(knowledge: Knowledge) -> None:
    values = {"cloud": "lab", "source": "w1", "target": "10.244.2.2", "kind": "vxlan", "udp": 4789}
    root = found("security-group-drops-tunnel", "pods-across-nodes", values=values)
    lost, elsewhere = (ended("service-does-not-answer", Verdict.UNKNOWN, host) for host in ("w1", "w9"))
    (group,) = grouped([root, lost, elsewhere], knowledge)
    assert (group.targets, group.symptoms) == (("cloud:lab",), [lost])


def test_what_does_not_touch_is_not_explained(knowledge: Knowledge) -> None:
    root = found("firewall-drops-everything", SSH, values={"host": "silent"})
    groups = grouped([found("missing-route", passes=("elsewhere",)), root], knowledge)
    assert all(not group.explained_by for group in groups)


def test_trees_without_a_cause_are_explained_where_they_pass_the_root(knowledge: Knowledge) -> None:
    here, there = ended(PING, Verdict.UNKNOWN, "gate"), ended(PING, Verdict.UNKNOWN, "elsewhere")
    (group,) = grouped([found("ip-forward-off"), here, there], knowledge)
    assert group.symptoms == [here]


def test_what_breaks_most_comes_first_and_what_is_sure_before_that(knowledge: Knowledge) -> None:
    few = found("ip-forward-off", values={"host": "few"})
    most = [found("ip-forward-off", values={"host": "most"}) for _ in range(3)]
    doubtful = [found("ip-forward-off", values={"host": "doubtful"}, sure=False) for _ in range(9)]
    groups = grouped([few, *doubtful, *most], knowledge)
    assert [group.target for group in groups] == ["host:most", "host:few", "host:doubtful"]


def test_equals_come_in_the_order_of_the_site(knowledge: Knowledge) -> None:
    later = found("ip-forward-off", values={"host": "later"}, number=7)
    first = found("rp-filter-strict", values={"host": "first"}, number=2)
    assert [group.target for group in grouped([later, first], knowledge)] == ["host:first", "host:later"]


def test_order_of_answers_changes_nothing(knowledge: Knowledge) -> None:
    outcomes = [found("ip-forward-off", values={"host": f"h{number % 4}"}, number=number) for number in range(12)]
    assert names(grouped(outcomes, knowledge)) == names(grouped(outcomes[::-1], knowledge))


# ------------------------------------------------------------------ ruled out


def test_a_cause_is_ruled_out_when_no_tree_leaves_it_open(knowledge: Knowledge) -> None:
    healthy = ended(PING, Verdict.NOTHING_FOUND, ruled_out=(("ip-forward-off", "e1"),))
    assert list(ruled_out([healthy, replace(healthy, ruled_out=(("ip-forward-off", "e2"),))], knowledge)) == [
        ("ip-forward-off", "e1", 2)
    ]


def test_a_tree_that_could_not_tell_leaves_open_what_it_did_not_rule_out(knowledge: Knowledge) -> None:
    healthy = ended(PING, Verdict.NOTHING_FOUND, ruled_out=(("ip-forward-off", "e1"), ("missing-route", "e1")))
    doubtful = ended(PING, Verdict.UNKNOWN, ruled_out=(("missing-route", "e2"),))
    assert [cause for cause, _, _ in ruled_out([healthy, doubtful], knowledge)] == ["missing-route"]


def test_what_was_found_anywhere_is_not_ruled_out(knowledge: Knowledge) -> None:
    healthy = ended(PING, Verdict.NOTHING_FOUND, ruled_out=(("ip-forward-off", "e1"),))
    assert list(ruled_out([healthy, found("ip-forward-off")], knowledge)) == []


def test_a_tree_that_was_cut_or_could_not_begin_rules_out_nothing(knowledge: Knowledge) -> None:
    healthy = ended(PING, Verdict.NOTHING_FOUND, ruled_out=(("ip-forward-off", "e1"),))
    for way in (Way.CUT, Way.UNSEEN, Way.ASKS):
        assert list(ruled_out([healthy, Outcome(PING, {}, way)], knowledge)) == []


def test_what_may_be_meant_is_a_fault_where_a_server_failed_of_it(knowledge: Knowledge) -> None:
    """Every hypervisor is disabled: for maintenance, as long as nobody needs one."""
    values = {"cloud": "lab", "host": "compute"}
    listed = found("compute-service-disabled", "agents-or-services-down", values=values)
    failed = found("compute-service-disabled", "server-does-not-start", values=values, suffered=True)
    assert [group.is_meant for group in grouped([listed], knowledge)] == [True]
    assert [group.is_meant for group in grouped([listed, failed], knowledge)] == [False]
