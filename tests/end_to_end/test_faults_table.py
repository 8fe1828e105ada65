"""The table of faults: rows of this run replace older ones, in the order of the lab; failures are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.catalogue import EVERY_FAULT
from tests.end_to_end.faults_table import INTRODUCTION, NO_MATTER, Row, hop_of, read, row, write

FOUND = {"causes": [{"id": "no-route-back"}, {"id": "sshd-hangs"}], "seconds": 7.46}
DEAD = {
    "host": "compute",
    "direction": "there",
    "reason": "rule",
    "rule": "-A INPUT -m comment --comment 'a|b' -j DROP",
}


def test_rows_are_merged_in_the_order_of_the_lab(tmp_path: Path) -> None:
    path = tmp_path / "faults.md"
    for one in (
        Row("ssh-frozen", "old"),
        Row("missing-route", "x", hop=hop_of({"dead_hop": DEAD})),
        Row("ssh-frozen", "new"),
    ):
        write(path, one)
    assert path.read_text().startswith(INTRODUCTION)
    assert [(one.fault, one.cause) for one in read(path)] == [("missing-route", "x"), ("ssh-frozen", "new")]
    assert read(path)[0].hop == f"compute: {DEAD['rule']}", "a bar in a rule is no end of its cell"


def test_a_fault_without_a_row_has_a_reason_or_is_said_not_to_have_run(tmp_path: Path) -> None:
    path = tmp_path / "faults.md"
    write(path, Row("ssh-frozen"))
    assert [one.fault for one in read(path)] == ["ssh-frozen"]
    without = path.read_text().partition("## Faults without a row")[2]
    assert [fault for fault in EVERY_FAULT if f"`{fault}`" not in without] == ["ssh-frozen"]


def test_a_fault_that_has_a_row_is_no_exception() -> None:
    rows = {one.fault for one in read(Path("docs/faults.md"))}
    exceptions = {fault for ones in NO_MATTER.values() for fault in ones}
    assert rows.isdisjoint(exceptions)
    assert rows | exceptions <= set(EVERY_FAULT)


def test_a_row_is_written_although_the_test_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "faults.md"
    monkeypatch.setenv("FAULTS_TABLE", str(path))
    with pytest.raises(AssertionError):
        _fails("ssh-frozen")
    (found,) = read(path)
    assert (found.cause, found.rank, found.seconds) == ("no-route-back", "2", "7.5")
    assert (found.fix, found.verified, found.undone) == ("continue-sshd", "no", "–")


def _fails(fault: str) -> None:
    with row(fault) as seen:
        seen.swept(FOUND, "sshd-hangs")
        seen.fixed({"fix": "continue-sshd", "verified": None})
        raise AssertionError


def test_nothing_is_written_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAULTS_TABLE", raising=False)
    monkeypatch.chdir(tmp_path)
    with row("ssh-frozen"):
        pass
    assert not list(tmp_path.iterdir())


def test_where_no_hop_is_dead() -> None:
    between = {"dead_hop": None, "between": ["a", "b"], "loop": True}
    assert hop_of(between) == "between a and b; the routes lead in a circle"
    assert hop_of({"dead_hop": {**DEAD, "rule": "", "direction": "back"}}) == "compute: rule, on the way back"
    assert hop_of({"dead_hop": None, "between": None, "verdict": "arrives"}) == "arrives"
