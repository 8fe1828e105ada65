"""Text for people: bilingual texts, and text from outside made inert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
# Bidirectional controls can make a line read other than it is; line and paragraph separators break rows.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_PICTURES = 0x2400


class Lang(StrEnum):
    EN = "en"
    KO = "ko"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in the languages of the users."""

    en: str
    ko: str

    def __getitem__(self, lang: Lang) -> str:
        return self.ko if lang is Lang.KO else self.en


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"


def inert(text: str) -> str:
    """Outside text that can do nothing on a screen: control bytes become visible, line ends stay."""
    return _UNSEEN.sub(_visible, text.replace("\r\n", "\n"))


def without_ansi(text: str) -> str:
    """The same text without terminal escape sequences (colours, titles, cursor moves)."""
    return _ANSI.sub("", text)


def clip(text: str, width: int) -> str:
    """At most `width` characters; what was cut is marked."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
