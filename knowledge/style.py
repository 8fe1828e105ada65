"""What a file's texts, names and signatures must be like."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Container, Iterable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from base.errors import Problem
from knowledge.mistakes import closest
from knowledge.notes import Notes
from knowledge.positions import Where

_HANGUL = re.compile("[\uac00-\ud7a3]")
_ONE_LINE = frozenset({"title", "ask", "says", "text", "impact"})
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while", "in", "true", "false", "null"}
    | {"operator", "item", "precondition", "verify", "size", "has"}
)


def check_names(notes: Notes, where: Where, names: Iterable[str], taken: Container[str] = ()) -> None:
    """Names that conditions read by."""
    for name in names:
        if name in _RESERVED:
            notes.add_key((*where, name), f"`{name}` is a word of the language", "choose another name")
        elif name in taken:
            notes.add_key((*where, name), f"`{name}` is an input already", "choose another name")


# ------------------------------------------------------------------ texts


def check_texts(notes: Notes) -> None:
    for where, en, ko in _texts(notes.document.plain, ()):
        _check_pair(notes, where, en, ko)
    phrases = notes.document.plain.get("phrases") if isinstance(notes.document.plain, dict) else None
    for index, phrase in enumerate(phrases["ko"] if isinstance(phrases, dict) else ()):
        if not _HANGUL.search(phrase):
            notes.add(("phrases", "ko", index), "no Korean in the Korean phrase")


def _texts(plain: object, where: Where) -> Iterator[tuple[Where, str, str]]:
    if isinstance(plain, list):
        for index, item in enumerate(plain):
            yield from _texts(item, (*where, index))
    elif isinstance(plain, dict):
        en, ko = plain.get("en"), plain.get("ko")
        if isinstance(en, str) and isinstance(ko, str):
            yield where, en, ko
            return
        for key, value in plain.items():
            yield from _texts(value, (*where, key))


def _check_pair(notes: Notes, where: Where, en: str, ko: str) -> None:
    if en == ko:
        notes.add((*where, "ko"), "the Korean text is the English one")
    elif not _HANGUL.search(ko):
        notes.add((*where, "ko"), "no Korean in the Korean text")
    if _HANGUL.search(en) and not re.search(r'"[^"]*[\uac00-\ud7a3]', en):
        notes.add((*where, "en"), "Korean in the English text")
    if where and where[-1] in _ONE_LINE:
        for lang, text in (("en", en), ("ko", ko)):
            _check_line(notes, (*where, lang), text.strip())


def _check_line(notes: Notes, where: Where, text: str) -> None:
    if "\n" in text:
        notes.add(where, "more than one line")
    elif text.endswith(".") and not text.endswith("..") and not re.search(r"[.!?] ", text):
        notes.add(where, "a full stop after a one-liner", "leave it out")


# ------------------------------------------------------------------ signatures


_SETS = re.compile(r"\[\[|--|&&|~~|\|\|")
"""What a later Python will read otherwise inside a class of characters; `re` warns of it."""


def _compiled(source: str) -> re.Pattern[str]:
    if not _SETS.search(source):
        return re.compile(source)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        return re.compile(source)


def check_signature(notes: Notes, where: Where, source: str, inputs: Collection[str]) -> re.Pattern[str] | None:
    """The pattern, if it is one that can be used on any paste."""
    try:
        pattern = _compiled(source)
        tree = _parser.parse(source)
    except (re.error, RecursionError, OverflowError, FutureWarning) as error:
        position = getattr(error, "pos", None) or 0
        notes.problems.append(_at(notes, where, position, f"no regular expression: {error}"))
        return None
    if pattern.match(""):
        notes.add(where, "this matches everything", "a signature needs words of the error it stands for")
    if _explodes(tree):
        notes.add(where, "a repeat inside a repeat can take for ever", "keep one of the two: `(?:x+)+` is `x+`")
    for group in pattern.groupindex:
        if group not in inputs and not group.startswith("_"):
            near = closest(group, inputs)
            hint = f"did you mean `{near}`?" if near else f"name it `_{group}` if no input is meant"
            notes.add(where, f"the group `{group}` is no input", hint)
    return pattern


def _at(notes: Notes, where: Where, offset: int, message: str) -> Problem:
    return Problem(notes.document.place(where, offset), message)


_UNBOUNDED = 64
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT)


def _explodes(tree: Any) -> bool:
    """An unbounded repeat of something that is itself nothing but repeats: exponentially many ways to match."""
    for operator, argument in tree:
        if operator in _REPEATS and argument[1] > _UNBOUNDED:
            if _only_repeats(argument[2]) or _explodes(argument[2]):
                return True
        elif any(_explodes(below) for below in _below(operator, argument)):
            return True
    return False


def _below(operator: Any, argument: Any) -> list[Any]:
    if operator is sre.SUBPATTERN:
        return [argument[3]]
    if operator is sre.BRANCH:
        return list(argument[1])
    if operator in _REPEATS:
        return [argument[2]]
    if operator in (sre.ASSERT, sre.ASSERT_NOT):
        return [argument[1]]
    return []


def _only_repeats(tree: Any) -> bool:
    """Nothing in it has to be there exactly so often, and something in it may be there any number of times."""
    unbounded = False
    for operator, argument in tree:
        if operator in _REPEATS:
            if argument[1] <= _UNBOUNDED and argument[0] > 0:
                return False
            unbounded = unbounded or argument[1] > _UNBOUNDED
        elif operator is sre.SUBPATTERN or operator is sre.BRANCH:
            if not any(_only_repeats(way) for way in _below(operator, argument)):
                return False
            unbounded = True
        elif operator is not sre.AT:
            return False
    return unbounded
