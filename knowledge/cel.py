"""CEL expressions, evaluated by `common-expression-language`. Parsed and type-checked at load (`cel_types`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import TYPE_CHECKING

from base.errors import DeadhopError

if TYPE_CHECKING:
    import cel


class EvaluationError(DeadhopError):
    """A condition that could not be evaluated on these facts."""


def within(inner: str, outer: str) -> bool:
    """An address or network lies in another network; false where one of both is neither."""
    try:
        one, other = ip_network(inner, strict=False), ip_network(outer, strict=False)
        return one.subnet_of(other)  # type: ignore[arg-type]
    except (ValueError, TypeError):  # no address, or IPv4 beside IPv6
        return False


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
            return _program(self.source).execute(
                cel.Context(dict(variables), {"within": within, **(functions or {})})
            )
        except Exception as error:
            raise EvaluationError(f"`{self.source}` cannot be evaluated: {error}") from error
