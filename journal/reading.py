"""Reading journals: every line is held against its digest; what fails is named with its line and left out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from base.errors import ConfigError

FORMAT = "deadhop_journal"
_VERSION = 1
_SEAL = re.compile(rb',"digest":"([0-9a-f]{32})"\}$')
_SEAL_LENGTH = len(',"digest":""}') + 32
_HEAD, _TAIL = 16 * 1024, 64 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    n: int
    at: str
    """When it was written, UTC, ISO 8601."""
    kind: str
    data: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Damage:
    line: int
    """From 1; the header is line 1."""
    what: str


@dataclass(frozen=True, slots=True)
class Recording:
    header: Mapping[str, Any]
    """Empty when it is damaged beyond reading."""
    entries: tuple[Entry, ...]
    """The undamaged ones, in order."""
    damage: tuple[Damage, ...] = ()
    last_digest: str = ""
    """What the next line carries on."""
    last_number: int = 0


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A journal at a glance, from its first and last lines."""

    id: str
    path: Path
    created: str
    site: str = ""
    version: str = ""
    text: str = ""
    """What was typed or pasted."""
    symptom: str = ""
    verdict: str = ""
    causes: tuple[str, ...] = ()
    entries: int = 0
    size: int = 0
    ended: bool = False
    """It was closed in good order."""
    argv: tuple[str, ...] = field(default=())


def sealed(previous: str, content: Mapping[str, Any]) -> tuple[bytes, str]:
    """A line with its digest, and the digest. `previous` is the digest of the line before."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()
    digest = digest_of(previous, body)
    return body[:-1] + f',"digest":"{digest}"}}\n'.encode(), digest


def digest_of(previous: str, body: bytes) -> str:
    return sha256(previous.encode() + body).hexdigest()[:32]


def read(path: Path) -> Recording:
    """The whole journal; ConfigError when the file is none or cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    return parse(content, str(path))


def parse(content: bytes, name: str) -> Recording:
    """A journal from its bytes; `name` is for messages."""
    if not content:
        raise ConfigError(f"{name} is empty", hint="no session was recorded in it")
    lines = content.split(b"\n")
    whole = len(lines) - 1
    reader = _Reader()
    reader.header(lines[0], name)
    for number, line in enumerate(lines[1:], 2):
        if line:
            reader.line(number, line, torn=number > whole)
    if reader.first_line_lost and not reader.entries:
        raise _no_journal(name)
    return Recording(reader.head, tuple(reader.entries), tuple(reader.damage), reader.last, reader.number)


def _no_journal(name: str) -> ConfigError:
    return ConfigError(f"{name} is not a journal of deadhop", hint="`deadhop sessions` lists the journals")


class _Reader:
    def __init__(self) -> None:
        self.head: Mapping[str, Any] = {}
        self.entries: list[Entry] = []
        self.damage: list[Damage] = []
        self.last = ""
        self.number = 0
        self.first_line_lost = False
        self._carried: tuple[str, ...] = ("",)
        """Digests the next line may carry on: several only after a damaged line."""

    def header(self, line: bytes, name: str) -> None:
        found = _loaded(line)
        version = found.get(FORMAT) if found else None
        if isinstance(version, int) and version > _VERSION:
            raise ConfigError(f"{name} was written by a newer deadhop", hint="update deadhop to read it")
        self.first_line_lost = found is None or FORMAT not in found
        if self._holds(line) and not self.first_line_lost:
            self.head = found or {}
        else:
            self.head = {} if self.first_line_lost else found or {}
            self.damage.append(Damage(1, "the header is not what was written"))

    def line(self, number: int, line: bytes, *, torn: bool) -> None:
        found = _loaded(line)
        holds = self._holds(line)
        entry = _entry(found, self.last) if holds and found else None
        if entry is not None:
            self.entries.append(entry)
            self.number = entry.n
        else:
            self.damage.append(Damage(number, _what_is_wrong(found, line, torn=torn)))
            self.number = max(self.number, _number_in(found))

    def _holds(self, line: bytes) -> bool:
        """Whether the line is what was sealed; the next one must carry it on."""
        seal = _SEAL.search(line)
        if seal is None:
            self._carried = (*self._carried, *_unsealed(line, self._carried))
            return False
        claimed = seal[1].decode()
        body = line[: seal.start()] + b"}"
        computed = tuple(digest_of(carried, body) for carried in self._carried)
        if claimed in computed:
            self._carried, self.last = (claimed,), claimed
            return True
        self._carried = (claimed, *computed, *self._carried)[:16]
        self.last = claimed
        return False


def _unsealed(line: bytes, carried: tuple[str, ...]) -> tuple[str, ...]:
    """Digests that a line whose seal is hurt may have had: those of what stands before the seal."""
    body = line[:-_SEAL_LENGTH] + b"}"
    return tuple(digest_of(previous, body) for previous in carried)[:8] if len(line) > _SEAL_LENGTH else ()


def _loaded(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _entry(found: Mapping[str, Any], digest: str) -> Entry | None:
    number, data = found.get("n"), found.get("data")
    if not isinstance(number, int) or not isinstance(data, dict):
        return None
    return Entry(number, str(found.get("at", "")), str(found.get("kind", "")), data, digest)


def _number_in(found: Mapping[str, Any] | None) -> int:
    number = found.get("n") if found else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _what_is_wrong(found: Mapping[str, Any] | None, line: bytes, *, torn: bool) -> str:
    if torn:
        return "the last line is torn: the writer was ended in the middle of it"
    if found is None:
        return "the line is torn or overwritten"
    number = found.get("n", "?")
    return f"entry {number} is not what was written, or does not follow the line before it (digest mismatch)"


# ------------------------------------------------------------------ many journals at a glance


def sessions(directory: Path) -> tuple[SessionInfo, ...]:
    """The journals of a folder, newest first; files that are none are left out."""
    try:
        paths = sorted(directory.glob("*.jsonl"), reverse=True)
    except OSError:
        return ()
    return tuple(info for path in paths if (info := glance(path)) is not None)


def glance(path: Path) -> SessionInfo | None:
    """A journal from its first and last lines, digests not checked; None when it is none."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_HEAD)
            file.seek(max(size - _TAIL, 0))
            tail = file.read(_TAIL)
    except OSError:
        return None
    first, _, rest = head.partition(b"\n")
    header = _loaded(first)
    if header is None or FORMAT not in header:
        return None
    last = tail.split(b"\n")[1:] if size > _TAIL else tail.split(b"\n")
    return _info(path, header, size, list(_entries(rest.split(b"\n"))), list(_entries(last)))


def _entries(lines: list[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        found = _loaded(line) if line else None
        if found is not None and isinstance(found.get("data"), dict):
            yield found


def _info(
    path: Path, header: Mapping[str, Any], size: int, first: list[Mapping[str, Any]], last: list[Mapping[str, Any]]
) -> SessionInfo:
    search = _data(first, "search") or _data(first, "inputs")
    diagnosis = _data(reversed(last), "diagnosis") or _data(first, "diagnosis")
    end = _data(reversed(last), "end")
    verdict = diagnosis.get("verdict") or end.get("verdict", "")
    causes = diagnosis.get("causes") or end.get("causes") or ()
    return SessionInfo(
        id=str(header.get("id", path.stem)),
        path=path,
        created=str(header.get("created", "")),
        site=str(header.get("site", "")),
        version=str(header.get("version", "")),
        text=str(search.get("text", "")),
        symptom=str(diagnosis.get("symptom") or search.get("symptom", "")),
        verdict=str(verdict),
        causes=tuple(_id(cause) for cause in causes) if isinstance(causes, list | tuple) else (),
        entries=max((_number_in(entry) for entry in (*first, *last)), default=0),
        size=size,
        ended=bool(last) and last[-1].get("kind") == "end",
        argv=tuple(map(str, header["argv"])) if isinstance(header.get("argv"), list) else (),
    )


def _data(entries: Any, kind: str) -> Mapping[str, Any]:
    return next((entry["data"] for entry in entries if entry.get("kind") == kind), {})


def _id(cause: object) -> str:
    return str(cause.get("id", "")) if isinstance(cause, Mapping) else str(cause)
