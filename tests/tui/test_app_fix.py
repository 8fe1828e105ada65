"""Fix, driven by keys on drawn views: what is confirmed, how, and what is shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, TextArea

from base.text import Lang
from diagnosis.policy import confirmation, own_name
from diagnosis.repair import PHASES
from knowledge.model import Risk
from probes.site import FixPolicy, Host, Site
from tests.tui.scripted import ACTION, DELETE, DIAGNOSIS, INSERT, ScriptedRepair, ScriptedSession, cause, fix
from tests.tui.test_app_home import app_of, picture, settle
from tui.screens.confirm import Confirm
from tui.screens.edit import EditCommand
from tui.screens.fix import FixScreen
from tui.screens.walk import WalkScreen
from tui.words.en import EN
from tui.words.ko import KO


@asynccontextmanager
async def fixing(
    plan: object = None, size: tuple[int, int] = (80, 24), *, read_only: bool = False, **changes: object
) -> AsyncIterator[tuple[Pilot[int], FixScreen, ScriptedRepair]]:
    found = cause(plan or fix())  # type: ignore[arg-type]
    policy = changes.pop("policy", FixPolicy())
    site = Site("site.yaml", (Host("openstack-host"),), fixes=policy)  # type: ignore[arg-type]
    session = ScriptedSession(site=site, diagnosis=replace(DIAGNOSIS, causes=(found,)), repair_changes=changes)
    app = app_of(session, read_only=read_only)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        repair = session.repair(found, "accept-forward")
        screen = FixScreen(app.words, Lang.EN, repair)
        app.push_screen(screen)
        await pilot.pause()
        await settle(pilot)
        yield pilot, screen, repair


def text_of(pilot: Pilot[int]) -> str:
    return picture(pilot.app)  # type: ignore[arg-type]


def joined(pilot: Pilot[int]) -> str:
    """The screen's text with wrapped lines put together."""
    return " ".join(text_of(pilot).replace("▌", " ").replace("│", " ").split())


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_commands_stand_whole_with_place_risk_and_undo(size: tuple[int, int]) -> None:
    async with fixing(size=size) as (pilot, _, _repair):
        text = joined(pilot)
        assert INSERT in text
        assert f"undo {DELETE}" in text
        assert "1 on openstack-host" in text
        assert "reversible" in text
        assert "read this first: libvirt rebuilds" in text
        assert "The fault is there. Ready to apply" in text


async def test_reversible_is_one_key_with_cancel_focused() -> None:
    async with fixing() as (pilot, screen, repair):
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        assert isinstance(pilot.app.screen.focused, Button)
        assert pilot.app.screen.focused.id == "cancel"
        assert INSERT in joined(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert repair.confirmed_by == []
        await pilot.press("a", "y")
        await settle(pilot)
        assert repair.confirmed_by == [confirmation("y", own_name())]
        text = text_of(pilot)
        assert "✓ It works now" in text
        assert "✓ 1 on openstack-host  done" in text


@pytest.mark.parametrize(
    ("risk", "wrong", "right"),
    [
        (Risk.DISRUPTIVE, "y", "yes"),
        (Risk.DISRUPTIVE, "YES", "yes"),
        (Risk.DESTRUCTIVE, "yes", "openstack-host"),
        (Risk.DESTRUCTIVE, "", "openstack-host"),
        (Risk.DESTRUCTIVE, "openstack-host", "data-harbor-0"),
    ],
)
async def test_more_risk_more_to_type(risk: Risk, wrong: str, right: str) -> None:
    async with fixing(fix(risk, loses=right if right.startswith("data") else "")) as (pilot, _, repair):
        await pilot.press("a")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, Confirm)
        assert isinstance(dialog.focused, Input)
        await pilot.press(*wrong, "enter")
        await pilot.pause()
        assert pilot.app.screen is dialog
        assert f"type exactly: {right}" in text_of(pilot)
        dialog.query_one(Input).value = right
        await pilot.press("enter")
        await settle(pilot)
        assert repair.confirmed_by == [confirmation(right, own_name())]


async def test_what_could_not_be_looked_at_counts_as_dangerous() -> None:
    async with fixing(before="blocked") as (pilot, _, _repair):
        assert "Could not look whether the fault is still there" in text_of(pilot)
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(pilot.app.screen.focused, Input)


async def test_nothing_to_do_offers_nothing() -> None:
    async with fixing(before="not-needed") as (pilot, screen, _):
        assert "The fault is no longer there" in text_of(pilot)
        assert screen.check_action("apply", ()) is False


async def test_undo_is_confirmed_too() -> None:
    async with fixing() as (pilot, _, repair):
        await pilot.press("a", "y")
        await settle(pilot)
        await pilot.press("u")
        await pilot.pause()
        assert DELETE in joined(pilot)
        assert pilot.app.screen.focused is pilot.app.screen.query_one("#cancel")
        await pilot.press("y")
        await settle(pilot)
        assert repair.view.phase == "undone"
        assert "✓ Taken back" in text_of(pilot)


async def test_a_failed_command_shows_its_output_and_offers_undo() -> None:
    async with fixing(exit_status=4) as (pilot, screen, _):
        await pilot.press("a", "y")
        await settle(pilot)
        text = text_of(pilot)
        assert "✗ A command failed" in text
        assert "working" in text
        assert "failed, exit status 4" in text
        assert screen.check_action("undo", ()) is True


async def test_not_verified_offers_undo() -> None:
    async with fixing(works=False) as (pilot, _, _repair):
        await pilot.press("a", "y")
        await settle(pilot)
        assert "Applied, but the fault is still there" in text_of(pilot)
        assert "u takes back what was done" in text_of(pilot)


async def test_persist_is_offered_apart_after_it_works() -> None:
    async with fixing() as (pilot, screen, repair):
        assert screen.check_action("persist", ()) is False
        await pilot.press("a", "y")
        await settle(pilot)
        await pilot.press("p")
        await pilot.pause()
        assert "iptables-save -f" in text_of(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert repair.confirmed_by == [confirmation("y", own_name())] * 2
        assert len(repair.view.fix.actions) == 2


async def test_an_edited_command_says_so() -> None:
    async with fixing() as (pilot, _, repair):
        await pilot.press("e")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, EditCommand)
        assert dialog.query_one("#run-text", TextArea).text == INSERT
        dialog.query_one("#run-text", TextArea).text = INSERT + " -v"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert repair.edits == [(0, INSERT + " -v", None)], "an undo that nobody touched is not confirmed"
        assert "edited" in text_of(pilot)
        assert "ACCEPT -v" in joined(pilot)


async def test_copy_puts_the_command_on_the_clipboard() -> None:
    async with fixing() as (pilot, _, _repair):
        await pilot.press("c")
        await pilot.pause()
        assert pilot.app.clipboard == INSERT


async def test_leaving_while_a_command_runs_is_asked() -> None:
    async with fixing(hold=asyncio.Event()) as (pilot, screen, repair):
        await pilot.press("a", "y")
        await pilot.pause()
        assert "… 1 on openstack-host  running" in text_of(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert repair.cancelled == 0
        await pilot.press("escape", "y")
        await pilot.pause()
        assert pilot.app.screen is not screen
        assert repair.cancelled == 1


async def test_read_only_changes_nothing() -> None:
    async with fixing(read_only=True) as (pilot, screen, repair):
        assert "nothing can be run from here" in text_of(pilot)
        for action in ("apply", "persist", "undo", "edit"):
            assert screen.check_action(action, ()) is False
        await pilot.press("a", "y")
        assert repair.confirmed_by == []


async def test_by_hand_names_the_console() -> None:
    by_hand = fix(actions=(replace(ACTION, state="by-hand"),))
    async with fixing(by_hand, before="by-hand") as (pilot, _, _repair):
        assert "run this at the console of openstack-host" in text_of(pilot)


async def test_a_very_long_command_is_never_cut() -> None:
    long = "echo " + "가나다" * 200 + " end-of-command"
    async with fixing(fix(actions=(replace(ACTION, run=long),)), (160, 50)) as (pilot, _, _repair):
        assert "".join(joined(pilot).split()).count("가나다") == 200
        assert "end-of-command" in joined(pilot)


async def test_the_walk_is_still_there_behind_the_fix() -> None:
    async with fixing() as (pilot, _, _repair):
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, FixScreen | WalkScreen)


async def test_the_site_may_forbid_it() -> None:
    async with fixing(policy=FixPolicy(read_only=("openstack-*",))) as (pilot, screen, repair):
        await pilot.press("a")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert "✗ the site says read_only for openstack-host" in text_of(pilot)
        assert "hint: " in text_of(pilot)
        assert repair.confirmed_by == []


async def test_the_site_may_want_a_second_person() -> None:
    async with fixing(policy=FixPolicy(second_person=True)) as (pilot, screen, repair):
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is not screen
        await pilot.press(*own_name(), "enter")
        await settle(pilot)
        assert repair.confirmed_by == []
        assert "a second person must confirm this" in text_of(pilot)
        await pilot.press("escape", "a")
        await pilot.pause()
        await pilot.press(*"dana", "enter")
        await settle(pilot)
        assert repair.confirmed_by == [confirmation("y", own_name(), "dana")]


async def test_another_deadhop_at_work_is_said_and_its_lock_taken_by_choice() -> None:
    async with fixing(locked=True) as (pilot, screen, repair):
        assert screen.check_action("take_lock", ()) is False
        await pilot.press("a", "y")
        await settle(pilot)
        assert "Somebody else is at work there" in text_of(pilot)
        await pilot.press("t", "y")
        await settle(pilot)
        assert repair.view.phase == "verified"


async def test_the_lock_is_taken_for_an_undo_too_and_nothing_is_applied_again() -> None:
    async with fixing() as (pilot, _, repair):
        await pilot.press("a", "y")
        await settle(pilot)
        repair.locked = True
        await pilot.press("u", "y")
        await settle(pilot)
        assert "Not undone: somebody else is at work there" in text_of(pilot)
        await pilot.press("t", "y")
        await settle(pilot)
        assert repair.view.phase == "undone"
        assert len(repair.confirmed_by) == 1


async def test_what_guards_the_way_is_shown() -> None:
    guarded = fix(
        actions=(replace(ACTION, arm="systemd-run --on-active=60 sh -c undo", disarm="systemctl stop x"),)
    )
    async with fixing(guarded, (160, 50)) as (pilot, _, _repair):
        assert "systemd-run --on-active=60" in joined(pilot)
        assert "systemctl stop x" in joined(pilot)


def test_every_phase_of_the_engine_has_words() -> None:
    for words in (EN, KO):
        assert set(PHASES) <= set(words.phase)
