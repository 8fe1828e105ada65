"""The key that offers a look from short-lived pods, where a step could not be tried from a pod."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual import work
from textual.worker import Worker

from tui.lines import fix as lines
from tui.lines.common import BUSY, marked
from tui.screens.confirm import Confirm, Confirmation, Confirmed
from tui.screens.room import Room, ended

if TYPE_CHECKING:
    from diagnosis.views import StepView
    from probes.wish import Wish
    from tui.engine import PodLook, Walk


class LooksFromPods(Room):
    """The part of the walk's screen that makes pods; Cancel is focused, and the walk goes on from that step."""

    walk: Walk
    _work: Worker[None] | None

    def _wishing(self) -> StepView | None:
        """The highlighted step that waits for pods, else the first."""
        waiting = [step for step in self.walk.view.steps if step.evidence is not None and step.evidence.wish]
        chosen = self._highlighted()
        return chosen if chosen in waiting else next(iter(waiting), None)

    @abstractmethod
    def _highlighted(self) -> StepView | None: ...

    def _may_look_from_pods(self) -> bool:
        session = self.desk.session
        here = session is not None and not session.drill and not self.desk.read_only
        return here and self.walk.view.diagnosis is not None and self._wishing() is not None

    def action_pod_look(self) -> None:
        step = self._wishing()
        if step is not None and step.evidence is not None and step.evidence.wish is not None:
            self._plan_look(step.key, step.evidence.wish)

    @work(group="look", exclusive=True)
    async def _plan_look(self, key: str, wish: Wish) -> None:
        session = self.desk.session
        assert session is not None
        with self.in_words():
            session.refuse_changes()
            self._ask(key, await session.pod_look(wish))

    def _ask(self, key: str, look: PodLook) -> None:
        from tui.rules import confirmed, forbidden

        session, fix = self.desk.session, look.view.fix
        assert session is not None
        refusal = forbidden(session.site, fix, self.lang)
        if refusal is not None:
            self.trouble(refusal)
            return

        def go(by: Confirmed | None) -> None:
            if by is None:
                return
            late = forbidden(session.site, fix, self.lang, second=by.second, asked=True)
            if late is not None:
                self.trouble(late)
                return
            with self.in_words():
                self._work = self._look_from_pods(key, look, confirmed(by.how, by.second), self._work)

        body = lines.look_body(fix, self.lang, self.words)
        second = session.site.fixes.second_person
        what = Confirmation(self.words.look_title, body, self.words.look_now, second_person=second)
        self.app.push_screen(Confirm(self.words, what), go)

    @work(group="walk")
    async def _look_from_pods(self, key: str, look: PodLook, how: str, before: Worker[None] | None) -> None:
        await ended(before)
        with self.in_words():
            self.tell(marked(BUSY, self.words.look_running.format(job=look.view.fix.id)))
            async for _ in look.apply(confirmed_by=how):
                pass
            self.clear_notice()
            self.walk.look_again(key)
            await self._go_on_walking()

    @abstractmethod
    async def _go_on_walking(self) -> None: ...
