"""Actions of a fix with real values: the very text that will be shown and run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from base.errors import UsageError
from base.text import Text
from base.values import Value
from knowledge.model import Action
from knowledge.template import Template


@dataclass(frozen=True, slots=True)
class RenderedAction:
    on: str
    """Host's name or `operator`."""
    run: str
    undo: str
    """Empty when it cannot be undone."""
    unless: str
    sudo: bool
    """Needs root: the planner puts `sudo` in front where the login is not root."""
    text: Text | None
    timeout: float


def render_actions(actions: Sequence[Action], values: Mapping[str, Value]) -> tuple[RenderedAction, ...]:
    """Every action, repeated ones once for each of their items. UsageError when a value is not known."""
    return tuple(rendered for action in actions for rendered in _each(action, values))


def _each(action: Action, values: Mapping[str, Value]) -> Iterator[RenderedAction]:
    if not action.each:
        yield _render(action, values)
        return
    if action.each not in values:
        raise UsageError(f"{action.each} is not known")
    items = values[action.each]
    for item in items if isinstance(items, tuple) else (items,):
        yield _render(action, {**values, "item": item})


def _render(action: Action, values: Mapping[str, Value]) -> RenderedAction:
    return RenderedAction(
        on=str(action.on.evaluate(values)),
        run=_text(action.run, values),
        undo=_text(action.undo, values) if action.undo else "",
        unless=_text(action.unless, values) if action.unless else "",
        sudo=action.sudo,
        text=action.text,
        timeout=action.timeout,
    )


def _text(template: Template, values: Mapping[str, Value]) -> str:
    missing = sorted(template.variables() - set(values))
    if missing:
        raise UsageError(f"{', '.join(missing)}: not known")
    return template.render(values)
