"""What all screens share: title, notice, keys, the way to the app, errors in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from base.errors import DeadhopError
from base.text import Lang
from tui.lines.common import error_lines
from tui.widgets.bars import KeyBar, Notice, TitleBar, bind, shown_keys
from tui.words import Words

if TYPE_CHECKING:
    from tui.app import DeadhopApp

SMALLEST = (60, 16)
"""Columns and rows below which a screen only says what it needs."""


class Room(Screen[None]):
    """A full screen. `name_of` is its word in the title; `keys` its bindings in the operator's language."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    help_key: ClassVar[str] = ""

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__()
        self.words, self.lang = words, lang
        bind(self, [*self.keys(), *self.common_keys()])

    # ------------------------------------------------------------ what a screen says of itself

    def keys(self) -> Iterable[Binding]:
        return ()

    def common_keys(self) -> Iterable[Binding]:
        yield Binding("question_mark", "help", self.words.key_help, key_display="?")
        yield Binding("f1", "help", show=False)
        yield Binding("ctrl+p", "app.command_palette", self.words.key_palette, key_display="^p", priority=True)
        yield Binding("ctrl+q", "app.quit", self.words.key_quit, key_display="^q", priority=True)

    def room_title(self) -> str:
        return ""

    def body(self) -> Iterable[Widget]:
        return ()

    # ------------------------------------------------------------ frame

    @property
    def desk(self) -> DeadhopApp:
        return cast("DeadhopApp", self.app)

    def compose(self) -> ComposeResult:
        yield TitleBar(markup=False)
        yield Container(*self.body(), id="body")
        yield Notice(markup=False)
        yield KeyBar(markup=False)
        yield Static("", id="too-small", markup=False)

    def on_mount(self) -> None:
        self.retitle()

    def retitle(self) -> None:
        self.query_one(TitleBar).update(self.desk.title_line(self.room_title()))

    def on_resize(self, event: events.Resize) -> None:
        columns, rows = SMALLEST
        self.resized()
        small = event.size.width < columns or event.size.height < rows
        self.set_class(small, "-small")
        if small:
            said = self.words.too_small.format(
                columns=columns, rows=rows, width=event.size.width, height=event.size.height
            )
            self.query_one("#too-small", Static).update(said)

    def resized(self) -> None:
        """What depends on the width is drawn anew."""

    # ------------------------------------------------------------ messages and errors

    def tell(self, content: Content) -> None:
        self.query_one(Notice).tell(content)

    def clear_notice(self) -> None:
        self.query_one(Notice).clear()

    def trouble(self, error: DeadhopError) -> None:
        self.tell(error_lines(self.words, error))

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """What the operator can act on is said on the screen; bugs pass through."""
        try:
            yield
        except DeadhopError as error:
            self.trouble(error)
        except OSError as error:
            self.trouble(DeadhopError(str(error), hint=self.words.disk_hint))

    # ------------------------------------------------------------ actions

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        keys = [(self.app.get_key_display(key), key.description) for key in shown_keys(self)]
        self.app.push_screen(HelpScreen(self.words, self.room_title(), self.words.help[self.help_key], keys))

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Ends this screen's work before its widgets go."""
        self.workers.cancel_node(self)
        return super().dismiss(result)

    def action_leave(self) -> None:
        if self.query_one(Notice).has_class("-told"):
            self.clear_notice()
        else:
            self.dismiss()


async def ended(worker: Worker[None] | None) -> None:
    """Cancels a worker and waits until its work on the remote machines is over."""
    if worker is None or worker.is_finished:
        return
    worker.cancel()
    try:
        await worker.wait()
    except (WorkerCancelled, WorkerFailed):
        return
