"""The rooms that stay open: each has its key, keeps what it found, and works on while another is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from textual.app import App
from textual.content import Content
from textual.screen import Screen

from tui.lines.common import BUSY, YOURS, mark

if TYPE_CHECKING:
    from base.text import Lang
    from tui.screens.room import Room
    from tui.screens.trace import TraceScreen
    from tui.words import Words

ROOMS = {"sessions": "F2", "map": "F3", "trace": "F4", "sweep": "F5"}
WORKING = ("trace", "sweep")
"""Rooms whose work takes a while, so that somebody goes elsewhere meanwhile."""


class Rooms:
    """Every room is a stack of screens of its own; `esc` leads back the way one came."""

    def __init__(self, app: App[int], words: Words, lang: Lang) -> None:
        self._app, self._words, self._lang = app, words, lang
        self._came_by: list[str] = []
        self._ends: Mapping[str, str] = {}
        app._modes.setdefault(app.DEFAULT_MODE, app.get_default_screen)  # Textual knows no way back to it
        for name in ROOMS:
            app.add_mode(name, self._maker(name))

    def _maker(self, name: str) -> Callable[[], Screen[None]]:
        def make() -> Screen[None]:
            words, lang = self._words, self._lang
            match name:
                case "sessions":
                    from tui.screens.sessions import SessionsScreen

                    return SessionsScreen(words, lang)
                case "map":
                    from tui.screens.sitemap import SiteMapScreen

                    return SiteMapScreen(words, lang)
                case "trace":
                    from tui.screens.trace import TraceScreen

                    return TraceScreen(words, lang, self._ends)
                case _:
                    from tui.screens.sweep import SweepScreen

                    return SweepScreen(words, lang)

        return make

    def base(self, name: str) -> Room | None:
        """The room's own screen; None where nobody has been there yet."""
        stacks = self._app._screen_stacks
        return cast("Room", stacks[name][0]) if stacks.get(name) else None

    def go(self, name: str) -> None:
        """Shows the room as it was left."""
        if name == self._app.current_mode:
            return
        known = self.base(name)
        way = [*self._came_by, self._app.current_mode]
        self._came_by = way[: way.index(name)] if name in way else way
        self._app.switch_mode(name)
        if known is not None:
            known.entered()

    def trace(self, ends: Mapping[str, str]) -> None:
        """With the ends that are known where one comes from."""
        known = cast("TraceScreen | None", self.base("trace"))
        self._ends = ends
        self.go("trace")
        if known is not None:
            known.take(ends)

    def back(self) -> None:
        self._app.switch_mode(self._came_by.pop() if self._came_by else self._app.DEFAULT_MODE)

    @property
    def is_next_home(self) -> bool:
        """Whether `back` leads to the first screen, and not to one that was opened from it or to another room."""
        mode = self._came_by[-1] if self._came_by else self._app.DEFAULT_MODE
        return mode == self._app.DEFAULT_MODE and len(self._app._screen_stacks[mode]) == 1

    def elsewhere(self) -> Iterable[Content]:
        """What works, or came to its end, in a room that is not the one on the screen."""
        for name in WORKING:
            room = self.base(name)
            if room is None or name == self._app.current_mode:
                continue
            said = {"busy": self._words.room_busy, "through": self._words.room_through}.get(room.work_state)
            if said:
                symbol = BUSY if room.work_state == "busy" else YOURS
                told = said.format(room=room.room_title(), key=ROOMS[name])
                yield Content.assemble(mark(symbol), " ", told)
