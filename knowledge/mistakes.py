"""Mistakes inside one piece of text (a condition, a command), before they have a place in a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    offset: int
    """Characters from the start of the text."""
    message: str
    hint: str = ""


def closest(word: str, words: Iterable[str]) -> str:
    """The known word that was probably meant; empty if none is near."""
    import difflib

    near = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return near[0] if near else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A hint: the closest known word, else all of them."""
    known = sorted(words)
    near = closest(word, known)
    if near:
        return f"did you mean `{near}`?"
    return "known: " + ", ".join(f"`{name}`" for name in known[:20]) if known else ""
