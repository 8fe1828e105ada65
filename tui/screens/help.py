"""Help of one screen: what it is for, and its keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.lines.common import heading, stacked
from tui.widgets.bars import KeyBar, bind
from tui.words import Words


class HelpScreen(ModalScreen[None]):
    CSS_PATH = "dialog.tcss"

    def __init__(self, words: Words, title: str, text: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.words, self._title, self._text, self._keys = words, title, text, keys
        bind(
            self,
            [
                Binding("escape", "dismiss", words.key_close, key_display="esc"),
                Binding("question_mark,q,f1", "dismiss", show=False),
            ],
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall"):
            yield VerticalScroll(Static(self._content(), markup=False))
            yield KeyBar(markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def _content(self) -> Content:
        widest = max((len(key) for key, _ in self._keys), default=0)
        keys = [
            Content.assemble((f"  {key:<{widest}}  ", "bold $primary"), description)
            for key, description in self._keys
        ]
        symbols = [Content(f"  {line}") for line in self.words.symbols.split("\n")]
        return stacked([
            heading(self._title), self._text, "",
            heading(self.words.help_keys), *keys, "",
            heading(self.words.help_symbols), *symbols,
        ])  # fmt: skip
