"""What all screens share: title, notice, keys, the way to the app, errors in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from tui.rooms import ROOMS
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
        bind(self, [*self.keys(), *self.room_keys(), *self.common_keys()])

    # ------------------------------------------------------------ what a screen says of itself

    def keys(self) -> Iterable[Binding]:
        return ()

    def room_keys(self) -> Iterable[Binding]:
        """The same on every screen; the footer has those that lead somewhere."""
        w = self.words
        said = {"sessions": w.key_sessions, "map": w.key_map, "trace": w.key_trace, "sweep": w.key_sweep}
        for name, key in ROOMS.items():
            yield Binding(key.lower(), name, said[name], key_display=key)

    def common_keys(self) -> Iterable[Binding]:
        yield Binding("question_mark", "help", self.words.key_help, key_display="?")
        yield Binding("f1", "help", show=False)
        yield Binding("ctrl+p", "app.command_palette", self.words.key_palette, key_display="^p", priority=True)
        yield Binding("ctrl+q", "app.quit", self.words.key_quit, key_display="^q", priority=True)

    def room_title(self) -> str:
        return ""

    def body(self) -> Iterable[Widget]:
        return ()

    # ------------------------------------------------------------ other rooms

    @property
    def work_state(self) -> str:
        """`busy`, `through` where nobody has seen yet what it came to, or nothing."""
        return ""

    def entered(self) -> None:
        """Shown again by its key."""

    def ends(self) -> Mapping[str, str]:
        """`source` and `target` of what is looked at here, for a trace."""
        return {}

    def may_go(self, name: str) -> bool:
        """No map without a cloud or a cluster, and nothing new is asked of a recording."""
        session = self.desk.session
        if name == self.desk.current_mode or session is None:
            return False
        return name == "sessions" or (session.has_map if name == "map" else not session.drill)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.may_go(action) if action in ROOMS else True

    def action_sessions(self) -> None:
        self.desk.rooms.go("sessions")

    def action_map(self) -> None:
        self.desk.rooms.go("map")

    def action_trace(self) -> None:
        self.desk.rooms.trace(self.ends())

    def action_sweep(self) -> None:
        self.desk.rooms.go("sweep")

    def on_screen_resume(self) -> None:
        if self.is_mounted:
            self.retitle()
            self.refresh_bindings()

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


class KeptRoom(Room):
    """The first screen of a room that stays: leaving it ends nothing and forgets nothing."""

    def leave_keys(self) -> Iterable[Binding]:
        yield Binding("escape", "leave", self.words.key_home, key_display="esc")
        yield Binding("escape", "go_back", self.words.key_back, key_display="esc")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("leave", "go_back"):
            return self.desk.rooms.is_next_home == (action == "leave")
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        if self.query_one(Notice).has_class("-told"):
            self.clear_notice()
        else:
            self.desk.rooms.back()

    def action_go_back(self) -> None:
        self.action_leave()


class WorkingRoom(KeptRoom):
    """A room whose work goes on while another one is on the screen."""

    def __init__(self, words: Words, lang: Lang) -> None:
        super().__init__(words, lang)
        self._work: Worker[None] | None = None
        self._begun = 0.0
        self._unseen = False
        """It came to its end while another room was on the screen."""

    @property
    def busy(self) -> bool:
        return self._work is not None and not self._work.is_finished

    @property
    def work_state(self) -> str:
        return "busy" if self.busy else "through" if self._unseen else ""

    def on_worker_state_changed(self) -> None:
        self.refresh_bindings()
        self.desk.work_changed()

    def on_screen_resume(self) -> None:
        self._unseen = False


async def ended(worker: Worker[None] | None) -> None:
    """Cancels a worker and waits until its work on the remote machines is over."""
    if worker is None or worker.is_finished:
        return
    worker.cancel()
    try:
        await worker.wait()
    except (WorkerCancelled, WorkerFailed):
        return
