"""How far a journal was synced, kept beside it: a journal that ends earlier has lost its end."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from base.files import opened

_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Seal:
    n: int
    """Number of the last synced entry."""
    digest: str


class Sealer:
    """Writes the seal in place, after the line it speaks of is on the disk. A seal that cannot be written is left
    out: it is a second witness, the journal itself is the first."""

    def __init__(self, journal: Path) -> None:
        self._path = _beside(journal)
        self._handle = -1

    def write(self, seal: Seal) -> None:
        content = json.dumps({"n": seal.n, "digest": seal.digest}).ljust(_WIDTH - 1) + "\n"
        with contextlib.suppress(OSError):
            if self._handle < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                self._handle = os.open(self._path, flags, 0o600)
            os.pwrite(self._handle, content.encode(), 0)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def seal_of(journal: Path) -> Seal | None:
    """None when there is none, or none that can be read."""
    try:
        with opened(_beside(journal)) as file:
            found = json.loads(file.read(_WIDTH))
        return Seal(int(found["n"]), str(found["digest"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _beside(journal: Path) -> Path:
    return journal.with_suffix(".seal")
