"""Pieces of Markdown in which text from outside can do nothing: no HTML, no links, no end of a fence."""

from __future__ import annotations

import re

from base.text import clip, inert

_TICKS = re.compile("`+")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$^=:])")
_LINKS = re.compile(r"://|www\.|@|\bmailto\b", re.IGNORECASE)


def code(text: str, width: int = 400) -> str:
    """An inline code span."""
    shown = clip(" ".join(inert(text).split("\n")).replace("\t", " "), width).strip() or " "
    ticks = "`" * (_longest_run(shown) + 1)
    gap = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{gap}{shown}{gap}{ticks}"


def words(text: str, width: int = 1000) -> str:
    """Running text. What might become a link is shown as code."""
    shown = clip(" ".join(inert(text).split()), width)
    return code(shown, width) if _LINKS.search(shown) else _SPECIAL.sub(r"\\\1", shown)


def fenced(text: str, width: int = 20_000) -> str:
    """A block of code; the fence is longer than any run of backticks in it."""
    shown = clip(inert(text).rstrip("\n"), width)
    fence = "`" * max(_longest_run(shown) + 1, 3)
    return f"{fence}text\n{shown}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
