"""The key that offers a look from short-lived pods, driven on drawn views."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from base.errors import UsageError
from base.text import Lang, Text
from diagnosis.views import ActionView, FixView, RepairView
from knowledge.model import Risk
from probes.node.tries import Try
from probes.site import FixPolicy
from probes.wish import Wish
from tests.tui.scripted import COUNTS, PING, REFUSES, ScriptedSession
from tests.tui.test_app_home import picture, settle
from tests.tui.test_app_walk import walking
from tui.screens.confirm import Confirm

WISH = Wish("lab", ("w1", "w2"), (Try("tcp", "10.96.7.7", 80),))
WISHING = replace(REFUSES, evidence=replace(PING, wish=WISH))
ACTION = ActionView(
    on="operator",
    run="printf %s '{}' | kubectl create -f -",
    undo="kubectl -n default delete job deadhop-look-1",
    text=Text("Job deadhop-look-1", "Job deadhop-look-1"),
)
IMPACT = Text("2 pods try it and are removed", "파드 2개로 확인하고 지운다")
PLAN = FixView("deadhop-look-1", IMPACT, Risk.REVERSIBLE, IMPACT, recommended=True, actions=(ACTION,))


@dataclass
class ScriptedLook:
    view: RepairView = field(default_factory=lambda: RepairView("pod-look", PLAN, "planned"))
    applied: list[str] = field(default_factory=list)

    async def apply(self, *, confirmed_by: str) -> AsyncIterator[RepairView]:
        self.applied.append(confirmed_by)
        self.view = replace(self.view, phase="looked")
        yield self.view


@dataclass
class LookSession(ScriptedSession):
    look: ScriptedLook = field(default_factory=ScriptedLook)
    wishes: list[Wish] = field(default_factory=list)

    async def pod_look(self, wish: Wish) -> ScriptedLook:
        self.wishes.append(wish)
        return self.look


@pytest.mark.parametrize("lang", list(Lang))
async def test_the_key_asks_with_cancel_focused_and_the_walk_goes_on_from_that_step(lang: Lang) -> None:
    session = LookSession(walk_script=(WISHING, COUNTS))
    async with walking(session, (160, 50), lang) as (pilot, _, walk):
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        text = picture(pilot.app)  # type: ignore[arg-type]
        assert ACTION.run in text
        assert ACTION.undo in text
        assert pilot.app.focused is not None
        assert pilot.app.focused.id == "cancel"
        await pilot.press("enter")
        await settle(pilot)
        assert session.look.applied == []
        await pilot.press("p")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert len(session.look.applied) == 1
        assert session.look.applied[0].startswith("y by ")
        assert session.wishes == [WISH, WISH]
        assert walk.intents == [("look_again", WISHING.key)]
        assert walk.view.diagnosis is not None


async def test_without_a_wish_or_in_a_drill_there_is_no_such_key() -> None:
    for session in (LookSession(), LookSession(walk_script=(WISHING, COUNTS), drill=True)):
        async with walking(session) as (pilot, _, _walk):
            await settle(pilot)
            await pilot.press("p")
            await settle(pilot)
            assert session.wishes == []
            assert not isinstance(pilot.app.screen, Confirm)


async def test_what_forbids_it_is_said_before_anybody_is_asked() -> None:
    refused = LookSession(walk_script=(WISHING, COUNTS), refusal=UsageError("nothing is changed here"))
    capped = LookSession(walk_script=(WISHING, COUNTS))
    action = replace(ACTION, target="cluster:lab")
    capped.look.view = replace(capped.look.view, fix=replace(PLAN, actions=(action,)))
    capped.site = replace(capped.site, fixes=FixPolicy(read_only=("lab",)))
    for session, said in ((refused, "nothing is changed here"), (capped, "read_only")):
        async with walking(session) as (pilot, _, _walk):
            await settle(pilot)
            await pilot.press("p")
            await settle(pilot)
            assert not isinstance(pilot.app.screen, Confirm)
            assert said in picture(pilot.app)  # type: ignore[arg-type]
            assert session.look.applied == []
