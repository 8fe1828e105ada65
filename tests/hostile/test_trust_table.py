"""docs/trust.md names tests that exist, and says "not yet" where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TABLE)))


def rows() -> list[tuple[str, str]]:
    cells = [line.strip("| ").split(" | ", 1) for line in TABLE.splitlines() if line.startswith("| ")]
    return [(row[0], row[1]) for row in cells if row[0] != "promise"]


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_named_test_exists(file: str, test: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not test or re.search(rf"^(?:async )?def {test}\(", text, re.MULTILINE)


def test_every_promise_has_a_test_or_says_not_yet() -> None:
    assert len(rows()) > 30
    for promise, held_by in rows():
        assert held_by.startswith("not yet") or "`tests/" in held_by or "`make " in held_by, promise
