"""Tells the room of knowledge which probes there are, and what their facts look like."""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass
from functools import lru_cache

from knowledge.shapes import BOOL, DOUBLE, INT, STRING, Catalog, ListOf, MapOf, ProbeShape, Record, Shape
from probes.probe import PROBES, Probe

_SCALARS: dict[object, Shape] = {str: STRING, bool: BOOL, int: INT, float: DOUBLE}


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    import probes.all  # noqa: F401  (fills PROBES)

    return Catalog({name: shape_of(probe) for name, probe in PROBES.items()})


def shape_of(probe: Probe) -> ProbeShape:
    facts = _shape(probe.facts)
    assert isinstance(facts, Record), f"{probe.name}: facts are a dataclass"
    return ProbeShape(probe.name, probe.parameters, frozenset(probe.defaults), facts, probe.on)


@lru_cache(maxsize=1024)
def _shape(annotation: object) -> Shape:
    """TypeError for a type that conditions cannot read."""
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        return Record(annotation.__name__, {field.name: _shape(hints[field.name]) for field in fields(annotation)})
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return ListOf(_shape(arguments[0]))
    if origin is dict and arguments[0] is str:
        return MapOf(_shape(arguments[1]))
    raise TypeError(f"facts of the type {annotation!r} cannot be read by conditions")
