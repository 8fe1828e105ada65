"""Facts and inputs of a case: what its author wrote, filled up to what a probe would have returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from base.errors import UsageError
from base.values import Value, check
from knowledge.mistakes import did_you_mean
from knowledge.model import Step, Symptom
from knowledge.notes import Notes
from knowledge.positions import Where
from knowledge.shapes import Catalog, ListOf, MapOf, Record, Scalar, Shape, named, zero
from knowledge.tree import Answer, Known, NotKnown


def answer_of(notes: Notes, where: Where, plain: object, step: Step, catalog: Catalog) -> Answer:
    """What is known of one step. Fields that are not written are zero, empty or false."""
    if plain == "unknown":
        return NotKnown("unknown in this case")
    if not step.probe:
        return _chosen(notes, where, plain, step)
    facts = filled(notes, where, plain, catalog.probes[step.probe].facts)
    return Known(facts if isinstance(facts, dict) else {})


def _chosen(notes: Notes, where: Where, plain: object, step: Step) -> Answer:
    answer = plain.get("answer") if isinstance(plain, dict) else plain
    names = [option.name for option in step.options]
    if answer not in names:
        notes.add(where, f"`{step.id}` has no answer `{answer}`", did_you_mean(str(answer), names))
    return Known({"answer": answer})


def filled(notes: Notes, where: Where, plain: object, shape: Shape) -> object:
    """The text of a case as a value of the shape; what is not written is zero."""
    match shape:
        case Record(name, fields) if isinstance(plain, dict):
            for key in plain.keys() - fields.keys():
                notes.add_key((*where, key), f"{name} has no field `{key}`", did_you_mean(key, fields))
            return {
                key: filled(notes, (*where, key), plain[key], field) if key in plain else zero(field)
                for key, field in fields.items()
            }
        case ListOf(item) if isinstance(plain, list):
            return [filled(notes, (*where, index), one, item) for index, one in enumerate(plain)]
        case MapOf(value) if isinstance(plain, dict):
            return {key: filled(notes, (*where, key), one, value) for key, one in plain.items()}
        case Scalar(name) if isinstance(plain, str):
            try:
                return _SCALARS[name](plain)
            except (ValueError, KeyError):
                pass
    notes.add(where, f"{named(shape)} is wanted here", "" if isinstance(plain, (dict, list)) else f"not `{plain}`")
    return zero(shape)


_SCALARS: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "int": int,
    "double": float,
    "bool": {"true": True, "false": False}.__getitem__,
}


def inputs_of(notes: Notes, where: Where, given: Mapping[str, object], symptom: Symptom) -> dict[str, Value]:
    """The tree's inputs by their kinds; what is missing or of another kind is noted."""
    values: dict[str, Value] = {}
    for name, plain in given.items():
        if name not in symptom.inputs:
            hint = did_you_mean(name, symptom.inputs)
            notes.add_key((*where, name), f"`{symptom.id}` has no input `{name}`", hint)
        elif (value := checked(notes, (*where, name), symptom.inputs[name].kind, plain)) is not None:
            values[name] = value
    for name, spec in symptom.inputs.items():
        if name not in given and spec.default:
            values[name] = check(spec.kind, spec.default)
        elif name not in given:
            notes.add(where, f"the input `{name}` is missing")
    return values


def checked(notes: Notes, where: Where, kind: str, plain: object) -> Value | None:
    try:
        return check(kind, plain)
    except UsageError as error:
        notes.add(where, error.message.removeprefix("value: "), error.hint)
        return None
