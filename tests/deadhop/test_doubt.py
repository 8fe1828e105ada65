"""Undo commands come out of the journal as they stand there: one that was changed or is not ours is not trusted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from journal.reading import sealed
from tests.deadhop.desk import Desk

CAUSE = ("--cause", "marker-was-removed")


@pytest.fixture
def applied(desk: Desk) -> Path:
    """The journal of a fix that was applied."""
    assert desk.diagnose().code == 1
    assert desk.run("fix", "latest", *CAUSE, "--yes").code == 0
    (journal,) = (desk.home / "state" / "sessions").glob("*.jsonl")
    return journal


def planted(journal: Path, evil: Path) -> None:
    """Another undo, and the chain of digests made anew; its seal is that of before."""
    text, previous = b"", ""
    for line in journal.read_bytes().splitlines():
        entry = json.loads(line)
        del entry["digest"]
        if entry.get("kind") == "intent":
            entry["data"]["undo"] = f"touch {evil}"
        written, previous = sealed(previous, entry)
        text += written
    journal.write_bytes(text)


@pytest.mark.parametrize("more", [(), ("--yes",)])
def test_a_journal_that_was_changed_undoes_nothing_unasked(
    desk: Desk, applied: Path, more: tuple[str, ...]
) -> None:
    evil = desk.home / "evil"
    planted(applied, evil)
    refused = desk.run("fix", applied.stem, "--undo", *more)
    assert refused.code == 3, refused.out
    assert "is not what was written" in refused.err
    assert not evil.exists()
    assert desk.marker.exists()


def test_a_journal_of_somebody_else_undoes_nothing_unasked(desk: Desk, applied: Path) -> None:
    foreign = desk.home / "mail" / applied.name
    foreign.parent.mkdir()
    shutil.copy(applied, foreign)
    refused = desk.run("fix", str(foreign), "--undo", "--yes", "--lang", "ko")
    assert refused.code == 3, refused.out
    assert "이 컴퓨터의 deadhop 이 쓴 기록이 아니다" in refused.err
    assert desk.marker.exists()


def test_one_of_ours_is_undone(desk: Desk, applied: Path) -> None:
    assert desk.run("fix", applied.stem, "--undo", "--yes").code == 0
    assert not desk.marker.exists()
