"""A trace in lines: verdict and sentence, the row of hops, what nobody could see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from textual.content import Content

from base.text import Lang
from diagnosis.trace_row import BEYOND, LOST, SEEN, Line, endpoints, gaps, row, title, translations
from diagnosis.trace_row import UNKNOWN as UNSEEN
from diagnosis.trace_words import BEHIND, CIRCLE, DIRECTIONS, ONE_WAY, VERDICTS, rule_of, sentence
from probes.trace.facts import Trace
from tui.lines.common import (
    BAD,
    BLANK,
    BUSY,
    OK,
    STYLES,
    UNKNOWN,
    dim,
    heading,
    hint_line,
    indented,
    mark,
    marked,
    one_line,
    outside,
    seconds_text,
)
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.tracing import Planned, TraceView
    from probes.probe import Evidence

BOXES_FROM = 100
"""Columns; on fewer the hops stand under each other."""
VERDICT_SYMBOLS = {"arrives": OK, "refused": OK, "dies": BAD, "some-lost": BAD, "sizes-lost": BAD}
_LINKS = {SEEN: (" ──→ ", "$success"), UNSEEN: (" ─?─ ", "$warning"), LOST: (" ─✗  ", "bold $error")}
_ENDS = {SEEN: OK, UNSEEN: UNKNOWN, LOST: BAD}
_NO_LINK = (" ··· ", "dim")


def running_line(one: Planned, seconds: float, words: Words, lang: Lang) -> Content:
    note = f"  {one.note[lang]}" if one.note is not None else ""
    said = f"{one_line(title(one))} · {words.seconds.format(seconds=int(seconds))}"
    return Content.assemble(marked(BUSY, said), (note, "dim"))


def trace_lines(view: TraceView, words: Words, lang: Lang, width: int) -> list[Content]:
    lines = list(_in_short(view, lang)) if len(view.traced) > 1 else []
    for planned, evidence in view.traced:
        lines += [*([BLANK] if lines else []), *_told(planned, evidence, words, lang, width)]
    if view.one_way and view.traced:
        lines += [BLANK, marked(UNKNOWN, ONE_WAY[lang])]
    return lines


def _in_short(view: TraceView, lang: Lang) -> Iterator[Content]:
    """Of several each in a line: the second one may lie below the screen."""
    for planned, evidence in view.traced:
        verdict = evidence.facts.verdict if isinstance(evidence.facts, Trace) else "failed"
        symbol = VERDICT_SYMBOLS.get(verdict, UNKNOWN)
        yield marked(symbol, f"{one_line(title(planned))}: {VERDICTS[verdict][lang]}")


def _told(planned: Planned, evidence: Evidence, words: Words, lang: Lang, width: int) -> Iterator[Content]:
    yield heading(one_line(title(planned)))
    if planned.note is not None:
        yield dim(planned.note[lang])
    trace = evidence.facts
    if isinstance(trace, Trace):
        yield from _verdict(trace, lang)
        yield from _row(trace, lang, width)
        yield from _translations(trace, lang)
        yield from _endpoints(trace, lang)
        yield from _gaps(trace, lang)
    else:
        yield from _failed(evidence, words, lang)
    yield dim(f"{seconds_text(words, evidence.seconds)} · {evidence.id}")


def _failed(evidence: Evidence, words: Words, lang: Lang) -> Iterator[Content]:
    assert evidence.failure is not None
    yield marked(UNKNOWN, f"{VERDICTS['failed'][lang]}: {outside(words.told(evidence.failure.message))}", "bold")
    if evidence.failure.hint:
        yield indented(hint_line(words, evidence.failure.hint))


def _verdict(trace: Trace, lang: Lang) -> Iterator[Content]:
    """The word, the sentence with the numbers, the rule."""
    symbol = VERDICT_SYMBOLS.get(trace.verdict, UNKNOWN)
    said = (f"{VERDICTS[trace.verdict][lang]}: ", f"bold {STYLES[symbol]}")
    yield Content.assemble(mark(symbol), " ", said, one_line(sentence(trace)[lang]))
    if rule := rule_of(trace):
        yield Content.assemble("  ", (one_line(rule), "bold"))


def _translations(trace: Trace, lang: Lang) -> Iterator[Content]:
    if trace.translations:
        yield from (dim(one_line(one[lang])) for one in translations(trace))
        yield BLANK


def _endpoints(trace: Trace, lang: Lang) -> Iterator[Content]:
    """Of a Service, each tried by its own address."""
    if trace.branches:
        yield dim(BEHIND[lang])
        yield from (marked(_ENDS[mark_], one_line(text)) for mark_, text in endpoints(trace))
        yield BLANK


def _gaps(trace: Trace, lang: Lang) -> Iterator[Content]:
    if trace.loop and trace.dead:
        yield marked(UNKNOWN, CIRCLE[lang])
    for gap in gaps(trace):
        yield marked(UNKNOWN, one_line(gap[lang]))


# ------------------------------------------------------------------ the row


def _row(trace: Trace, lang: Lang, width: int) -> Iterator[Content]:
    lines = tuple(row(trace))
    yield BLANK
    for direction, found in _directions(lines):
        yield dim(DIRECTIONS[direction][lang])
        stops = [Stop(host, tuple(own)) for host, own in groupby(found, lambda line: line.host)]
        boxes = [stop.box(lang) for stop in stops]
        if width < BOXES_FROM or any(box[0].cell_length > width for box in boxes):
            yield from _list(found, lang)
        else:
            yield from _boxes(stops, boxes, width)
    if lines:
        yield BLANK


def _directions(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    """The line that says where they end stays with the hops before it."""
    parts: list[tuple[str, list[Line]]] = []
    for line in lines:
        if not parts or (line.direction != parts[-1][0] and not line.ends):
            parts.append((line.direction, []))
        parts[-1][1].append(line)
    yield from parts


def _list(lines: Sequence[Line], lang: Lang) -> Iterator[Content]:
    """One line for each interface."""
    widest = max(Content(one_line(line.host)).cell_length for line in lines)
    places = max(Content(one_line(line.at)).cell_length for line in lines)
    for line in lines:
        host = Content(one_line(line.host))
        yield Content.assemble(
            "  ", mark(line.mark), " ", host.pad_right(widest - host.cell_length).stylize(_style(line)), "  ",
            _seen(line, places, lang),
        )  # fmt: skip


def _seen(line: Line, places: int, lang: Lang) -> Content:
    """`→ eth0  20/20`, or that they end here."""
    if line.ends:
        return Content.styled(VERDICTS["here"][lang], _style(line))
    at = Content(one_line(line.at))
    said = Content.assemble(line.arrow, " ", at.pad_right(places - at.cell_length), "  ", line.count)
    return said.stylize(_style(line))


def _style(line: Line) -> str:
    return "bold $error" if line.ends else {BEYOND: "dim", LOST: "$error"}.get(line.mark, "")


@dataclass(frozen=True, slots=True)
class Stop:
    """What stands side by side: the interfaces of one host."""

    host: str
    lines: tuple[Line, ...]

    @property
    def dead(self) -> bool:
        return any(line.ends for line in self.lines)

    @property
    def mark(self) -> str:
        marks = {line.mark for line in self.lines}
        return LOST if self.dead else next(one for one in (SEEN, UNSEEN, LOST, BEYOND) if one in marks)

    def box(self, lang: Lang) -> list[Content]:
        """Its name in the frame; a double one where they end."""
        top, side, bottom = ("╔═╗", "║", "╚═╝") if self.dead else ("┌─┐", "│", "└─┘")
        style = {LOST: "bold $error", BEYOND: "dim"}.get(self.mark, "")
        name = Content.assemble(" ", mark(self.mark), " ", (one_line(self.host), style or "bold"), " ")
        places = max(Content(one_line(line.at)).cell_length for line in self.lines)
        body = [Content.assemble(" ", mark(line.mark), " ", _seen(line, places, lang), " ") for line in self.lines]
        inner = max(one.cell_length for one in (name, *body))
        head = Content.assemble((top[0], style), name, (top[1] * (inner - name.cell_length) + top[2], style))
        rows = [
            Content.assemble((side, style), one.pad_right(inner - one.cell_length), (side, style)) for one in body
        ]
        return [head, *rows, Content.styled(bottom[0] + bottom[1] * inner + bottom[2], style)]


def _boxes(stops: Sequence[Stop], boxes: Sequence[list[Content]], width: int) -> Iterator[Content]:
    """Side by side, on as many rows as they take; what leads to a box stands before it."""
    canvas: list[Content] = []
    for number, (stop, box) in enumerate(zip(stops, boxes, strict=True)):
        link = _link(stops[number - 1], stop) if number else ("", "")
        if canvas and canvas[0].cell_length + len(link[0]) + box[0].cell_length > width:
            yield from canvas
            canvas = []
        canvas = _beside(canvas, link, box)
    yield from canvas


def _link(before: Stop, after: Stop) -> tuple[str, str]:
    if before.dead:
        return _LINKS[LOST]
    return _LINKS.get(after.mark, _NO_LINK) if not after.dead else _LINKS[SEEN]


def _beside(canvas: Sequence[Content], link: tuple[str, str], box: Sequence[Content]) -> list[Content]:
    height = max(len(canvas), len(box))
    wide = canvas[0].cell_length if canvas else 0
    left = [*canvas, *[Content(" " * wide)] * (height - len(canvas))]
    right = [*box, *[Content(" " * box[0].cell_length)] * (height - len(box))]
    gap = Content(" " * len(link[0]))
    return [
        Content.assemble(one, Content.styled(*link) if number == 1 else gap, other)
        for number, (one, other) in enumerate(zip(left, right, strict=True))
    ]
