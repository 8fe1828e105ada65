"""deadhop resume: what a session that was cut short had in flight, and what the system says of it now."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from deadhop.commands.fix import follow
from deadhop.front import Front
from deadhop.output import block, wrap
from deadhop.parsing import Parser

if TYPE_CHECKING:
    from diagnosis.hands import Aftermath
    from diagnosis.repair import Repair
    from diagnosis.session import Session
    from diagnosis.views import ActionView


def arguments(parser: Parser) -> None:
    say = parser.say
    parser.add_argument("session", metavar="SESSION", help=say("id, path or `latest`", "id, 경로, 또는 `latest`"))


async def run(front: Front) -> int:
    from diagnosis.session import reopen

    session = reopen(front.arguments.session, site=front.site)
    try:
        await session.ready()
        repair = await session.applied()
        flying = [action for action in repair.view.fix.actions if action.state == "interrupted"] if repair else []
        found: list[Aftermath] = []
        if repair is not None and flying:
            found = [await repair.aftermath(repair.view.fix.actions.index(action)) for action in flying]
            await follow(front, repair.verify())
        return _report(front, session, repair, flying, found)
    finally:
        await session.close()


def _report(
    front: Front,
    session: Session,
    repair: Repair | None,
    flying: list[ActionView],
    found: list[Aftermath],
) -> int:
    verified = repair.view.verified if repair is not None and flying else None
    if front.out.json:
        front.out.object("resume", _json(session, repair, flying, found, verified))
        return 2 if flying else 0
    for line in _lines(front, session, repair, flying, found, verified):
        front.out.line(line)
    return 2 if flying else 0


def _json(
    session: Session,
    repair: Repair | None,
    flying: list[ActionView],
    found: list[Aftermath],
    verified: bool | None,
) -> dict[str, object]:
    return {
        "session": session.id,
        "cause": repair.view.cause if repair else None,
        "fix": repair.view.fix.id if repair else None,
        "in_flight": [
            {
                "on": action.on,
                "run": action.run,
                "undo": action.undo or None,
                "undoing": action.undoing,
                **asdict(said),
            }
            for action, said in zip(flying, found, strict=True)
        ],
        "verified": verified,
    }


def _lines(
    front: Front,
    session: Session,
    repair: Repair | None,
    flying: list[ActionView],
    found: list[Aftermath],
    verified: bool | None,
) -> Iterable[str]:
    say = front.say
    if repair is None or not flying:
        yield say("nothing was in flight", "진행 중이던 작업이 없다")
    else:
        yield wrap(
            say(
                "in flight when the session ended: it may or may not have run",
                "세션이 끝날 때 진행 중이던 작업. 실행되었는지 알 수 없다",
            )
        )
        for action, said in zip(flying, found, strict=True):
            yield block(f"{action.on}:\n  {action.undo if action.undoing else action.run}", "  ")
            for line in _aftermath_lines(front, said):
                yield wrap(line, "    ", first="    ")
        yield wrap(_now(front, verified))
    if repair is not None:
        site = f" --site {shlex.quote(str(front.site))}" if front.site else ""
        yield f"  deadhop fix {session.id} --undo{site}"
    yield f"  deadhop export {session.id}"


def _aftermath_lines(front: Front, said: Aftermath) -> Iterable[str]:
    say = front.say
    if said.happened is None:
        yield say("the system could not be asked whether it happened", "실행되었는지 시스템에 확인하지 못했다")
    elif said.happened:
        yield say("the system says: it happened", "시스템 확인: 실행되었다")
    else:
        yield say("the system says: it did not happen", "시스템 확인: 실행되지 않았다")
    if said.armed:
        yield say("the host will take it back by itself", "호스트가 스스로 되돌릴 예정이다")
    if said.holder:
        yield say("locked by {}", "{} 이(가) 잠그고 있다").format(said.holder)


def _now(front: Front, verified: bool | None) -> str:
    say = front.say
    if verified is None:
        return say("whether it works now could not be seen", "지금 되는지 확인하지 못했다")
    if verified:
        return say("looked at again: it works now", "다시 확인함: 지금은 된다")
    return say("looked at again: the fault is still there", "다시 확인함: 장애가 그대로다")
