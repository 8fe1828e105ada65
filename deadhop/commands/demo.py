"""deadhop demo: a recorded outage, played by the same engine. No network, no root."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from deadhop.commands.diagnose import choose, report, walk_through
from deadhop.completing import complete
from deadhop.following import exit_code, follow, report_repair
from deadhop.front import Front
from deadhop.output import block
from deadhop.parsing import Parser

if TYPE_CHECKING:
    from diagnosis.drill import Script
    from diagnosis.session import Session

FIRST = "libvirt-reject"


def arguments(parser: Parser) -> None:
    say = parser.say
    parser.add_argument("drill", nargs="?", metavar="DRILL", help=say("which one", "재생할 녹화"))
    parser.add_argument("--list", action="store_true", help=say("name them all", "모두 나열한다"))
    parser.add_argument(
        "--headless", action="store_true", help=say("print it, also on a terminal", "터미널에서도 앱 없이 출력한다")
    )


async def run(front: Front) -> int:
    from diagnosis.session import drills

    if front.arguments.list:
        return _list(front, drills())
    names = drills()
    name = front.arguments.drill or (FIRST if FIRST in names or not names else names[0])
    if front.out.json or front.arguments.headless or not sys.stdout.isatty():
        return await _play(front, name)
    from deadhop.commands.app import open_app
    from diagnosis.drill import script_of
    from diagnosis.session import open_drill

    return await open_app(front, partial(open_drill, name, speed=1.0), script_of(name).text)


def _list(front: Front, names: tuple[str, ...]) -> int:
    if front.out.json:
        front.out.object("drills", {"drills": list(names)})
    else:
        for name in names:
            front.out.line(name)
    return 0


async def _play(front: Front, name: str) -> int:
    from diagnosis.drill import script_of
    from diagnosis.session import open_drill

    script = script_of(name)
    session = open_drill(name)
    try:
        await session.ready()
        return await _walk_and_fix(front, session, name, script)
    finally:
        await session.close()


async def _walk_and_fix(front: Front, session: Session, name: str, script: Script) -> int:
    from diagnosis.report import diagnosis_json, repair_json

    say = front.say
    symptom, captured = choose(front, session, script.text)
    inputs = await complete(front, session, symptom, captured)
    walk = session.walk(symptom, inputs, searched=script.text)
    if not front.out.json:
        front.out.line(say("a recorded outage; the operator pasted:", "녹화된 장애. 운영자가 붙여 넣은 내용:"))
        front.out.line(block(script.text.rstrip(), "  | ") + "\n")
    await walk_through(front, walk)
    view = walk.view
    assert view.diagnosis is not None
    if not front.out.json:
        report(front, session, view, next_step=False)
        front.out.line(f"\n{say('THE FIX, AS IT WAS RECORDED', '녹화된 조치')}")
    repair = session.repair(view.diagnosis.causes[0])
    await follow(front, repair.prepare())
    await follow(front, repair.apply(confirmed_by="demo"))
    if front.out.json:
        played = {"diagnosis": diagnosis_json(session.id, view), "fix": repair_json(session.id, repair.view)}
        front.out.object("demo", {"drill": name, **played})
        return exit_code(repair.view)
    report_repair(front, session, repair.view)
    return exit_code(repair.view)
