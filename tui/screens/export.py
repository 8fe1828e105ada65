"""Export: in which form, and with whose names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from tui.lines.common import heading
from tui.widgets.bars import KeyBar, bind

if TYPE_CHECKING:
    from tui.words import Words

FORMS = ("markdown", "html", "json")


class Wanted(NamedTuple):
    form: str
    anonymise: bool


class ExportDialog(ModalScreen[Wanted | None]):
    """Dismissed with what is wanted, None when the operator went back."""

    CSS_PATH = "dialog.tcss"
    anonymise: reactive[bool] = reactive(False)

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words
        bind(
            self,
            [
                Binding("enter", "select", words.key_take, key_display="enter"),
                Binding("a", "anonymise", words.key_anonymise),
                Binding("escape", "cancel", words.key_cancel, key_display="esc"),
            ],
        )

    def compose(self) -> ComposeResult:
        w = self.words
        forms = (w.export_markdown, w.export_html, w.export_json)
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(heading(w.export_title), markup=False)
            yield Static(w.export_note, id="choose-text", markup=False)
            yield OptionList(*map(Content, forms), id="choices", markup=False)
            yield Static("", id="anonymise", markup=False)
            yield KeyBar(markup=False)

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.focus()
        choices.highlighted = 0
        self._draw()

    def watch_anonymise(self) -> None:
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        """Said in words: a box alone says nothing to who cannot see it."""
        said = self.words.anonymise_on if self.anonymise else self.words.anonymise_off
        self.query_one("#anonymise", Static).update(said)

    @on(OptionList.OptionSelected)
    def _taken(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(Wanted(FORMS[event.option_index], self.anonymise))

    def action_select(self) -> None:
        self.query_one(OptionList).action_select()

    def action_anonymise(self) -> None:
        self.anonymise = not self.anonymise

    def action_cancel(self) -> None:
        self.dismiss(None)
