"""An edited command: what is shown is still what runs, and its undo is unknown until somebody says that it fits."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from textual.widgets import TextArea

from base.errors import UsageError
from base.text import inert
from deadhop import undoing
from deadhop.front import Front
from deadhop.words import Speaker
from diagnosis.session import Session
from tests.diagnosis.drilled import entries, repairing, seen
from tests.hostile.strings import SHORT as HOSTILE
from tests.trust.own_fix import known, taken_up
from tests.trust.own_fix import repairing as repairing_own
from tests.tui.test_app_fix import fixing, joined
from tests.tui.test_app_home import settle
from tui.screens.edit import EditCommand

TOUCH = "- on: operator\n  run: touch {{ path }}\n  undo: rm {{ path }}\n"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("diagnosis.keeping.PAUSE", 0.0)


async def test_its_undo_is_unknown_until_it_is_edited_too_or_confirmed(drill: Session) -> None:
    repair = await repairing(drill)
    original = repair.view.fix.actions[0]
    repair.edit(0, f"{original.run} -m comment --comment mine")
    assert not repair.view.fix.actions[0].undo_known
    repair.know_undo(0)
    assert repair.view.fix.actions[0].undo_known
    repair.edit(0, original.run)
    assert not repair.view.fix.actions[0].undo_known, "another edit, another question"
    repair.edit(0, original.run, original.undo)
    assert repair.view.fix.actions[0].undo_known
    plans = [entry.data for entry in entries(drill, "plan")]
    assert [plan.get("confirmed") for plan in plans] == [None, True, None, None]
    assert plans[0]["original"] == original.run


async def test_an_unknown_undo_is_not_run(tmp_path: Path) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    async with repairing_own(known(tmp_path, TOUCH), file) as (repair, session):
        file.write_text("not of this fix")
        repair.edit(0, f"touch {other}")
        await seen(repair.apply(confirmed_by="test"))
        with pytest.raises(UsageError, match="nobody has said what takes"):
            await seen(repair.undo())
        assert file.exists()
        (intent,) = entries(session, "intent")
        assert (intent.data["original"], intent.data["undo_known"]) == (f"touch {file}", False)


async def test_it_is_unknown_in_the_next_session_too(tmp_path: Path) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    knowledge = known(tmp_path, TOUCH)
    async with repairing_own(knowledge, file) as (repair, session):
        file.write_text("not of this fix")
        repair.edit(0, f"touch {other}")
        await seen(repair.apply(confirmed_by="test"))
        async with taken_up(session, knowledge) as again:
            with pytest.raises(UsageError, match="nobody has said what takes"):
                await seen(again.undo())
            assert file.exists()
            again.edit(0, f"touch {other}", f"rm {other}")
            await seen(again.undo())
            assert (file.exists(), other.exists()) == (True, False)


async def test_on_the_command_line_only_a_person_who_was_asked_confirms_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    knowledge = known(tmp_path, TOUCH)
    async with repairing_own(knowledge, file) as (repair, session):
        repair.edit(0, f"touch {other}")
        await seen(repair.apply(confirmed_by="test"))
        file.write_text("x")
        async with taken_up(session, knowledge) as again:
            front = Front.of(
                argparse.Namespace(site=None, set=None, json=False, yes=True, take_lock=False), Speaker("en")
            )
            with pytest.raises(UsageError, match="nobody has said what takes"):
                await undoing.undo(front, again._session)
            assert file.exists()
            front.arguments.yes = False
            monkeypatch.setattr(Front, "can_ask", property(lambda self: True))

            async def yes(*_: object) -> str:
                return "y"

            monkeypatch.setattr(undoing, "ask_line", yes)
            await undoing.undo(front, again._session)
            assert f"written for another command than the one that ran: touch {other}" in capsys.readouterr().err
            assert not file.exists()


async def test_in_the_app_it_is_marked_until_a_key_says_that_it_fits() -> None:
    async with fixing() as (pilot, screen, repair):
        await pilot.press("e")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, EditCommand)
        dialog.query_one("#run-text", TextArea).text = "iptables -F"
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert repair.edits == [(0, "iptables -F", None)], "saving is no word about the undo"
        assert "its undo is not known any more" in joined(pilot)
        assert screen.check_action("know_undo", ()) is True
        await pilot.press("k")
        await settle(pilot)
        assert "its undo is not known any more" not in joined(pilot)
        assert screen.check_action("know_undo", ()) is False


@pytest.mark.parametrize("text", ["ls \x1b[2J", "ls\x00", "ls \u202e", "ls\u200b", "a\rb", "ls \u2028"])
async def test_what_cannot_be_seen_is_refused_in_both(drill: Session, text: str) -> None:
    repair = await repairing(drill)
    for run, undo in ((text, None), ("ls", text)):
        with pytest.raises(UsageError, match="holds what cannot be seen") as refused:
            repair.edit(0, run, undo)
        assert inert(refused.value.message) == refused.value.message
    assert entries(drill, "plan") == []
    assert "ls" not in repair.view.fix.actions[0].run.split()


async def test_every_hostile_text_is_refused_or_runs_as_it_is_shown(drill: Session) -> None:
    repair = await repairing(drill)
    for text in HOSTILE:
        try:
            repair.edit(0, text, "true")
        except UsageError:
            assert inert(text) != text
        else:
            assert inert(text) == text == repair.view.fix.actions[0].run
