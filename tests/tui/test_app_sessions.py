"""Sessions: real journals, read and exported; nothing of them runs or draws."""

from pathlib import Path

from base.text import Lang
from journal.store import Journal, sessions
from tests.tui.scripted import ScriptedSession
from tests.tui.test_app_home import app_of, picture, settle
from tui.screens.home import HomeScreen
from tui.screens.sessions import RecordScreen, SessionsScreen

HOSTILE = "ping \x1b]0;owned\x07 [red]x[/] \u202e"


def journal_in(folder: Path) -> str:
    with Journal.create(folder, {"argv": ["deadhop"], "site": "site.yaml"}) as journal:
        journal.append("search", {"text": HOSTILE, "symptom": "destination-port-unreachable"})
        return journal.id


async def test_a_journal_opens_inert_and_exports(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "sessions"
    name = journal_in(folder)
    app = app_of(ScriptedSession(past=sessions(folder)), lang=Lang.KO)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f2")
        await settle(pilot)
        assert isinstance(app.screen, SessionsScreen)
        assert "ping ␛]0;owned" in picture(app)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, RecordScreen)
        text = picture(app)
        assert name in text
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        await pilot.press("e")
        await pilot.pause()
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert [path.name for path in tmp_path.glob("*.json")] == [f"deadhop-{name}.json"]
        assert "저장함" in picture(app)
        await pilot.press("e")
        await pilot.pause()
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert (tmp_path / f"deadhop-{name}-2.json").is_file()
        await pilot.press("escape", "escape", "escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen | SessionsScreen)


async def test_a_page_without_the_names_of_the_site(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "sessions"
    with Journal.create(folder, {"argv": ["deadhop"], "site": "site.yaml"}) as journal:
        journal.append("site", {"hosts": [{"name": "gangnam-7", "addresses": ["198.51.100.77"]}]})
        journal.append("search", {"text": "ssh gangnam-7: 198.51.100.77 refused", "symptom": "x"})
    app = app_of(ScriptedSession(past=sessions(folder)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f2")
        await settle(pilot)
        await pilot.press("e")
        await pilot.pause()
        assert "stay as they are" in picture(app)
        await pilot.press("a")
        await pilot.pause()
        assert "are replaced" in picture(app)
        await pilot.press("down", "enter")
        await settle(pilot)
    (page,) = tmp_path.glob("*.html")
    text = page.read_text()
    assert "refused" in text
    assert "gangnam-7" not in text
    assert "198.51.100.77" not in text


async def test_a_journal_that_is_gone_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "sessions"
    journal_in(folder)
    past = sessions(folder)
    past[0].path.unlink()
    app = app_of(ScriptedSession(past=past))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f2")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "✗" in picture(app)


async def test_no_sessions_yet(tmp_path: Path) -> None:
    app = app_of(ScriptedSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f2")
        await settle(pilot)
        assert "none yet" in picture(app)
        await pilot.press("enter", "e", "escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
