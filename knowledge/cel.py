"""CEL expressions: parsed and type-checked at load, evaluated by `common-expression-language`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from base.errors import DeadhopError


class EvaluationError(DeadhopError):
    """A condition that could not be evaluated on these facts."""


@dataclass(frozen=True, slots=True)
class Expression:
    source: str

    def evaluate(
        self, variables: Mapping[str, object], functions: Mapping[str, Callable[..., object]] | None = None
    ) -> object:
        """The value over these variables; EvaluationError if it has none."""
        import cel

        try:
            return cel.evaluate(self.source, cel.Context(dict(variables), dict(functions or {})))
        except Exception as error:
            raise EvaluationError(f"`{self.source}` cannot be evaluated: {error}") from error
