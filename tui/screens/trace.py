"""Trace: two ends and what is sent; then the hop where packets die, and the row of hops."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import Worker

from base.text import Lang
from base.values import check, up_to
from probes.site import OPERATOR
from tui.lines.common import BAD, BUSY, NONE, dim, marked
from tui.lines.trace import running_line, trace_lines
from tui.screens.room import WorkingRoom, ended
from tui.widgets.choice import Field, OneOf, Toggle
from tui.widgets.rows import Rows
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.tracing import TraceView, Wanted

KINDS = ("ICMP", "TCP", "UDP")


class TraceScreen(WorkingRoom):
    CSS_PATH = "trace.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "#trace-from"
    help_key = "trace"

    def __init__(self, words: Words, lang: Lang, known: Mapping[str, str]) -> None:
        super().__init__(words, lang)
        self._known = known
        self._view: TraceView | None = None

    def keys(self) -> Iterable[Binding]:
        w = self.words
        yield Binding("enter", "start", w.key_start, key_display="enter")
        # Before the field sees it: over a slow link what is typed after it arrives with it.
        yield Binding("tab", "app.focus_next", w.key_field, key_display="tab", priority=True)
        yield Binding("down", "scroll", w.key_scroll, key_display="↑↓")
        yield Binding("space", "turn", w.key_change, key_display="space")
        yield Binding("r", "again", w.key_again)
        yield Binding("e", "app.export", w.key_export)
        yield Binding("escape", "cancel", w.key_cancel, key_display="esc")
        yield from self.leave_keys()

    def room_title(self) -> str:
        return self.words.trace

    def body(self) -> Iterable[Widget]:
        w = self.words
        yield Horizontal(
            Static(w.trace_from, classes="trace-label", markup=False),
            Field(self._known.get("source", ""), placeholder=w.trace_end, id="trace-from", compact=True),
            Static(w.trace_to, classes="trace-label", markup=False),
            Field(self._known.get("target", ""), placeholder=w.trace_end, id="trace-to", compact=True),
            classes="trace-fields",
        )
        yield Horizontal(
            Static(w.trace_by, id="trace-by", classes="trace-label", markup=False),
            OneOf(*KINDS, name="trace-kind"),
            Static(w.trace_port, id="trace-port-label", markup=False),
            Field(placeholder="443", id="trace-port", compact=True),
            Toggle(w.trace_both, name="trace-both"),
            Static(w.trace_count, classes="trace-more", markup=False),
            Field("20", id="trace-count", compact=True),
            Static(w.trace_size, id="trace-size-label", classes="trace-more", markup=False),
            Field(placeholder="–", id="trace-size", compact=True),
            classes="trace-fields",
        )
        yield Static("", id="trace-status", markup=False)
        yield Rows("trace-row")

    def on_mount(self) -> None:
        super().on_mount()
        self._say(dim(self.words.trace_idle))
        self.set_interval(1.0, self._tick)
        self._suggest()
        if self._known.get("source"):
            self.query_one("#trace-to").focus()

    @work(group="suggest")
    async def _suggest(self) -> None:
        with self.in_words():
            session = await self.desk.opened()
            names = [*(host.name for host in session.site.hosts), OPERATOR]
            for field in ("#trace-from", "#trace-to"):
                self.query_one(field, Input).suggester = SuggestFromList(names, case_sensitive=False)

    # ------------------------------------------------------------ what is wanted

    @on(OneOf.Changed, "#trace-kind")
    def _kind_changed(self) -> None:
        self.set_class(self._kind != "ICMP", "-port")

    @property
    def _kind(self) -> str:
        return KINDS[self.query_one("#trace-kind", OneOf).chosen]

    def _typed(self, field: str) -> str:
        return self.query_one(field, Input).value.strip()

    def _labels(self) -> dict[str, str]:
        w = self.words
        return {
            "#trace-from": w.trace_from,
            "#trace-to": w.trace_to,
            "#trace-port": w.trace_port,
            "#trace-count": w.trace_count,
        }

    def _wanted(self) -> Wanted:
        """UsageError when TCP or UDP lack a port, or a number is none."""
        from diagnosis.tracing import LARGEST, MOST, Wanted

        packets = up_to(MOST, self._typed("#trace-count"), name=self.words.trace_count)
        typed = self._typed("#trace-size")
        size = up_to(LARGEST, typed, name=self.words.trace_size) if typed else 0
        if self._kind == "ICMP":  # to a Service it becomes TCP, and says so
            return Wanted(size=size, packets=packets)
        port = int(str(check("port", self._typed("#trace-port"), name="port")))
        return Wanted(self._kind.lower(), port, size, packets=packets)

    @on(Input.Submitted)
    def action_start(self) -> None:
        """Goes to the field that is empty; starts when there is none. One that runs is not lost to a key."""
        if self.busy:
            self.tell(marked(BUSY, self.words.trace_busy))
            return
        fields = ["#trace-from", "#trace-to", *(["#trace-port"] if self.has_class("-port") else []), "#trace-count"]
        empty = next((field for field in fields if not self._typed(field)), "")
        if empty:
            asked_for = self.focused is self.query_one(empty)
            self.query_one(empty).focus()
            if asked_for:
                self._say(marked(BAD, f"{self._labels()[empty]}: {self.words.input_missing}"))
            return
        self.clear_notice()
        with self.in_words():
            wanted = self._wanted()
            both = bool(self.query_one("#trace-both", Toggle).chosen)
            self._work = self._trace(self._typed("#trace-from"), self._typed("#trace-to"), wanted, both, self._work)

    # ------------------------------------------------------------ the trace

    @work(group="trace")
    async def _trace(
        self, source: str, target: str, wanted: Wanted, both: bool, before: Worker[None] | None
    ) -> None:
        await ended(before)
        self._view, self._begun = None, time.monotonic()
        self._draw()
        with self.in_words():
            session = await self.desk.opened()
            async for view in session.trace(source, target, wanted, both=both):
                self._view = view
                self._draw()
            self._unseen = not self.is_current
            self.clear_notice()
            self.query_one("#trace-row").focus()
        if self._view is None or self._view.running is not None:
            self._say(dim(self.words.trace_idle))  # an error says why

    def _draw(self) -> None:
        rows = self.query_one("#trace-row", Rows)
        width = rows.scrollable_content_region.width
        rows.show(trace_lines(self._view, self.words, self.lang, width) if self._view else [])
        self._draw_status()
        self.refresh_bindings()

    def _tick(self) -> None:
        if self.busy:
            self._draw_status()

    def _draw_status(self) -> None:
        """Gone once the row is there."""
        view, seconds = self._view, time.monotonic() - self._begun
        if view is None:
            self._say(marked(BUSY, self.words.trace_ends))
        elif view.running is not None:
            self._say(running_line(view.running, seconds, self.words, self.lang))
        else:
            self.add_class("-told-row")

    def _say(self, content: Content) -> None:
        self.remove_class("-told-row")
        self.query_one("#trace-status", Static).update(content)

    def resized(self) -> None:
        if self._view is not None:
            self.call_after_refresh(self._draw)

    # ------------------------------------------------------------ keys

    def take(self, known: Mapping[str, str]) -> None:
        """Other ends than those it was opened with, unless it is at work; what was found stays below."""
        wanted = {name: known[name] for name in ("source", "target") if known.get(name)}
        if self.busy or not wanted or wanted == self._known:
            return
        self._known = wanted
        for field, name in (("#trace-from", "source"), ("#trace-to", "target")):
            self.query_one(field, Input).value = wanted.get(name, "")
        self.query_one("#trace-to" if "source" in wanted else "#trace-from").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        at_result = self.is_mounted and self.focused is self.query_one("#trace-row")
        match action:
            case "cancel":
                return self.busy
            case "leave" | "go_back" if self.busy:
                return False
            case "start":
                return not at_result and not self.busy
            case "again" | "app.export":
                return at_result and not self.busy
            case "scroll":
                return at_result
            case "turn":
                return isinstance(self.focused, OneOf)
        return super().check_action(action, parameters)

    def action_turn(self) -> None:
        """Only shown: the field has the key."""

    def action_scroll(self) -> None:
        """Only shown: the row has the key."""

    def action_again(self) -> None:
        if self.desk.session is not None:
            self.desk.session.forget()  # who did not answer is tried again
        self.action_start()

    def action_cancel(self) -> None:
        """Ends what runs, here and on the far side."""
        self.clear_notice()
        self._end(self._work)

    @work(group="cancel")
    async def _end(self, running: Worker[None] | None) -> None:
        await ended(running)
        self._say(marked(NONE, self.words.trace_cancelled))
        self.refresh_bindings()
