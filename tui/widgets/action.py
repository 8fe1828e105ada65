"""One command of a fix: where it runs, exactly what, what takes it back, and what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from base.text import Lang
from tui.lines.common import dim, outside
from tui.lines.fix import action_output, action_title, undo_line
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import ActionView


class ActionCard(Vertical, can_focus=True):
    def __init__(
        self, words: Words, lang: Lang, number: int, action: ActionView, *, edited: bool, persist: bool = False
    ) -> None:
        super().__init__(classes="action")
        self.words, self.lang, self.number, self.action = words, lang, number, action
        self.edited, self.persist = edited, persist

    def compose(self) -> ComposeResult:
        yield Static("", classes="title", markup=False)
        yield Static("", classes="text", markup=False)
        yield Static("", classes="command", markup=False)
        yield Static("", classes="undo", markup=False)
        yield Static("", classes="output", markup=False)

    def on_mount(self) -> None:
        self._draw()

    def show(self, action: ActionView, *, edited: bool) -> None:
        if (action, edited) != (self.action, self.edited):
            self.action, self.edited = action, edited
            self._draw()

    def _draw(self) -> None:
        action = self.action
        self.set_class(action.text is not None, "-text")
        self.set_class(bool(action.output.strip() or action.left), "-output")
        self._put("title", action_title(self.number, action, self.lang, self.words, edited=self.edited))
        self._put("text", dim(outside(action.text[self.lang]) if action.text else ""))
        self._put("command", Content(outside(action.run)))
        self._put("undo", undo_line(action, self.words))
        self._put("output", action_output(action, self.words))

    def _put(self, name: str, content: Content) -> None:
        self.query_one(f".{name}", Static).update(content)
