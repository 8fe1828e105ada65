"""The app: opens the engine after its first frame, shows screens, turns what goes wrong into words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette
from textual.content import Content
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import WorkerFailed

from base.errors import DeadhopError
from base.text import Lang
from base.threads import in_daemon
from tui.lines.common import OK, marked, outside
from tui.rooms import Rooms
from tui.screens.home import HomeScreen
from tui.screens.room import Room
from tui.widgets.bars import shown_keys
from tui.words import words_of

if TYPE_CHECKING:
    from tui.engine import Session
    from tui.screens.export import Wanted

CLOSING = 0.8
"""Seconds connections get to say goodbye."""

TERMINAL = Theme(
    name="deadhop",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-blurred-foreground": "ansi_default",
        "block-cursor-blurred-background": "ansi_default",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-cursor-text-style": "none",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_white",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_white",
        "scrollbar-active": "ansi_white",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "footer-key-foreground": "ansi_cyan",
    },
)
"""The terminal's own sixteen colours on its own background."""


class DeadhopApp(App[int]):
    CSS_PATH = "deadhop.tcss"
    TITLE = "deadhop"
    BINDINGS: ClassVar = [Binding("ctrl+c", "interrupt", show=False, priority=True)]

    def __init__(
        self,
        session_factory: Callable[[], Session],
        *,
        text: str = "",
        lang: Lang,
        read_only: bool = False,
        resume: bool = False,
    ) -> None:
        super().__init__()
        self._resume = resume
        self.words, self.lang, self.read_only = words_of(lang), lang, read_only
        self.session: Session | None = None
        self._factory = session_factory
        self.home = HomeScreen(self.words, lang, text)
        self._opened = asyncio.Event()
        self._failure: DeadhopError | None = None
        self.rooms = Rooms(self, self.words, lang)
        self.register_theme(TERMINAL)
        self.theme = TERMINAL.name

    def get_default_screen(self) -> Screen[Any]:
        return self.home

    def start(self) -> None:
        """The first frame is there: now the engine."""
        self._open()

    # ------------------------------------------------------------ the session

    @work(group="session")
    async def _open(self) -> None:
        """Everything heavy is imported here, in a thread, while the first frame is already there."""
        try:
            session = await in_daemon(self._factory)
            self.session = session
            await session.ready()
        except DeadhopError as error:
            self._failure = error
            self.home.trouble(error)
            return
        finally:
            self._opened.set()
        self.home.opened(session)
        if self._resume:
            await self._resumed(session)

    async def _resumed(self, session: Session) -> None:
        """At the repair that was cut short; without one, or where the system cannot be asked, home says so."""
        from tui.lines.fix import flying_lines

        try:
            repair = await session.applied()
        except DeadhopError as error:
            self.home.tell(flying_lines(session.flying(), self.words, error))
            return
        if repair is None:
            self.home.tell(Content(self.words.nothing_in_flight))
            return
        from tui.screens.fix import FixScreen

        self.push_screen(FixScreen(self.words, self.lang, repair))

    async def opened(self) -> Session:
        """The session, once it can search; DeadhopError when it could not be opened."""
        await self._opened.wait()
        if self._failure is not None:
            raise self._failure
        assert self.session is not None
        return self.session

    async def on_unmount(self) -> None:
        if self.session is None:
            return
        try:
            async with asyncio.timeout(CLOSING):
                await self.session.close()
        except (TimeoutError, DeadhopError, OSError):
            return

    # ------------------------------------------------------------ words

    def title_line(self, room: str) -> Content:
        """Where we are, on what: site, and whether it is a recording."""
        at_home = room == self.words.home
        parts = [Content.styled("deadhop", "bold $primary")]
        if self.session is not None and self.session.drill:
            said = self.words.drill if at_home else self.words.drill_short
            parts.append(Content.styled(said, "bold $warning"))
        if self.read_only:
            parts.append(Content.styled(self.words.read_only_short, "bold $warning"))
        parts.append(Content(room))
        parts += self.rooms.elsewhere()
        if self.session is not None and at_home and not self.session.drill:
            parts.append(Content.styled(outside(self.session.site.source), "dim"))
        return Content(" · ").join(part for part in parts if part.plain)

    def tell(self, content: Content) -> None:
        """In the notice of the screen that is shown; below a dialog, of the one under it."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Room):
                screen.tell(content)
                return

    # ------------------------------------------------------------ actions

    def action_export(self) -> None:
        from tui.screens.export import ExportDialog

        def write(wanted: Wanted | None) -> None:
            if wanted is not None:
                self._write_export(wanted)

        self.push_screen(ExportDialog(self.words), write)

    @work(group="export")
    async def _write_export(self, wanted: Wanted) -> None:
        from tui.records import free_path

        try:
            session = await self.opened()
            path = free_path(session.id, wanted.form)
            path = await asyncio.to_thread(session.export, wanted.form, self.lang, path, anonymise=wanted.anonymise)
        except (DeadhopError, OSError) as error:
            self._trouble(error)
        else:
            self.told_path(path)

    def told_path(self, path: Path) -> None:
        self.tell(marked(OK, self.words.exported.format(path=outside(str(path)))))

    def _trouble(self, error: Exception) -> None:
        known = error if isinstance(error, DeadhopError) else DeadhopError(str(error), hint=self.words.disk_hint)
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Room):
                screen.trouble(known)
                return

    def work_changed(self) -> None:
        """A room began or ended something: the title of the one on the screen says so."""
        for screen in self.screen_stack:
            if isinstance(screen, Room) and screen.is_mounted:
                screen.retitle()

    def action_interrupt(self) -> None:
        """Ctrl-C copies what is selected; otherwise it ends the app, at once."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
        else:
            self._leave()

    async def action_quit(self) -> None:
        self._leave()

    def _leave(self) -> None:
        self.exit(self._failure.exit_code if self._failure is not None else 0)

    def action_command_palette(self) -> None:
        if not any(isinstance(screen, CommandPalette) for screen in self.screen_stack):
            self.push_screen(CommandPalette(placeholder=self.words.palette_placeholder, id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        w = self.words
        for binding in shown_keys(screen):
            if binding.action != "app.command_palette":
                yield SystemCommand(binding.description, w.palette_key.format(key=self.get_key_display(binding)),
                                    lambda key=binding.key: self.simulate_key(key))  # fmt: skip
        yield SystemCommand(w.palette_theme, w.palette_theme_note, self.action_change_theme)

    async def _shutdown(self) -> None:
        """Workers end before the widgets they draw on."""
        self.workers.cancel_all()
        await asyncio.sleep(0)
        await super()._shutdown()

    # ------------------------------------------------------------ what should not happen

    def _handle_exception(self, error: Exception) -> None:
        """A bug ends the app, with a line that says where it was written down; an error in words is shown."""
        if isinstance(error, WorkerFailed):
            error = error.error if isinstance(error.error, Exception) else error
        if isinstance(error, DeadhopError) and self.is_running:
            self._trouble(error)
            return
        from tui.crash import EXIT_CODE, crash_message, note_crash

        path = note_crash(error)
        if self._exception is None:  # what Textual's test pilot raises
            self._exception = error
            self._exception_event.set()
        self.exit(EXIT_CODE, return_code=EXIT_CODE, message=Text(crash_message(self.words, error, path)))
