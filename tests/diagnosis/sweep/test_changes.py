"""What a sweep finds other than the one before it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from base.text import Text
from deadhop.watching import WORDS
from diagnosis.sweep.baseline import NOT_READ, Comparison, Difference, NotCompared
from diagnosis.sweep.changes import Kind, after, changes, known_from
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


def watched(*sweeps: tuple[SweepResult, bool]) -> list[list[tuple[Kind, str]]]:
    """What is told from the second sweep on, each with whether it was cut."""
    known, told_then = known_from(sweeps[0][0]), []
    for now, cut in sweeps[1:]:
        found, known = after(known, now, partial=cut)
        told_then.append([(one.kind, one.id) for one in found])
    return told_then


def test_what_comes_back_after_a_sweep_that_was_cut_is_not_new() -> None:
    whole = result(finding("a", "host:x"), finding("b", "host:y"), ends=("s",), dark=("host:z",))
    nothing = result()
    assert watched((whole, False), (nothing, True), (nothing, True), (whole, False)) == [
        [(Kind.NOT_SEEN, "a"), (Kind.NOT_SEEN, "b"), (Kind.NOT_SEEN, "s")],
        [],
        [(Kind.STILL, "a"), (Kind.STILL, "b"), (Kind.STILL, "s")],
    ], "it was said once, and that host:z answers again nobody has seen"
    last = result(finding("b", "host:y"), finding("c", "host:y"))
    assert watched((whole, False), (nothing, True), (last, False)) == [
        [(Kind.NOT_SEEN, "a"), (Kind.NOT_SEEN, "b"), (Kind.NOT_SEEN, "s")],
        [(Kind.STILL, "b"), (Kind.NEW, "c"), (Kind.GONE, "a"), (Kind.GONE, "s"), (Kind.REACHED, "")],
    ]


def test_what_a_silent_host_hides_is_still_there_when_it_answers() -> None:
    before, dark = result(finding("a", "host:x")), result(dark=("host:x",))
    assert watched((before, False), (dark, False), (dark, False), (before, False), (before, False)) == [
        [(Kind.NOT_SEEN, "a"), (Kind.UNREACHED, "")],
        [],
        [(Kind.STILL, "a"), (Kind.REACHED, "")],
        [],
    ]


def test_every_kind_has_its_words() -> None:
    assert set(WORDS) == {kind.value for kind in Kind}


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
    assert watched((other, False), (dark, True), (other, False)) == [[], []], "it was said before"
