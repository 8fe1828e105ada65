"""A command and its undo, edited before they run. The journal keeps what they were."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static, TextArea

from tui.lines.common import heading
from tui.widgets.bars import KeyBar, bind
from tui.words import Words


class EditCommand(ModalScreen[tuple[str, str] | None]):
    CSS_PATH = "dialog.tcss"

    def __init__(self, words: Words, place: str, run: str, undo: str) -> None:
        super().__init__()
        self.words, self._place, self._run, self._undo = words, place, run, undo
        bind(
            self,
            [
                Binding("ctrl+s", "save", words.key_save, key_display="^s", priority=True),
                Binding("tab", "app.focus_next", words.key_field, key_display="tab", priority=True),
                Binding("escape", "cancel", words.key_cancel, key_display="esc", priority=True),
            ],
        )

    def compose(self) -> ComposeResult:
        w = self.words
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(heading(w.edit_title.format(host=self._place)), markup=False)
            yield TextArea(self._run, soft_wrap=True, id="run-text", compact=True)
            yield Static(w.undo_word, classes="ask", markup=False)
            yield TextArea(self._undo, soft_wrap=True, id="undo-text", compact=True)
            yield Static(w.edit_note, classes="note", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(w.save, id="save", compact=True)
                yield Button(w.cancel, id="cancel", compact=True)
            yield KeyBar(markup=False)

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        run = self.query_one("#run-text", TextArea).text.strip()
        undo = self.query_one("#undo-text", TextArea).text.strip()
        self.dismiss((run, undo) if run else None)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        self.dismiss(None)
