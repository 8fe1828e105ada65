"""Collects what is wrong with one file; schema errors and mistakes inside scalars get their places here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from base.errors import Problem
from knowledge.mistakes import Mistake, did_you_mean
from knowledge.positions import Document, Where

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError


@dataclass
class Notes:
    document: Document
    problems: list[Problem] = field(default_factory=list)

    def add(self, where: Where, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.document.place(where), message, hint))

    def add_key(self, where: Where, message: str, hint: str = "") -> None:
        """About the key itself, not what stands below it."""
        self.problems.append(Problem(self.document.place_of_key(where), message, hint))

    def add_mistakes(self, where: Where, mistakes: Iterable[Mistake]) -> None:
        for mistake in mistakes:
            place = self.document.place(where, mistake.offset)
            self.problems.append(Problem(place, mistake.message, mistake.hint))

    def add_schema_errors(self, model: type[BaseModel], error: ValidationError, above: Where = ()) -> None:
        for detail in error.errors(include_url=False):
            self._schema_error(model, detail, above)

    def _schema_error(self, model: type[BaseModel], detail: Mapping[str, Any], above: Where) -> None:
        where: Where = (*above, *(part for part in detail["loc"] if part != "[key]"))
        match detail["type"]:
            case "extra_forbidden":
                known = _keys(model, detail["loc"][:-1])
                self.add_key(where, f"unknown key `{where[-1]}`", _meant(str(where[-1]), known))
            case "missing":
                hint = _WHY.get(str(where[-1]), "")
                self.add(where[:-1], f"`{where[-1]}` is missing", hint)
            case "string_pattern_mismatch" if "[key]" in detail["loc"]:
                self.add_key(where, f"`{where[-1]}` is no name", _NAME_HINT)
            case kind:
                message, hint = _WORDS.get(kind, (detail["msg"], ""))
                self.add(where, message, hint or _expected(detail))


def _meant(key: str, known: list[str]) -> str:
    if set(known) == {"en", "ko"}:
        return "a text with a comma inside `{…}` goes into quotes"
    return did_you_mean(key, known)


_WHY = {
    "unknown": "where does the walk go when this could not be looked at?",
    "ko": "every text is there in English and in Korean",
    "en": "every text is there in English and in Korean",
    "verify": "how is it seen that the fix worked?",
    "ask": "the question this answers, in both languages",
}
_NAME_HINT = "lower-case letters, digits and `_`, for conditions read it by this name"
_WORDS = {
    "string_too_short": ("an empty text", ""),
    "string_pattern_mismatch": ("no id", "lower-case letters and digits joined by `-`"),
    "bool_parsing": ("`true` or `false` is wanted here", ""),
    "int_parsing": ("a whole number is wanted here", ""),
    "float_parsing": ("a number is wanted here", ""),
    "string_type": ("one text is wanted here", "a text that starts with `[` or `{` goes into quotes"),
    "model_type": ("keys and values are wanted here", ""),
    "model_attributes_type": ("keys and values are wanted here", ""),
    "dict_type": ("keys and values are wanted here", ""),
    "list_type": ("a list is wanted here", ""),
    "too_short": ("this must not be empty", ""),
    "literal_error": ("none of the known words", ""),
}


def _expected(detail: Mapping[str, Any]) -> str:
    if detail["type"] != "literal_error":
        return ""
    words = [word for word in detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ") if word]
    return did_you_mean(str(detail["input"]), words)


def _keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the schema knows at this place."""
    current: Any = model
    for part in loc:
        current = _below(current, part)
    models = _models(current)
    return [spec.alias or name for one in models for name, spec in one.model_fields.items()]


def _below(annotation: Any, part: str | int) -> Any:
    for one in _models(annotation):
        for name, spec in one.model_fields.items():
            if part in (name, spec.alias):
                return spec.annotation
    arguments = get_args(annotation)
    return arguments[-1] if arguments else annotation


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The schema in an annotation such as `X | None` or `Annotated[X, …]`."""
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if getattr(annotation, "__origin__", None) in (dict, list):
        return []
    return [model for part in get_args(annotation) for model in _models(part)]
