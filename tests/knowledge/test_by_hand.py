"""Causes without a fix are named in the documentation, with the reason why people repair them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_cause_without_a_fix_and_no_other_is_said_to_be_repaired_by_hand() -> None:
    text = (ROOT / "docs/knowledge.md").read_text()
    table = text.partition("### What is repaired by hand")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    said = sorted(name for row in rows for name in re.findall(r"`([a-z-]+)`", row))
    causes = (ROOT / "knowledge/causes").rglob("*.yaml")
    assert said == sorted(
        path.stem for path in causes if re.search(r"^fixes: \[\]", path.read_text(), re.MULTILINE)
    )
