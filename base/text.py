"""Text for people: bilingual texts, and text from outside made inert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Members of a character class: what does something instead of standing there. Controls; bidirectional controls,
which make a line read other than it is; separators, which break rows; what nobody sees; halves of pairs."""
_MARKS = "[\u0300-\u036f\u0483-\u0489\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
# A letter carries three marks at most: heaps of them cover the lines above
_UNSEEN = re.compile(f"[{UNSEEN}]|(?<={_MARKS}{_MARKS}{_MARKS}){_MARKS}")
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
