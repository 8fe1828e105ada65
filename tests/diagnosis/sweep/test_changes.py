"""What a sweep finds other than the one before it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from base.text import Text
from diagnosis.sweep.baseline import NOT_READ, Comparison, Difference, NotCompared
from diagnosis.sweep.changes import Kind, changes
from diagnosis.sweep.views import Finding, Gap, OpenEnd, SweepResult
from diagnosis.views import CauseView, Confidence
from knowledge.model import Verdict


def finding(id_: str, *targets: str) -> Finding:
    words = Text(id_, id_)
    cause = CauseView(
        id=id_,
        symptom="s",
        title=words,
        why=words,
        values=MappingProxyType({}),
        targets=targets,
        confidence=Confidence.CERTAIN,
        evidence=(),
        fixes=(),
    )
    return Finding(cause, ())


def result(*causes: Finding, ends: tuple[str, ...] = (), dark: tuple[str, ...] = ()) -> SweepResult:
    text = Text("t", "t")
    open_ends = tuple(OpenEnd(one, text, Verdict.UNKNOWN, text, ()) for one in ends)
    unknown = tuple(Gap(probe="p", target=one, reason="timeout", message="silent") for one in dark)
    return SweepResult(Verdict.CAUSE, text, causes, open_ends=open_ends, unknown=unknown)


def told(before: SweepResult, now: SweepResult) -> list[tuple[Kind, str, tuple[str, ...]]]:
    return [(one.kind, one.id, one.targets) for one in changes(before, now)]


def test_nothing_changed() -> None:
    one = result(finding("a", "host:x"), ends=("s",), dark=("host:y",))
    assert told(one, one) == []


def test_what_came_and_what_went() -> None:
    before, now = result(finding("a", "host:x"), ends=("s",)), result(finding("a", "host:y"), ends=("t",))
    assert told(before, now) == [
        (Kind.NEW, "a", ("host:y",)),
        (Kind.GONE, "a", ("host:x",)),
        (Kind.NEW, "t", ()),
        (Kind.GONE, "s", ()),
    ]


def test_a_cause_on_a_host_that_says_nothing_now_is_not_gone() -> None:
    before, now = result(finding("a", "host:x")), result(dark=("host:x",))
    assert told(before, now) == [(Kind.NOT_SEEN, "a", ("host:x",)), (Kind.UNREACHED, "", ("host:x",))]
    assert told(now, before) == [(Kind.NEW, "a", ("host:x",)), (Kind.REACHED, "", ("host:x",))]


@pytest.mark.parametrize("seen_on", [{"host": "x"}, {"source": "z", "target": "10.0.0.1"}, {"cluster": "x"}])
def test_a_symptom_of_a_place_that_says_nothing_now_is_not_gone(seen_on: dict[str, str]) -> None:
    end = replace(result(ends=("s",)).open_ends[0], inputs=({"host": "y"}, seen_on))
    before = replace(result(), open_ends=(end,))
    place = "cluster:x" if "cluster" in seen_on else "host:x"
    found = changes(before, result(dark=(place,)), holders={"10.0.0.1": "x"})
    assert [(one.kind, one.id) for one in found] == [(Kind.NOT_SEEN, "s"), (Kind.UNREACHED, "")]
    assert [one.kind for one in changes(before, result(dark=("host:other",)))] == [Kind.GONE, Kind.UNREACHED]
    assert [one.kind for one in changes(before, result(), partial=True)] == [Kind.NOT_SEEN]


def test_settings_that_leave_the_baseline_and_come_back() -> None:
    forwards = Difference("host:x", "sysctl", "net.ipv4.ip_forward", ("1",), ("0",))
    as_then = replace(result(), compared=Comparison("2026-11-17T14:02:00+00:00", "/b"))
    other = replace(result(), compared=Comparison("2026-11-17T14:02:00+00:00", "/b", (), (forwards,)))
    gap = NotCompared("host:x", "", "now", NOT_READ)
    dark = replace(result(), compared=Comparison("2026-11-17T14:02:00+00:00", "/b", (), (), (gap,)))
    assert told(other, other) == []
    assert [(one.kind, one.title.en) for one in changes(as_then, other)] == [
        (Kind.DIFFERS, "net.ipv4.ip_forward 1 → 0")
    ]
    assert [(one.kind, one.title.en) for one in changes(other, as_then)] == [
        (Kind.AS_IT_WAS, "net.ipv4.ip_forward")
    ]
    assert told(other, dark) == [], "nobody looked"
    assert told(result(), as_then) == told(other, result()) == []
