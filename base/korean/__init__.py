"""What errors, failures and hints say, in Korean.

They are written in English where they arise, and stay so in journals and JSON, for programs and for other readers.
Only where an operator reads them they are put into Korean, by their shape. A sentence nobody has translated stays
as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from base.errors import DeadhopError
from base.text import Lang

_LONGEST = 4000
"""Characters; what is longer is output, not a sentence."""
_DEEPEST = 4
"""Messages inside messages: `web1: through gate: no answer from …`."""
_HOLE = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")
_HINT = "  hint: "
INNER = "message"
"""The hole that holds another message, which is translated as well. Other holes hold names, commands and output."""
_LONG_HOLES = frozenset({INNER, "output", "command", "run", "undo"})
"""What may take several lines."""


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with holes: the text between them, and the Korean to fill."""

    parts: tuple[str, ...]
    """One more than there are holes; the first and the last may be empty."""
    names: tuple[str, ...]
    korean: str

    @classmethod
    def of(cls, english: str, korean: str) -> Template:
        split = _HOLE.split(english)
        return cls(tuple(split[::2]), tuple(split[1::2]), korean)

    @property
    def letters(self) -> int:
        """How much is said: the template that says most is the one that is meant."""
        return sum(map(len, self.parts))

    def certain_words(self) -> Iterator[str]:
        """Words every such sentence has: those that do not touch a hole."""
        last = len(self.parts) - 1
        for place, part in enumerate(self.parts):
            for word in _WORD.finditer(part):
                touches = (word.start() == 0 and place) or (word.end() == len(part) and place != last)
                if not touches:
                    yield word[0]

    def values(self, text: str) -> dict[str, str] | None:
        """What the holes hold; None when the text is another sentence. In time proportional to its length: with
        holes that take anything, the first place that fits a part always will do."""
        first, *between, last = self.parts
        if not (text.startswith(first) and text.endswith(last)) or len(text) < len(first) + len(last):
            return None
        at, end, found = len(first), len(text) - len(last), []
        for part in between:
            place = text.find(part, at, end)
            if place < 0:
                return None
            found.append(text[at:place])
            at = place + len(part)
        values = dict(zip(self.names, [*found, text[at:end]], strict=True))
        many = any("\n" in value and name not in _LONG_HOLES for name, value in values.items())
        return None if many else values


@cache
def _catalog() -> tuple[dict[str, str], dict[str, list[Template]]]:
    """Sentences without holes; and those with holes, most telling first, by the rarest of their words."""
    whole: dict[str, str] = {}
    templates: list[Template] = []
    for english, korean in pairs():
        if _HOLE.search(english):
            templates.append(Template.of(english, korean))
        else:
            whole[english] = korean
    common = Counter(word for template in templates for word in set(template.certain_words()))
    shelves: dict[str, list[Template]] = {}
    for template in sorted(templates, key=lambda one: -one.letters):
        rarest = min(template.certain_words(), key=lambda word: common[word])
        shelves.setdefault(rarest, []).append(template)
    return whole, shelves


def pairs() -> Iterator[tuple[str, str]]:
    """All sentences, English and Korean. Loaded when the first one is wanted: English needs none of it."""
    from base.korean.clouds import CLOUDS
    from base.korean.clusters import CLUSTERS
    from base.korean.files import FILES
    from base.korean.inventories import INVENTORIES
    from base.korean.looks import LOOKS
    from base.korean.pods import PODS
    from base.korean.repairs import REPAIRS
    from base.korean.stacks import STACKS
    from base.korean.systems import SYSTEMS
    from base.korean.traces import TRACES

    tables: tuple[Mapping[str, str], ...] = (
        LOOKS,
        CLOUDS,
        FILES,
        INVENTORIES,
        PODS,
        REPAIRS,
        STACKS,
        SYSTEMS,
        TRACES,
        CLUSTERS,
    )
    for table in tables:
        yield from table.items()


def spoken(message: str, lang: Lang) -> str:
    """The message in the operator's language."""
    return in_korean(message) if lang is Lang.KO else message


def told(error: DeadhopError, lang: Lang) -> tuple[str, str]:
    """Message and hint of an error in the operator's language."""
    message, hint = (error.korean.get(text) if lang is Lang.KO else text for text in (error.message, error.hint))
    return message or spoken(error.message, lang), hint or spoken(error.hint, lang)


@lru_cache(maxsize=1024)
def in_korean(message: str) -> str:
    """The message in Korean; as it is when nobody has translated it."""
    if len(message) > _LONGEST:
        return message
    known = _translated(message, _DEEPEST)
    if known is None and "\n" in message:
        return "\n".join(map(_line, message.split("\n")))
    return message if known is None else known


def _line(line: str) -> str:
    if line.startswith(_HINT):
        return f"  힌트: {in_korean(line.removeprefix(_HINT))}"
    return in_korean(line)


def _translated(message: str, depth: int) -> str | None:
    whole, shelves = _catalog()
    if message in whole:
        return whole[message]
    if not depth or " " not in message:
        return None
    best = max(_fitting(message, shelves), key=lambda found: found[0].letters, default=None)
    if best is not None:
        return _filled(*best, depth - 1)
    return None if "\n" in message else _after_colon(message, depth - 1)


def _fitting(message: str, shelves: Mapping[str, list[Template]]) -> Iterator[tuple[Template, dict[str, str]]]:
    for word in set(_WORD.findall(message)):
        for template in shelves.get(word, ()):
            values = template.values(message)
            if values is not None:
                yield template, values
                break


def _filled(template: Template, values: dict[str, str], depth: int) -> str:
    if INNER in values:
        values[INNER] = _translated(values[INNER], depth) or values[INNER]
    return _HOLE.sub(lambda hole: values[hole[1]], template.korean)


def _after_colon(message: str, depth: int) -> str | None:
    """`web1: Connection refused`: who it is about, and a message of its own."""
    who, colon, rest = message.partition(": ")
    known = _translated(rest, depth) if colon else None
    return None if known is None else f"{who}: {known}"
