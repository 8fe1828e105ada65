"""Bugs: written to a log only the operator can read, and said in one line."""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from base.paths import make_private, state_dir
from base.text import clip, inert
from tui.words import Words

EXIT_CODE = 70
"""EX_SOFTWARE."""


def note_crash(error: BaseException) -> Path | None:
    """Appends the traceback to `deadhop.log` (0600); None when nothing can be written."""
    path = state_dir() / "deadhop.log"
    text = "".join(traceback.format_exception(error))
    try:
        make_private(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()}\n{text}\n")
    except OSError:
        return None
    return path


def crash_message(words: Words, error: BaseException, path: Path | None) -> str:
    """What is printed after the app has ended."""
    said = clip(inert(f"{type(error).__name__}: {error}").replace("\n", "␊"), 300)
    where = words.crash_logged.format(path=path) if path else words.crash_not_logged
    return f"{words.crashed}: {said}\n{where}"
