"""Many journals at a glance: from their first and last lines, digests not checked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from base.files import opened
from journal.reading import FORMAT, loaded, number_in

_HEAD, _TAIL = 16 * 1024, 64 * 1024


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
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_HEAD)
            file.seek(max(size - _TAIL, 0))
            tail = file.read(_TAIL)
    except OSError:
        return None
    first, _, rest = head.partition(b"\n")
    header = loaded(first)
    if header is None or FORMAT not in header:
        return None
    last = list(_entries(tail.split(b"\n")[1:] if size > _TAIL else tail.split(b"\n")))
    if size > _TAIL and not _data(last, "diagnosis"):
        last = [*_entries(_diagnoses(path)[-1:]), *last]
    return _info(path, header, size, list(_entries(rest.split(b"\n"))), last)


def _diagnoses(path: Path) -> list[bytes]:
    """A fix that looked at much afterwards has pushed the diagnosis out of the last lines."""
    try:
        with opened(path) as file:
            return [line for line in file if b'"kind":"diagnosis"' in line]
    except OSError:
        return []


def _entries(lines: list[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        found = loaded(line) if line else None
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
        text=_words(search.get("text")),
        symptom=str(diagnosis.get("symptom") or search.get("symptom", "")),
        verdict=str(verdict),
        causes=tuple(_id(cause) for cause in causes) if isinstance(causes, list | tuple) else (),
        entries=max((number_in(entry) for entry in (*first, *last)), default=0),
        size=size,
        ended=bool(last) and last[-1].get("kind") == "end",
        argv=tuple(map(str, header["argv"])) if isinstance(header.get("argv"), list) else (),
    )


def _data(entries: Any, kind: str) -> Mapping[str, Any]:
    return next((entry["data"] for entry in entries if entry.get("kind") == kind), {})


def _id(cause: object) -> str:
    return str(cause.get("id", "")) if isinstance(cause, Mapping) else str(cause)


def _words(text: object) -> str:
    """A long paste lies in a file of its own; the list does without it."""
    return text if isinstance(text, str) else ""
