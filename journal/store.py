"""The record of a session: one append-only file of JSON lines, each with a digest that carries on the one before.

Format and kinds of entries: docs/journal.md. What is damaged is named and left out, never repaired."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from errno import EACCES, EAGAIN, EROFS
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from base.errors import DeadhopError
from base.files import opened
from journal.blobs import Blobs, references
from journal.glance import SessionInfo, sessions
from journal.reading import FORMAT, Damage, Entry, Recording, read, sealed
from journal.redact import Redactor
from journal.seal import Seal, Sealer

__all__ = [
    "Damage",
    "Entry",
    "Journal",
    "JournalBusy",
    "JournalError",
    "Recording",
    "SessionInfo",
    "holder",
    "open_for_append",
    "read",
    "sessions",
]


class JournalError(DeadhopError):
    """The record cannot be kept: full disk, read-only folder, no permission."""


class JournalBusy(JournalError):
    """Another deadhop writes this journal."""


class Journal:
    """The one writer of a file. A line is one write of the system, so a crash tears at most the last one."""

    def __init__(
        self, path: Path, handle: int, header: Mapping[str, Any], redactor: Redactor, past: Recording | None = None
    ) -> None:
        self.path = path
        self.header = header
        self.past = past
        """What it held when it was opened again; None for a new one."""
        self._handle = handle
        self._redactor = redactor
        self._last = past.last_digest if past else ""
        self._count = past.last_number if past else 0
        self._torn = False
        self._to_be_said: list[str] = []
        self._folder_synced = False
        self._blobs = Blobs(path)
        self._sealer = Sealer(path)
        self._clock = _Clock()

    @property
    def id(self) -> str:
        return str(self.header.get("id", self.path.stem))

    @classmethod
    def create(cls, directory: Path, header: Mapping[str, object]) -> Self:
        """A new journal in the folder, which is made if needed. `id` and `created` are added to the header."""
        now = datetime.now(UTC)
        name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        path = directory / f"{name}.jsonl"
        full = {FORMAT: 1, "id": name, "created": now.isoformat(timespec="milliseconds"), **_version(), **header}
        try:
            _private_folder(directory)
            redactor = Redactor.of(directory)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return cls.create(directory, header)
        except OSError as error:
            raise _cannot_keep(path, error) from error
        _lock(handle, path)
        journal = cls(path, handle, full, redactor)
        try:
            journal._last = journal._write(redactor.data(full))
        except JournalError:
            os.close(handle)
            path.unlink(missing_ok=True)
            raise
        return journal

    def append(self, kind: str, data: Mapping[str, object], *, sync: bool = False) -> Entry:
        """Adds an entry; with `sync` it is on the disk when this returns. Secrets are blacked out."""
        self._say_damage()
        jump = self._clock.jump()
        if jump:
            text = f"the clock of this machine jumped by {jump:+.0f} s: trust the order of the lines"
            self._append("clock", {"text": text, "seconds": round(jump, 1)}, sync=False)
        return self._append(kind, data, sync)

    def _append(self, kind: str, data: Mapping[str, object], sync: bool) -> Entry:
        number = self._count + 1
        clean = self._redactor.data({**data, "entries": number} if kind == "end" else data)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        stored = self._moved(clean)
        self._last = self._write({"n": number, "at": at, "kind": kind, "data": stored})
        self._count = number
        if sync:
            self._sync()
        return Entry(number, at, kind, stored, self._last, None if stored is clean else self._blobs)

    def _moved(self, data: dict[str, Any]) -> dict[str, Any]:
        """With references in place of large outputs; the same object when there are none."""
        try:
            moved: dict[str, Any] = self._blobs.moved(data)
        except OSError as error:
            raise _cannot_keep(self.path, error) from error
        return moved if any(references(moved)) else data

    def _say_damage(self) -> None:
        """What a reader could not see for itself once more lines follow."""
        if self._torn:
            self._put(b"\n")
            self._torn = False
            self._to_be_said.append("the line before this one was torn")
        while self._to_be_said:
            self._append("damage", {"text": self._to_be_said[0]}, sync=False)
            self._to_be_said.pop(0)

    def _write(self, content: Mapping[str, Any]) -> str:
        line, digest = sealed(self._last, content)
        self._put(line)
        return digest

    def _put(self, line: bytes) -> None:
        if self._handle < 0:
            raise JournalError(f"{self.path} is closed")
        try:
            written = os.write(self._handle, line)
        except OSError as error:
            raise _cannot_keep(self.path, error) from error
        if written < len(line):
            self._torn = True
            raise JournalError(f"{self.path}: only a part of a line could be written", hint=_ROOM)

    def _sync(self) -> None:
        try:
            self._blobs.sync()
            os.fsync(self._handle)
            if not self._folder_synced:
                _sync_folder(self.path.parent)
                self._folder_synced = True
        except OSError as error:
            raise _cannot_keep(self.path, error) from error
        self._sealer.write(Seal(self._count, self._last))

    def close(self) -> None:
        """Puts everything on the disk and lets others write. May be called twice."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            try:
                self._blobs.sync()
                os.fsync(handle)
                self._sealer.write(Seal(self._count, self._last))
            finally:
                os.close(handle)
                self._sealer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_for_append(path: Path) -> Journal:
    """Goes on with a journal. A torn last line stays as it is and so does a lost end; a `damage` entry follows."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_keep(path, error) from error
    _lock(handle, path)
    try:
        recording, torn = read(path), not _ends_line(path)
        redactor = Redactor.of(path.parent)
    except OSError as error:
        os.close(handle)
        raise _cannot_keep(path, error) from error
    except BaseException:
        os.close(handle)
        raise
    journal = Journal(path, handle, recording.header, redactor, recording)
    journal._torn = torn
    if recording.cut:
        journal._to_be_said.append(recording.cut.en)
    return journal


def _ends_line(path: Path) -> bool:
    with opened(path) as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


_ROOM = "make room, or set DEADHOP_STATE to a folder on another disk"


class _Clock:
    """Sees the wall clock jump, against one that counts on evenly and goes on while the machine sleeps."""

    def __init__(self) -> None:
        self._offset = _wall_ahead()

    def jump(self) -> float:
        """Seconds the wall clock jumped since the last call; 0 when it did not."""
        offset = _wall_ahead()
        jumped, self._offset = offset - self._offset, offset
        return jumped if abs(jumped) > _JUMP else 0.0


_JUMP = 2.0


def _wall_ahead() -> float:
    even = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return time.time() - even


def _cannot_keep(path: Path, error: OSError) -> JournalError:
    place = "set DEADHOP_STATE to a folder you can write to"
    hint = place if error.errno in (EACCES, EROFS) else _ROOM
    return JournalError(f"the journal {path} cannot be written: {error.strerror}", hint=hint)


def _private_folder(directory: Path) -> None:
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only with its folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _version() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {"version": version("deadhop")}
    except PackageNotFoundError:
        return {"version": ""}


# ------------------------------------------------------------------ one writer at a time


def _lock(handle: int, path: Path) -> None:
    end = time.monotonic() + _LETS_GO
    while error := _not_locked(handle):
        held = _holder(os.fstat(handle).st_ino)
        if error.errno in (EAGAIN, EACCES) and not held and time.monotonic() < end:
            time.sleep(0.02)
            continue
        os.close(handle)
        if error.errno not in (EAGAIN, EACCES):
            raise _cannot_keep(path, error) from error
        who = f"the process {held}" if held else "another process"
        raise JournalBusy(f"{path.stem} is being written by {who}", hint="end that deadhop first") from error


# Seconds. A deadhop that was killed while it started a program leaves the lock to that child until its exec.
_LETS_GO = 2.0


def _not_locked(handle: int) -> OSError | None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error
    return None


def holder(path: Path) -> int:
    """Process that writes this journal now; 0 when none does, or the kernel does not tell."""
    try:
        return _holder(path.stat().st_ino)
    except OSError:
        return 0


def _holder(inode: int) -> int:
    """Process that holds the lock, as the kernel lists it; 0 when it does not, or lists one that has ended."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return 0
    fields = [line.split() for line in lines]
    held = (row for row in fields if len(row) > 5 and row[1] == "FLOCK" and row[5].endswith(f":{inode}"))
    return next((int(row[4]) for row in held if Path("/proc", row[4]).exists()), 0)
