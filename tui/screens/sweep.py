"""Sweep: every tree of the site at once; what was found, worst first, and why, seen by what, what follows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.worker import Worker

from base.text import Lang
from tui.lines.common import BUSY, UNKNOWN, dim, marked, outside
from tui.lines.sweep import Item, early_items, items, progress_lines, result_lines
from tui.lines.walk import fix_prompt
from tui.screens.room import WorkingRoom, ended
from tui.widgets.hanging import Hanging
from tui.widgets.rows import Rows
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.sweep.views import SweepView
    from diagnosis.views import CauseView, FixView


class SweepScreen(WorkingRoom):
    CSS_PATH = "sweep.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "#findings"
    help_key = "sweep"

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(words, lang)
        self._view: SweepView | None = None
        self._items: Sequence[Item] = ()

    def keys(self) -> Iterable[Binding]:
        w = self.words
        yield Binding("down", "choose", w.key_choose, key_display="↑↓")
        yield Binding("down", "scroll", w.key_scroll, key_display="↑↓")
        yield Binding("enter", "fix", w.key_fix, key_display="enter")
        yield Binding("tab", "app.focus_next", w.key_panes, key_display="tab")
        yield Binding("r", "again", w.key_again)
        yield Binding("e", "app.export", w.key_export)
        yield Binding("escape", "cancel", w.key_cancel, key_display="esc")
        yield from self.leave_keys()

    def room_title(self) -> str:
        return self.words.sweep

    def body(self) -> Iterable[Widget]:
        yield Static("", id="sweep-status", markup=False)
        yield Container(OptionList(id="findings", markup=False), Rows("finding"), id="sweep-panes")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(1.0, self._tick)
        self.action_again()

    # ------------------------------------------------------------ the sweep

    def action_again(self) -> None:
        self._work = self._sweep(self._work)

    @work(group="sweep")
    async def _sweep(self, before: Worker[None] | None) -> None:
        await ended(before)
        if before is not None and self.desk.session is not None:
            self.desk.session.forget()  # who did not answer is tried again
        self._view, self._begun = None, time.monotonic()
        self._put(())
        self._draw_status()
        with self.in_words():
            session = await self.desk.opened()
            sweep = session.sweep()
            try:
                async for view in sweep.run():
                    self._show(view)
            except asyncio.CancelledError:
                self._show(sweep.partial())  # noted in the journal as well
                raise
            finally:
                await sweep.close()

    def _show(self, view: SweepView) -> None:
        """The list changes where something was found; the line above it with every answer."""
        before, self._view = self._view, view
        if not self.is_mounted:
            return
        self._draw_status()
        if view.result is not None:
            self._unseen = not self.is_current
            self._put(items(view.result, self.words, self.lang))
        elif before is None or before.found != view.found:
            self._put(early_items(view, self.lang))

    def _put(self, found: Sequence[Item]) -> None:
        listed = self.query_one("#findings", OptionList)
        chosen = (listed.highlighted or 0) if self.busy and self._view and not self._view.result else 0
        self._items = found
        listed.set_options([Hanging(one.prompt) for one in found])
        listed.highlighted = min(chosen, len(found) - 1) if found else None
        self._draw_details()

    def _tick(self) -> None:
        if self._view is None or self._view.result is None:
            self._draw_status()

    def _draw_status(self) -> None:
        view = self._view
        if view is None:
            said = marked(BUSY, self.words.thinking, "dim")
        elif view.result is None:
            said = progress_lines(view, time.monotonic() - self._begun, self.words, self.lang)
        else:
            said = result_lines(view, self.words, self.lang)
        self.query_one("#sweep-status", Static).update(Hanging(said))

    @on(OptionList.OptionHighlighted, "#findings")
    def _draw_details(self) -> None:
        item = self._chosen()
        details: list[Content] = list(item.details) if item else []
        if not details and (self._view is None or self._view.result is None):
            details = [dim(self.words.sweep_more_later if item else self.words.sweep_nothing_yet)]
        rows = self.query_one("#finding", Rows)
        rows.show(details)
        rows.scroll_home(animate=False)
        self.refresh_bindings()

    def _chosen(self) -> Item | None:
        index = self.query_one("#findings", OptionList).highlighted
        return self._items[index] if index is not None and index < len(self._items) else None

    # ------------------------------------------------------------ keys

    def ends(self) -> Mapping[str, str]:
        """Between which the chosen cause was found."""
        item = self._chosen()
        finding = item.finding if item else None
        if finding is None:
            return {}
        known = [finding.cause.values, *(one.inputs for one in finding.witnesses)]
        both = (one for one in known if one.get("source") and one.get("target"))
        return {name: str(value) for name, value in next(both, {}).items() if name in ("source", "target")}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "cancel":
                return self.busy
            case "again":
                return not self.busy
            case "leave" | "go_back" if self.busy:
                return False
            case "choose" | "scroll":
                at_list = self.is_mounted and self.focused is self.query_one("#findings")
                return at_list == (action == "choose")
            case "fix":
                item = self._chosen() if self.is_mounted else None
                return item is not None and item.finding is not None
            case "app.export":
                return self._view is not None and self._view.result is not None
        return super().check_action(action, parameters)

    def action_choose(self) -> None:
        """Only shown, as is `scroll`: the list or the text beside it has the key."""

    def action_scroll(self) -> None:
        """See `choose`."""

    def action_cancel(self) -> None:
        """Ends it here and on the machines; what is known by then stays."""
        self._end(self._work)

    @work(group="cancel")
    async def _end(self, running: Worker[None] | None) -> None:
        await ended(running)
        self.refresh_bindings()

    # ------------------------------------------------------------ fixes

    @on(OptionList.OptionSelected, "#findings")
    def action_fix(self) -> None:
        """Of several fixes the operator chooses one."""
        item = self._chosen()
        if item is None or item.finding is None:
            return
        cause = item.finding.cause
        possible = [fix for fix in cause.fixes if not fix.unavailable]
        if len(possible) > 1:
            self._choose(cause, possible)
        elif possible or not cause.fixes:
            self._repair(cause, possible[0].id if possible else "")
        else:
            self.tell(
                marked(UNKNOWN, f"{self.words.unavailable}: {outside(self.words.told(cause.fixes[0].unavailable))}")
            )

    def _choose(self, cause: CauseView, possible: Sequence[FixView]) -> None:
        from tui.screens.choose import Choose

        def take(index: int | None) -> None:
            if index is not None:
                self._repair(cause, possible[index].id)

        options = [fix_prompt(fix, self.lang, self.words) for fix in possible]
        self.app.push_screen(Choose(self.words, outside(cause.title[self.lang]), self.words.fixes, options), take)

    def _repair(self, cause: CauseView, fix: str) -> None:
        session = self.desk.session
        assert session is not None
        with self.in_words():
            from tui.screens.fix import FixScreen

            self.app.push_screen(FixScreen(self.words, self.lang, session.repair(cause, fix)))
