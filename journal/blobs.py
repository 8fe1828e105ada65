"""Large outputs lie beside the journal, compressed, under the digest of what they say: `<id>.blobs/<sha256>.gz`."""

from __future__ import annotations

import os
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from base.files import opened
from base.text import Text

LIMIT = 64 * 1024
"""Bytes of UTF-8; a longer string moves out of its line."""
MARK = "$blob"
"""Key of a reference: `{"$blob": SHA-256 of the text, "bytes": its length, "stored": length of the file}`."""
_KEPT = 4
_GZIP = 16 + zlib.MAX_WBITS

MISSING = Text("the file of a large output is missing: {}", "큰 출력을 담은 파일이 없다: {}")
CHANGED = Text(
    "the file of a large output is not what was written: {}", "큰 출력을 담은 파일이 기록한 내용과 다르다: {}"
)
Reference = Mapping[str, Any]


def references(value: object) -> Iterator[Reference]:
    """Every reference in JSON data."""
    if isinstance(value, Mapping):
        if _is_reference(value):
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def _is_reference(value: Mapping[str, Any]) -> bool:
    name = value.get(MARK)
    sizes = (value.get("bytes"), value.get("stored"))
    whole = len(value) == 3 and all(isinstance(size, int) for size in sizes)
    return whole and isinstance(name, str) and len(name) == 64 and not name.strip("0123456789abcdef")


class Lost(Exception):
    """A large output that cannot be given back."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Blobs:
    """The large outputs of one journal."""

    def __init__(self, journal: Path) -> None:
        self.folder = journal.with_suffix(".blobs")
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._unsynced: list[Path] = []

    # ------------------------------------------------------------ writing

    def moved(self, value: Any) -> Any:
        """The same data with a reference in place of every long string; OSError when there is no room."""
        if isinstance(value, str):
            return self._reference(value) if len(value) * 4 > LIMIT else value
        if isinstance(value, dict):
            return {key: self.moved(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.moved(inner) for inner in value]
        return value

    def _reference(self, text: str) -> Any:
        content = text.encode()
        if len(content) <= LIMIT:
            return text
        name = sha256(content).hexdigest()
        path = self._path(name)
        if not path.exists():
            self._write(path, content)
        return {MARK: name, "bytes": len(content), "stored": path.stat().st_size}

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.gz"

    def _write(self, path: Path, content: bytes) -> None:
        """Under its name only when it is whole."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        compressor = zlib.compressobj(6, wbits=_GZIP)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(compressor.compress(content) + compressor.flush())
            unfinished.rename(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        self._unsynced.append(path)

    def sync(self) -> None:
        """What the synced lines refer to is on the disk before them."""
        if not self._unsynced:
            return
        for path in (*self._unsynced, self.folder):
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        self._unsynced.clear()

    # ------------------------------------------------------------ reading

    def resolved(self, value: Any) -> Any:
        """The same data with the long strings in their places; what is lost says so."""
        if isinstance(value, Mapping):
            if _is_reference(value):
                return self._said(value)
            return {key: self.resolved(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolved(inner) for inner in value]
        return value

    def _said(self, reference: Reference) -> str:
        try:
            return self.text(reference)
        except Lost as lost:
            return f"‹{lost}›"

    def text(self, reference: Reference) -> str:
        """Lost when the file is missing or is not what was written."""
        name = str(reference[MARK])
        if name not in self._kept:
            self._kept[name] = self._read(name, int(reference["bytes"]))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[name]

    def _read(self, name: str, size: int) -> str:
        try:
            with opened(self._path(name)) as file:
                # No more than was written: a file that unpacks to gigabytes is not read to its end.
                content = zlib.decompressobj(wbits=_GZIP).decompress(file.read(2 * size + 1024), size + 1)
        except OSError as error:
            raise Lost(_of(MISSING, name)) from error
        except zlib.error as error:
            raise Lost(_of(CHANGED, name)) from error
        if sha256(content).hexdigest() != name:
            raise Lost(_of(CHANGED, name))
        return content.decode("utf-8", "replace")

    def missing(self, reference: Reference) -> Text | None:
        """What a look at the folder tells, without unpacking."""
        name = str(reference[MARK])
        try:
            size = self._path(name).stat().st_size
        except OSError:
            return _of(MISSING, name)
        return None if size == reference["stored"] else _of(CHANGED, name)

    def hurt(self, reference: Reference) -> Text | None:
        """What reading it tells. Bytes after what was written change nothing of it, and are damage."""
        if looked := self.missing(reference):
            return looked
        try:
            self.text(reference)
        except Lost as lost:
            return lost.text
        return None


def _of(text: Text, name: str) -> Text:
    shown = f"{name[:12]}…"
    return Text(text.en.format(shown), text.ko.format(shown))
