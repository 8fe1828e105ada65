"""What a tree must know before it starts: its own questions, what was captured, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static

from base.errors import DeadhopError, UsageError
from base.text import Lang
from base.values import check
from tui.engine import Match, Walk
from tui.lines.common import BAD, error_lines, heading, marked, outside
from tui.widgets.bars import KeyBar, bind
from tui.words import Words

if TYPE_CHECKING:
    from knowledge.model import Input as Wanted


def missing(wanted: Sequence[Wanted], captured: Mapping[str, str]) -> list[str]:
    """Inputs that neither the text nor the tree answers."""
    return [one.name for one in wanted if not captured.get(one.name) and not one.default]


def refused(wanted: Wanted, value: str, words: Words) -> Content | None:
    """What is wrong with an answer, in the operator's words; None when it is of its kind."""
    if not value.strip():
        return marked(BAD, words.input_missing)
    try:
        check(wanted.kind, value.strip(), name=wanted.name)
    except UsageError as error:
        expected = words.kinds.get(wanted.kind)
        return marked(BAD, words.input_refused.format(expected=expected or words.told(error.message)))
    return None


class InputForm(ModalScreen[Walk | None]):
    CSS_PATH = "dialog.tcss"

    def __init__(
        self,
        words: Words,
        lang: Lang,
        match: Match,
        wanted: Sequence[Wanted],
        hosts: Sequence[str],
        start: Callable[[dict[str, str]], Walk],
    ) -> None:
        super().__init__()
        self.words, self.lang = words, lang
        self._match, self._wanted, self._hosts, self._start = match, wanted, hosts, start
        self._error: DeadhopError | None = None
        self.walk: Walk | None = None
        bind(
            self,
            [
                Binding("enter", "next", words.key_next, key_display="enter"),
                Binding("tab", "app.focus_next", words.key_field, key_display="tab"),
                Binding("escape", "cancel", words.key_cancel, key_display="esc"),
            ],
        )

    def try_now(self) -> bool:
        """Starts with what was captured; False (and the reason kept) when a value is refused."""
        try:
            self.walk = self._start({**self._match.inputs})
        except UsageError as error:
            self._error = error
        return self.walk is not None

    # ------------------------------------------------------------ the form

    def compose(self) -> ComposeResult:
        empty = missing(self._wanted, self._match.inputs)
        ordered = sorted(self._wanted, key=lambda one: one.name not in empty)
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(heading(outside(self._match.title[self.lang])), markup=False)
            for one in ordered:
                yield from self._field(one)
            yield Static("", id="form-error", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(self.words.start, id="start", variant="primary", compact=True)
                yield Button(self.words.cancel, id="cancel", compact=True)
            yield KeyBar(markup=False)

    def _field(self, one: Wanted) -> ComposeResult:
        value = self._match.inputs.get(one.name) or one.default
        came = self.words.captured if self._match.inputs.get(one.name) else ""
        label = Content.assemble((outside(one.ask[self.lang]), "bold"), (f"  {came}" if came else "", "dim"))
        yield Static(label, classes="ask", markup=False)
        suggester = SuggestFromList(self._hosts, case_sensitive=False) if one.kind == "host" else None
        placeholder = self.words.kinds.get(one.kind, "")
        yield Input(value, placeholder=placeholder, suggester=suggester, id=f"in-{one.name}", compact=True)
        yield Static("", id=f"wrong-{one.name}", classes="wrong", markup=False)

    def on_mount(self) -> None:
        if self._error is not None:
            self._say(self._error)
        empty = [one for one in self.query(Input) if not one.value]
        (empty or list(self.query(Input)))[0].focus()

    # ------------------------------------------------------------ answers

    @on(Input.Submitted)
    def action_next(self) -> None:
        """To the next empty field; starts when there is none."""
        empty = [one for one in self.query(Input) if not one.value.strip()]
        if (
            empty
            and self.focused is not empty[0]
            and isinstance(self.focused, Input)
            and self.focused.value.strip()
        ):
            empty[0].focus()
        else:
            self._submit()

    @on(Button.Pressed, "#start")
    def _submit(self) -> None:
        values = {one.name: self._input(one).value.strip() for one in self._wanted}
        wrong = {one.name: refused(one, values[one.name], self.words) for one in self._wanted}
        for name, said in wrong.items():
            self.query_one(f"#wrong-{name}", Static).update(said or "")
        first = next((one for one in self._wanted if wrong[one.name]), None)
        if first is not None:
            self._input(first).focus()
            return
        try:
            walk = self._start(values)
        except UsageError as error:
            self._say(error)
        else:
            self.dismiss(walk)

    def _input(self, one: Wanted) -> Input:
        return self.query_one(f"#in-{one.name}", Input)

    def _say(self, error: DeadhopError) -> None:
        """Beside the field it names, else under the form."""
        name = error.message.partition(":")[0]
        known = next((one for one in self._wanted if one.name == name), None)
        place = f"#wrong-{name}" if known else "#form-error"
        self.query_one(place, Static).update(error_lines(self.words, error))
        if known:
            self._input(known).focus()

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        self.dismiss(None)
