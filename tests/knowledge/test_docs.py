"""The example of docs/knowledge.md is real: it loads, and its cases reach everything."""

from __future__ import annotations

import re
from pathlib import Path

from diagnosis.catalog import catalog
from knowledge.cases import run_cases
from tests.knowledge.authoring import loaded

DOCS = Path(__file__).parents[2] / "docs" / "knowledge.md"


def test_the_example_is_whole(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = loaded(tmp_path)
    assert [str(problem) for problem in found.problems] == []
    report = run_cases(found.knowledge, catalog(), [tmp_path])
    assert [str(problem) for problem in report.problems] == []
    assert report.cases == 9
