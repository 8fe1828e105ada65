"""Outputs recorded on machines of the lab."""

from __future__ import annotations

from pathlib import Path

_RECORDINGS = Path(__file__).parent / "recordings"


def recorded(name: str) -> str:
    return (_RECORDINGS / f"{name}.txt").read_text()
