"""Large outputs lie beside the journal, and what is lost of them is said."""

import gzip
import json
import os
import stat
from pathlib import Path

import pytest

from base.errors import ConfigError, DeadhopError
from base.text import Lang
from diagnosis.session import Session
from journal.blobs import LIMIT
from journal.export import to_json, to_markdown
from journal.reading import Recording
from journal.store import Journal, open_for_append, read, sessions
from journal.verify import State, verify
from probes.connection import MEBIBYTE, Command
from probes.exchange import Exchange, from_json
from probes.site import Site

LONG = "".join(f"{number}: 핑 {number * 7919 % 104729:x}\n" for number in range(20_000))


def exchange(stdout: str) -> dict[str, object]:
    request = {"target": "host:a", "text": "ip route", "sudo": False}
    reply = {"status": 0, "stdout": stdout, "stderr": "", "seconds": 0.1}
    return {"request": request, "reply": reply, "at": "2026-01-01T00:00:00+00:00", "phase": 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Journal.create(tmp_path / "sessions", {}) as journal:
        entry = journal.append("exchange", exchange(LONG), sync=True)
        assert entry.data["reply"]["stdout"] == LONG
        journal.append("exchange", exchange(LONG))
        journal.append("note", {"text": "x" * LIMIT})
        journal.append("end", {}, sync=True)
    return journal.path


def blob_of(path: Path) -> Path:
    (blob,) = path.with_suffix(".blobs").iterdir()
    return blob


def test_a_large_output_is_kept_once_compressed_and_private(path: Path) -> None:
    blob = blob_of(path)
    assert stat.S_IMODE(blob.stat().st_mode) == 0o600
    assert stat.S_IMODE(blob.parent.stat().st_mode) == 0o700
    assert gzip.decompress(blob.read_bytes()).decode() == LONG
    assert path.stat().st_size < 3 * LIMIT
    recording = read(path, deep=True)
    assert recording.damage == ()
    assert [from_json(entry.data).reply.stdout == LONG for entry in recording.entries[:2]] == [True, True]
    assert recording.entries[2].data["text"] == "x" * LIMIT
    assert LONG[-40:].rstrip() in json.dumps(to_json(recording), ensure_ascii=False).replace("\\n", "\n")


def test_bytes_after_a_large_output_are_damage(path: Path) -> None:
    with blob_of(path).open("ab") as file:
        file.write(b"more")
    assert [damage.line for damage in read(path, deep=True).damage] == [2, 3]
    assert [damage.line for damage in read(path).damage] == [2, 3]
    assert verify(path).state is State.DAMAGED


def test_nobody_waits_for_a_pipe_in_place_of_a_file(path: Path) -> None:
    for file in (blob_of(path), path.with_suffix(".seal"), path.parent / "redaction.key", path):
        file.unlink()
        os.mkfifo(file)
        assert verify(path).state in (State.DAMAGED, State.UNREADABLE)
    with pytest.raises(ConfigError, match="no regular file"):
        read(path)
    with pytest.raises(DeadhopError):
        open_for_append(path)
    assert sessions(path.parent) == ()


def shown(recording: Recording) -> str:
    return to_markdown(recording, Lang.KO) + json.dumps(to_json(recording))


def test_a_missing_blob_is_said_and_nothing_else_is_lost(path: Path) -> None:
    blob_of(path).unlink()
    recording = read(path)
    assert [damage.line for damage in recording.damage] == [2, 3]
    assert "missing" in recording.damage[0].what
    assert len(recording.entries) == 4
    assert "missing" in recording.entries[0].data["reply"]["stdout"]
    assert [entry.whole for entry in recording.entries] == [False, False, True, True]
    assert "missing" in shown(recording)
    with open_for_append(path) as again:
        again.append("exchange", exchange(LONG))
    assert read(path).damage == ()  # the same output came again, and with it the file


@pytest.mark.parametrize("same_size", [True, False])
def test_a_changed_blob_is_said(path: Path, same_size: bool) -> None:
    blob = blob_of(path)
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 0x10
    blob.write_bytes(bytes(content) if same_size else b"x")
    assert bool(read(path).damage) is not same_size
    recording = read(path, deep=True)
    assert [damage.line for damage in recording.damage] == [2, 3]
    assert "not what was written" in recording.damage[0].what
    assert "not what was written" in shown(recording)


def test_a_bomb_in_place_of_a_blob_is_not_unpacked(path: Path) -> None:
    blob = blob_of(path)
    blob.write_bytes(gzip.compress(bytes(1 << 28)))
    assert len(read(path, deep=True).damage) == 2


def test_what_only_looks_like_a_reference_leads_nowhere(tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "a" * 64):
        with Journal.create(tmp_path, {}) as journal:
            journal.append("note", {"text": {"$blob": name, "bytes": 3, "stored": 3}})
        shown(read(journal.path, deep=True))


async def test_a_gigabyte_is_cut_at_the_limit_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))
    session = Session(Site("test"), argv=())
    try:
        command = Command(argv=("head", "-c", str(1 << 30), "/dev/zero"), timeout=60)
        reply = await session.toolbox.connection("operator").run(command)
        assert reply.failure == "too-long"
        assert len(reply.stdout) <= MEBIBYTE
    finally:
        await session.close()
    recording = read(session.journal_path, deep=True)
    (recorded,) = [entry for entry in recording.entries if entry.kind == "exchange"]
    kept: Exchange = from_json(recorded.data)
    assert (kept.reply.failure, kept.reply.message) == ("too-long", reply.message)
    assert recording.damage == ()
    used = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert used < 4 * MEBIBYTE


def test_a_crash_while_a_blob_is_written_leaves_nothing_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with Journal.create(tmp_path, {}) as journal:
        monkeypatch.setattr(Path, "rename", full)
        with pytest.raises(Exception, match="No space left"):
            journal.append("exchange", exchange(LONG))
        monkeypatch.undo()
        assert list(journal.path.with_suffix(".blobs").iterdir()) == []
        journal.append("exchange", exchange(LONG))
    assert read(journal.path, deep=True).damage == ()
