"""CEL expressions, evaluated by `common-expression-language`. Parsed and type-checked at load (`cel_types`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from base.errors import DeadhopError

if TYPE_CHECKING:
    import cel


class EvaluationError(DeadhopError):
    """A condition that could not be evaluated on these facts."""


@lru_cache(maxsize=4096)
def _program(source: str) -> cel.Program:
    import cel

    return cel.compile(source)


@dataclass(frozen=True, slots=True)
class Expression:
    source: str

    def evaluate(
        self, variables: Mapping[str, object], functions: Mapping[str, Callable[..., object]] | None = None
    ) -> object:
        """The value over these variables; EvaluationError if it has none."""
        import cel

        try:
            return _program(self.source).execute(cel.Context(dict(variables), dict(functions or {})))
        except Exception as error:
            raise EvaluationError(f"`{self.source}` cannot be evaluated: {error}") from error
