"""The whole way with the real engine on the recorded outage, by keys alone."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from base.text import Lang
from diagnosis.drill import script_of
from diagnosis.session import Session, open_drill
from tests.tui.test_app_home import picture, settle
from tui.app import DeadhopApp
from tui.screens.fix import FixScreen
from tui.screens.home import HomeScreen
from tui.screens.walk import WalkScreen

DRILL = "libvirt-reject"


async def pressed(pilot: Pilot[int], *keys: str) -> str:
    await pilot.press(*keys)
    await settle(pilot)
    return picture(pilot.app)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
@pytest.mark.parametrize("lang", list(Lang))
async def test_paste_walk_fix_undo_export(lang: Lang, size: tuple[int, int], tmp_path: Path) -> None:
    opened: list[Session] = []

    def session() -> Session:
        opened.append(open_drill(DRILL))
        return opened[0]

    app = DeadhopApp(session, text=script_of(DRILL).text, lang=lang)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, HomeScreen)
        text = await pressed(pilot, "enter")
        assert isinstance(app.screen, WalkScreen)
        assert app.words.drill_short in text
        assert app.words.verdict["cause"] in text
        diagnosis = app.screen.view.diagnosis  # type: ignore[union-attr]
        assert diagnosis is not None
        assert [cause.id for cause in diagnosis.causes] == ["libvirt-rejects-new-flows"]
        await pressed(pilot, "f")
        assert isinstance(app.screen, FixScreen)
        text = await pressed(pilot, "a")
        assert "iptables -I LIBVIRT_FWI 1 -s 10.10.10.0/24" in text
        text = await pressed(pilot, "y")
        assert f"✓ {app.words.phase['verified']}" in text
        text = await pressed(pilot, "u", "y")
        assert f"✓ {app.words.phase['undone']}" in text
        await pressed(pilot, "x", "enter")
        exports = list(tmp_path.glob("deadhop-*.md"))
        assert len(exports) == 1
        assert exports[0].stat().st_mode & 0o777 == 0o600
        assert "libvirt" in exports[0].read_text()
        journal = opened[0].journal_path
        await pressed(pilot, "escape", "escape", "escape")
        assert isinstance(app.screen, HomeScreen)
    assert not journal.exists()
