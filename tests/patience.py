"""A pilot that waits for the screen and not for the clock.

Textual's own holds a process that gets no processor for an idle one, and looks at a screen not yet laid out.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

ROUNDS = 50
"""For screens that never come to rest: a clock, a spinner."""
_PACE = 0.01
_press = Pilot.press


async def pause(pilot: Pilot[Any], delay: float | None = None) -> None:
    """Until every message is taken and the screen shows what came of it."""
    if delay is not None:
        await asyncio.sleep(delay)
    for _ in range(ROUNDS):
        await pilot._wait_for_screen()
        await _nothing_ready()
        if not _is_owed(pilot.app.screen):
            return
        pilot.app.screen._on_timer_update()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await _press(pilot, *keys)
    await pause(pilot)


async def _nothing_ready() -> None:
    """Until nothing but timers and answers from outside would wake the loop."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(ROUNDS):
        await asyncio.sleep(_PACE)
        if not loop._ready:
            return


def _is_owed(screen: Screen[Any]) -> bool:
    """Something to draw, or a call that waits for the drawing."""
    owed = (screen._layout_required, screen._scroll_required, screen._repaint_required, screen._recompose_required)
    return any(owed) or bool(screen._dirty_widgets) or bool(screen._callbacks)
