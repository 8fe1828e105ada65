"""Reading journals: every line is held against its digest; what fails is named with its line and left out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from base.errors import ConfigError
from base.files import opened
from base.text import Text
from journal.blobs import MARK, Blobs, references
from journal.seal import Seal, seal_of

FORMAT = "deadhop_journal"
_VERSION = 1
_SEAL = re.compile(rb',"digest":"([0-9a-f]{32})"\}$')
_SEAL_LENGTH = len(',"digest":""}') + 32
_REFERENCE = f'"{MARK}":'.encode()
_BACKWARDS = timedelta(seconds=1)
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    n: int
    at: str
    """When it was written, UTC, ISO 8601."""
    kind: str
    stored: Mapping[str, Any]
    """As it stands in the line: large outputs are references."""
    digest: str
    blobs: Blobs | None = field(default=None, compare=False, repr=False)
    """Where its large outputs lie; None when it has none."""

    @property
    def data(self) -> Mapping[str, Any]:
        """With its large outputs, read when asked for."""
        resolved: Mapping[str, Any] = self.blobs.resolved(self.stored) if self.blobs else self.stored
        return resolved

    @property
    def whole(self) -> bool:
        """Nothing of it is lost."""
        return self.blobs is None or not any(map(self.blobs.hurt, references(self.stored)))


@dataclass(frozen=True, slots=True)
class Damage:
    line: int
    """From 1; the header is line 1."""
    text: Text

    @property
    def what(self) -> str:
        return self.text.en

    @property
    def passing(self) -> bool:
        """While the journal is being written, the next look may find the line whole."""
        return self.text == _TORN


@dataclass(frozen=True, slots=True)
class Recording:
    header: Mapping[str, Any]
    """Empty when it is damaged beyond reading."""
    entries: tuple[Entry, ...]
    """The undamaged ones, in order."""
    damage: tuple[Damage, ...] = ()
    notices: tuple[Damage, ...] = ()
    """What is odd without being damage: a clock that went backwards."""
    last_digest: str = ""
    """What the next line carries on."""
    last_number: int = 0
    cut: Text | None = None
    """The damage at the end, when lines are missing there."""
    sealed: bool = False
    """A seal beside it agrees with it, as far as it was synced."""


def sealed(previous: str, content: Mapping[str, Any]) -> tuple[bytes, str]:
    """A line with its digest, and the digest. `previous` is the digest of the line before."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()
    digest = digest_of(previous, body)
    return body[:-1] + f',"digest":"{digest}"}}\n'.encode(), digest


def digest_of(previous: str, body: bytes) -> str:
    return sha256(previous.encode() + body).hexdigest()[:32]


def read(path: Path, *, deep: bool = False) -> Recording:
    """The whole journal; ConfigError when the file is none or cannot be read. `deep` reads the large outputs as
    well, so that those which are not what was written are among the damage."""
    seal = seal_of(path)  # first: a writer that is at work may be further when the lines are read
    try:
        with opened(path) as file:
            content = file.read()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    recording = parse(content, str(path), Blobs(path), deep=deep)
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    return _held_against(recording, seal, lines) if seal else recording


def parse(content: bytes, name: str, blobs: Blobs | None = None, *, deep: bool = False) -> Recording:
    """A journal from its bytes; `name` is for messages."""
    if not content:
        raise ConfigError(f"{name} is empty", hint="no session was recorded in it")
    lines = content.split(b"\n")
    whole = len(lines) - 1
    reader = _Reader(blobs or Blobs(Path(name)), deep)
    reader.header(lines[0], name)
    for number, line in enumerate(lines[1:], 2):
        if line:
            reader.line(number, line, torn=number > whole)
    if reader.first_line_lost and not reader.entries:
        raise _no_journal(name)
    return reader.recording()


def _no_journal(name: str) -> ConfigError:
    return ConfigError(f"{name} is not a journal of deadhop", hint="`deadhop sessions` lists the journals")


def _held_against(recording: Recording, seal: Seal, lines: int) -> Recording:
    """What was synced once must still be there, and be the same. A hurt last line is named already."""
    said = {entry.n: entry.digest for entry in recording.entries}
    hurt_at_end = bool(recording.damage) and recording.damage[-1].line == lines
    last, line = recording.last_number + hurt_at_end, lines + 1
    if seal.n > last:
        cut = _cut(last, seal.n)
        damage = (*recording.damage, Damage(line, cut))
        # Numbers go on after those that were lost, so that the gap stays visible.
        return replace(recording, damage=damage, cut=cut, last_number=seal.n)
    if seal.n in said and said[seal.n] != seal.digest:
        return replace(recording, damage=(*recording.damage, Damage(line, _REWRITTEN)))
    return replace(recording, sealed=True)


class _Reader:
    def __init__(self, blobs: Blobs, deep: bool) -> None:
        self.head: Mapping[str, Any] = {}
        self.entries: list[Entry] = []
        self.damage: list[Damage] = []
        self.notices: list[Damage] = []
        self.last = ""
        self.number = 0
        self.first_line_lost = False
        self._blobs = blobs
        self._look = blobs.hurt if deep else blobs.missing
        self._hurt_before = False
        self._carried: tuple[str, ...] = ("",)
        """Digests the next line may carry on: several only after a damaged line."""

    def recording(self) -> Recording:
        damage, notices = tuple(self.damage), tuple(self.notices)
        return Recording(self.head, tuple(self.entries), damage, notices, self.last, self.number)

    def header(self, line: bytes, name: str) -> None:
        found = loaded(line)
        version = found.get(FORMAT) if found else None
        if isinstance(version, int) and version > _VERSION:
            raise ConfigError(f"{name} was written by a newer deadhop", hint="update deadhop to read it")
        self.first_line_lost = found is None or FORMAT not in found
        if self._holds(line) and not self.first_line_lost:
            self.head = found or {}
        else:
            self.head = {} if self.first_line_lost else found or {}
            self.damage.append(Damage(1, _HEADER))
            self._hurt_before = True

    def line(self, number: int, line: bytes, *, torn: bool) -> None:
        found = loaded(line)
        holds = self._holds(line)
        entry = _entry(found, self.last) if holds and found else None
        if entry is None:
            self.damage.append(Damage(number, self._what_is_wrong(found, torn=torn)))
            self.number = max(self.number, number_in(found))
            self._hurt_before = True
            return
        if _REFERENCE in line:
            entry = replace(entry, blobs=self._blobs)
            hurt = map(self._look, references(entry.stored))
            self.damage += [Damage(number, text) for text in hurt if text]
        if entry.n > self.number + 1 and not self._hurt_before:
            self.damage.append(Damage(number, _missing(self.number + 1, entry.n - 1)))
        if self.entries and _goes_back(self.entries[-1].at, entry.at):
            self.notices.append(Damage(number, _clock(self.entries[-1].at, entry.at)))
        self.entries.append(entry)
        self.number, self._hurt_before = entry.n, False

    def _holds(self, line: bytes) -> bool:
        """Whether the line is what was sealed; the next one must carry it on."""
        seal = _SEAL.search(line, max(len(line) - _SEAL_LENGTH, 0))
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

    def _what_is_wrong(self, found: Mapping[str, Any] | None, *, torn: bool) -> Text:
        if torn:
            return _TORN
        number = number_in(found)
        if not number:
            return _OVERWRITTEN
        if number > self.number + 1 and not self._hurt_before:
            return _missing(self.number + 1, number - 1)
        return _moved(number) if number <= self.number else _altered(number)


def _unsealed(line: bytes, carried: tuple[str, ...]) -> tuple[str, ...]:
    """Digests that a line whose seal is hurt may have had: those of what stands before the seal."""
    body = line[:-_SEAL_LENGTH] + b"}"
    return tuple(digest_of(previous, body) for previous in carried)[:8] if len(line) > _SEAL_LENGTH else ()


def loaded(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or (line.count(b"[") + line.count(b"{") > _DEEPEST and _too_deep(found)):
        return None
    return found


def _too_deep(found: dict[str, Any]) -> bool:
    """Deeper than anything deadhop writes, and than what walks through it may go."""
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        inner = (value for outer in level for value in (outer.values() if isinstance(outer, dict) else outer))
        level = [value for value in inner if isinstance(value, dict | list)]
    return bool(level)


def _entry(found: Mapping[str, Any], digest: str) -> Entry | None:
    number, data = found.get("n"), found.get("data")
    if not isinstance(number, int) or not isinstance(data, dict):
        return None
    return Entry(number, str(found.get("at", "")), str(found.get("kind", "")), data, digest)


def number_in(found: Mapping[str, Any] | None) -> int:
    number = found.get("n") if found else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _goes_back(before: str, at: str) -> bool:
    if at >= before:
        return False
    try:
        return datetime.fromisoformat(before) - datetime.fromisoformat(at) > _BACKWARDS
    except (ValueError, TypeError):
        return False


# ------------------------------------------------------------------ what is said of damage

_HEADER = Text("the header is not what was written", "첫 줄(헤더)이 기록한 내용과 다르다")
_TORN = Text(
    "the last line is torn: the writer was ended in the middle of it", "마지막 줄이 잘렸다. 쓰는 도중에 종료되었다"
)
_OVERWRITTEN = Text("the line is torn or overwritten", "줄이 잘렸거나 덮어써졌다")
_REWRITTEN = Text(
    "the journal was rewritten: its last synced entry is another one than the seal beside it names",
    "기록이 다시 쓰였다. 마지막으로 동기화한 항목이 옆의 seal 파일과 다르다",
)


def _altered(number: int) -> Text:
    return Text(
        f"entry {number} is not what was written, or does not follow the line before it (digest mismatch)",
        f"항목 {number} 이(가) 기록한 내용과 다르거나 앞줄과 이어지지 않는다 (다이제스트 불일치)",
    )


def _moved(number: int) -> Text:
    return Text(
        f"entry {number} was put here, moved or repeated (digest mismatch)",
        f"항목 {number} 이(가) 끼워졌거나 옮겨졌거나 되풀이되었다 (다이제스트 불일치)",
    )


def _missing(first: int, last: int) -> Text:
    which = f"{first}" if first == last else f"{first} to {last}"
    ko = f"{first}" if first == last else f"{first}~{last}"
    return Text(
        f"entries are missing before this line: {which} (digest mismatch)",
        f"이 줄 앞의 항목이 없다: {ko} (다이제스트 불일치)",
    )


def _cut(last: int, written: int) -> Text:
    return Text(
        f"the end is cut off: entries {last + 1} to {written} were written and are gone",
        f"끝이 잘려 나갔다. 기록했던 항목 {last + 1}~{written} 이(가) 없다",
    )


def _clock(before: str, at: str) -> Text:
    return Text(
        f"the clock went backwards, from {before} to {at}: trust the order of the lines, not the times",
        f"시계가 뒤로 갔다 ({before} → {at}). 시각이 아니라 줄 순서를 믿어야 한다",
    )
