"""Conditions of a file: checked where they stand, with what they may read there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from base.errors import UsageError
from base.values import KINDS, check
from knowledge import cel_types
from knowledge.cel import Expression
from knowledge.cel_parse import Literal, Name
from knowledge.cel_types import Scope
from knowledge.mistakes import did_you_mean
from knowledge.notes import Notes
from knowledge.positions import Where
from knowledge.shapes import ANYTHING, STRING, Catalog, Record, Shape, fits, named, shape_of_kind

OPERATOR = Expression('"operator"')


@dataclass(frozen=True, slots=True)
class Given:
    """A value handed over: to a probe, a cause, or another tree."""

    expression: Expression
    shape: Shape
    kind: str = ""
    """Kind of the input or value it names; empty for anything computed."""
    literal: object = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What can be read at one place of a file."""

    notes: Notes
    scope: Scope
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Name → kind, of inputs and values."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Names known at other places of the file → why not here."""

    def expression(self, where: Where, source: str, wanted: Shape = ANYTHING) -> Expression:
        return self.given(where, source, wanted).expression

    def given(self, where: Where, source: str, wanted: Shape = ANYTHING) -> Given:
        checked = cel_types.check(source, self.scope, wanted, self.elsewhere)
        self.notes.add_mistakes(where, checked.mistakes)
        match checked.tree:
            case Literal(_, value):
                return Given(Expression(source), checked.shape, literal=value)
            case Name(_, name):
                return Given(Expression(source), checked.shape, kind=self.kinds.get(name, ""))
        return Given(Expression(source), ANYTHING if checked.mistakes else checked.shape)

    def host(self, where: Where, source: str) -> Expression:
        """Where something runs: CEL, or the bare word `operator`."""
        return OPERATOR if source.strip() == "operator" else self.expression(where, source, STRING)

    def on(self, where: Where, source: str, probe: str, catalog: Catalog) -> Expression:
        """What a probe is put to: a host, or the cluster or cloud that an input or value names."""
        shape = catalog.probes.get(probe)
        if shape is None or shape.on == "host":
            return self.host(where, source)
        given = self.given(where, source, STRING)
        if given.kind != shape.on:
            self.notes.add(where, f"`{probe}` is put to a {shape.on}", f"name an input of the kind `{shape.on}`")
        return given.expression

    def handed(self, where: Where, sources: Mapping[str, str]) -> dict[str, Given]:
        return {name: self.given((*where, name), source) for name, source in sources.items()}

    def arguments(self, where: Where, probe: str, sources: Mapping[str, str], catalog: Catalog) -> dict[str, Given]:
        """Arguments of a probe, held against its parameters."""
        given = self.handed((*where, "with"), sources)
        shape = catalog.probes.get(probe)
        if shape is None:
            self.notes.add((*where, "probe"), f"unknown probe `{probe}`", did_you_mean(probe, catalog.probes))
            return given
        for mismatch in compare(given, shape.parameters, shape.optional):
            self._mismatch(where, probe, mismatch)
        return given

    def _mismatch(self, where: Where, probe: str, mismatch: Mismatch) -> None:
        if mismatch.missing:
            self.notes.add((*where, "probe"), f"`{probe}` needs `{mismatch.name}`", "give it below `with`")
        elif mismatch.unknown:
            self.notes.add_key((*where, "with", mismatch.name), mismatch.message, mismatch.hint)
        else:
            self.notes.add((*where, "with", mismatch.name), mismatch.message, mismatch.hint)


def facts_of(probe: str, catalog: Catalog) -> Shape:
    shape = catalog.probes.get(probe)
    return shape.facts if shape else ANYTHING


def expressions(given: Mapping[str, Given]) -> dict[str, Expression]:
    return {name: one.expression for name, one in given.items()}


def check_kind(notes: Notes, where: Where, kind: str) -> None:
    bare = kind
    while bare.endswith("[]"):
        bare = bare[:-2]
    if bare not in KINDS and bare != "words":
        notes.add(where, f"unknown kind `{kind}`", did_you_mean(bare, [*KINDS, "words"]))


# ------------------------------------------------------------------ what is given against what is wanted


@dataclass(frozen=True, slots=True)
class Mismatch:
    name: str
    message: str
    hint: str = ""
    missing: bool = False
    unknown: bool = False


def compare(given: Mapping[str, Given], wanted: Mapping[str, str], optional: frozenset[str]) -> Iterator[Mismatch]:
    """Names and types of what is handed over. `wanted` gives each name its kind."""
    for name, one in given.items():
        if name not in wanted:
            yield Mismatch(name, f"unknown name `{name}`", did_you_mean(name, wanted), unknown=True)
        elif message := _unfit(one, wanted[name]):
            yield Mismatch(name, message)
    for name in wanted:
        if name not in given and name not in optional:
            yield Mismatch(name, f"`{name}` is missing", missing=True)


def _unfit(given: Given, kind: str) -> str:
    shape = shape_of_kind(kind)
    if not fits(given.shape, shape):
        return f"this is {named(given.shape)}, the kind `{kind}` is {named(shape)}"
    if given.literal is not None:
        return _unfit_literal(given.literal, kind)
    if given.kind and kind in _STRICT and given.kind in _NEVER_IN.get(kind, frozenset()):
        return f"a value of the kind `{given.kind}` is never of the kind `{kind}`"
    return ""


def _unfit_literal(literal: object, kind: str) -> str:
    try:
        check(kind, literal)
    except UsageError as error:
        return error.message.removeprefix("value: ")
    return ""


_DISTINCT = frozenset(
    {"address", "cidr", "host", "interface", "fingerprint", "sysctl", "unit", "path", "public-key"}
)
_STRICT = frozenset({"address", "cidr", "destination", "fingerprint", "sysctl", "unit", "path", "public-key"})
_NEVER_IN: Mapping[str, frozenset[str]] = {
    **{kind: _DISTINCT - {kind} for kind in _STRICT},
    "cidr": _DISTINCT - {"cidr", "address"},
    "destination": _DISTINCT - {"cidr", "address"},
    "sysctl": _DISTINCT - {"sysctl", "unit", "host"},
}
"""Kind → kinds that share no text with it."""


def record_of_answer() -> Record:
    """Facts of a question to the operator."""
    return Record("answer", {"answer": STRING})


def item_of(kind: str) -> str:
    """Kind of the members of a list kind; empty if it is no list."""
    if kind == "words":
        return "line"
    return kind[:-2] if kind.endswith("[]") else ""
