"""Small fields that are changed by space and arrows, drawn in words and brackets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from base.text import inert


class OneOf(Static, can_focus=True):
    """`(•) ICMP  ( ) TCP  ( ) UDP`."""

    BINDINGS: ClassVar = [
        Binding("right,space", "turn(1)", show=False),
        Binding("left", "turn(-1)", show=False),
    ]
    DEFAULT_CSS = "OneOf { width: auto; height: 1; } OneOf:focus { text-style: reverse; }"
    chosen: reactive[int] = reactive(0, init=False)

    @dataclass
    class Changed(Message):
        field: OneOf

        @property
        def control(self) -> OneOf:
            return self.field

    def __init__(self, *options: str, name: str) -> None:
        super().__init__(id=name, markup=False)
        self._options = options

    def on_mount(self) -> None:
        self._draw()

    def action_turn(self, by: int) -> None:
        self.chosen = (self.chosen + by) % self._states

    def on_click(self) -> None:
        self.action_turn(1)

    def watch_chosen(self) -> None:
        self._draw()
        self.post_message(self.Changed(self))

    @property
    def _states(self) -> int:
        return len(self._options)

    def _draw(self) -> None:
        said = (f"({'•' if at == self.chosen else ' '}) {one}" for at, one in enumerate(self._options))
        self.update(Content("  ".join(said)))


class Toggle(OneOf):
    """`[x] both ways`."""

    @property
    def _states(self) -> int:
        return 2

    def _draw(self) -> None:
        self.update(Content(f"[{'x' if self.chosen else ' '}] {self._options[0]}"))


class Field(Input):
    """An input whose answers hold no question mark: that key is the screen's help. What is pasted is inert."""

    def validate_value(self, value: str) -> str:
        return inert(value)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "question_mark" and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "question_mark":
            event.prevent_default()
