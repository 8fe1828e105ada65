"""A repair as it goes, and its end: for `fix`, `resume` and `demo`."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from deadhop.front import Front
from deadhop.showing import repair_lines
from diagnosis.views import RepairView

if TYPE_CHECKING:
    from diagnosis.session import Session


async def follow(front: Front, views: AsyncIterator[RepairView]) -> None:
    """Says what is happening as it happens."""
    from diagnosis.repair import PHASES

    shown: tuple[object, ...] = ()
    async for view in views:
        running = next((action for action in view.fix.actions if action.state == "running"), None)
        now = (view.phase, running.run if running else "")
        if now == shown:
            continue
        shown = now
        phase = PHASES.get(view.phase)
        words = front.text(phase) if phase else view.phase
        if running is not None:
            command = running.undo if view.phase == "undoing" else running.run
            front.out.progress(f"… {words}: {running.on}: {command}")
        elif view.phase in ("checking", "verifying", "looking"):
            front.out.progress(f"… {words}")


def report_repair(front: Front, session: Session, view: RepairView) -> int:
    """Prints the end of a repair; its exit code."""
    if front.out.json:
        from diagnosis.report import repair_json

        front.out.object("fix", repair_json(session.id, view))
        return exit_code(view)
    for line in repair_lines(front, view):
        front.out.line(line)
    for line in _next(front, session, view):
        front.out.line(line)
    return exit_code(view)


def exit_code(view: RepairView) -> int:
    """0 it works (or there was nothing to do), 2 nobody can tell, 4 it failed."""
    if view.phase in ("verified", "undone", "not-needed", "planned", "left"):
        return 0
    return 2 if view.phase == "blocked" or (view.phase == "not-verified" and view.verified is None) else 4


def _next(front: Front, session: Session, view: RepairView) -> list[str]:
    if session.drill:
        return []
    site = f" --site {shlex.quote(str(front.site))}" if front.site else ""
    ran = [action for action in view.fix.actions if action.state in ("done", "failed", "interrupted")]
    lines = []
    if any(action.undo for action in ran):
        undo = front.say("to take it back", "되돌리려면")
        lines.append(f"  deadhop fix {session.id} --undo{site}   # {undo}")
    if view.phase == "verified" and view.fix.persist:
        keep = front.say("to survive a reboot", "재부팅 뒤에도 유지하려면")
        lines.append(f"  deadhop fix {session.id} --cause {view.cause} --persist{site}   # {keep}")
    return [f"\n{front.say('NEXT', '다음')}", *lines] if lines else []
