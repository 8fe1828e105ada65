"""The journal on real files: crashes, full disks, two writers, private files."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from base.errors import ConfigError
from journal.reading import sealed
from journal.store import Journal, JournalBusy, JournalError, open_for_append, read, sessions

WRITER = """
import sys
from pathlib import Path
from journal.store import Journal
journal = Journal.create(Path(sys.argv[1]), {"argv": ["test"], "site": "x"})
print(journal.path, flush=True)
number = 0
while True:
    number += 1
    journal.append("exchange", {"number": number, "text": "x" * (number * 37 % 3000)}, sync=number % 7 == 0)
    print(number, flush=True)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.create(tmp_path / "state" / "sessions", {"argv": ["diagnose"], "site": "/etc/site.yaml"})


def test_what_was_appended_is_read_back(journal: Journal) -> None:
    first = journal.append("search", {"text": "핑이 안 된다", "symptom": "no-answer"})
    journal.append("intent", {"action": 0, "run": "ip route add default via 10.0.0.1"}, sync=True)
    journal.close()
    recording = read(journal.path)
    assert [entry.kind for entry in recording.entries] == ["search", "intent"]
    assert recording.entries[0] == first
    assert recording.header["id"] == journal.id == journal.path.stem
    assert recording.header["site"] == "/etc/site.yaml"
    assert recording.damage == ()


def test_files_are_private(journal: Journal) -> None:
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(journal.path.parent.parent.stat().st_mode) == 0o700


def test_a_line_is_one_canonical_json_object(journal: Journal) -> None:
    journal.append(
        "note", {"z": 1, "a": [1, 2.5, None, True], "path": Path("/x"), "odd": float("nan"), "bad": "\udcff"}
    )
    header, line = journal.path.read_text().splitlines()
    assert json.loads(header)["deadhop_journal"] == 1
    assert json.loads(line)["data"] == {
        "a": [1, 2.5, None, True],
        "bad": "\\udcff",
        "odd": "nan",
        "path": "/x",
        "z": 1,
    }


def test_goes_on_where_it_ended(journal: Journal) -> None:
    journal.append("note", {"text": "one"})
    journal.close()
    with open_for_append(journal.path) as again:
        entry = again.append("note", {"text": "two"})
    assert again.id == journal.id
    recording = read(journal.path)
    assert entry.n == 2
    assert [entry.data["text"] for entry in recording.entries] == ["one", "two"]
    assert recording.damage == ()


def test_a_second_writer_is_told_who_writes(journal: Journal) -> None:
    with pytest.raises(JournalBusy) as refused:
        open_for_append(journal.path)
    assert str(os.getpid()) in refused.value.message
    assert refused.value.hint
    journal.append("note", {"text": "still mine"})
    journal.close()
    open_for_append(journal.path).close()


_KILLED_WHILE_IT_STARTS_A_PROGRAM = """
import fcntl, os, subprocess, sys
handle = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
fcntl.flock(handle, fcntl.LOCK_EX)
subprocess.Popen(["sleep", sys.argv[2]], pass_fds=[handle])
"""


@pytest.mark.parametrize(("seconds", "ours"), [(0.3, True), (20, False)])
def test_a_lock_nobody_is_known_to_hold(journal: Journal, seconds: float, ours: bool) -> None:
    """It is waited for as long as a child of a killed deadhop takes to let it go, and not for ever."""
    journal.close()
    argv = [sys.executable, "-c", _KILLED_WHILE_IT_STARTS_A_PROGRAM, str(journal.path), str(seconds)]
    child = subprocess.Popen(argv, start_new_session=True)
    assert child.wait() == 0
    try:
        if ours:
            open_for_append(journal.path).close()
        else:
            with pytest.raises(JournalBusy, match="another process"):
                open_for_append(journal.path)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def test_closed_twice_is_closed(journal: Journal) -> None:
    journal.close()
    journal.close()
    with pytest.raises(JournalError):
        journal.append("note", {})


def test_a_torn_last_line_stays_and_is_named(journal: Journal) -> None:
    for number in range(3):
        journal.append("note", {"number": number})
    journal.close()
    content = journal.path.read_bytes()
    torn = content[: len(content) - 20]
    journal.path.write_bytes(torn)
    recording = read(journal.path)
    assert [entry.data["number"] for entry in recording.entries] == [0, 1]
    assert [damage.line for damage in recording.damage] == [4]
    with open_for_append(journal.path) as again:
        again.append("note", {"number": 9})
    assert journal.path.read_bytes().startswith(torn + b"\n")
    recording = read(journal.path)
    assert [entry.kind for entry in recording.entries] == ["note", "note", "damage", "note"]
    assert recording.entries[-1].data["number"] == 9
    assert [damage.line for damage in recording.damage] == [4]


def test_an_empty_file_and_other_files_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"hello\n", b"{}\n", b"[1]\n", b'{"deadhop_journal": 99}\n', bytes(range(256))):
        path = tmp_path / "x.jsonl"
        path.write_bytes(content)
        with pytest.raises(ConfigError):
            read(path)
        with pytest.raises(ConfigError):
            open_for_append(path)
    with pytest.raises(ConfigError):
        read(tmp_path / "missing.jsonl")


def test_every_flipped_byte_is_seen_and_costs_at_most_two_lines(journal: Journal) -> None:
    for number in range(4):
        journal.append("note", {"number": number, "text": "핑 1e5"})
    journal.close()
    content = journal.path.read_bytes()
    for offset in range(len(content)):
        for flip in (0x01, 0x20):
            changed = bytearray(content)
            changed[offset] ^= flip
            journal.path.write_bytes(bytes(changed))
            recording = read(journal.path)
            # A flip of the very last line end leaves a whole line and a stray byte or none: nothing is lost.
            assert recording.damage or offset == len(content) - 1, (offset, flip)
            assert len(recording.entries) >= 2, (offset, flip)
            assert all(entry.data["text"] == "핑 1e5" for entry in recording.entries)


def test_cut_at_every_byte_keeps_all_whole_lines(journal: Journal) -> None:
    for number in range(3):
        journal.append("note", {"number": number})
    journal.close()
    content = journal.path.read_bytes()
    header_end = content.index(b"\n")
    for length in range(header_end, len(content)):
        journal.path.write_bytes(content[:length])
        recording = read(journal.path)
        # The last line needs no line end to be whole.
        whole = content[: length + 1].count(b"\n") - 1
        assert len(recording.entries) == whole, length
        # The seal knows how many there were. Only the very last line end may be missed.
        assert bool(recording.damage) == (length < len(content) - 1), length


def test_a_lost_end_is_seen_and_stays_visible(journal: Journal) -> None:
    for number in range(6):
        journal.append("note", {"number": number})
    journal.append("end", {})
    journal.close()
    assert read(journal.path).entries[-1].data == {"entries": 7}
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[:4]))
    (cut,) = read(journal.path).damage
    assert (cut.line, cut.what) == (5, "the end is cut off: entries 4 to 7 were written and are gone")
    with open_for_append(journal.path) as again:
        again.append("note", {"number": 9})
    recording = read(journal.path)
    assert [(entry.n, entry.kind) for entry in recording.entries][-2:] == [(8, "damage"), (9, "note")]
    assert [(damage.line, damage.what.partition(":")[0]) for damage in recording.damage] == [
        (5, "entries are missing before this line")
    ]


def test_a_journal_written_anew_with_good_digests_is_seen(journal: Journal, tmp_path: Path) -> None:
    journal.append("outcome", {"state": "failed"}, sync=True)
    journal.close()
    last = ""
    forged = []
    for line in journal.path.read_bytes().splitlines():
        body = json.loads(line.replace(b"failed", b"done"))
        del body["digest"]
        sealed_line, last = sealed(last, body)
        forged.append(sealed_line)
    journal.path.write_bytes(b"".join(forged))
    assert [damage.what.partition(":")[0] for damage in read(journal.path).damage] == ["the journal was rewritten"]


def test_without_its_seal_a_journal_is_read_all_the_same(journal: Journal) -> None:
    journal.append("end", {}, sync=True)
    journal.close()
    seal = journal.path.with_suffix(".seal")
    assert stat.S_IMODE(seal.stat().st_mode) == 0o600
    assert read(journal.path).sealed
    for content in (b"", b"garbage", b'{"n": "x"}'):
        seal.write_bytes(content)
        assert (read(journal.path).damage, read(journal.path).sealed) == ((), False)
    seal.unlink()
    assert (read(journal.path).damage, read(journal.path).sealed) == ((), False)


def test_a_clock_that_jumps_is_said(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.append("note", {"number": 1})
    journal.close()
    real = time.time
    body = {"n": 2, "at": "2020-01-01T00:00:00.000+00:00", "kind": "note", "data": {}}
    line, _ = sealed(read(journal.path).last_digest, body)
    journal.path.write_bytes(journal.path.read_bytes() + line)
    recording = read(journal.path)
    assert recording.damage == ()
    assert [notice.line for notice in recording.notices] == [3]
    assert "backwards" in recording.notices[0].what
    with open_for_append(journal.path) as again:
        for jump in (0.0, 3600.0, -7200.0, -7200.0):
            monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
            again.append("note", {})
    kinds = [entry.kind for entry in read(journal.path).entries[2:]]
    assert kinds == ["note", "clock", "note", "clock", "note", "note"]
    jumps = [entry.data["seconds"] for entry in read(journal.path).entries if entry.kind == "clock"]
    assert [round(jump, -2) for jump in jumps] == [3600, -10800]


def test_a_removed_and_an_added_line_are_seen(journal: Journal) -> None:
    for number in range(4):
        journal.append("note", {"number": number})
    journal.close()
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert [damage.line for damage in read(journal.path).damage] == [3]
    journal.path.write_bytes(b"".join([*lines[:2], lines[1], *lines[2:]]))
    recording = read(journal.path)
    assert [damage.line for damage in recording.damage] == [3]
    assert [entry.data["number"] for entry in recording.entries] == [0, 1, 2, 3]


def test_a_killed_writer_leaves_every_confirmed_entry(tmp_path: Path) -> None:
    chance = random.Random(7)
    for moment in range(50):
        folder = tmp_path / str(moment)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        path = Path(writer.stdout.readline().strip())
        time.sleep(chance.random() * 0.02)
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split("\n")
        writer.wait()
        writer.stdout.close()
        confirmed = [int(line) for line in rest[:-1]]
        numbers = [entry.data["number"] for entry in read(path).entries]
        assert numbers[: len(confirmed)] == confirmed
        assert numbers == list(range(1, len(numbers) + 1))
        with open_for_append(path) as again:
            again.append("end", {})
        assert read(path).entries[-1].kind == "end"


LIMITED = """
import resource, sys
from pathlib import Path
from journal.store import Journal, JournalError
journal = Journal.create(Path(sys.argv[1]), {"argv": []})
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
try:
    for number in range(1000):
        journal.append("note", {"number": number, "text": "x" * 100})
except JournalError as error:
    print(error.message, error.hint, sep="\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append("note", {"number": -1})
journal.close()
print(journal.path)
"""


def test_no_room_is_an_error_with_a_hint_and_the_journal_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    message, hint, path = done.stdout.splitlines()
    assert ".jsonl" in message
    assert "DEADHOP_STATE" in hint
    recording = read(Path(path))
    numbers = [entry.data["number"] for entry in recording.entries if entry.kind == "note"]
    assert numbers == [*range(len(numbers) - 1), -1]
    assert len(recording.damage) <= 1


def _fill(journal: Journal) -> None:
    for _ in range(100):
        journal.append("note", {"text": "x" * 5000})


@pytest.mark.lab
def test_a_full_disk_is_an_error_with_a_hint(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=True)
    try:
        journal = Journal.create(place / "sessions", {})
        with pytest.raises(JournalError) as refused:
            _fill(journal)
        assert "DEADHOP_STATE" in refused.value.hint
        journal.close()
        assert read(journal.path).entries
        with pytest.raises(JournalError):
            Journal.create(place / "sessions", {"argv": ["x" * 60_000]})
        assert list((place / "sessions").glob("*.jsonl")) == [journal.path]
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_place_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError) as refused:
        Journal.create(tmp_path / "file" / "sessions", {})
    assert "DEADHOP_STATE" in refused.value.hint


def test_sessions_are_listed_newest_first_from_heads_and_tails(tmp_path: Path) -> None:
    for day in ("20260101", "20260301", "20260201"):
        with Journal.create(tmp_path, {"site": day, "argv": ["diagnose", "x"]}) as journal:
            journal.append("search", {"text": "ping fails", "symptom": "s"})
            journal.append("exchange", {"text": "y" * 200_000})
            journal.append("diagnosis", {"symptom": "s", "verdict": "cause", "causes": [{"id": "c"}]})
            journal.append("end", {})
        journal.path.rename(tmp_path / f"{day}-000000-aaaa.jsonl")
    (tmp_path / "broken.jsonl").write_bytes(b"\xff\xfe")
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "folder.jsonl").mkdir()
    found = sessions(tmp_path)
    assert [info.site for info in found] == ["20260301", "20260201", "20260101"]
    newest = found[0]
    assert (newest.text, newest.symptom, newest.verdict, newest.causes) == (
        "ping fails",
        "s",
        "cause",
        ("c",),
    )
    assert (newest.entries, newest.ended, newest.argv) == (4, True, ("diagnose", "x"))
    assert sessions(tmp_path / "missing") == ()


def test_a_diagnosis_long_before_the_end_is_still_seen_in_the_list(tmp_path: Path) -> None:
    with Journal.create(tmp_path, {}) as journal:
        journal.append("exchange", {"text": "z" * 30_000})
        journal.append("diagnosis", {"verdict": "cause", "causes": [{"id": "c"}]})
        for _ in range(3):
            journal.append("exchange", {"text": "z" * 30_000})
        journal.append("end", {"entries": 5})
    assert (sessions(tmp_path)[0].verdict, sessions(tmp_path)[0].causes) == ("cause", ("c",))


def test_a_long_diagnosis_is_still_seen_in_the_list(tmp_path: Path) -> None:
    with Journal.create(tmp_path, {}) as journal:
        journal.append("diagnosis", {"evidence": ["z" * 300_000], "verdict": "cause", "causes": [{"id": "c"}]})
        journal.append("end", {"verdict": "cause", "causes": ["c"]})
    assert sessions(tmp_path)[0].verdict == "cause"
