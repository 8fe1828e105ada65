"""Good texts made bad: characters, words and lines changed, doubled, dropped, nested, mixed with hostile ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.hostile.strings import SHORT

Change = Callable[[str, random.Random], str]


def _at(text: str, chance: random.Random) -> int:
    return chance.randrange(len(text) + 1)


def _insert(text: str, chance: random.Random) -> str:
    at = _at(text, chance)
    return text[:at] + chance.choice(SHORT) + text[at:]


def _drop(text: str, chance: random.Random) -> str:
    at = _at(text, chance)
    return text[:at] + text[at + chance.randrange(1, 40) :]


def _flip(text: str, chance: random.Random) -> str:
    at = _at(text, chance)
    return (
        text[:at]
        + chr(chance.choice((0, 9, 10, 13, 27, 34, 39, 42, 38, 123, 125, 0x2028, 0x1F600)))
        + text[at + 1 :]
    )


def _double(text: str, chance: random.Random) -> str:
    first, last = sorted((_at(text, chance), _at(text, chance)))
    return text[:first] + text[first:last][:400] * chance.choice((2, 3, 50)) + text[last:]


def _swap_lines(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    first, last = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[last] = lines[last], lines[first]
    return "\n".join(lines)


def _indent(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice(("  ", "\t", "- ", "? ", "&a ", "*a ", "!!x ", "<<: ")) + lines[at]
    return "\n".join(lines)


def _word(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    words[chance.randrange(len(words))] = chance.choice(
        (*SHORT[::3], "[]", "{}", "null", "-1", "1e999", "9" * 5000)
    )
    return " ".join(words)


def _nest(text: str, chance: random.Random) -> str:
    at = _at(text, chance)
    return text[:at] + chance.choice("[({-!") * chance.choice((3, 50, 3000)) + text[at:]


def _cut(text: str, chance: random.Random) -> str:
    return text[: _at(text, chance)]


CHANGES: tuple[Change, ...] = (_insert, _drop, _flip, _double, _swap_lines, _indent, _word, _nest, _cut)


def mutated(corpus: Sequence[str], chance: random.Random) -> str:
    """One of the good texts with one to four changes."""
    text = chance.choice(corpus)
    for _ in range(chance.randrange(1, 5)):
        text = chance.choice(CHANGES)(text, chance)[:200_000]
    return text
