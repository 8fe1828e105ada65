"""The map: a row for each node and server, and below them the chosen one, from the cluster down to the bridge."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from base.text import Lang
from sitemap.model import SiteMap
from tui.lines.common import BUSY, dim, marked
from tui.lines.sitemap import counts_line, rest_lines, strip_lines, strip_row
from tui.screens.room import KeptRoom
from tui.widgets.hanging import Hanging
from tui.widgets.rows import Rows
from tui.words import Words

AGEING = 5.0
"""Seconds after which ages are drawn anew."""


class SiteMapScreen(KeptRoom):
    CSS_PATH = "sitemap.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "#strips"
    help_key = "map"

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(words, lang)
        self._map = SiteMap()

    def keys(self) -> Iterable[Binding]:
        yield Binding("tab", "app.focus_next", self.words.key_panes, key_display="tab")
        yield Binding("r", "again", self.words.key_again)
        yield from self.leave_keys()

    def room_title(self) -> str:
        return self.words.site_map

    def body(self) -> Iterable[Widget]:
        yield Static("", id="map-counts", markup=False)
        yield Container(OptionList(id="strips", markup=False), Rows("strip"), id="map-panes")
        yield Rows("map-rest")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(AGEING, self._draw_strip)
        self.action_again()

    def entered(self) -> None:
        """Everybody is asked again; what was seen stands there until then."""
        self._look()

    def action_again(self) -> None:
        self._look()

    @work(group="map", exclusive=True)
    async def _look(self) -> None:
        self._say(marked(BUSY, self.words.map_looking, "dim"))
        with self.in_words():
            session = await self.desk.opened()
            if not session.has_map:
                self._say(dim(self.words.no_map))
                return
            async for found in session.mapped():
                self._map = found
                self._draw(marked(BUSY, self.words.map_below, "dim"))
        self._draw(None)

    def _say(self, content: Content) -> None:
        self.query_one("#map-counts", Static).update(content)

    def _draw(self, busy: Content | None) -> None:
        """Rows and the rest; the chosen row stays chosen."""
        counts = counts_line(self._map, self.words)
        self._say(Content.assemble(counts, "   ", busy) if busy else counts)
        strips = self.query_one("#strips", OptionList)
        chosen = strips.highlighted or 0
        strips.set_options([Hanging(strip_row(strip)) for strip in self._map.strips])
        strips.highlighted = min(chosen, len(self._map.strips) - 1) if self._map.strips else None
        rest = list(rest_lines(self._map, self.words, self.lang))
        self.query_one("#map-rest", Rows).show(rest)
        self.set_class(bool(rest), "-rest")
        self._draw_strip()

    @on(OptionList.OptionHighlighted, "#strips")
    def _draw_strip(self) -> None:
        rows = self.query_one("#strip", Rows)
        index = self.query_one("#strips", OptionList).highlighted
        if index is None or index >= len(self._map.strips):
            rows.show([dim(self.words.map_empty)] if self._map.unseen else [])
            return
        width = rows.scrollable_content_region.width
        rows.show(strip_lines(self._map.strips[index], self.words, self.lang, datetime.now(UTC), width))

    def resized(self) -> None:
        self.call_after_refresh(self._draw_strip)
