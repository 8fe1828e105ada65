"""What one step saw: facts, raw output, or the commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widgets import Static

from base.text import Lang
from tui.lines.common import BLANK, dim
from tui.lines.walk import MODES, evidence_head, evidence_lines
from tui.widgets.hanging import Hanging
from tui.widgets.rows import Line, Rows
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import StepView


class EvidencePane(Vertical):
    step: reactive[StepView | None] = reactive(None, layout=True)
    mode: reactive[str] = reactive("facts", layout=True)

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(classes="pane")
        self.words, self.lang = words, lang

    def compose(self) -> ComposeResult:
        yield Static("", id="evidence-head", markup=False)
        yield Static("", id="evidence-modes", markup=False)
        yield Rows("evidence")

    def next_mode(self) -> None:
        self.mode = MODES[(MODES.index(self.mode) + 1) % len(MODES)]
        self.query_one(Rows).scroll_home(animate=False)

    def watch_step(self, before: StepView | None, now: StepView | None) -> None:
        if self.is_mounted and (before is None or now is None or before.key != now.key):
            self.query_one(Rows).scroll_home(animate=False)
        self._draw()

    def watch_mode(self) -> None:
        self._draw()

    def on_mount(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        if self.step is None:
            self._put(BLANK, BLANK, [dim(self.words.thinking)])
            return
        head = evidence_head(self.step, self.lang, self.words)
        modes = self._modes() if self.step.evidence else BLANK
        self._put(head, modes, evidence_lines(self.step, self.mode, self.lang, self.words))

    def _put(self, head: Content, modes: Content, lines: Sequence[Line]) -> None:
        self.query_one("#evidence-head", Static).update(Hanging(head))
        self.query_one("#evidence-modes", Static).update(modes)
        self.query_one(Rows).show(lines)

    def _modes(self) -> Content:
        """`[facts] raw  command`: the one shown stands in brackets."""
        return Content(" ").join(self._mode(mode) for mode in MODES)

    def _mode(self, mode: str) -> Content:
        said = self.words.modes[mode]
        shown = Content.styled(f"[{said}]", "bold $primary") if mode == self.mode else dim(f" {said} ")
        return shown.stylize(Style.from_meta({"@click": f"screen.mode({mode!r})"}))
