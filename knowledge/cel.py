"""CEL expressions: parsed and type-checked at load, evaluated by `common-expression-language`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expression:
    source: str
