"""Words that were once translated and that no operator says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from knowledge.load import shipped

NOBODY_SAYS = re.compile(
    r"API 까지 어디까지|(?<![가-힣])세는 규칙|로그인이 되게|에도 물을 수 없다|볼 수 없던|`counter` 가 있어야 센다"
)
CODE = [Path(__file__).parents[2] / room for room in ("base", "deadhop", "diagnosis", "tui")]


@pytest.mark.parametrize("file", sorted(shipped().rglob("*.yaml")), ids=lambda file: file.name)
def test_no_text_of_the_knowledge_base(file: Path) -> None:
    assert NOBODY_SAYS.findall(file.read_text()) == []


def test_no_word_on_the_screen() -> None:
    files = [file for room in CODE for file in room.rglob("*.py")]
    assert [file.name for file in files if NOBODY_SAYS.search(file.read_text())] == []
