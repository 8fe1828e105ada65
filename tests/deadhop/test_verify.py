"""`deadhop sessions verify`: what was tampered with is named, line by line."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from journal.reading import sealed
from journal.store import open_for_append
from tests.deadhop.desk import Desk
from tests.deadhop.test_json import SCHEMAS


@pytest.fixture
def journal(desk: Desk) -> Path:
    desk.diagnose()
    (path,) = (desk.home / "state" / "sessions").glob("*.jsonl")
    return path


def verified(desk: Desk, *words: str) -> tuple[int, dict[str, object]]:
    outcome = desk.run("sessions", "verify", *words, "--json")
    document = json.loads(outcome.out)
    jsonschema.Draft202012Validator(SCHEMAS["verify"]).validate(document)
    return outcome.code, document["sessions"][0] if document["sessions"] else {}


def test_an_untouched_session_is_intact(desk: Desk, journal: Path) -> None:
    for words in ((), ("latest",), (journal.stem,), (str(journal),)):
        code, found = verified(desk, *words)
        assert (code, found["state"], found["sealed"], found["damage"]) == (0, "intact", True, []), words
    shown = desk.run("sessions", "verify")
    assert (shown.code, shown.out.split()[:2]) == (0, [journal.stem, "intact"])
    assert "온전함" in desk.run("sessions", "verify", "--lang", "ko").out


def swap(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[3], lines[2], *lines[4:]]


TAMPERINGS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int, str]] = {
    "a changed word": (
        lambda ls: [*ls[:2], ls[2].replace(b"marker", b"maker"), *ls[3:]],
        3,
        "not what was written",
    ),
    "a removed line": (lambda ls: ls[:2] + ls[3:], 3, "missing before this line: 2"),
    "a repeated line": (lambda ls: [*ls[:3], ls[2], *ls[3:]], 4, "moved or repeated"),
    "two lines swapped": (swap, 3, "missing before this line"),
    "a garbled line": (lambda ls: [*ls[:2], b"\xff\x00{\n", *ls[3:]], 3, "overwritten"),
    "a cut-off end": (lambda ls: ls[:-2], -1, "the end is cut off"),
    "a torn last line": (lambda ls: [*ls[:-1], ls[-1][:-9]], 0, "torn"),
    "a changed header": (lambda ls: [ls[0].replace(b"argv", b"argw"), *ls[1:]], 1, "header"),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_named_with_its_line(desk: Desk, journal: Path, kind: str) -> None:
    tamper, line, words = TAMPERINGS[kind]
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(tamper(lines)))
    code, found = verified(desk)
    assert (code, found["state"]) == (1, "damaged")
    damage = found["damage"]
    assert isinstance(damage, list)
    assert words in damage[0]["what"]
    assert damage[0]["line"] == (line if line > 0 else len(lines) + line)
    shown = desk.run("sessions", "verify", journal.stem, "--lang", "ko")
    assert (shown.code, "✗" in shown.out) == (1, True)


def test_a_session_that_was_not_closed_cannot_be_told(desk: Desk, journal: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    journal.with_suffix(".seal").unlink()
    code, found = verified(desk)
    assert (code, found["state"], found["sealed"]) == (2, "unfinished", False)


def test_a_session_written_anew_without_its_seal_is_not_called_intact(desk: Desk, journal: Path) -> None:
    written, last = b"", ""
    for line in journal.read_bytes().splitlines():
        body = json.loads(line)
        del body["digest"]
        if body.get("kind") == "search":
            body["data"]["text"] = "forged"
        again, last = sealed(last, body)
        written += again
    journal.write_bytes(written)
    assert verified(desk)[1]["state"] == "damaged"
    journal.with_suffix(".seal").unlink()
    code, found = verified(desk)
    assert (code, found["state"], found["sealed"], found["damage"]) == (2, "unsealed", False, [])
    assert "not sealed" in desk.run("sessions", "verify", journal.stem).out
    assert "intact" not in desk.run("sessions", "verify", journal.stem).out


def test_a_session_that_is_being_written_is_intact_so_far(desk: Desk, journal: Path) -> None:
    with open_for_append(journal) as writer:
        writer.append("note", {"text": "at work"})
        code, found = verified(desk)
    assert (code, found["state"]) == (0, "open")


def test_what_is_no_journal_is_said(desk: Desk, journal: Path) -> None:
    journal.write_bytes(b"")
    code, found = verified(desk)
    assert (code, found["state"]) == (1, "unreadable")
    assert "empty" in str(found["message"])
    assert desk.run("sessions", "verify", "20200101-000000-aaaa").code == 3
    assert desk.run("sessions", "list", "x").code == 3


def test_no_sessions_are_no_damage(desk: Desk) -> None:
    assert verified(desk) == (0, {})
