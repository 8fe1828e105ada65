"""What one step saw: facts, raw output, or the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widgets import Static

from base.text import Lang
from tui.lines.common import dim
from tui.lines.walk import MODES, evidence_body, evidence_head
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import StepView


class EvidencePane(VerticalScroll):
    step: reactive[StepView | None] = reactive(None, layout=True)
    mode: reactive[str] = reactive("facts", layout=True)

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(id="evidence", classes="pane")
        self.words, self.lang = words, lang

    def compose(self) -> ComposeResult:
        yield Static("", id="evidence-head", markup=False)
        yield Static("", id="evidence-modes", markup=False)
        yield Static("", id="evidence-body", markup=False)

    def next_mode(self) -> None:
        self.mode = MODES[(MODES.index(self.mode) + 1) % len(MODES)]
        self.scroll_home(animate=False)

    def watch_step(self, before: StepView | None, now: StepView | None) -> None:
        if before is None or now is None or before.key != now.key:
            self.scroll_home(animate=False)
        self._draw()

    def watch_mode(self) -> None:
        self._draw()

    def on_mount(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        if self.step is None:
            self._put(Content(""), Content(""), dim(self.words.thinking))
            return
        modes = self._modes() if self.step.evidence else Content("")
        self._put(
            evidence_head(self.step, self.lang, self.words),
            modes,
            evidence_body(self.step, self.mode, self.lang, self.words),
        )

    def _put(self, head: Content, modes: Content, body: Content) -> None:
        for name, content in (("head", head), ("modes", modes), ("body", body)):
            self.query_one(f"#evidence-{name}", Static).update(content)

    def _modes(self) -> Content:
        """`[facts] raw  command`: the one shown stands in brackets."""
        return Content(" ").join(self._mode(mode) for mode in MODES)

    def _mode(self, mode: str) -> Content:
        said = self.words.modes[mode]
        shown = Content.styled(f"[{said}]", "bold $primary") if mode == self.mode else dim(f" {said} ")
        return shown.stylize(Style.from_meta({"@click": f"screen.mode({mode!r})"}))
