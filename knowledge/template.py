"""Command templates: sandboxed Jinja whose every value is quoted for the shell by construction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    source: str
