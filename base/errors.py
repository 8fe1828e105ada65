"""One tree of errors: what is wrong, and the next step as a hint."""

from __future__ import annotations

from dataclasses import dataclass

from base.text import Text


class DeadhopError(Exception):
    """Something an operator can act on. `exit_code` is what the command line returns for it. What holds texts of
    the knowledge is given in both languages; the rest is put into Korean where it is read (`base.korean`)."""

    exit_code = 3

    def __init__(self, message: str | Text, *, hint: str | Text = "") -> None:
        self.message, self.hint = _english(message), _english(hint)
        self.korean = {text.en: text.ko for text in (message, hint) if isinstance(text, Text)}
        super().__init__(self.message)


def _english(text: str | Text) -> str:
    return text.en if isinstance(text, Text) else text


class UsageError(DeadhopError):
    """Wrong words on the command line, an unknown host, an input that fails its type."""


class ConfigError(DeadhopError):
    """A file of the operator's that cannot be used: site, SSH configuration, key."""


class FixFailed(DeadhopError):
    """An action or its verification failed; what is left to do is in the message."""

    exit_code = 4


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a file. Lines and columns count from 1; 0 is "the whole file"."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in an author's or operator's file."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f"\n  hint: {self.hint}" if self.hint else "")
