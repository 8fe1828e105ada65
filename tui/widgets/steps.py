"""The steps of a walk as they are decided. New ones do not take the highlight from an operator who moved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import OptionList

from base.text import Lang
from tui.lines.walk import step_prompt
from tui.widgets.hanging import Hanging
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import StepView


class StepList(OptionList):
    @dataclass
    class Chosen(Message):
        index: int

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(id="steps", markup=False)
        self.words, self.lang = words, lang
        self.follow = True
        """The highlight goes along with the newest step."""
        self._moving = False

    def show(self, steps: tuple[StepView, ...], forgotten: str = "") -> None:
        """Draws the steps; the one being decided is highlighted unless the operator is reading another."""
        kept = self.highlighted
        self._moving = True
        self.set_options([
            Hanging(step_prompt(step, self.lang, self.words, forgotten=step.key == forgotten)) for step in steps
        ])  # fmt: skip
        last = len(steps) - 1
        self.highlighted = None if last < 0 else last if self.follow or kept is None else min(kept, last)
        self.call_after_refresh(self._moved)

    def _moved(self) -> None:
        self._moving = False

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if not self._moving:
            self.follow = event.option_index == self.option_count - 1
        self.post_message(self.Chosen(event.option_index))
