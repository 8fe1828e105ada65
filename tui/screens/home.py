"""Home: say what is wrong; see what it may be, which hosts answer, and what was looked at before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import OptionList, Static

from base.text import Lang
from tui.lines import home as lines
from tui.lines.common import UNKNOWN, heading, marked, stacked
from tui.screens.room import Room
from tui.widgets.ask import Ask
from tui.widgets.hanging import Hanging
from tui.words import Words

if TYPE_CHECKING:
    from probes.facts import Reach
    from sitemap.whatis import Known
    from tui.engine import Match, Results, Session, Walk

DEBOUNCE = 0.08
"""Seconds of quiet before a search."""
MOST_KNOWN = 3
"""Lines of what addresses and names in the text are."""
HEALTH_PACE = 0.1
"""Seconds between two drawings of the site's health."""


class HomeScreen(Room):
    AUTO_FOCUS: ClassVar[str | None] = "Ask"
    help_key = "home"

    def __init__(self, words: Words, lang: Lang, text: str = "") -> None:
        super().__init__(words, lang)
        self._text = text
        self._results: Results | None = None
        self._wanted = False
        self._searching = False
        self._start_when_found = False
        self._health_due = False
        self._reached: dict[str, Reach] = {}

    # ------------------------------------------------------------ what it shows

    def keys(self) -> Iterable[Binding]:
        yield Binding("enter", "start", self.words.key_start, key_display="enter")
        yield Binding("down", "move(1)", self.words.key_choose, key_display="↑↓")
        yield Binding("up", "move(-1)", show=False)
        yield Binding("escape", "forget", self.words.key_clear, key_display="esc")

    def common_keys(self) -> Iterable[Binding]:
        yield Binding("f1", "help", self.words.key_help, key_display="F1")
        yield Binding("question_mark", "help", show=False)
        yield from (key for key in super().common_keys() if key.action != "help")

    def room_title(self) -> str:
        return self.words.home

    def body(self) -> Iterable[Widget]:
        w = self.words
        yield Static(heading(w.question), classes="label", markup=False)
        yield Ask(placeholder=w.placeholder, id="ask")
        yield Static("", id="pasted", markup=False)
        yield Static("", id="about", markup=False)
        yield Static(lines.results_heading(None, w, searching=False, empty=True), id="found", markup=False)

    async def _furnish(self) -> None:
        """What has nothing to show in the first frame comes after it, and then the engine."""
        await self.query_one("#body").mount(OptionList(id="results", markup=False), self._around())
        self.results.can_focus = False
        self.desk.start()

    def _around(self) -> Widget:
        w = self.words
        health = Vertical(
            Static(heading(w.site_health), id="health-title", markup=False),
            Static("", id="health-counts", markup=False),
            VerticalScroll(Static("", id="health", markup=False), id="health-list", can_focus=False),
            id="health-pane",
        )
        recent = Vertical(
            Static(heading(w.recent), markup=False), Static("", id="recent", markup=False), id="recent-pane"
        )
        return Vertical(health, recent, id="around")

    @property
    def ask(self) -> Ask:
        return self.query_one(Ask)

    @property
    def results(self) -> OptionList:
        return self.query_one("#results", OptionList)

    def on_mount(self) -> None:
        super().on_mount()
        if self._text:
            self.ask.put(self._text)
        self.call_after_refresh(self._furnish)

    # ------------------------------------------------------------ the session came

    def opened(self, session: Session) -> None:
        """The engine is there: what depends on it fills in."""
        self.retitle()
        problems = len(session.problems)
        if problems:
            self.tell(marked(UNKNOWN, self.words.knowledge_problems.format(count=problems)))
        self._draw_health()
        self._ask_health(session)
        self.draw_recent(session)
        if session.has_map:
            self._learn(session)
        self.refresh_bindings()

    @work(group="map")
    async def _learn(self, session: Session) -> None:
        """What the site has, so that addresses in a paste get names; nobody waits for it."""
        with self.in_words():
            await session.learn()
            self._say_known(await asyncio.to_thread(session.known_in, self.ask.text))

    def _say_known(self, known: Sequence[Known]) -> None:
        said = [one.line[self.lang] for one in known]
        self.query_one("#about", Static).update(
            Hanging(stacked(lines.known_lines(said, MOST_KNOWN))) if said else ""
        )
        self.set_class(bool(said), "-known")

    @work(group="health")
    async def _ask_health(self, session: Session) -> None:
        with self.in_words():
            async for reach in session.health():
                self._reached[reach.asked] = reach
                self._health_changed()

    def _health_changed(self) -> None:
        """Draws soon: a thousand answers are not a thousand drawings."""
        if not self._health_due:
            self._health_due = True
            self.set_timer(HEALTH_PACE, self._draw_health)

    def _draw_health(self) -> None:
        self._health_due = False
        hosts = [host.name for host in self.desk.session.site.hosts] if self.desk.session else []
        hosts += sorted(set(self._reached) - set(hosts))
        self.query_one("#health-counts", Static).update(lines.health_counts(hosts, self._reached, self.words))
        shown = self.query_one("#health", Static)
        width = self.query_one("#health-list").size.width or self.size.width
        shown.update(Hanging(lines.health_lines(hosts, self._reached, self.words, width)))

    def resized(self) -> None:
        if self.desk.session is not None:
            self.call_after_refresh(self._draw_health)

    @work(group="recent", exclusive=True)
    async def draw_recent(self, session: Session) -> None:
        with self.in_words():
            found = await asyncio.to_thread(session.recent)
            self.query_one("#recent", Static).update(lines.recent_lines(found, self.lang, self.words))

    def on_screen_resume(self) -> None:
        if self.desk.session is not None:
            self.draw_recent(self.desk.session)

    # ------------------------------------------------------------ searching: newest wins, one thread at most

    @on(Ask.Edited)
    def _edited(self) -> None:
        pasted = self.ask.pasted
        self.query_one("#pasted", Static).update(lines.pasted_line(pasted, self.words) if pasted else "")
        self.ask.placeholder = self.words.placeholder_more if pasted else self.words.placeholder
        self.set_class(bool(pasted), "-pasted")
        self.set_class(bool(self.ask.text), "-asked")
        self.refresh_bindings()
        self._start_when_found = False
        self._wanted = True
        if not self._searching:
            self._searching = True
            self._search()

    @work(group="search")
    async def _search(self) -> None:
        try:
            with self.in_words():
                session = await self.desk.opened()
                while self._wanted:
                    await asyncio.sleep(DEBOUNCE)
                    self._wanted, text = False, self.ask.text
                    found = await asyncio.to_thread(session.search, text) if text.strip() else None
                    known = await asyncio.to_thread(session.known_in, text)
                    if not self._wanted:
                        self._show(found)
                        self._say_known(known)
        finally:
            self._searching = False
        if self._start_when_found:
            self._start_when_found = False
            self.action_start()

    def _show(self, results: Results | None) -> None:
        self._results = results
        matches = results.matches if results else ()
        self.results.set_options([Hanging(lines.match_prompt(match, self.lang)) for match in matches])
        self.results.highlighted = 0 if matches else None
        self._start_when_found = self._start_when_found and bool(results and results.confident)
        empty = not self.ask.text.strip()
        said = lines.results_heading(self._results, self.words, searching=False, empty=empty)
        self.query_one("#found", Static).update(said)

    # ------------------------------------------------------------ keys

    def action_move(self, by: int) -> None:
        if self._results is None:
            return
        if by > 0:
            self.results.action_cursor_down()
        else:
            self.results.action_cursor_up()

    def action_forget(self) -> None:
        self.clear_notice()
        self.ask.action_forget()

    async def on_input_submitted(self, event: events.Event) -> None:
        event.stop()
        self.action_start()

    @on(OptionList.OptionSelected, "#results")
    def _chosen(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Starts on the highlighted match; asks first for what the tree must know."""
        if self._searching:
            self._start_when_found = True
            return
        if self._results is None or self.desk.session is None:
            return
        index = self.results.highlighted
        if index is not None:
            self.begin(self._results.matches[index])

    def begin(self, match: Match) -> None:
        session = self.desk.session
        assert session is not None
        from tui.screens.inputs import InputForm, missing

        with self.in_words():
            wanted = session.inputs_of(match.symptom)
            text = self.ask.text

            def start(values: dict[str, str]) -> Walk:
                return session.walk(match.symptom, values, searched=text)

            hosts = [host.name for host in session.site.hosts]
            form = InputForm(self.words, self.lang, match, wanted, hosts, start)
            if missing(wanted, match.inputs) or not form.try_now():
                self.app.push_screen(form, self._walk)
            elif form.walk is not None:
                self._walk(form.walk)

    def _walk(self, walk: Walk | None) -> None:
        from tui.screens.walk import WalkScreen

        if walk is not None:
            self.app.push_screen(WalkScreen(self.words, self.lang, walk))

    def ends(self) -> Mapping[str, str]:
        """Those that the text names."""
        index = self.results.highlighted
        matches = self._results.matches if self._results else ()
        return matches[index].inputs if index is not None and index < len(matches) else {}
