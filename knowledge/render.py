"""Actions with the values of a found cause: the exact commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from base.text import Text
from base.values import Value
from knowledge.model import Action, Cause, StateUse
from knowledge.shapes import shape_of_kind, zero
from knowledge.template import RenderError, Template


@dataclass(frozen=True, slots=True)
class RenderedAction:
    on: str
    """A host's name, or `operator`; with `world`, the name of a cluster or cloud."""
    run: str
    undo: str
    """Empty where the fix is irreversible."""
    unless: str
    sudo: bool
    """The planner writes sudo before the commands where it is needed."""
    text: Text | None
    timeout: float
    world: str = ""
    state: tuple[str, str, Mapping[str, object]] | None = None
    """Probe, place and arguments that show what it changes."""


def render_actions(actions: Sequence[Action], values: Mapping[str, Value]) -> tuple[RenderedAction, ...]:
    """In order, an action with `each` once for every member. DeadhopError when a value that is needed is not
    known, or when nothing is left to do."""
    rendered = tuple(one for action in actions for one in _rendered(action, values))
    if actions and not rendered:
        names = ", ".join(sorted({action.each for action in actions}))
        raise RenderError(f"nothing to do: {names} is empty")
    return rendered


def _rendered(action: Action, values: Mapping[str, Value]) -> Iterator[RenderedAction]:
    if not action.each:
        yield _one(action, values)
        return
    members = values.get(action.each)
    if not isinstance(members, tuple):
        raise RenderError(f"{action.each} is not known")
    for member in members:
        yield _one(action, {**values, "item": member})


def _one(action: Action, values: Mapping[str, Value]) -> RenderedAction:
    on = action.on.evaluate(values)
    if not isinstance(on, str) or not on:
        raise RenderError(f"`{action.on.source}` names no host")
    return RenderedAction(
        on=on,
        run=action.run.render(values),
        undo=_optional(action.undo, values),
        unless=_optional(action.unless, values),
        sudo=action.sudo,
        text=action.text,
        timeout=action.timeout,
        world=action.world,
        state=_state(action.state, values),
    )


def _state(use: StateUse | None, values: Mapping[str, Value]) -> tuple[str, str, Mapping[str, object]] | None:
    if use is None:
        return None
    arguments = {key: argument.evaluate(values) for key, argument in use.arguments.items()}
    return use.probe, str(use.on.evaluate(values)), arguments


def _optional(template: Template | None, values: Mapping[str, Value]) -> str:
    return template.render(values) if template else ""


def readable(cause: Cause, values: Mapping[str, Value]) -> dict[str, object]:
    """What the conditions of a cause read: an optional value that is not known reads as empty text, 0, false or an
    empty list. Commands never get these."""
    unknown = {n: zero(shape_of_kind(v.kind)) for n, v in cause.values.items() if v.optional and n not in values}
    return {**unknown, **values}
