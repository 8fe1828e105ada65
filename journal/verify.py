"""Whether a journal is what was written: every line, every large output, and the end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from base.errors import DeadhopError
from journal.blobs import references
from journal.reading import Damage, Recording, read
from journal.store import holder


class State(StrEnum):
    INTACT = "intact"
    """Every line is what was written, and it was closed in good order."""
    UNSEALED = "unsealed"
    """Every line follows the one before and it was closed, but no seal says that these are the lines it had."""
    OPEN = "open"
    """A deadhop writes it now; every line so far is what was written."""
    UNFINISHED = "unfinished"
    """What is there is what was written, but nothing says that it is all: it was not closed."""
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    """It is no journal, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Check:
    path: Path
    state: State
    entries: int = 0
    outputs: int = 0
    """Large outputs that lie beside it."""
    sealed: bool = False
    """A seal says how far it was synced, and it goes that far."""
    damage: tuple[Damage, ...] = ()
    notices: tuple[Damage, ...] = ()
    message: str = ""
    """Why it is unreadable."""


def verify(path: Path) -> Check:
    """Reads all of it; never raises for what the files hold."""
    writer = holder(path)
    try:
        recording = read(path, deep=True)
    except DeadhopError as error:
        return Check(path, State.UNREADABLE, message=error.message)
    return Check(
        path,
        _state(recording, bool(writer)),
        len(recording.entries),
        sum(1 for entry in recording.entries if entry.blobs for _ in references(entry.stored)),
        recording.sealed,
        recording.damage,
        recording.notices,
    )


def _state(recording: Recording, written_now: bool) -> State:
    if written_now and not _lasting(recording):
        return State.OPEN
    if recording.damage:
        return State.DAMAGED
    ended = bool(recording.entries) and recording.entries[-1].kind == "end"
    if not ended:
        return State.UNFINISHED
    return State.INTACT if recording.sealed else State.UNSEALED


def _lasting(recording: Recording) -> bool:
    """Damage other than a last line that is being written at this moment."""
    return any(not damage.passing for damage in recording.damage)
