"""deadhop kb lint, test: whether what is known holds together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from base.errors import Problem
from deadhop.front import Front
from deadhop.knowing import listing, loaded
from deadhop.output import block

if TYPE_CHECKING:
    from knowledge.model import Knowledge

FAULTY = 1


def lint(front: Front) -> int:
    """0 when there is no mistake, 1 otherwise."""
    found = loaded(front)
    return _report(front, found.knowledge, found.problems, {})


def _report(front: Front, known: Knowledge, problems: Iterable[Problem], counts: Mapping[str, int]) -> int:
    problems = tuple(problems)
    if front.out.json:
        listed = {"problems": [_problem(problem) for problem in problems]}
        front.out.object("kb", listing(known) | dict(counts) | listed)
        return FAULTY if problems else 0
    for problem in problems:
        front.out.line(block(str(problem), ""))
    say = front.say
    sums = [
        say("{} symptoms", "증상 {} 개").format(len(known.symptoms)),
        say("{} causes", "원인 {} 개").format(len(known.causes)),
    ]
    if counts:
        sums.append(say("{cases} cases", "케이스 {cases} 개").format(**counts))
        sums.append(
            say("{reached} of {branches} branches reached", "가지 {branches} 개 중 {reached} 개에 닿음").format(
                **counts
            )
        )
    sums.append(say("{} mistakes", "잘못된 곳 {} 개").format(len(problems)))
    front.out.talk(", ".join(sums))
    return FAULTY if problems else 0


def _problem(problem: Problem) -> dict[str, object]:
    place = problem.place
    where = {"file": place.file, "line": place.line, "column": place.column}
    return where | {"message": problem.message, "hint": problem.hint}
