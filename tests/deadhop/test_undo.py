"""Several fixes of one session: each is undone, the last first, and none is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.runs import runs_of
from journal.store import open_for_append, read
from tests.deadhop.desk import CAUSE, Desk

SECOND = """\
  - id: put-beside
    title: {en: Put one beside it, ko: 옆에 하나 더 둔다}
    risk: reversible
    impact: {en: One empty file, ko: 빈 파일 하나}
    actions:
      - {on: host, run: "touch {{ file }}.beside", undo: "rm -f {{ file }}.beside"}
    verify: {probe: host.reach, on: operator, with: {host: dead}, when: verify.stopped_at == "port"}
"""
NAMED = ("fix", "latest", "--cause", "marker-was-removed", "--yes")


@pytest.fixture
def done(desk: Desk) -> Desk:
    """Two fixes of one cause were applied, each by its first action."""
    knowledge = desk.home / "config/deadhop/knowledge/causes/host/marker-was-removed.yaml"
    knowledge.write_text(CAUSE + SECOND, encoding="utf-8")
    assert desk.diagnose().code == 1
    assert desk.run(*NAMED).code == 0
    assert desk.run(*NAMED, "--fix", "put-beside").code == 0
    assert there(desk) == (True, True)
    return desk


def there(desk: Desk) -> tuple[bool, bool]:
    return desk.marker.exists(), Path(f"{desk.marker}.beside").exists()


def test_the_last_is_undone_first_and_then_the_one_before(done: Desk) -> None:
    assert done.run("fix", "latest", "--undo", "--yes").code == 0
    assert there(done) == (True, False)
    assert done.run("fix", "latest", "--undo", "--yes").code == 0
    assert there(done) == (False, False)
    assert done.run("fix", "latest", "--undo", "--yes").code == 3, "nothing is left"


def test_one_that_is_applied_again_is_undone_again(done: Desk) -> None:
    assert done.run("fix", "latest", "--undo", "--yes").code == 0
    assert done.run(*NAMED, "--fix", "put-beside").code == 0
    for left in ((True, False), (False, False)):
        assert done.run("fix", "latest", "--undo", "--yes").code == 0
        assert there(done) == left


def test_one_fix_with_other_values_is_another_run(done: Desk) -> None:
    """As a sweep finds one cause on two hosts."""
    path = next((done.home / "state" / "sessions").glob("*.jsonl"))
    first = next(entry.data for entry in read(path).entries if entry.kind == "intent")
    other = done.marker.with_name("other")
    other.touch()
    values = dict(first["values"]) | {"file": str(other)}
    with open_for_append(path) as journal:
        journal.append("intent", dict(first) | {"values": values, "undo": f"rm -f {other}"}, sync=True)
        journal.append("outcome", {"action": 0, "state": "done", "exit_status": 0}, sync=True)
    assert [run.fix for run in runs_of(read(path).entries)] == ["put-back", "put-beside", "put-back"]
    for expected in ((True, True, False), (True, False, False), (False, False, False)):
        done.run("fix", "latest", "--undo", "--yes")
        assert (*there(done), other.exists()) == expected
