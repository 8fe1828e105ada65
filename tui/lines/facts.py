"""Facts as a readable table: any frozen dataclass of `probes.facts`, drawn by its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import cast

from textual.content import Content

from tui.lines.common import BLANK, dim, heading, marked, one_line, outside, stacked
from tui.words import Words

MOST_ROWS = 200
HIDDEN = frozenset({"spec", "presented_key", "public_keys"})
"""Machine words that the same facts also say readably."""


def facts_table(facts: object, words: Words) -> Content:
    """Plain values first, aligned; lists of values after, one line each."""
    plain = [(name, value) for name, value in _pairs(facts) if not _is_rows(value)]
    rows = [(name, value) for name, value in _pairs(facts) if _is_rows(value)]
    parts = [_aligned([(_label(name), value_text(value, words)) for name, value in plain])]
    parts += [_rows(name, cast(Sequence[object], value), words) for name, value in rows]
    return stacked(part for part in parts if part.plain)


def value_text(value: object, words: Words) -> str:
    """A plain value in words; empty ones are said, never left blank."""
    if isinstance(value, bool):
        return words.yes if value else words.no
    if value in ("", (), None) or value == {}:
        return "–"
    if isinstance(value, tuple):
        return ", ".join(one_line(str(part)) for part in value)
    return outside(str(value))


def _pairs(facts: object) -> list[tuple[str, object]]:
    if isinstance(facts, Mapping):
        return [(str(name), value) for name, value in facts.items()]
    if not (is_dataclass(facts) and not isinstance(facts, type)):
        return []
    return [(field.name, getattr(facts, field.name)) for field in fields(facts) if field.name not in HIDDEN]


def _is_rows(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, tuple) and bool(value) and is_dataclass(value[0])


def _rows(name: str, value: Sequence[object] | Mapping[str, object], words: Words) -> Content:
    if isinstance(value, Mapping):
        body = _aligned([(one_line(str(key)), value_text(part, words)) for key, part in value.items()])
        return stacked((BLANK, heading(_label(name)), body))
    shown: list[Content] = [row_line(row, words) for row in value[:MOST_ROWS]]
    if len(value) > MOST_ROWS:
        shown.append(dim(words.more_rows.format(count=len(value) - MOST_ROWS)))
    return stacked([BLANK, heading(f"{_label(name)} ({len(value)})"), *shown])


def row_line(row: object, words: Words) -> Content:
    """One value of a list: its own sentence where it has one, else its fields that say something."""
    sentence = SENTENCES.get(type(row).__name__)
    if sentence:
        return marked("·", outside(sentence.format_map(_Fields(row))).rstrip())
    said = [f"{_label(name)} {value_text(value, words)}" for name, value in _pairs(row) if value not in ("", ())]
    return marked("·", "  ".join(said))


class _Fields(dict[str, object]):
    """Fields of a row for `format_map`; tuples as words."""

    def __init__(self, row: object) -> None:
        super().__init__({name: self._said(value) for name, value in _pairs(row)})

    @staticmethod
    def _said(value: object) -> object:
        return " ".join(map(str, value)) if isinstance(value, tuple) else value


SENTENCES: Mapping[str, str] = {
    "Hit": "+{packets}  {verdict}  {table}/{chain} #{position}  {text}",
    "FirewallRule": "{packets:>8}  {table}/{chain} #{position}  {text}",
    "ChainPolicy": "{packets:>8}  {table}/{chain}  policy {verdict}",
    "Address": "{interface}  {address}/{prefix_length}  {scope}",
    "Neighbour": "{address}  {interface}  {mac}  {state}",
    "TraceHop": "{ttl:>2}  {address}  {rtt_ms:.1f} ms  {note}",
    "KeySighting": "{fingerprint}  {seen_from}",
    "Rule": "{priority}  {text}",
}
"""How a row reads; the words in them are the tools' own."""


def _label(name: str) -> str:
    return name.replace("_", " ")


def _aligned(pairs: Sequence[tuple[str, str]]) -> Content:
    widest = max((Content(name).cell_length for name, _ in pairs), default=0)
    return stacked(_pair(name, value, widest) for name, value in pairs)


def _pair(name: str, value: str, width: int) -> Content:
    pad = " " * (width - Content(name).cell_length + 2)
    first, *more = value.split("\n")
    rest = [Content(" " * (width + 2) + line) for line in more]
    return stacked([Content.assemble((name, "dim"), pad, first), *rest])
