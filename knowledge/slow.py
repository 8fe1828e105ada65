"""Signatures that take for ever on some paste, found by trying: in a process of their own, against the clock."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from base.errors import Problem
from knowledge.model import Knowledge

_LONGEST = 10_000


def slow_signatures(knowledge: Knowledge, seconds: float = 10.0) -> tuple[Problem, ...]:
    """Signatures that do not get through lines of 10,000 characters made to hurt them, within this time each."""
    jobs = [(symptom, pattern.pattern) for symptom in knowledge.symptoms.values() for pattern in symptom.signatures]
    problems: list[Problem] = []
    start = 0
    while start < len(jobs):
        done = _tried([pattern for _, pattern in jobs[start:]], seconds)
        start += done
        if start < len(jobs):
            symptom, pattern = jobs[start]
            hint = f"make its repeats unlike each other, or bound them: `{pattern[:80]}`"
            problems.append(Problem(symptom.place, "a signature can take for ever on a hostile paste", hint))
            start += 1
    return tuple(problems)


def _tried(patterns: list[str], seconds: float) -> int:
    """How many got through before one did not."""
    try:
        run = subprocess.run(
            [sys.executable, "-c", "from knowledge.slow import try_all; try_all()"],
            input="".join(json.dumps(pattern) + "\n" for pattern in patterns),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            timeout=seconds + 0.1 * len(patterns),
            check=True,
        )
    except subprocess.TimeoutExpired as expired:
        printed = expired.stdout or b""
        return printed.count(b"\n") if isinstance(printed, bytes) else printed.count("\n")
    return run.stdout.count("\n")


def try_all() -> None:
    """The child's part: one pattern a line in, a line out for each that got through."""
    for line in sys.stdin:
        pattern = re.compile(json.loads(line))
        for text in hostile(pattern.pattern):
            pattern.search(text)
        print("through", flush=True)


# ------------------------------------------------------------------ texts that almost match


def hostile(pattern: str) -> Iterator[str]:
    """Texts that go along with a pattern for as long as they can and then fail it."""
    tree = _parser.parse(pattern)
    text = ""
    for repeats in (1, 30, 1000):
        for choice in (0, 1):
            parts = list(_along(tree, repeats, choice))
            for end in range(1, len(parts) + 1):
                if end == len(parts) or len(parts[end - 1]) > 1:
                    text = "".join(parts[:end])[: _LONGEST - 1]
                    yield text + "\0"
            yield (text * (_LONGEST // (len(text) or 1)))[: _LONGEST - 1] + "\0"


def _along(tree: Any, repeats: int, choice: int) -> Iterator[str]:
    for operator, argument in tree:
        if operator is sre.LITERAL:
            yield chr(argument)
        elif operator is sre.IN:
            yield _member(argument)
        elif operator in (sre.ANY, sre.NOT_LITERAL):
            yield "a" if argument != ord("a") else "b"
        elif operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            count = max(argument[0], min(int(argument[1]), repeats))
            yield "".join(_along(argument[2], 1 if repeats == 1 else 2, choice))[:100] * count
        elif operator is sre.SUBPATTERN:
            yield from _along(argument[3], repeats, choice)
        elif operator is sre.BRANCH:
            yield from _along(argument[1][choice % len(argument[1])], repeats, choice)


def _member(members: list[Any]) -> str:
    """A character of a class; for negated ones the first usual character not in it."""
    if members[0][0] is not sre.NEGATE:
        return next(iter(_named(members)), "a")
    excluded = set(_named(members[1:]))
    return next((one for one in "a0 -_/\n" if one not in excluded), "~")


def _named(members: list[Any]) -> Iterator[str]:
    for operator, argument in members:
        if operator is sre.LITERAL:
            yield chr(argument)
        elif operator is sre.RANGE:
            yield from (chr(argument[0]), chr(argument[1]))
        elif operator is sre.CATEGORY:
            yield {sre.CATEGORY_DIGIT: "0", sre.CATEGORY_SPACE: " ", sre.CATEGORY_NOT_WORD: "-"}.get(argument, "a")
