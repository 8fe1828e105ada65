"""What was done is taken back, or left as it is: `deadhop fix --undo` and `--leave`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from base.errors import UsageError
from deadhop.asking import ask_line
from deadhop.following import follow, report_repair
from deadhop.front import Front

if TYPE_CHECKING:
    from diagnosis.repair import Repair
    from diagnosis.resuming import PastRepair
    from diagnosis.session import Session


async def cut_short(front: Front, session: Session) -> PastRepair:
    repair = await session.applied()
    if repair is None:
        raise UsageError(
            front.say("no fix of this session was cut short", "이 세션에 중간에 끊긴 조치가 없다"),
            hint=f"deadhop resume {session.id}",
        )
    return repair


async def undo(front: Front, session: Session) -> int:
    repair = await session.applied()
    if repair is None:
        raise UsageError(
            front.say("nothing of this session is left to undo", "이 세션에 되돌릴 일이 없다"),
            hint="deadhop sessions",
        )
    front.out.talk(front.say("to be undone, last first:", "되돌릴 일 (나중 것부터):"))
    for action in reversed([action for action in repair.view.fix.actions if action.undo]):
        front.out.talk(f"  {action.on}:\n    {action.undo}")
        if not action.undo_known:
            front.out.talk(
                "    "
                + front.say(
                    f"? written for another command than the one that ran: {action.run}",
                    f"? 실행한 명령을 위해 쓴 것이 아니다. 실행한 명령: {action.run}",
                )
            )
    doubt = _doubt(front, session)
    if doubt and not front.can_ask:
        raise UsageError(doubt, hint=front.say("undo on a terminal", "터미널에서 되돌린다"))
    # Where nobody can be asked, the word `--undo` itself is the confirmation: it can only lead back.
    if doubt or (not front.arguments.yes and front.can_ask):
        question = front.say("undo this? [y/N]", "되돌릴까? [y/N]")
        if doubt:
            front.out.talk(f"! {doubt}")
            question = front.say("undo it all the same? type `yes`", "그래도 되돌리려면 `yes` 를 입력한다")
        answer = await ask_line(front.out, question)
        if answer != "yes" and (doubt or answer != "y"):
            front.out.talk(front.say("nothing was done", "아무것도 하지 않았다"))
            return 3
        _know_undos(repair)
    await follow(front, repair.undo(take_lock=front.arguments.take_lock))
    return report_repair(front, session, repair.view)


def _doubt(front: Front, session: Session) -> str:
    """Why these commands need not be what deadhop once wrote: they come out of the journal as they stand there."""
    from base.paths import state_dir
    from journal.verify import verify

    if session.journal_path.parent.resolve() != (state_dir() / "sessions").resolve():
        return front.say(
            "this journal was not written here: its commands may be anybody's",
            "이 컴퓨터의 deadhop 이 쓴 기록이 아니다. 누가 넣은 명령인지 알 수 없다",
        )
    if any(not damage.passing for damage in verify(session.journal_path).damage):
        return front.say(
            "this journal is not what was written: its commands may be anybody's",
            "기록이 처음 쓴 내용과 다르다. 누가 넣은 명령인지 알 수 없다",
        )
    return ""


def _know_undos(repair: Repair) -> None:
    """Who read them and said yes has confirmed those of edited commands too."""
    for index, action in enumerate(repair.view.fix.actions):
        if not action.undo_known:
            repair.know_undo(index)


async def leave(front: Front, session: Session) -> int:
    repair = await cut_short(front, session)
    await follow(front, repair.leave())
    return report_repair(front, session, repair.view)
