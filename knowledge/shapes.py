"""Shapes of facts: what the type checker knows about a probe's result. The catalog of probes is handed in,
for this room does not know the room of probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Scalar:
    name: Literal["string", "int", "double", "bool"]


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """String keys."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Record:
    name: str
    fields: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Anything:
    """Not known: what an unknown probe returns, or the members of an empty list. Fits everything."""


Shape = Scalar | ListOf | MapOf | Record | Anything

STRING, INT, DOUBLE, BOOL = Scalar("string"), Scalar("int"), Scalar("double"), Scalar("bool")
ANYTHING = Anything()
STRINGS = ListOf(STRING)


def shape_of_kind(kind: str) -> Shape:
    """What a value of this kind (`base.values`) is in a condition."""
    if kind == "words":
        return STRINGS
    if kind.endswith("[]"):
        return ListOf(STRINGS if kind == "words[]" else STRING)
    return {"port": INT, "count": INT, "yes-no": BOOL}.get(kind, STRING)


def fits(shape: Shape, wanted: Shape) -> bool:
    """A value of this shape can stand where the other is wanted."""
    if isinstance(shape, Anything) or isinstance(wanted, Anything):
        return True
    if isinstance(shape, ListOf) and isinstance(wanted, ListOf):
        return fits(shape.item, wanted.item)
    if isinstance(shape, MapOf) and isinstance(wanted, MapOf):
        return fits(shape.value, wanted.value)
    return shape is wanted or shape == wanted


def named(shape: Shape) -> str:
    """In words, for messages: `list of string`."""
    match shape:
        case Scalar(name) | Record(name, _):
            return name
        case ListOf(item):
            return f"list of {named(item)}"
        case MapOf(value):
            return f"map of {named(value)}"
    return "anything"


def zero(shape: Shape) -> object:
    """The plain value of a fact nothing was said about."""
    match shape:
        case Scalar(name):
            return {"string": "", "int": 0, "double": 0.0, "bool": False}[name]
        case ListOf():
            return []
        case Record(_, fields):
            return {name: zero(field) for name, field in fields.items()}
    return {}


@dataclass(frozen=True, slots=True)
class ProbeShape:
    name: str
    parameters: Mapping[str, str]
    """Parameter → kind of `base.values`."""
    optional: frozenset[str]
    facts: Record
    on: str = "host"
    """What it is put to: the kind of the value that its `on` names."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the loader may refer to."""

    probes: Mapping[str, ProbeShape]
