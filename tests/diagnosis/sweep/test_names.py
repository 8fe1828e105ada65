"""Two causes of one id are never taken for each other."""

from __future__ import annotations

import pytest

from base.text import Text
from diagnosis.sweep.names import cause_names, chosen
from diagnosis.views import CauseView, Confidence


def cause(name: str, host: str, **values: str) -> CauseView:
    words = Text(name, name)
    return CauseView(name, "s", words, words, {"host": host, **values}, (f"host:{host}",), Confidence.CERTAIN, ())


ALONE, HERE, THERE = cause("alone", "a"), cause("twice", "a"), cause("twice", "b")
AGAIN = cause("twice", "b", target_net="10.0.0.0/8")


def test_a_cause_that_is_alone_goes_by_its_id() -> None:
    assert cause_names([ALONE, HERE, THERE, AGAIN]) == {
        "alone": ALONE,
        "twice@a": HERE,
        "twice@b": THERE,
        "twice@b#2": AGAIN,
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("alone", ALONE),
        ("twice@a", HERE),
        ("twice@b", THERE),
        ("twice@b#2", AGAIN),
        ("twice", None),
        ("other", None),
    ],
)
def test_an_id_that_two_have_chooses_none(wanted: str, found: CauseView | None) -> None:
    assert chosen([ALONE, HERE, THERE, AGAIN], wanted) is found


def test_two_without_a_place_are_numbered_and_not_chosen_by_id() -> None:
    bare = CauseView("bare", "s", Text("", ""), Text("", ""), {}, (), Confidence.CERTAIN, ())
    assert list(cause_names([bare, bare])) == ["bare", "bare#2"]
    assert chosen([bare, bare], "bare") is None
