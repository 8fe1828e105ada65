"""The record of a session: one append-only file of JSON lines, each with a digest that carries on the one before.

Format and kinds of entries: docs/journal.md. What is damaged is named and left out, never repaired."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from errno import EACCES, EAGAIN, EROFS
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from base.errors import DeadhopError
from journal.reading import FORMAT, Damage, Entry, Recording, SessionInfo, read, sealed, sessions
from journal.redact import redact

__all__ = [
    "Damage",
    "Entry",
    "Journal",
    "JournalBusy",
    "JournalError",
    "Recording",
    "SessionInfo",
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

    def __init__(self, path: Path, handle: int, header: Mapping[str, Any], last: str, count: int) -> None:
        self.path = path
        self.header = header
        self._handle = handle
        self._last = last
        self._count = count
        self._torn = False
        self._folder_synced = False

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
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return cls.create(directory, header)
        except OSError as error:
            raise _cannot_keep(path, error) from error
        _lock(handle, path)
        journal = cls(path, handle, full, "", 0)
        try:
            journal._last = journal._write(redact(full))
        except JournalError:
            os.close(handle)
            path.unlink(missing_ok=True)
            raise
        return journal

    def append(self, kind: str, data: Mapping[str, object], *, sync: bool = False) -> Entry:
        """Adds an entry; with `sync` it is on the disk when this returns. Secrets are blacked out."""
        if self._torn:
            self._note_damage()
        return self._append(kind, data, sync)

    def _append(self, kind: str, data: Mapping[str, object], sync: bool) -> Entry:
        clean = redact(data)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        number = self._count + 1
        self._last = self._write({"n": number, "at": at, "kind": kind, "data": clean})
        self._count = number
        if sync:
            self._sync()
        return Entry(number, at, kind, clean, self._last)

    def _note_damage(self) -> None:
        self._put(b"\n")
        self._torn = False
        self._append("damage", {"text": "the line before this one was torn"}, sync=False)

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
            os.fsync(self._handle)
            if not self._folder_synced:
                _sync_folder(self.path.parent)
                self._folder_synced = True
        except OSError as error:
            raise _cannot_keep(self.path, error) from error

    def close(self) -> None:
        """Puts everything on the disk and lets others write. May be called twice."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_for_append(path: Path) -> Journal:
    """Goes on with a journal. A torn last line stays as it is; a `damage` entry follows it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_keep(path, error) from error
    _lock(handle, path)
    try:
        recording, torn = read(path), not _ends_line(path)
    except BaseException:
        os.close(handle)
        raise
    journal = Journal(path, handle, recording.header, recording.last_digest, recording.last_number)
    journal._torn = torn
    return journal


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


_ROOM = "make room, or set DEADHOP_STATE to a folder on another disk"


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
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        inode = os.fstat(handle).st_ino
        os.close(handle)
        if error.errno not in (EAGAIN, EACCES):
            raise _cannot_keep(path, error) from error
        holder = _holder(inode)
        who = f"the process {holder}" if holder else "another process"
        raise JournalBusy(f"{path.stem} is being written by {who}", hint="end that deadhop first") from error


def _holder(inode: int) -> int:
    """Process that holds the lock, as the kernel lists it; 0 when it does not."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return 0
    fields = [line.split() for line in lines]
    held = (row for row in fields if len(row) > 5 and row[1] == "FLOCK" and row[5].endswith(f":{inode}"))
    return next((int(row[4]) for row in held if row[4].isdigit()), 0)
