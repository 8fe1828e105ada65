"""deadhop kb lint, test: whether what is known holds together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from base.errors import Problem
from deadhop.front import Front
from deadhop.knowing import folders, listing, loaded

if TYPE_CHECKING:
    from knowledge.cases import CaseReport
    from knowledge.model import Knowledge

FAULTY = 1


def lint(front: Front) -> int:
    """0 when there is no mistake, 1 otherwise."""
    from knowledge.slow import slow_signatures

    found = loaded(front)
    return _report(front, found.knowledge, (*found.problems, *slow_signatures(found.knowledge)))


def test(front: Front) -> int:
    """0 when every case holds and every branch is reached, 1 otherwise."""
    found = loaded(front)
    return _report(front, found.knowledge, found.problems, cases_of(found.knowledge, folders(front)))


def cases_of(known: Knowledge, where: list[Path]) -> CaseReport:
    from diagnosis.catalog import catalog
    from knowledge.cases import run_cases

    return run_cases(known, catalog(), where)


def counts(report: CaseReport) -> dict[str, object]:
    return {"cases": report.cases, "branches": report.branches, "reached": report.reached}


def _report(front: Front, known: Knowledge, mistakes: tuple[Problem, ...], cases: CaseReport | None = None) -> int:
    problems = (*mistakes, *cases.problems) if cases else mistakes
    if front.out.json:
        sums = counts(cases or cases_of(known, folders(front)))
        listed = {"problems": [problem_json(problem) for problem in problems]}
        front.out.object("kb", listing(known) | sums | listed)
        return FAULTY if problems else 0
    for problem in problems:
        front.out.line(str(problem))
    front.out.talk(", ".join(_sums(front, known, cases, len(problems))))
    return FAULTY if problems else 0


def _sums(front: Front, known: Knowledge, cases: CaseReport | None, mistakes: int) -> Iterator[str]:
    say = front.say
    yield say("{} symptoms", "증상 {} 개").format(len(known.symptoms))
    yield say("{} causes", "원인 {} 개").format(len(known.causes))
    if cases is not None:
        yield say("{} cases", "케이스 {} 개").format(cases.cases)
        yield say("{1} of {0} branches reached", "가지 {0} 개 중 {1} 개에 닿음").format(
            cases.branches, cases.reached
        )
    yield say("{} mistakes", "잘못된 곳 {} 개").format(mistakes)


def problem_json(problem: Problem) -> dict[str, object]:
    place = problem.place
    where = {"file": place.file, "line": place.line, "column": place.column}
    return where | {"message": problem.message, "hint": problem.hint}
