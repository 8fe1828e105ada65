"""Walk: steps as they are decided, the evidence of one of them, and what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.worker import Worker

from base.text import Lang
from tui.lines import walk as lines
from tui.lines.common import NONE, UNKNOWN, YOURS, marked, outside
from tui.screens.pod_look import LooksFromPods
from tui.screens.room import ended
from tui.widgets.diagnosis import DiagnosisPane
from tui.widgets.evidence import EvidencePane
from tui.widgets.steps import StepList
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import StepView, WalkView
    from tui.engine import Walk

PANES = ("steps", "evidence", "diagnosis")


class WalkScreen(LooksFromPods):
    """The worker copies snapshots to `view`; everything else is drawn from it."""

    CSS_PATH = "walk.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "#steps"
    help_key = "walk"
    view: reactive[WalkView | None] = reactive(None, layout=True)
    paused: reactive[str] = reactive("", layout=True)
    """Key of the step the operator stepped back to; empty while the walk goes on."""

    def __init__(self, words: Words, lang: Lang, walk: Walk) -> None:
        super().__init__(words, lang)
        self.walk = walk
        self._work: Worker[None] | None = None
        self._pane = "steps"
        self._pane_chosen = False
        self._step_began = time.monotonic()

    def keys(self) -> Iterable[Binding]:
        w = self.words
        yield Binding("b", "back", w.key_back)
        yield Binding("a", "by_hand", w.key_by_hand)
        yield Binding("r", "look_again", w.key_again)
        yield Binding("s", "skip", w.key_skip)
        yield Binding("g", "go_on", w.key_go_on)
        yield Binding("v", "next_mode", w.key_view)
        yield Binding("p", "pod_look", w.key_pod_look)
        yield Binding("f", "fix", w.key_fix)
        yield Binding("e", "app.export", w.key_export)
        for number, pane in enumerate(PANES, 1):
            yield Binding(str(number), f"pane('{pane}')", w.key_panes, key_display="1-3", show=number == 1)
        yield Binding("escape", "leave", w.key_home, key_display="esc")

    def room_title(self) -> str:
        return outside(self.walk.view.title[self.lang])

    def body(self) -> Iterable[Widget]:
        yield Static("", id="status", markup=False)
        yield Static("", id="tabs", markup=False)
        yield Horizontal(
            Vertical(StepList(self.words, self.lang), id="steps-pane", classes="column"),
            Vertical(EvidencePane(self.words, self.lang), id="evidence-pane", classes="column"),
            Vertical(DiagnosisPane(self.words, self.lang), id="diagnosis-pane", classes="column"),
            id="columns",
        )
        yield Vertical(
            Static("", id="question-text", markup=False), OptionList(id="answers", markup=False), id="question"
        )

    def on_mount(self) -> None:
        super().on_mount()
        for pane, title in zip(PANES, self.words.panes, strict=True):
            self.query_one(f"#{pane}-pane").border_title = outside(title)
        self._show_pane("steps")
        self.view = self.walk.view
        self.set_interval(1.0, self._tick)
        self._go()

    # ------------------------------------------------------------ the walk

    def _go(self, change: Callable[[], None] | None = None, *, run: bool = True) -> None:
        """Ends what runs, changes what is known, goes on."""
        self._work = self._walk(change, self._work, run)

    @work(group="walk")
    async def _walk(self, change: Callable[[], None] | None, before: Worker[None] | None, run: bool) -> None:
        await ended(before)
        with self.in_words():
            if change is not None:
                change()
            if run:
                await self._go_on_walking()

    async def _go_on_walking(self) -> None:
        self.paused = ""
        async for view in self.walk.run():
            self.view = view

    def watch_view(self, before: WalkView | None, view: WalkView | None) -> None:
        if view is None or not self.is_mounted:
            return
        if before is None or len(before.steps) != len(view.steps):
            self._step_began = time.monotonic()
        self.query_one(StepList).show(view.steps, self.paused)
        self.query_one(DiagnosisPane).show(view.diagnosis)
        self._show_evidence()
        self._show_question()
        self._draw_status()
        if view.diagnosis is not None and (before is None or before.diagnosis is None) and not self._pane_chosen:
            self._show_pane("diagnosis")
        self.refresh_bindings()

    def watch_paused(self) -> None:
        self._draw_status()
        self.refresh_bindings()

    def _tick(self) -> None:
        if self.view is not None and self.view.diagnosis is None:
            self._draw_status()

    def _draw_status(self) -> None:
        if self.view is not None and self.is_mounted:
            waited = time.monotonic() - self._step_began
            status = lines.status_line(self.view, self.lang, self.words, paused=bool(self.paused), waited=waited)
            self.query_one("#status", Static).update(status)

    # ------------------------------------------------------------ the highlighted step

    @property
    def steps(self) -> tuple[StepView, ...]:
        return self.view.steps if self.view is not None else ()

    def _highlighted(self) -> StepView | None:
        index = self.query_one(StepList).highlighted
        return self.steps[index] if index is not None and index < len(self.steps) else None

    @on(StepList.Chosen)
    def _show_evidence(self) -> None:
        self.query_one(EvidencePane).step = self._highlighted()
        self.refresh_bindings()

    @on(OptionList.OptionSelected, "#steps")
    def _open_step(self) -> None:
        if self.paused:
            self.action_go_on()
        else:
            self.action_pane("evidence")

    # ------------------------------------------------------------ a question to the operator

    def _asking(self) -> StepView | None:
        last = self.steps[-1] if self.steps else None
        return last if last is not None and last.state == "asking" and not self.paused else None

    def _show_question(self) -> None:
        step = self._asking()
        self.set_class(step is not None, "-asking")
        if step is None:
            return
        said = marked(YOURS, outside(step.ask[self.lang]), "bold")
        self.query_one("#question-text", Static).update(said)
        answers = self.query_one("#answers", OptionList)
        texts = [option.text for option in step.options] or [choice.text for choice in step.choices]
        dont_know = marked(UNKNOWN, self.words.dont_know)
        answers.set_options([*(outside(text[self.lang]) for text in texts), dont_know])
        answers.highlighted = 0
        answers.focus()

    @on(OptionList.OptionSelected, "#answers")
    def _answered(self, event: OptionList.OptionSelected) -> None:
        step, index = self._asking(), event.option_index
        if step is None:
            return
        self.set_class(False, "-asking")
        self.query_one(StepList).focus()
        if index >= len(step.options or step.choices):
            self._go(lambda: self.walk.skip(step.key))
        elif step.options:
            self._go(lambda: self.walk.answer(step.key, step.options[index].name))
        else:
            self._go(lambda: self.walk.choose(step.key, index))

    # ------------------------------------------------------------ keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "back":
                return any(self._decided(step) for step in self.steps)
            case "skip":
                return any(step.state in ("running", "asking") for step in self.steps) and not self.paused
            case "go_on":
                return bool(self.paused)
            case "by_hand" | "look_again":
                return bool(self.steps)
            case "pod_look":
                return self.is_mounted and not self.paused and self._may_look_from_pods()
            case "fix":
                return self.view is not None and self.view.diagnosis is not None and bool(self._fixes())
            case "next_mode":
                step = self._highlighted() if self.is_mounted else None
                return step is not None and step.evidence is not None
        return super().check_action(action, parameters)

    def ends(self) -> Mapping[str, str]:
        return {name: str(value) for name, value in self.walk.view.inputs.items() if name in ("source", "target")}

    def _decided(self, step: StepView) -> bool:
        return step.state in ("decided", "unknown") and step.key != self.paused

    def action_back(self) -> None:
        """Forgets the last decided step and waits: to be answered by hand, looked at again, or gone on with."""
        assert self.view is not None
        decided = [index for index, step in enumerate(self.steps) if self._decided(step)]
        index = decided[-1]
        key = self.steps[index].key
        self.paused = key
        self.query_one(StepList).follow = True
        self.view = replace(self.view, steps=self.steps[: index + 1], diagnosis=None)
        self._show_pane("steps")
        self._go(lambda: self.walk.look_again(key), run=False)

    def action_go_on(self) -> None:
        self._go()

    def action_skip(self) -> None:
        key = self.steps[-1].key
        self._go(lambda: self.walk.skip(key))

    def action_look_again(self) -> None:
        step = self._highlighted()
        if step is not None:
            self.query_one(StepList).follow = True
            self._go(lambda: self.walk.look_again(step.key))

    def action_by_hand(self) -> None:
        from tui.screens.choose import Choose

        step = self._highlighted()
        if step is None:
            return
        options = [marked(YOURS, outside(choice.text[self.lang])) for choice in step.choices]
        options.append(marked(NONE, self.words.leave_unknown))
        first = next((choice.index for choice in step.choices if choice.taken), 0)

        def take(index: int | None) -> None:
            if index is None:
                return
            self.query_one(StepList).follow = True
            if index < len(step.choices):
                self._go(lambda: self.walk.choose(step.key, step.choices[index].index))
            else:
                self._go(lambda: self.walk.skip(step.key))

        title = outside(step.ask[self.lang])
        self.app.push_screen(Choose(self.words, title, self.words.by_hand_note, options, first), take)

    def action_next_mode(self) -> None:
        self.query_one(EvidencePane).next_mode()

    def action_mode(self, mode: str) -> None:
        self.query_one(EvidencePane).mode = mode

    def action_pane(self, pane: str) -> None:
        self._pane_chosen = True
        self._show_pane(pane)

    def _show_pane(self, pane: str) -> None:
        for name in PANES:
            self.set_class(name == pane, f"-show-{name}")
        self._pane = pane
        self.query_one("#tabs", Static).update(lines.tabs_line(PANES, pane, self.words))
        focus = {"steps": "#steps", "evidence": "#evidence", "diagnosis": "#diagnosis"}[pane]
        if pane == "diagnosis" and self.query_one(DiagnosisPane).fixes:
            focus = "#fixes"
        if not self.has_class("-asking"):
            # It is not laid out yet: scrolled to its fixes now, what is wrong would leave the screen.
            self.query_one(focus).focus(scroll_visible=False)

    # ------------------------------------------------------------ fixes

    def _fixes(self) -> list[int]:
        fixes = self.query_one(DiagnosisPane).fixes if self.is_mounted else []
        return [index for index, (_, fix) in enumerate(fixes) if not fix.unavailable]

    def action_fix(self) -> None:
        possible = self._fixes()
        if len(possible) == 1:
            self.query_one(DiagnosisPane).choose(possible[0])
        else:
            self.action_pane("diagnosis")

    @on(DiagnosisPane.FixChosen)
    def _fix(self, event: DiagnosisPane.FixChosen) -> None:
        session = self.desk.session
        assert session is not None
        with self.in_words():
            from tui.screens.fix import FixScreen

            repair = session.repair(event.cause, event.fix.id)
            self.app.push_screen(FixScreen(self.words, self.lang, repair))
