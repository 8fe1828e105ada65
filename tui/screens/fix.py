"""Fix: what will run, confirmed, run, verified, and taken back if need be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import work
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker

from base.errors import DeadhopError
from base.text import Lang
from tui.lines import fix as lines
from tui.lines.common import OK, heading, marked, outside, target_name
from tui.screens.confirm import Confirm, Confirmation, Confirmed
from tui.screens.room import Room, ended
from tui.widgets.action import ActionCard
from tui.widgets.hanging import Hanging
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import ActionView, RepairView
    from tui.engine import PastRepair, Repair


class FixScreen(Room):
    CSS_PATH = "fix.tcss"
    AUTO_FOCUS = "ActionCard"
    help_key = "fix"
    view: reactive[RepairView | None] = reactive(None, layout=True)

    def __init__(self, words: Words, lang: Lang, repair: Repair) -> None:
        super().__init__(words, lang)
        self.repair = repair
        self._edited: set[int] = set()
        self._work: Worker[None] | None = None

    def keys(self) -> Iterable[Binding]:
        w = self.words
        yield Binding("a", "apply", w.key_apply)
        yield Binding("g", "go_on", w.key_go_on)
        yield Binding("l", "leave_it", w.key_leave_it)
        yield Binding("t", "take_lock", w.key_take_lock)
        yield Binding("p", "persist", w.key_persist)
        yield Binding("u", "undo", w.key_undo)
        yield Binding("r", "look_again", w.key_again)
        yield Binding("e", "edit", w.key_edit)
        yield Binding("k", "know_undo", w.key_know_undo)
        yield Binding("c", "copy", w.key_copy)
        yield Binding("down", "move(1)", w.key_choose, key_display="↑↓")
        yield Binding("up", "move(-1)", show=False)
        yield Binding("x", "app.export", w.key_export)
        yield Binding("escape", "leave", w.key_back_to_walk, key_display="esc")

    def room_title(self) -> str:
        return f"{self.words.fix} · {outside(self.repair.view.fix.title[self.lang])}"

    def body(self) -> Iterable[Widget]:
        yield Static("", id="fix-head", markup=False)
        yield VerticalScroll(
            Vertical(id="cards"),
            Static("", id="persist-title", markup=False),
            Vertical(id="persist-cards"),
            id="plan",
            can_focus=False,
        )
        yield Static("", id="phase", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.view = self.repair.view
        self._run(self.repair.prepare)
        self._may_change()

    # ------------------------------------------------------------ the repair

    def _run(self, start: Callable[[], AsyncIterator[RepairView]]) -> None:
        self._work = self._follow(start, self._work)

    @work(group="repair")
    async def _follow(self, start: Callable[[], AsyncIterator[RepairView]], before: Worker[None] | None) -> None:
        await ended(before)
        with self.in_words():
            async for view in start():
                self.view = view
        self.view = self.repair.view

    async def watch_view(self, view: RepairView | None) -> None:
        if view is None or not self.is_mounted:
            return
        self.query_one("#fix-head", Static).update(Hanging(lines.fix_head(view.fix, self.lang, self.words)))
        await self._draw_cards("#cards", view.fix.actions)
        await self._draw_cards("#persist-cards", view.fix.persist, first=len(view.fix.actions) + 1)
        self.set_class(bool(view.fix.persist), "-persist")
        self.query_one("#persist-title", Static).update(heading(self.words.persist_title))
        phase = lines.phase_lines(view, self.words, self.desk.read_only)
        self.query_one("#phase", Static).update(Hanging(phase))
        self.refresh_bindings()

    async def _draw_cards(self, place: str, actions: tuple[ActionView, ...], first: int = 1) -> None:
        """Cards follow the actions; the same ones stay, so that focus and selection do."""
        box = self.query_one(place)
        cards = list(box.query(ActionCard))
        if len(cards) != len(actions):
            await box.remove_children()
            cards = [
                ActionCard(self.words, self.lang, number, action, edited=self._is_edited(number), persist=first > 1)
                for number, action in enumerate(actions, first)
            ]
            await box.mount(*cards)
            if self.focused is None and cards:
                self.query(ActionCard).first().focus()
        for number, (card, action) in enumerate(zip(cards, actions, strict=True), first):
            card.show(action, edited=self._is_edited(number))
            if action.state == "running":
                card.scroll_visible(animate=False)

    def _is_edited(self, number: int) -> bool:
        return number - 1 in self._edited

    # ------------------------------------------------------------ keys

    @property
    def busy(self) -> bool:
        return self._work is not None and not self._work.is_finished

    def _card(self) -> ActionCard | None:
        return self.focused if isinstance(self.focused, ActionCard) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        view, card = self.view, self._card()
        if view is None:
            return action in ("leave", "help")
        idle = not self.busy or view.phase not in lines.BUSY_PHASES
        changes = idle and not self.desk.read_only
        match action:
            case "apply":
                return changes and lines.can_apply(view)
            case "go_on":
                return changes and lines.can_go_on(view)
            case "leave_it":
                return changes and view.phase == "cut-short"
            case "take_lock":
                return changes and view.phase in ("locked", "undo-locked")
            case "persist":
                return changes and lines.can_persist(view)
            case "undo":
                return changes and lines.can_undo(view)
            case "look_again":
                return idle
            case "edit":
                return changes and card is not None and card.action.state == "planned" and not card.persist
            case "know_undo":
                return changes and card is not None and not card.action.undo_known
            case "copy":
                return card is not None
        return super().check_action(action, parameters)

    def may_go(self, name: str) -> bool:
        """While commands run their screen stays: what they do wants to be seen."""
        return not self._runs and super().may_go(name)

    @property
    def _runs(self) -> bool:
        return self.view is not None and self.busy and self.view.phase in ("applying", "undoing")

    def action_move(self, by: int) -> None:
        cards = list(self.query(ActionCard))
        card = self._card()
        index = cards.index(card) + by if card in cards else 0
        if 0 <= index < len(cards):
            cards[index].focus()
        else:
            self.query_one("#plan").scroll_relative(y=3 * by, animate=False)

    def action_copy(self) -> None:
        """The highlighted command to the terminal's clipboard (OSC 52)."""
        card = self._card()
        if card is not None:
            self.app.copy_to_clipboard(card.action.run)
            self.tell(marked(OK, self.words.copied))

    def action_edit(self) -> None:
        from tui.screens.edit import EditCommand

        card = self._card()
        if card is None:
            return
        index = card.number - 1

        def save(texts: tuple[str, str] | None) -> None:
            if texts is None or texts == (card.action.run, card.action.undo):
                return
            run, undo = texts
            with self.in_words():
                # An undo that was left as it is was written for another command: nobody knows yet that it fits.
                self.repair.edit(index, run, None if undo == card.action.undo else undo)
                self._edited.add(index)
                self.view = self.repair.view

        place = target_name(self.words, card.action.on)
        self.app.push_screen(EditCommand(self.words, place, card.action.run, card.action.undo), save)

    def action_know_undo(self) -> None:
        """The operator says that the undo takes the edited command back."""
        card = self._card()
        if card is not None:
            with self.in_words():
                self.repair.know_undo(card.number - 1)
                self.view = self.repair.view

    def action_look_again(self) -> None:
        """Before anything ran: is the fault still there? After: did it work?"""
        assert self.view is not None
        before = self.view.phase in ("planned", "blocked", "not-needed", "undone", "cut-short", "left")
        self._run(self.repair.prepare if before else self.repair.verify)

    # ------------------------------------------------------------ what changes something

    def _may_change(self) -> bool:
        """False, and said why, where this session may change nothing at all."""
        session = self.desk.session
        assert session is not None
        try:
            session.refuse_changes()
        except DeadhopError as error:
            self.trouble(error)
            return False
        return True

    def action_apply(self) -> None:
        self._confirm()

    def action_go_on(self) -> None:
        """With what is left of a repair that was cut short."""
        self._confirm()

    def action_leave_it(self) -> None:
        if self._may_change():
            self._run(cast("PastRepair", self.repair).leave)

    def action_persist(self) -> None:
        self._confirm(persist=True)

    def action_take_lock(self) -> None:
        """Goes on where another deadhop holds the host; that is never one slip of a finger."""
        if self.view is not None and self.view.phase == "undo-locked":
            self._undo(take_lock=True)
        else:
            self._confirm(take_lock=True)

    def action_undo(self) -> None:
        self._undo()

    def _undo(self, *, take_lock: bool = False) -> None:
        assert self.view is not None
        if not self._may_change():
            return
        body = lines.undo_plan(self.view, self.words)
        what = Confirmation(self.words.undo_title, body, self.words.undo_now)
        undo = partial(self.repair.undo, take_lock=take_lock)
        self.app.push_screen(Confirm(self.words, what), lambda by: self._run(undo) if by else None)

    def _confirm(self, *, persist: bool = False, take_lock: bool = False) -> None:
        view, session = self.view, self.desk.session
        assert view is not None
        assert session is not None
        if not self._may_change():
            return
        from tui.rules import confirmed, forbidden

        refusal = forbidden(session.site, view.fix, self.lang, persist=persist)
        if refusal is not None:
            self.trouble(refusal)
            return
        risk = lines.risk_to_confirm(view)
        must_type = {"disruptive": "yes", "destructive": lines.at_stake(view)}.get(risk, "")
        body = lines.confirm_body(
            view.fix, view.fix.persist if persist else view.fix.actions, risk, self.lang, self.words
        )
        what = Confirmation(
            self.words.confirm_title, body, self.words.run_now, must_type, session.site.fixes.second_person
        )

        def go(by: Confirmed | None) -> None:
            if by is None:
                return
            late = forbidden(session.site, view.fix, self.lang, second=by.second, asked=True, persist=persist)
            if late is not None:
                self.trouble(late)
                return
            with self.in_words():
                how = confirmed(by.how, by.second)
                self._run(lambda: self.repair.apply(confirmed_by=how, persist=persist, take_lock=take_lock))

        self.app.push_screen(Confirm(self.words, what), go)

    def action_leave(self) -> None:
        """A command that runs is not left by one slip of a finger."""
        if not self._runs:
            super().action_leave()
            return
        what = Confirmation(self.words.leave_title, Content(self.words.leave_running), self.words.leave_now)

        def leave(by: Confirmed | None) -> None:
            if by:
                self.dismiss()

        self.app.push_screen(Confirm(self.words, what), leave)
