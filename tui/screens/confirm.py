"""Confirmation that grows with the risk: one key with Cancel focused, `yes`, or the name of what will be lost."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.lines.common import BAD, heading, marked
from tui.widgets.bars import KeyBar, bind
from tui.widgets.hanging import Hanging
from tui.words import Words


@dataclass(frozen=True, slots=True)
class Confirmation:
    title: str
    body: Content
    run: str
    """Word on the button that does it."""
    must_type: str = ""
    """Empty: one key is enough."""
    second_person: bool = False
    """The site wants somebody else's name as well."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    how: str
    """`y`, or what was typed."""
    second: str = ""
    """The other person's name."""


class Confirm(ModalScreen[Confirmed | None]):
    """Dismissed with what confirmed it; None when the operator went back."""

    CSS_PATH = "dialog.tcss"

    def __init__(self, words: Words, what: Confirmation) -> None:
        super().__init__()
        self.words, self.what = words, what
        self._typing = bool(what.must_type) or what.second_person
        keys = [Binding("escape", "cancel", words.key_cancel, key_display="esc")]
        if not self._typing:
            keys = [Binding("y", "yes", what.run), Binding("n", "cancel", words.key_cancel), *keys]
            keys.append(Binding("left,right", "app.focus_next", show=False))
            keys.append(Binding("up", "scroll(-1)", show=False))
            keys.append(Binding("down", "scroll(1)", show=False))
        bind(self, keys)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(heading(self.what.title), markup=False)
            with VerticalScroll(id="confirm-scroll"):
                yield Static(Hanging(self.what.body), id="confirm-body", markup=False)
            if self.what.second_person:
                yield Static(self.words.second_person, classes="ask", markup=False)
                yield Input(id="second", compact=True)
            if self.what.must_type:
                yield Static(self.words.type_this.format(word=self.what.must_type), classes="ask", markup=False)
                yield Input(id="typed", compact=True)
            yield Static("", id="typed-wrong", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(self.words.cancel, id="cancel", compact=True)
                yield Button(self.what.run, id="run", variant="error", compact=True)
            yield KeyBar(markup=False)

    def on_mount(self) -> None:
        first = self.query(Input)
        (first.first() if first else self.query_one("#cancel")).focus()

    @on(Button.Pressed, "#run")
    @on(Input.Submitted)
    def action_yes(self) -> None:
        second = self._value("#second") if self.what.second_person else ""
        typed = self._value("#typed") if self.what.must_type else "y"
        if self.what.second_person and not second:
            self._wrong("#second", self.words.second_person)
        elif self.what.must_type and typed != self.what.must_type:
            self._wrong("#typed", self.words.type_exactly.format(word=self.what.must_type))
        else:
            self.dismiss(Confirmed(typed, second))

    def _value(self, name: str) -> str:
        return self.query_one(name, Input).value.strip()

    def _wrong(self, name: str, said: str) -> None:
        self.query_one("#typed-wrong", Static).update(marked(BAD, said))
        self.query_one(name).focus()

    def action_scroll(self, by: int) -> None:
        self.query_one("#confirm-scroll").scroll_relative(y=by, animate=False)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        self.dismiss(None)
