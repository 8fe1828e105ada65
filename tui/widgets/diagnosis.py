"""What is wrong, what it is not, what could not be seen, and the fixes to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import OptionList, Static

from base.text import Lang
from tui.lines.common import BLANK, dim, heading
from tui.lines.walk import fix_prompt, other_lines, verdict_lines
from tui.widgets.hanging import Hanging
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import CauseView, Diagnosis, FixView


class DiagnosisPane(VerticalScroll):
    @dataclass
    class FixChosen(Message):
        cause: CauseView
        fix: FixView

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(id="diagnosis", classes="pane")
        self.words, self.lang = words, lang
        self.fixes: list[tuple[CauseView, FixView]] = []
        self._shown: Diagnosis | None = None

    def compose(self) -> ComposeResult:
        yield Static(dim(self.words.no_diagnosis), id="verdict", markup=False)
        yield Static(heading(self.words.fixes), id="fixes-title", markup=False)
        yield OptionList(id="fixes", markup=False)
        yield Static("", id="others", markup=False)

    def show(self, diagnosis: Diagnosis | None) -> None:
        if diagnosis is self._shown:
            return
        self._shown = diagnosis
        causes = diagnosis.causes if diagnosis else ()
        self.fixes = [(cause, fix) for cause in causes for fix in cause.fixes]
        self.set_class(bool(self.fixes), "-fixes")
        text = verdict_lines(diagnosis, self.lang, self.words) if diagnosis else dim(self.words.no_diagnosis)
        self.query_one("#verdict", Static).update(Hanging(text))
        others = other_lines(diagnosis, self.lang, self.words) if diagnosis else BLANK
        self.query_one("#others", Static).update(Hanging(others))
        options = self.query_one("#fixes", OptionList)
        options.set_options([Hanging(fix_prompt(fix, self.lang, self.words)) for _, fix in self.fixes])
        options.highlighted = 0 if self.fixes else None
        self.scroll_home(animate=False)

    @on(OptionList.OptionSelected, "#fixes")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.choose(event.option_index)

    def choose(self, index: int) -> None:
        cause, fix = self.fixes[index]
        if not fix.unavailable:
            self.post_message(self.FixChosen(cause, fix))
