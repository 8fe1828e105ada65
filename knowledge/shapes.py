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


Shape = Scalar | ListOf | MapOf | Record

STRING, INT, DOUBLE, BOOL = Scalar("string"), Scalar("int"), Scalar("double"), Scalar("bool")


@dataclass(frozen=True, slots=True)
class ProbeShape:
    name: str
    parameters: Mapping[str, str]
    """Parameter → kind of `base.values`."""
    optional: frozenset[str]
    facts: Record


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the loader may refer to."""

    probes: Mapping[str, ProbeShape]
