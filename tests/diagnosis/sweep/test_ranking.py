"""Among findings that are otherwise alike, the one that a difference from the baseline explains comes first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from base.text import Lang
from diagnosis.catalog import catalog
from diagnosis.session import Session
from diagnosis.sweep.baseline import Comparison, Difference
from diagnosis.sweep.grouping import grouped
from diagnosis.sweep.report import baseline_json
from diagnosis.sweep.results import Rendering, result_of
from diagnosis.sweep.tree import Outcome, Way
from diagnosis.sweep.trees import Planned
from diagnosis.sweep.views import SweepResult
from diagnosis.sweep.words import named
from knowledge.load import load, shipped
from knowledge.model import Knowledge
from knowledge.tree import Found

STOPPED = Difference("host:b", "unit", "ssh.service", ("active",), ("inactive",))
ELSEWHERE = Difference("host:b", "sysctl", "net.ipv4.ip_forward", ("1",), ("0",))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load([shipped()], catalog()).knowledge


def sshd_off(host: str, number: int, *, times: int = 1, sure: bool = True) -> list[Outcome]:
    found = Found("sshd-not-running", "host-does-not-answer-ssh", "port", {"host": host, "unit": "ssh.service"})
    one = Outcome("host-does-not-answer-ssh", {"target": host}, Way.FOUND, number, found, sure=sure)
    return [one] * times


def result(knowledge: Knowledge, outcomes: list[Outcome], *differences: Difference) -> SweepResult:
    session = cast("Session", SimpleNamespace(knowledge=knowledge))
    comparison = Comparison("2026-11-17T14:02:00+00:00", "/b", (), differences)
    groups = grouped(outcomes, knowledge)
    return result_of(session, groups, outcomes, (), (), Rendering(session), (), comparison)


def places(found: SweepResult) -> list[str]:
    return [one.cause.targets[0] for one in found.causes]


def test_equals_by_what_has_changed(knowledge: Knowledge) -> None:
    both = [*sshd_off("a", 0), *sshd_off("b", 1), *sshd_off("c", 2)]
    assert places(result(knowledge, both)) == ["host:a", "host:b", "host:c"]
    assert places(result(knowledge, both, ELSEWHERE)) == ["host:a", "host:b", "host:c"]
    found = result(knowledge, both, ELSEWHERE, STOPPED)
    assert places(found) == ["host:b", "host:a", "host:c"]
    assert (found.causes[0].changed, found.elsewhere) == ((STOPPED,), (ELSEWHERE,))


def test_many_that_share_a_wire_are_one_finding_with_all_their_names(knowledge: Knowledge) -> None:
    def gone(number: int) -> Outcome:
        values = {"host": f"n{number}", "address": f"10.0.0.{number}", "seen_from": "gate", "interface": "eth1"}
        cause = Found("host-not-on-the-wire", "host-does-not-answer-ssh", "link", values)
        return Outcome("host-does-not-answer-ssh", {"target": f"n{number}"}, Way.FOUND, number, cause, sure=True)

    found = result(knowledge, [*map(gone, range(40)), *sshd_off("b", 50)])
    one, other = found.causes
    assert (len(one.cause.targets), len(one.witnesses)) == (40, 40)
    assert "(n0, n1, n2, and 37 more)" in named(one, Lang.EN)
    assert (other.cause.id, found.text.en.endswith("; 1 more")) == ("sshd-not-running", True)


def test_what_is_worse_or_surer_stays_before_it(knowledge: Knowledge) -> None:
    worse = [*sshd_off("a", 0, times=3), *sshd_off("b", 1)]
    assert places(result(knowledge, worse, STOPPED)) == ["host:a", "host:b"]
    surer = [*sshd_off("a", 0), *sshd_off("b", 1, sure=False)]
    assert places(result(knowledge, surer, STOPPED)) == ["host:a", "host:b"]


def test_a_difference_is_evidence_and_no_cause(knowledge: Knowledge) -> None:
    found = result(knowledge, [], STOPPED)
    assert found.causes == ()
    assert found.elsewhere == (STOPPED,)


def test_each_difference_says_what_it_explains(knowledge: Knowledge) -> None:
    told = baseline_json(result(knowledge, sshd_off("b", 0), STOPPED, ELSEWHERE))
    assert told is not None
    differences = told["differences"]
    assert isinstance(differences, list)
    assert [one["explains"] for one in differences] == [[{"id": "sshd-not-running", "target": "host:b"}], []]


def test_trees_that_were_left_out_are_counted_and_the_first_ones_named(knowledge: Knowledge) -> None:
    planned = [Planned("node-not-ready", {"cluster": "k", "node": f"w{number}"}) for number in range(60)]
    session = cast("Session", SimpleNamespace(knowledge=knowledge))
    (found,) = result_of(session, (), (), (), (), Rendering(session), planned).left_out
    assert (found.symptom, found.count, len(found.inputs)) == ("node-not-ready", 60, 20)
