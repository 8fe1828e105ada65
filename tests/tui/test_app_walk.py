"""Walk, driven by keys on drawn views."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from base.errors import UsageError
from base.text import Lang, Text
from diagnosis.views import WalkView
from tests.tui.scripted import ASKED, COUNTS, DIAGNOSIS, DROPS, MATCH, REFUSES, ScriptedSession, ScriptedWalk
from tests.tui.test_app_home import app_of, picture, settle
from tui.screens.choose import Choose
from tui.screens.fix import FixScreen
from tui.screens.home import HomeScreen
from tui.screens.walk import WalkScreen
from tui.widgets.evidence import EvidencePane
from tui.widgets.steps import StepList

KNOWN = {"source": "master", "target": "192.168.100.101"}


@asynccontextmanager
async def walking(
    session: ScriptedSession, size: tuple[int, int] = (80, 24), lang: Lang = Lang.EN
) -> AsyncIterator[tuple[Pilot[int], WalkScreen, ScriptedWalk]]:
    app = app_of(session, lang=lang)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.begin(replace(MATCH, inputs=KNOWN))
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, WalkScreen)
        yield pilot, screen, session.walks[-1]


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_walk_ends_in_a_diagnosis(size: tuple[int, int], lang: Lang) -> None:
    async with walking(ScriptedSession(), size, lang) as (pilot, _, _walk):
        await settle(pilot)
        text = picture(pilot.app)  # type: ignore[arg-type]
        assert "libvirt" in text
        assert pilot.app.words.fixes in text  # type: ignore[attr-defined]
        if size[0] == 160:
            assert REFUSES.ask[lang][:10] in text
            assert "path.drops" in text


async def test_panes_change_by_key_on_a_narrow_terminal() -> None:
    async with walking(ScriptedSession()) as (pilot, screen, _):
        await settle(pilot)
        assert screen.has_class("-show-diagnosis")
        await pilot.press("1")
        assert "✓ Who refuses the ping?" in picture(pilot.app)  # type: ignore[arg-type]
        await pilot.press("up", "2")
        await pilot.pause()
        text = picture(pilot.app)  # type: ignore[arg-type]
        assert "path.firewall_hits · openstack-host · 2.1 s · e2" in text
        assert "out interface  virbr10" in text
        await pilot.press("v")
        await pilot.pause()
        assert "openstack-host $ iptables-save -c" in picture(pilot.app)  # type: ignore[arg-type]
        await pilot.press("v")
        await pilot.pause()
        assert screen.query_one(EvidencePane).mode == "command"


async def test_new_evidence_does_not_take_the_highlight() -> None:
    hold = asyncio.Event()
    async with walking(ScriptedSession(hold=hold)) as (pilot, screen, walk):
        steps = screen.query_one(StepList)
        hold.set()
        await settle(pilot)
        hold.clear()
        await pilot.press("1", "home")
        await pilot.pause()
        assert steps.highlighted == 0
        screen.view = replace(walk.view, diagnosis=None, steps=(*walk.view.steps, replace(ASKED, key="a/new")))
        await pilot.pause()
        assert steps.highlighted == 0
        assert screen.query_one(EvidencePane).step == REFUSES


async def test_the_pane_an_operator_chose_stays() -> None:
    hold = asyncio.Event()
    async with walking(ScriptedSession(hold=hold)) as (pilot, screen, _):
        await pilot.press("2")
        hold.set()
        await settle(pilot)
        assert screen.has_class("-show-evidence")


async def test_a_question_is_answered_with_keys() -> None:
    session = ScriptedSession(walk_script=(REFUSES, ASKED, COUNTS))
    async with walking(session) as (pilot, screen, walk):
        await settle(pilot)
        assert screen.has_class("-asking")
        assert "Was a network of libvirt restarted today?" in picture(pilot.app)  # type: ignore[arg-type]
        await pilot.press("down", "enter")
        await settle(pilot)
        assert walk.intents == [("answer", ASKED.key, "no")]
        assert walk.view.diagnosis is not None
        assert not screen.has_class("-asking")


async def test_not_knowing_is_an_answer() -> None:
    async with walking(ScriptedSession(walk_script=(ASKED, COUNTS))) as (pilot, _, walk):
        await settle(pilot)
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert walk.intents == [("skip", ASKED.key)]


async def test_skip_ends_the_running_look() -> None:
    hold = asyncio.Event()
    async with walking(ScriptedSession(hold=hold)) as (pilot, _, walk):
        await pilot.press("s")
        hold.set()
        await settle(pilot)
        assert walk.cancelled == 1
        assert walk.intents == [("skip", REFUSES.key)]
        assert walk.view.diagnosis is not None


async def test_by_hand_takes_another_branch() -> None:
    async with walking(ScriptedSession()) as (pilot, screen, walk):
        await settle(pilot)
        await pilot.press("1", "home", "a")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Choose)
        assert pilot.app.screen.query_one(OptionList).highlighted == 1
        await pilot.press("up", "enter")
        await settle(pilot)
        assert walk.intents == [("choose", REFUSES.key, "0")]
        assert screen.view is not None
        assert screen.view.steps[0].by_hand


async def test_back_waits_and_goes_on() -> None:
    async with walking(ScriptedSession()) as (pilot, screen, walk):
        await settle(pilot)
        await pilot.press("b")
        await settle(pilot)
        assert walk.intents == [("look_again", DROPS.key)]
        assert "Stepped back" in picture(pilot.app)  # type: ignore[arg-type]
        await pilot.press("b")
        await settle(pilot)
        assert walk.intents[-1] == ("look_again", COUNTS.key)
        assert screen.view is not None
        assert screen.view.diagnosis is None
        await pilot.press("g")
        await settle(pilot)
        assert walk.view.diagnosis is not None
        assert screen.paused == ""


async def test_look_again_forgets_the_highlighted_step() -> None:
    async with walking(ScriptedSession()) as (pilot, _, walk):
        await settle(pilot)
        await pilot.press("1", "home", "r")
        await settle(pilot)
        assert walk.intents == [("look_again", REFUSES.key)]


async def test_leaving_ends_the_work_on_the_machines() -> None:
    hold = asyncio.Event()
    async with walking(ScriptedSession(hold=hold)) as (pilot, _, walk):
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)
        assert walk.cancelled == 1


async def test_errors_of_the_walk_are_said_with_their_hint() -> None:
    class Breaks(ScriptedWalk):
        async def run(self) -> AsyncIterator[WalkView]:
            yield self.view
            raise UsageError("the journal cannot be written", hint="is the disk full?")

    class Session(ScriptedSession):
        def walk(self, *arguments: object, **options: object) -> Breaks:
            self.walks.append(Breaks())
            return self.walks[-1]  # type: ignore[return-value]

    async with walking(Session()) as (pilot, screen, _):
        await settle(pilot)
        text = picture(pilot.app)  # type: ignore[arg-type]
        assert "✗ the journal cannot be written" in text
        assert "hint: is the disk full?" in text
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_hostile_evidence_draws_inert() -> None:
    nasty = "\x1b]0;owned\x07[red]x[/] \u202e" + "A" * 20_000 + "\n가나다라" * 50
    assert REFUSES.evidence is not None
    exchange = REFUSES.evidence.exchanges[0]
    reply = replace(exchange.reply, stdout=nasty, stderr="\x00\x9b")
    evil = replace(REFUSES.evidence, exchanges=(replace(exchange, reply=reply),))
    step = replace(REFUSES, ask=Text("[b]" + nasty[:200], nasty[:200]), evidence=evil)
    async with walking(ScriptedSession(walk_script=(step,)), (160, 50)) as (pilot, _, _walk):
        await settle(pilot)
        await pilot.press("v")
        await pilot.pause()
        text = picture(pilot.app)  # type: ignore[arg-type]
        assert "␛]0;owned␇[red]x[/]" in text
        assert "<U+202E>" in text
        assert not set(text) & {"\x1b", "\x07", "\u202e", "\x00", "\x9b"}


@pytest.mark.parametrize(
    ("keys", "wanted", "ending"),
    [
        (("enter",), ("markdown", False), ".md"),
        (("down", "enter"), ("html", False), ".html"),
        (("down", "down", "enter"), ("json", False), ".json"),
        (("a", "down", "enter"), ("html", True), ".html"),
        (("a", "a", "enter"), ("markdown", False), ".md"),
    ],
)
async def test_export_says_where_it_wrote(keys: tuple[str, ...], wanted: tuple[str, bool], ending: str) -> None:
    session = ScriptedSession()
    async with walking(session, (160, 50)) as (pilot, _, _walk):
        await settle(pilot)
        await pilot.press("e")
        await pilot.pause()
        await pilot.press(*keys)
        await settle(pilot)
        assert f"deadhop-20260301-030000-abcd{ending}" in picture(pilot.app)  # type: ignore[arg-type]
    assert session.exports == [wanted]


async def test_an_export_that_fails_is_said() -> None:
    error = UsageError("/x.md cannot be written: Read-only file system", hint="name another place")
    async with walking(ScriptedSession(export_error=error)) as (pilot, _, _walk):
        await settle(pilot)
        await pilot.press("e")
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert "Read-only file system" in picture(pilot.app)  # type: ignore[arg-type]


async def test_fix_opens_the_only_fix() -> None:
    async with walking(ScriptedSession()) as (pilot, _, _walk):
        await settle(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert isinstance(pilot.app.screen, FixScreen)


async def test_no_diagnosis_offers_no_fix() -> None:
    none = replace(DIAGNOSIS, causes=())
    async with walking(ScriptedSession(diagnosis=none)) as (pilot, screen, _):
        await settle(pilot)
        assert screen.check_action("fix", ()) is False
        await pilot.press("f")
        assert pilot.app.screen is screen


async def test_a_bug_is_logged_and_said_with_its_exit_code(tmp_path: Path) -> None:
    class Buggy(ScriptedSession):
        def search(self, text: str) -> object:  # type: ignore[override]
            raise RuntimeError("a bug \x1b[31m")

    app = app_of(Buggy())
    with pytest.raises(RuntimeError, match="a bug"):  # noqa: PT012
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            home = app.screen
            assert isinstance(home, HomeScreen)
            home.ask.put("x")
            await pilot.pause()
            await settle(pilot)
    log = tmp_path / "state" / "deadhop.log"
    assert "RuntimeError: a bug" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    assert app.return_code == 70
