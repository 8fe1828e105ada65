"""The edges of every screen: title, message, keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.binding import Binding, BindingsMap
from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Static

from tui.lines.common import GAP, key_rows


class TitleBar(Static):
    """Where we are; a recording says that it is one."""


class Notice(Static):
    """What the operator must read now: an error with its hint, a path that was written."""

    def tell(self, content: Content) -> None:
        self.update(content)
        self.add_class("-told")

    def clear(self) -> None:
        self.remove_class("-told")


class KeyBar(Static):
    """Every key that works now, on as many rows as it takes; each can be clicked."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        shown = shown_keys(self.screen)
        keys = [(self.app.get_key_display(binding), binding.description) for binding in shown]
        pieces = [
            _key(display, description, binding.key)
            for (display, description), binding in zip(keys, shown, strict=True)
        ]
        rows = key_rows(keys, self.size.width or self.app.size.width)
        gap = Content(" " * GAP)
        self.update(Content("\n").join(gap.join(pieces[index] for index in row) for row in rows))


def bind(screen: Screen[Any], keys: Iterable[Binding]) -> None:
    """Bindings in the operator's language; Textual's class-level BINDINGS know only one."""
    for key, found in BindingsMap(keys).key_to_bindings.items():
        screen._bindings.key_to_bindings[key] = found
    screen.key_list = tuple(keys)  # type: ignore[attr-defined]


def shown_keys(screen: Screen[Any]) -> list[Binding]:
    """The screen's own keys that do something now, in the order they were given."""
    keys: tuple[Binding, ...] = getattr(screen, "key_list", ())
    return [key for key in keys if key.show and screen.check_action(key.action.partition("(")[0], ())]


def _key(display: str, description: str, key: str) -> Content:
    click = Style.from_meta({"@click": f"app.simulate_key({key!r})"})
    label = Content.assemble((display, "bold $primary"), " ", description)
    return label.stylize(click)
