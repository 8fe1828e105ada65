"""Patterns over whole files of a machine: none begins a line with blanks that may run over its end, for a megabyte
of empty lines would then take the square of its length."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("base", "deadhop", "diagnosis", "journal", "knowledge", "probes", "sitemap", "tui")
OVER_LINES = re.compile(r"(?:^|[|(])\^\\s[*+]")


def patterns() -> list[tuple[str, str]]:
    """Place and text of every pattern that is compiled with MULTILINE."""
    found = []
    for path in sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and "MULTILINE" in ast.unparse(call) and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.append((f"{path.relative_to(ROOT)}:{call.lineno}", first.value))
    return found


def test_there_are_some() -> None:
    assert len(patterns()) > 20


@pytest.mark.parametrize(("place", "pattern"), patterns(), ids=lambda one: str(one)[:60])
def test_no_line_begins_with_blanks_of_other_lines(place: str, pattern: str) -> None:
    assert not OVER_LINES.search(pattern), f"{place}: write [ \\t] for \\s after ^"
