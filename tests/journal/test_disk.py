"""Disks that are full or read-only: said before a command leaves, and what was recorded stays readable."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from base.text import Lang
from diagnosis.report import write_export
from diagnosis.session import Session, open_drill
from journal.store import Journal, JournalError, open_for_append, read
from journal.verify import State, verify
from tests.diagnosis.drilled import DRILL, entries, repairing, seen


@contextmanager
def no_more_room(path: Path) -> Iterator[None]:
    """Files may not grow past what this one has: what a full disk looks like to a process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_without_room_for_the_intent_no_command_leaves() -> None:
    session: Session = open_drill(DRILL)
    try:
        await session.ready()
        repair = await repairing(session)
        phase = session.toolbox.phase  # type: ignore[attr-defined]
        with no_more_room(session.journal_path), pytest.raises(JournalError) as refused:
            await seen(repair.apply(confirmed_by="test"))
        assert "DEADHOP_STATE" in refused.value.hint
        assert session.toolbox.phase == phase  # type: ignore[attr-defined]
        assert entries(session, "intent") == []
    finally:
        await session.close()


def test_an_entry_without_room_is_named_and_the_rest_stays(tmp_path: Path) -> None:
    with Journal.create(tmp_path, {}) as journal:
        journal.append("note", {"number": 1}, sync=True)
        with no_more_room(journal.path), pytest.raises(JournalError):
            journal.append("note", {"number": 2}, sync=True)
        journal.append("note", {"number": 3}, sync=True)
    assert [entry.data.get("number") for entry in read(journal.path).entries if entry.kind == "note"] == [1, 3]
    assert verify(journal.path).state in (State.UNFINISHED, State.DAMAGED)


READ_ONLY = """
import asyncio, json, sys
from pathlib import Path
from base.errors import DeadhopError
from base.text import Lang
from diagnosis.report import write_export
from journal.store import Journal, open_for_append, read, sessions
from journal.verify import verify
path, outside = Path(sys.argv[1]), Path(sys.argv[2])
said = []
for attempt in (lambda: Journal.create(path.parent, {}), lambda: open_for_append(path)):
    try:
        attempt()
    except DeadhopError as error:
        said.append(error.hint)
export = write_export(path, "html", Lang.EN, outside / "x.html")
print(json.dumps({"said": said, "entries": len(read(path).entries), "listed": len(sessions(path.parent)),
                  "state": verify(path).state, "export": export.stat().st_size}))
"""


@pytest.mark.lab
def test_a_read_only_disk_is_said_and_everything_can_still_be_read(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=True)
    try:
        with Journal.create(place / "sessions", {}) as journal:
            journal.append("note", {"text": "x" * 100_000})
            journal.append("end", {}, sync=True)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        command = [sys.executable, "-c", READ_ONLY, str(journal.path), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
        found = json.loads(done.stdout)
        assert [hint for hint in found["said"] if "DEADHOP_STATE" in hint] == found["said"]
        assert len(found["said"]) == 2
        assert (found["entries"], found["listed"], found["state"]) == (2, 1, "intact")
        assert found["export"] > 1000
    finally:
        subprocess.run(["umount", str(place)], check=True)


TWO = """
import sys
from pathlib import Path
from journal.store import JournalBusy, open_for_append
try:
    open_for_append(Path(sys.argv[1]))
except JournalBusy as error:
    print(error.message)
"""


def test_of_two_writers_in_two_processes_the_second_is_told(tmp_path: Path) -> None:
    with Journal.create(tmp_path, {}) as journal:
        journal.append("note", {"number": 1})
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", TWO, str(journal.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
        assert str(os.getpid()) in done.stdout
        journal.append("note", {"number": 2})
    assert [entry.data["number"] for entry in read(journal.path).entries] == [1, 2]
    assert read(journal.path).damage == ()


def test_exports_of_a_damaged_journal_name_the_damage(tmp_path: Path) -> None:
    with Journal.create(tmp_path, {}) as journal:
        for number in range(4):
            journal.append("note", {"number": number})
        journal.append("end", {}, sync=True)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"1}", b"7}"), *lines[3:]]))
    for form in ("markdown", "html", "json"):
        shown = write_export(journal.path, form, Lang.KO, tmp_path / f"x.{form}").read_text(encoding="utf-8")
        assert "손상" in shown or "not what was written" in shown
    with open_for_append(journal.path) as again:
        again.append("note", {"number": 9})
    assert verify(journal.path).state is State.DAMAGED
