"""stdout is data, stderr is talk. Whatever came from outside is inert in both."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Mapping
from typing import TextIO

from base.text import UNSEEN, inert

VERSION = 1
WIDTH = 80
_ESCAPED = re.compile(f"[{UNSEEN}]")
_answered = False


def is_answered() -> bool:
    """The one JSON object of this run is out: what goes wrong afterwards is no second one."""
    return _answered


class Output:
    def __init__(self, *, json_wanted: bool) -> None:
        self.json = json_wanted
        self._live = not json_wanted and _is_terminal(sys.stderr)
        self._shown = False

    @property
    def live(self) -> bool:
        """Somebody watches: what is written over is seen."""
        return self._live

    def line(self, text: str = "") -> None:
        """A line (or more) of data for people."""
        self.clear()
        _write(sys.stdout, inert(text).expandtabs() + "\n")

    def alarm(self, text: str) -> None:
        """As `line`, in red where somebody looks who did not ask for none (no-color.org)."""
        if not _is_terminal(sys.stdout) or os.environ.get("NO_COLOR"):
            self.line(text)
            return
        self.clear()
        _write(sys.stdout, f"\x1b[31m{inert(text).expandtabs()}\x1b[0m\n")

    def raw(self, text: str) -> None:
        """A document as it is."""
        self.clear()
        _write(sys.stdout, text)

    def object(self, kind: str, body: Mapping[str, object]) -> None:
        """The one JSON object of a `--json` run."""
        global _answered
        self.clear()
        _write(sys.stdout, to_json({"deadhop": VERSION, "kind": kind} | dict(body)) + "\n")
        _answered = True

    def talk(self, text: str) -> None:
        self.clear()
        _write(sys.stderr, inert(text).expandtabs() + "\n")

    def progress(self, text: str) -> None:
        """What is being done now: one line that is written over on a terminal, plain lines elsewhere."""
        if not self._live:
            _write(sys.stderr, inert(text).expandtabs().replace("\n", " ") + "\n")
            return
        width = shutil.get_terminal_size().columns
        _write(sys.stderr, "\r\x1b[K" + clip_columns(inert(text).expandtabs().replace("\n", " "), width - 1))
        self._shown = True

    def clear(self) -> None:
        if self._shown:
            _write(sys.stderr, "\r\x1b[K")
            self._shown = False


def to_json(value: object) -> str:
    """Readable JSON in which nothing can act on a terminal."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return _ESCAPED.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    """As JSON writes it: above U+FFFF as the two halves of a pair."""
    return json.dumps(match[0])[1:-1]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _write(stream: TextIO | None, text: str) -> None:
    """Writes and flushes; a reader that went away is no error."""
    if stream is None:
        return
    try:
        stream.write(text.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8"))
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


# ------------------------------------------------------------------ columns


def columns(text: str) -> int:
    """Cells the text takes on a terminal; Korean takes two a letter."""
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def clip_columns(text: str, width: int) -> str:
    if columns(text) <= width:
        return text
    kept, used = [], 1
    for letter in text:
        used += _cells(letter)
        if used > width:
            break
        kept.append(letter)
    return "".join(kept) + "…"


def wrap(text: str, indent: str = "", width: int = WIDTH, first: str | None = None) -> str:
    """Filled lines of at most `width` cells; words that are longer stand alone. `first` replaces the indent of
    the first line."""
    lines: list[str] = []
    for paragraph in inert(text).splitlines() or [""]:
        line = (indent if first is None else first) if not lines else indent
        empty = True
        for word in paragraph.split():
            if not empty and columns(line) + 1 + columns(word) > width:
                lines.append(line)
                line, empty = indent, True
            line += word if empty else f" {word}"
            empty = False
        lines.append(line)
    return "\n".join(lines)


def block(text: str, indent: str) -> str:
    """Commands and output: indented, never folded, so that they can be copied."""
    return textwrap.indent(inert(text), indent, lambda line: True)
