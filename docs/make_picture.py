"""Draws docs/walk.svg: the drill as the app shows it, at its end. Run by `make picture`."""

from __future__ import annotations

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from base.text import Lang
from diagnosis.drill import script_of
from diagnosis.session import open_drill
from diagnosis.views import WalkView
from tui.app import DeadhopApp

DRILL = "libvirt-reject"
SIZE = (150, 36)
TARGET = Path(__file__).with_name("walk.svg")
PATIENCE = 30.0
"""Seconds for the whole recording."""


async def until_concluded(app: DeadhopApp) -> None:
    """Until the walk on the screen has its diagnosis."""
    while True:
        view = getattr(app.screen, "view", None)
        if isinstance(view, WalkView) and view.diagnosis is not None:
            return
        await asyncio.sleep(0.05)


async def draw() -> str:
    app = DeadhopApp(partial(open_drill, DRILL), text=script_of(DRILL).text, lang=Lang.EN)
    async with app.run_test(size=SIZE) as pilot:
        async with asyncio.timeout(PATIENCE):
            await app.opened()
            await pilot.pause(0.5)
            await pilot.press("enter")
            await until_concluded(app)
        await pilot.pause(0.2)
        return app.export_screenshot(title="deadhop demo", simplify=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:  # nothing of the operator's own is read or written
        import os

        os.environ["DEADHOP_STATE"] = os.environ["XDG_CONFIG_HOME"] = folder
        TARGET.write_text(asyncio.run(draw()), encoding="utf-8")


if __name__ == "__main__":
    main()
