"""How the causes of one session are called, where several have one id: ID@HOST, and ID@HOST#2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from diagnosis.views import CauseView
from probes.target import name_of


def cause_names(causes: Sequence[CauseView]) -> dict[str, CauseView]:
    """Every cause under its own name, in order."""
    ids = Counter(cause.id for cause in causes)
    turn: Counter[str] = Counter()
    named: dict[str, CauseView] = {}
    for cause in causes:
        place = name_of(cause.targets[0]) if cause.targets and ids[cause.id] > 1 else ""
        name = f"{cause.id}@{place}" if place else cause.id
        turn[name] += 1
        named[name if turn[name] == 1 else f"{name}#{turn[name]}"] = cause
    return named


def chosen(causes: Sequence[CauseView], wanted: str) -> CauseView | None:
    """The one of this name, or of this id where it is the only one; None when that is not one."""
    named = cause_names(causes)
    alike = [cause for cause in causes if cause.id == wanted]
    return named.get(wanted) if wanted in named and len(alike) <= 1 else alike[0] if len(alike) == 1 else None
