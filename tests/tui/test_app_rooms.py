"""From room to room by F-keys: each stays as it was left, and what runs there goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from base.text import Lang
from diagnosis.tracing import TraceView
from diagnosis.tracing import Wanted as Sent
from journal.store import read
from sitemap.join import joined
from sitemap.model import SiteMap
from tests.sitemap.samples import gathered
from tests.tui.recordings import SWEEP, recorded_session
from tests.tui.scripted import REFUSES, ScriptedSession
from tests.tui.sweeps import EARLY, FULL, RESULT, SweepSession
from tests.tui.test_app_home import app_of, found, picture, settle
from tests.tui.traces import plan
from tui.app import DeadhopApp
from tui.lines.common import key_rows
from tui.rooms import ROOMS
from tui.screens.fix import FixScreen
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.screens.room import Room
from tui.screens.sessions import SessionsScreen
from tui.screens.sitemap import SiteMapScreen
from tui.screens.sweep import SweepScreen
from tui.screens.trace import TraceScreen
from tui.screens.walk import WalkScreen
from tui.widgets.bars import shown_keys

SCREENS = {"f2": SessionsScreen, "f3": SiteMapScreen, "f4": TraceScreen, "f5": SweepScreen}
MAP: SiteMap = joined(gathered())


@dataclass
class Whole(SweepSession):
    """A site with all rooms; its trace waits until it is let go."""

    maps: tuple[SiteMap, ...] = (MAP,)
    traced: int = 0
    trace_hold: asyncio.Event | None = None

    async def trace(
        self, source: str, target: str, wanted: Sent, *, both: bool = False
    ) -> AsyncIterator[TraceView]:
        self.traced += 1
        yield TraceView((), plan(source, target, wanted))
        if self.trace_hold is not None:
            await self.trace_hold.wait()
        yield TraceView(())


@asynccontextmanager
async def at_home(session: ScriptedSession, lang: Lang = Lang.EN) -> AsyncIterator[tuple[Pilot[int], DeadhopApp]]:
    app = app_of(session, lang=lang)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        yield pilot, app


def title(app: DeadhopApp) -> str:
    return picture(app).splitlines()[0].strip()


def footer(app: DeadhopApp) -> set[str]:
    return {app.get_key_display(key) for key in shown_keys(app.screen)}


async def walk(pilot: Pilot[int]) -> None:
    await found(pilot)
    await pilot.press("enter")
    await pilot.pause()
    await pilot.press(*"master", "enter")
    await settle(pilot)
    assert isinstance(pilot.app.screen, WalkScreen)


async def fix(pilot: Pilot[int]) -> None:
    await walk(pilot)
    await pilot.press("f", "enter")
    await settle(pilot)
    assert isinstance(pilot.app.screen, FixScreen)


# ------------------------------------------------------------------ where the keys lead


@pytest.mark.parametrize("start", [walk, fix])
@pytest.mark.parametrize("key", SCREENS)
async def test_from_a_walk_or_a_fix_into_a_room_and_back(start: object, key: str) -> None:
    async with at_home(Whole()) as (pilot, app):
        await start(pilot)  # type: ignore[operator]
        before = app.screen
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, SCREENS[key])
        await settle(pilot)
        assert "esc back" in picture(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is before


async def test_from_each_room_into_each_other() -> None:
    async with at_home(Whole()) as (pilot, app):
        for first in SCREENS:
            for second in SCREENS:
                await pilot.press(first)
                await settle(pilot)
                assert first.upper() not in footer(app), "one is there already"
                await pilot.press(second)
                await settle(pilot)
                assert isinstance(app.screen, SCREENS[second])


async def test_escape_leads_back_the_way_one_came_and_home_in_the_end() -> None:
    async with at_home(Whole()) as (pilot, app):
        seen = []
        for key in ("f5", "f4", "f5", "f2", "f4", "escape", "escape", "escape"):
            await pilot.press(key)
            await settle(pilot)
            seen.append(type(app.screen))
    assert seen[-3:] == [SessionsScreen, SweepScreen, HomeScreen]


@pytest.mark.parametrize("lang", list(Lang))
async def test_every_key_that_works_is_whole_in_the_footer(lang: Lang) -> None:
    """On 80 columns, in three rows."""
    async with at_home(Whole(), lang) as (pilot, app):
        await fix(pilot)
        screens: list[Room] = []
        for key in ("", *SCREENS, "escape", "escape", "escape", "escape", "escape"):
            await pilot.press(*([key] if key else []))
            await settle(pilot)
            keys = [(app.get_key_display(one), one.description) for one in shown_keys(app.screen)]
            assert len(key_rows(keys, 78)) <= 3
            text = picture(app)
            assert [one for one in keys if " ".join(one) not in text] == []
            screens.append(app.screen)  # type: ignore[arg-type]
        kinds = {type(screen) for screen in screens}
        assert kinds == {FixScreen, *SCREENS.values(), WalkScreen}


async def test_a_drill_and_a_site_without_worlds_have_fewer_rooms() -> None:
    async with at_home(ScriptedSession(drill=True)) as (pilot, app):
        for go in (None, walk):
            if go:
                await go(pilot)
            assert footer(app) & set(ROOMS.values()) == {"F2"}
            for key in ("f3", "f4", "f5"):
                before = app.screen
                await pilot.press(key)
                assert app.screen is before


# ------------------------------------------------------------------ what runs


@pytest.mark.parametrize("lang", list(Lang))
async def test_a_sweep_goes_on_in_its_room_and_says_so_elsewhere(lang: Lang) -> None:
    session = Whole(hold=asyncio.Event(), views=(EARLY, FULL))
    async with at_home(session, lang) as (pilot, app):
        runs = app.words.room_busy.format(room=app.words.sweep, key="F5")
        through = app.words.room_through.format(room=app.words.sweep, key="F5")
        await pilot.press("f5")
        await pilot.pause()
        swept = app.screen
        assert runs not in title(app)
        await pilot.press("f4")
        await pilot.pause()
        assert f"… {runs}" in title(app)
        await pilot.press("escape", "f5", "f2")
        await pilot.pause()
        assert (session.swept, session.cancelled) == (1, 0)
        assert session.hold is not None
        session.hold.set()
        await settle(pilot)
        assert f"→ {through}" in title(app)
        await pilot.press("f5")
        await pilot.pause()
        assert app.screen is swept
        assert app.words.verdict["cause"] in picture(app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen) or app.screen is not swept
        assert through not in title(app), "somebody has seen it"
        assert (session.swept, session.cancelled) == (1, 0)


async def test_a_trace_goes_on_in_its_room_with_its_ends() -> None:
    session = Whole(trace_hold=asyncio.Event())
    async with at_home(session) as (pilot, app):
        await pilot.press("f4")
        await pilot.pause()
        await pilot.press(*"master", "tab", *"10.0.0.7", "enter")
        await pilot.pause()
        await pilot.press("f5")
        await settle_but_trace(pilot)
        assert "… trace runs (F4)" in title(app)
        await pilot.press("f4")  # the sweep's cause names other ends
        await pilot.pause()
        assert app.screen.query_one("#trace-to", Input).value == "10.0.0.7"
        assert session.trace_hold is not None
        session.trace_hold.set()
        await settle(pilot)
        assert session.traced == 1


async def settle_but_trace(pilot: Pilot[int]) -> None:
    """What the sweep does is over; the trace waits."""
    while not (screen := pilot.app.screen) or getattr(screen, "busy", False):
        await pilot.pause(0.01)
    await pilot.pause()


async def test_a_dialog_keeps_its_room() -> None:
    async with at_home(Whole()) as (pilot, app):
        await pilot.press("f5")
        await settle(pilot)
        await pilot.press("question_mark", "f4")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_while_commands_run_their_screen_stays() -> None:
    session = Whole()
    session.repair_changes = {"hold": asyncio.Event()}
    async with at_home(session) as (pilot, app):
        await fix(pilot)
        assert "F5" in footer(app)
        await pilot.press("a", "y")
        while session.repairs[-1].view.phase != "applying":
            await pilot.pause(0.01)
        await pilot.pause()
        assert not footer(app) & set(ROOMS.values())
        await pilot.press("f5")
        assert isinstance(app.screen, FixScreen)
        session.repair_changes["hold"].set()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "F5" in footer(app)


# ------------------------------------------------------------------ what is carried over


async def test_the_ends_of_the_chosen_cause_stand_in_the_trace() -> None:
    plain = replace(RESULT.causes[0].cause, values={"host": "openstack-host"})
    between = {"source": "worker1", "target": "10.9.9.9", "host": "gw"}
    named = replace(RESULT.causes[1].cause, values=between)
    causes = (replace(RESULT.causes[0], cause=plain), replace(RESULT.causes[1], cause=named))
    session = Whole(views=(replace(FULL, result=replace(RESULT, causes=causes)),))
    async with at_home(session) as (pilot, app):
        for moves, ends in (((), ["master", "192.168.100.101"]), (("down",), ["worker1", "10.9.9.9"])):
            await pilot.press("f5")
            await settle(pilot)
            await pilot.press(*moves, "f4")
            await settle(pilot)
            fields = [app.screen.query_one(name, Input).value for name in ("#trace-from", "#trace-to")]
            assert fields == ends
        assert session.traced == 0, "nothing is sent before somebody says so"


async def test_the_ends_of_a_walk_stand_in_the_trace() -> None:
    async with at_home(Whole(walk_script=(REFUSES,))) as (pilot, app):
        await walk(pilot)
        view = app.screen.walk.view  # type: ignore[attr-defined]
        app.screen.walk.view = replace(view, inputs={"source": "master", "target": "10.1.1.1"})  # type: ignore[attr-defined]
        await pilot.press("f4")
        await settle(pilot)
        assert app.screen.query_one("#trace-to", Input).value == "10.1.1.1"


# ------------------------------------------------------------------ the end


async def test_quitting_elsewhere_leaves_the_sweep_in_the_journal(tmp_path: Path) -> None:
    session = recorded_session(SWEEP, tmp_path)
    session.replay_speed = 1.0
    app = DeadhopApp(lambda: session, lang=Lang.EN)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.opened()
        app.rooms.go("sweep")
        await pilot.pause()
        while "host " not in picture(app):
            await pilot.pause(0.02)
        app.rooms.trace({})
        await pilot.pause()
        assert isinstance(app.screen, TraceScreen)
        await pilot.press("ctrl+q")
        await pilot.pause()
    (noted,) = [entry.data for entry in read(session.journal_path).entries if entry.kind == "diagnosis"]
    assert (noted["symptom"], noted["cut"]) == ("sweep", "interrupted")
    assert noted["unfinished"]
