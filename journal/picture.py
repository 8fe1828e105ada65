"""The way of a packet as a picture: boxes one below the other, so that it fits a phone and a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from base.text import clip, inert
from journal.story import Story, mapping, mappings

WIDTH, BOX, GAP = 340, 58, 42


@dataclass(frozen=True, slots=True)
class Box:
    y: int
    name: str
    below: str
    """Interfaces, in words."""
    link: str
    """What leads on to the next box."""
    state: str
    """`passes`, `dies`, `end` or `unseen`."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    boxes: tuple[Box, ...]
    title: str


def picture_of(story: Story) -> Picture | None:
    """Of the last walk along the routes that saw something; None when there was none."""
    for evidence in reversed(story.evidence.values()):
        facts = mapping(evidence.get("facts"))
        if evidence.get("probe") == "path.route_walk" and mappings(facts.get("hops")):
            return _drawn(facts)
    return None


def _drawn(facts: Mapping[str, Any]) -> Picture:
    hops = mappings(facts.get("hops"))
    rows = [_row(facts, hop, last=hop is hops[-1]) for hop in hops[:32]]
    for key, state in (("unseen", "unseen"), ("left_site_at", "outside")):
        if facts.get(key):
            rows.append((str(facts[key]) if key == "unseen" else "…", "", "", state, state))
    boxes = tuple(Box(4 + place * (BOX + GAP), *row) for place, row in enumerate(rows))
    title = f"{_short(facts.get('source'))} → {_short(facts.get('target'))}"
    return Picture(WIDTH, 8 + len(boxes) * (BOX + GAP) - GAP, boxes, title)


def _row(facts: Mapping[str, Any], hop: Mapping[str, Any], *, last: bool) -> tuple[str, str, str, str, str]:
    inside, outside = _short(hop.get("in_interface"), 14), _short(hop.get("out_interface"), 14)
    between = " → ".join(part for part in (inside, outside) if part)
    blocked = _short(hop.get("blocked_by"), 30)
    arrived = last and facts.get("arrived") is True
    state = "dies" if blocked else "end" if arrived else "passes"
    link = _short(hop.get("gateway"), 40) if not last else ""
    return _short(hop.get("host"), 30), between, link, state, blocked


def _short(value: object, width: int = 40) -> str:
    return clip(inert(str(value or "")).replace("\n", " "), width)
