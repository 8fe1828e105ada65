"""Sessions: what was looked at before, to read and to take along. Nothing here runs anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import OptionList, Static

from base.text import Lang
from tui.lines.common import dim, outside
from tui.lines.home import session_line
from tui.screens.room import KeptRoom, Room
from tui.widgets.rows import Line, Rows
from tui.words import Words

if TYPE_CHECKING:
    from journal.store import SessionInfo


MOST_CHARACTERS = 400_000


class SessionsScreen(KeptRoom):
    CSS_PATH = "sessions.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "#sessions"
    help_key = "sessions"

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(words, lang)
        self._sessions: Sequence[SessionInfo] = ()

    def keys(self) -> Iterable[Binding]:
        yield Binding("enter", "open", self.words.key_open, key_display="enter")
        yield Binding("e", "export", self.words.key_export)
        yield from self.leave_keys()

    def room_title(self) -> str:
        return self.words.sessions

    def body(self) -> Iterable[Widget]:
        yield Static(dim(self.words.reading), id="no-sessions", markup=False)
        yield OptionList(id="sessions", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._load()

    @work(group="sessions")
    async def _load(self) -> None:
        with self.in_words():
            session = await self.desk.opened()
            self._sessions = await asyncio.to_thread(session.recent)
        options = [session_line(one, self.lang, self.words) for one in self._sessions]
        self.query_one("#sessions", OptionList).set_options(options)
        self.query_one("#no-sessions", Static).update("" if options else dim(self.words.no_sessions))
        self.query_one("#sessions", OptionList).highlighted = 0 if options else None
        self.refresh_bindings()

    def entered(self) -> None:
        self._load()

    def _chosen(self) -> SessionInfo | None:
        index = self.query_one("#sessions", OptionList).highlighted
        return self._sessions[index] if index is not None and index < len(self._sessions) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self._sessions) if action in ("open", "export") else super().check_action(action, parameters)

    @on(OptionList.OptionSelected, "#sessions")
    def action_open(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.app.push_screen(RecordScreen(self.words, self.lang, chosen.id, chosen.path))

    def action_export(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            export_record(self, chosen.id, chosen.path)


class RecordScreen(Room):
    """One journal, as its export reads; inert."""

    AUTO_FOCUS: ClassVar[str | None] = "#record"
    help_key = "sessions"

    def __init__(self, words: Words, lang: Lang, session: str, journal: Path) -> None:
        super().__init__(words, lang)
        self._session, self._journal = session, journal

    def keys(self) -> Iterable[Binding]:
        yield Binding("e", "export", self.words.key_export)
        yield Binding("escape", "leave", self.words.key_back, key_display="esc")

    def room_title(self) -> str:
        return f"{self.words.sessions} · {self._session}"

    def body(self) -> Iterable[Widget]:
        yield Rows("record")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Rows).show([dim(self.words.reading)])
        self._read()

    @work(group="record")
    async def _read(self) -> None:
        from tui.records import markdown_of

        with self.in_words():
            lines = await asyncio.to_thread(self._lines, markdown_of)
            self.query_one(Rows).show(lines)

    def _lines(self, markdown_of: Callable[[Path, Lang], str]) -> list[Line]:
        """The record as far as a screen can hold it."""
        text = markdown_of(self._journal, self.lang)
        lines: list[Line] = [*outside(text[:MOST_CHARACTERS]).split("\n")]
        if len(text) > MOST_CHARACTERS:
            lines.append(dim(self.words.cut_here.format(count=f"{len(text) - MOST_CHARACTERS:,}")))
        return lines

    def action_export(self) -> None:
        export_record(self, self._session, self._journal)


def export_record(room: Room, session: str, journal: Path) -> None:
    """Asks for the form, writes it in a thread, says where."""
    from tui.records import export_of
    from tui.screens.export import ExportDialog, Wanted

    async def write(wanted: Wanted) -> None:
        with room.in_words():
            path = await asyncio.to_thread(
                export_of, journal, session, wanted.form, room.lang, anonymise=wanted.anonymise
            )
            room.desk.told_path(path)

    def taken(wanted: Wanted | None) -> None:
        if wanted is not None:
            room.run_worker(write(wanted), group="export")

    room.app.push_screen(ExportDialog(room.words), taken)
