"""The app on real machines, driven by keys, as an operator would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from textual import events
from textual.pilot import Pilot

from base.text import Lang
from diagnosis.session import open_session
from diagnosis.views import Diagnosis
from lab.session import Lab
from tui.app import DeadhopApp
from tui.screens.fix import FixScreen
from tui.screens.walk import WalkScreen

pytestmark = pytest.mark.lab

PATIENCE = 30.0


@asynccontextmanager
async def app_on(lab: Lab, lang: Lang = Lang.EN) -> AsyncIterator[tuple[DeadhopApp, Pilot[int]]]:
    app = DeadhopApp(partial(open_session, lab.site(console=False), argv=["test"]), lang=lang)
    async with app.run_test(size=(80, 24)) as pilot:
        yield app, pilot


async def until(pilot: Pilot[int], condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await pilot.pause(0.05)


async def paste(app: DeadhopApp, pilot: Pilot[int], text: str) -> None:
    await until(pilot, lambda: bool(app.home.query("#results")), "the first frame")
    app.post_message(events.Paste(text.replace("\n", "\r")))  # what terminals send for a line's end
    await until(pilot, lambda: app.home.results.option_count > 0, "a match")


def walk_screen(app: DeadhopApp) -> WalkScreen:
    assert isinstance(app.screen, WalkScreen)
    return app.screen


async def walked(app: DeadhopApp, pilot: Pilot[int], text: str) -> WalkScreen:
    await paste(app, pilot, text)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, WalkScreen), "the walk")
    screen = walk_screen(app)
    await until(pilot, lambda: diagnosis_on(screen) is not None, "a diagnosis")
    return screen


def diagnosis_on(screen: WalkScreen) -> Diagnosis | None:
    return screen.view.diagnosis if screen.view else None


def phase_on(screen: FixScreen) -> str:
    return screen.view.phase if screen.view and not screen.busy else ""


@pytest.mark.parametrize("lang", list(Lang))
async def test_libvirt_reject_from_paste_to_undo(healed_lab: Lab, lang: Lang) -> None:
    healed_lab.break_("libvirt-reject")
    text = healed_lab.paste("libvirt-reject")
    async with app_on(healed_lab, lang) as (app, pilot):
        screen = await walked(app, pilot, text)
        diagnosis = diagnosis_on(screen)
        assert diagnosis is not None
        assert diagnosis.causes[0].id == "libvirt-rejects-new-flows"

        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, FixScreen), "the fix")
        fix = app.screen
        assert isinstance(fix, FixScreen)
        await until(pilot, lambda: phase_on(fix) == "planned", "the precondition")
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("enter")  # Cancel has the focus: enter changes nothing
        await pilot.pause(0.2)
        assert "100% packet loss" in healed_lab.paste("libvirt-reject")

        await pilot.press("a")
        await pilot.pause()
        await pilot.press("y")
        await until(pilot, lambda: phase_on(fix) == "verified", "the verification")
        assert " 0% packet loss" in healed_lab.paste("libvirt-reject")

        await pilot.press("u")
        await pilot.pause()
        await pilot.press("y")
        await until(pilot, lambda: phase_on(fix) == "undone", "the undo")
        assert "100% packet loss" in healed_lab.paste("libvirt-reject")


async def test_leaving_a_walk_ends_its_work_on_the_machines(healed_lab: Lab) -> None:
    healed_lab.break_("one-way-route")
    text = healed_lab.paste("one-way-route")
    async with app_on(healed_lab) as (app, pilot):
        await paste(app, pilot, text)
        await pilot.press("enter")
        end = time.monotonic() + PATIENCE
        while not _pings(healed_lab):
            assert time.monotonic() < end
            await pilot.pause(0.02)
        await pilot.press("escape")
        await pilot.pause(0.1)
        gone = time.monotonic() + 2.0
        while _pings(healed_lab):
            assert time.monotonic() < gone, "the ping on the far side outlived the screen"
            await asyncio.sleep(0.05)


def _pings(lab: Lab) -> bool:
    return lab.run("master", "pgrep -x ping").returncode == 0
