"""One question, a few answers."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from tui.lines.common import heading
from tui.widgets.bars import KeyBar, bind
from tui.words import Words


class Choose(ModalScreen[int | None]):
    """Dismissed with the index of the answer, None when the operator went back."""

    CSS_PATH = "dialog.tcss"

    def __init__(self, words: Words, title: str, text: str, options: Sequence[Content], first: int = 0) -> None:
        super().__init__()
        self.words, self._title, self._text, self._options, self._first = words, title, text, options, first
        bind(
            self,
            [
                Binding("enter", "select", words.key_take, key_display="enter"),
                Binding("escape", "cancel", words.key_cancel, key_display="esc"),
            ],
        )

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(heading(self._title), markup=False)
            yield Static(self._text, id="choose-text", markup=False)
            yield OptionList(*self._options, id="choices", markup=False)
            yield KeyBar(markup=False)

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.focus()
        choices.highlighted = self._first

    @on(OptionList.OptionSelected)
    def _taken(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_select(self) -> None:
        self.query_one(OptionList).action_select()

    def action_cancel(self) -> None:
        self.dismiss(None)
