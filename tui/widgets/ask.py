"""The one input of Home: a line to type in, that also swallows whole terminals of pasted text."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from base.text import inert, without_ansi

LONGEST_LINE = 400
"""A longer single line is kept as a paste: an input that wide is slow and unreadable."""


class Ask(Input):
    """`text` is what was typed and everything that was pasted."""

    BINDINGS = [Binding("ctrl+u", "forget", show=False)]  # noqa: RUF012

    pasted: reactive[str] = reactive("", repaint=False, init=False)

    @dataclass
    class Edited(Message):
        ask: Ask

    @property
    def text(self) -> str:
        return "\n".join(part for part in (self.value, self.pasted) if part)

    def put(self, text: str) -> None:
        """As if it had been pasted."""
        stripped = text.strip("\r\n")
        if "\n" in stripped or "\r" in stripped or len(stripped) > LONGEST_LINE:
            self.pasted = text.replace("\r\n", "\n").replace("\r", "\n")
        else:
            self.insert_text_at_cursor(inert(without_ansi(stripped)))

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()  # Input would keep the first line only
        event.stop()
        self.put(event.text)

    def _is_help(self, key: str) -> bool:
        return key == "question_mark" and not self.text

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return not self._is_help(key) and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        if self._is_help(event.key):
            event.prevent_default()  # an empty input has no use for it; the screen's help has

    def watch_pasted(self) -> None:
        self.post_message(self.Edited(self))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self))

    def action_delete_left(self) -> None:
        if self.pasted and not self.value:
            self.pasted = ""
        else:
            super().action_delete_left()

    def action_forget(self) -> None:
        self.value, self.pasted = "", ""
