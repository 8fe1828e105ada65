"""Turns what went wrong into words, a hint and an exit code. Only bugs leave a traceback, and only in the log."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from base.errors import DeadhopError
from base.korean import told
from base.paths import make_private, state_dir
from base.text import Lang
from deadhop.output import Output, is_answered
from deadhop.parsing import Misused
from deadhop.words import Speaker, wanted_language

USAGE, BUG = 3, 70
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def explain(error: Exception, argv: list[str]) -> int:
    """Says what went wrong on stderr (and, with `--json`, on stdout unless the answer stands there); returns the
    exit code."""
    say = Speaker(wanted_language(argv))
    if isinstance(error, BrokenPipeError):
        return 0
    message, hint, code = _words(error, say)
    out = Output(json_wanted="--json" in argv)
    words = DeadhopError(message, hint=hint)
    words.korean = getattr(error, "korean", {})
    said, step = told(words, Lang(say.lang))
    lines = f"{say('error', '오류')}: {said}" + (f"\n{say('hint', '힌트')}: {step}" if hint else "")
    out.talk(_shown(lines))
    if out.json and not is_answered():
        out.object("error", {"message": _shown(message), "hint": _shown(hint), "exit_code": code})
    return code


def _shown(text: str) -> str:
    """Imported where something went wrong only: its rules take a while to load."""
    from journal.redact import redact_text

    return redact_text(text)


def _words(error: Exception, say: Speaker) -> tuple[str, str, int]:
    if isinstance(error, Misused):
        return error.message, error.hint, USAGE
    if isinstance(error, ExceptionGroup):
        return _words(error.exceptions[0], say)
    if isinstance(error, DeadhopError):
        return error.message, error.hint, error.exit_code
    if isinstance(error, OSError) and error.errno in (*_FULL, *_FORBIDDEN):
        return *_file_words(error, say), USAGE
    return *_bug_words(error, say), BUG


def _file_words(error: OSError, say: Speaker) -> tuple[str, str]:
    where = error.filename or state_dir()
    message = f"{where}: {error.strerror}"
    if error.errno in _FULL:
        return message, say(
            "make room, or set DEADHOP_STATE to a folder on another disk",
            "공간을 비우거나 DEADHOP_STATE 에 다른 디스크의 폴더를 지정한다",
        )
    return message, say(
        "set DEADHOP_STATE to a folder you can write to", "DEADHOP_STATE 에 쓸 수 있는 폴더를 지정한다"
    )


def _bug_words(error: Exception, say: Speaker) -> tuple[str, str]:
    kind = say("a bug in deadhop", "deadhop 의 버그")
    message = f"{kind}: {type(error).__name__}: {str(error)[:200]}"
    try:
        return message, say("details in {}", "자세한 내용: {}").format(_logged(error))
    except OSError as refused:
        return message, say("the log could not be written: {}", "로그를 쓸 수 없다: {}").format(refused)


def _logged(error: Exception) -> Path:
    log = state_dir() / "deadhop.log"
    make_private(log.parent)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        trace = "".join(traceback.format_exception(error))
        file.write(_shown(f"{datetime.now(UTC).isoformat()} {sys.argv!r}\n{trace}\n"))
    return log
