"""The map in lines: a row for each node, and the strip of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from textual.content import Content

from base.text import Lang
from sitemap.model import Cell, Contradiction, Kind, SiteMap, State, Strip
from sitemap.words import KINDS, pods_line, says, services_line, source
from tui.lines.common import BAD, OK, UNKNOWN, mark, marked, one_line
from tui.words import Words

LABEL = 10
MOST_BELOW = 200
"""Pods and Services of one strip."""


def counts_line(found: SiteMap, words: Words) -> Content:
    """How much there is, what contradicts itself, what nobody could look at."""
    nodes = len(found.nodes)
    parts = [Content(words.map_counts.format(nodes=nodes, servers=len(found.strips) - nodes))]
    if found.said:
        parts.append(marked(BAD, words.map_contradictions.format(count=len(found.said)), "bold $error"))
    if found.unseen:
        parts.append(marked(UNKNOWN, words.map_unseen.format(count=len(found.unseen))))
    return Content("   ").join(parts)


def strip_row(strip: Strip) -> Content:
    """`✓ worker-1 → k8s-w1 → 10.0.0.5 → compute → tap3e6cb…`."""
    names = [strip.title, *_way_names(strip)]
    return Content.assemble(
        mark(_symbol(strip)), " ", Content(" → ").join(Content(one_line(name)) for name in names)
    )


def _symbol(strip: Strip) -> str:
    if strip.contradictions:
        return BAD
    return UNKNOWN if any(cell.state is State.UNKNOWN for cell in strip.cells) else OK


def _way_names(strip: Strip) -> Iterator[str]:
    """Of the first port."""
    if strip.node.name:
        yield strip.server.name or strip.server.id or ("–" if strip.server.state is State.NONE else "?")
    for way in strip.ways[:1]:
        yield dict(way.port.details).get("fixed", way.port.name) or "?"
        yield way.host.name or "?"
        yield way.tap.name or "?"


def strip_lines(strip: Strip, words: Words, lang: Lang, now: datetime, width: int) -> list[Content]:
    """Contradictions first, in red; then cell under cell, each wrapped beside its label."""
    lines = [contradiction_line(one, lang) for one in strip.contradictions]
    for cell in strip.cells:
        lines += _cell_lines(strip, cell, lang, now, width)
    return lines


def contradiction_line(one: Contradiction, lang: Lang) -> Content:
    sources = f"  ({', '.join(map(one_line, one.sources))})"
    return Content.assemble(mark(BAD), " ", (one_line(one.text[lang]), "bold $error"), (sources, "dim"))


def _cell_lines(strip: Strip, cell: Cell, lang: Lang, now: datetime, width: int) -> Iterator[Content]:
    at = source(cell.source, now, lang)
    body = Content.assemble(one_line(_said(strip, cell, lang)), (f"  {one_line(at)}" if at else "", "dim"))
    label = Content.styled(KINDS[cell.kind][lang], "bold $primary" if cell.state is State.SEEN else "dim")
    label = label.pad_right(max(LABEL - label.cell_length, 1))
    for row in body.wrap(max(width - LABEL, 20)):
        yield Content.assemble(label, row.rstrip())
        label = Content(" " * LABEL)


def _said(strip: Strip, cell: Cell, lang: Lang) -> str:
    if cell.kind is Kind.PODS and cell.state is State.SEEN:
        return pods_line(strip.pods, MOST_BELOW, lang)
    if cell.kind is Kind.SERVICES and cell.state is State.SEEN:
        return services_line(strip.services, MOST_BELOW, lang)
    return says(cell, lang)


def rest_lines(found: SiteMap, words: Words, lang: Lang) -> Iterator[Content]:
    """What belongs to no single strip."""
    yield from (contradiction_line(one, lang) for one in found.contradictions)
    for missed in found.unseen:
        yield marked(UNKNOWN, f"{one_line(missed.target)} {missed.what}: {one_line(missed.why[lang])}")
