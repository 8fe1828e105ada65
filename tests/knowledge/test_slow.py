"""Signatures run on whatever an operator pastes: one that explodes is found before it is shipped."""

from __future__ import annotations

from dataclasses import replace
from re import compile as pattern

import pytest

from knowledge.load import shipped
from knowledge.model import Knowledge
from knowledge.slow import slow_signatures
from tests.knowledge.authoring import loaded
from tests.knowledge.samples import SYMPTOMS


def knowing(*signatures: str) -> Knowledge:
    symptom = replace(SYMPTOMS[0], signatures=tuple(map(pattern, signatures)))
    return Knowledge({symptom.id: symptom}, {})


@pytest.mark.parametrize("source", [r"(a|a)*b", r"(?:\w+\s?)*:$", r"(.*,)*x", r"^(\d+|\d+x)*$", r"x(y+)+z"])
def test_one_that_explodes_is_named(source: str) -> None:
    (problem,) = slow_signatures(knowing("fine", source, "also fine"), seconds=4)
    assert "for ever" in problem.message
    assert source in problem.hint


def test_shipped_signatures_come_to_an_end() -> None:
    assert slow_signatures(loaded(shipped()).knowledge) == ()
