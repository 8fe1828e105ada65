"""Journals written to make deadhop stumble: each is told, or read for what it is worth; none is a bug."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diagnosis.lock import holder_in
from diagnosis.switch import disarm_of, is_armed
from journal.reading import sealed
from tests.deadhop.conftest import closed_port, desk
from tests.deadhop.desk import Desk

assert closed_port, desk

Body = dict[str, Any]


def unclosed(body: Body) -> list[Body]:
    """A switch whose words cannot be taken apart, and a command without its outcome."""
    if body.get("kind") == "outcome":
        return []
    if body.get("kind") != "intent":
        return [body]
    data = {"action": body["data"]["action"], "on": "operator", "arm": "'unclosed --unit=x"}
    return [body | {"kind": "guard", "data": data}, body]


def deep(body: Body) -> list[Body]:
    if body.get("kind") == "intent":
        body["data"]["kept"] = json.loads("[" * 500 + "]" * 500)
    return [body]


def deep_objects(body: Body) -> list[Body]:
    if body.get("kind") == "intent":
        body["data"]["values"] = json.loads('{"a":' * 500 + "1" + "}" * 500)
    return [body]


def crafted(journal: Path, change: Callable[[Body], list[Body]], to: Path) -> Path:
    written, last, number = b"", "", 0
    for line in journal.read_bytes().splitlines():
        body = json.loads(line)
        del body["digest"]
        for one in change(body):
            if "n" in one:
                number += 1
                one = one | {"n": number}
            again, last = sealed(last, one)
            written += again
    to.write_bytes(written)
    return to


@pytest.mark.parametrize("change", [unclosed, deep, deep_objects], ids=lambda change: str(change.__name__))
def test_a_crafted_journal_is_no_bug(desk: Desk, change: Callable[[Body], list[Body]]) -> None:
    assert desk.diagnose().code == 1
    desk.run("fix", "latest", "--cause", "marker-was-removed", "--yes")
    (journal,) = (desk.home / "state" / "sessions").glob("*.jsonl")
    path = str(crafted(journal, change, desk.home / "evil.jsonl"))
    for words in (
        ("resume", path),
        ("fix", path, "--undo", "--yes"),
        ("export", path, "--anonymise"),
        ("export", path, "--format", "json"),
        ("sessions", "verify", path),
    ):
        outcome = desk.run(*words)
        assert outcome.code in (0, 1, 2, 3), (words, outcome.err)
        assert "Traceback" not in outcome.err


@pytest.mark.parametrize("arm", ["'unclosed --unit=x", "systemd-run '--unit=x; reboot' sh", "--unit=sshd -", ""])
def test_only_a_switch_of_ours_is_called_off(arm: str) -> None:
    for command in (disarm_of(arm), is_armed(arm)):
        assert "reboot" not in command
        assert "sshd" not in command
        assert "/nonexistent" in command


def test_an_age_without_end_is_no_bug() -> None:
    assert holder_in("9" * 5000 + " kim@a session b").owner == "kim@a session b"
