"""deadhop resume: what a session that was cut short had in flight, what the system says of it now, and the ways on.

On a terminal the app opens at that repair; without one, the commands for each way are printed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from base.errors import DeadhopError
from base.korean import told
from deadhop.following import follow
from deadhop.front import Front
from deadhop.output import block, wrap
from deadhop.parsing import Parser
from diagnosis.look_memory import POD_LOOK

if TYPE_CHECKING:
    from diagnosis.resuming import Aftermath, PastRepair
    from diagnosis.session import Session
    from diagnosis.views import ActionView

LOOKED = ("verified", "not-verified", "blocked")


@dataclass
class Resumed:
    session: Session
    flying: tuple[ActionView, ...] = ()
    """By the journal alone."""
    repair: PastRepair | None = None
    trouble: DeadhopError | None = None
    """Why the system could not be asked."""
    lost: tuple[str, ...] = ()
    """Hosts of what was in flight that the site does not have any more."""
    left: tuple[ActionView, ...] = ()
    """What going on would run."""
    may_go_on: bool = False
    verified: bool | None = None
    switches: dict[str, Aftermath] = field(default_factory=dict)
    """By what armed it: of a command that never left."""
    ways: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> list[Aftermath | None]:
        """What was said of each in flight."""
        said = {(action.on, action.run): one for action, one in self.repair.found} if self.repair else {}
        return [said.get((action.on, action.run)) or self.switches.get(action.run) for action in self.flying]


def arguments(parser: Parser) -> None:
    say = parser.say
    add = parser.add_argument
    add("session", metavar="SESSION", help=say("id, path or `latest`", "id, 경로, 또는 `latest`"))
    add(
        "--headless", action="store_true", help=say("print it, also on a terminal", "터미널에서도 앱 없이 출력한다")
    )


async def run(front: Front) -> int:
    from diagnosis.session import reopen

    if not (front.out.json or front.arguments.headless) and sys.stdout.isatty() and front.can_ask:
        from deadhop.commands.app import open_app

        return await open_app(front, partial(reopen, front.arguments.session, site=front.site), "", resume=True)
    session = reopen(front.arguments.session, site=front.site)
    try:
        await session.ready()
        return _report(front, await _resumed(front, session))
    finally:
        await session.close()


async def _resumed(front: Front, session: Session) -> Resumed:
    from diagnosis.resuming import ask_switch

    resumed = Resumed(session, session.flying())
    resumed.lost = session.lost_hosts(resumed.flying)
    try:
        for action in session.loose_switches():
            resumed.switches[action.run] = await ask_switch(session, action)
        resumed.repair = await session.applied()
        if resumed.repair is not None:
            await _ask(front, resumed, resumed.repair)
    except DeadhopError as error:
        resumed.trouble = error
    resumed.ways = dict(_ways(front, resumed))
    return resumed


async def _ask(front: Front, resumed: Resumed, repair: PastRepair) -> None:
    from diagnosis.resuming import left_to_run, may_go_on

    if not resumed.flying and not any(action.state == "planned" for action in repair.view.fix.actions):
        return
    await follow(front, repair.prepare())
    resumed.left = left_to_run(repair.view.fix)
    resumed.may_go_on = may_go_on(repair.view.fix) and repair.view.phase != "not-needed"
    if resumed.flying and repair.view.phase not in LOOKED:
        await follow(front, repair.verify())
    resumed.verified = repair.view.verified if resumed.flying else None


def _ways(front: Front, resumed: Resumed) -> Iterator[tuple[str, str]]:
    """What may be done now, each as the command that does it."""
    session, repair = resumed.session, resumed.repair
    site = f" --site {shlex.quote(str(front.site))}" if front.site else ""
    fix = f"deadhop fix {session.id}"
    possible = repair is not None and not session.strayed and resumed.trouble is None
    if possible and resumed.may_go_on:
        yield "go-on", f"{fix} --go-on{site}"
    if possible and repair is not None and any(action.undo for action in repair.view.fix.actions):
        yield "undo", f"{fix} --undo{site}"
    if possible and (resumed.flying or resumed.left):
        yield "leave", f"{fix} --leave{site}"


def _report(front: Front, resumed: Resumed) -> int:
    if front.out.json:
        front.out.object("resume", _json(resumed))
    else:
        for line in _lines(front, resumed):
            front.out.line(line)
    return 2 if resumed.flying else 0


def _json(resumed: Resumed) -> dict[str, object]:
    repair, trouble = resumed.repair, resumed.trouble
    return {
        "session": resumed.session.id,
        "cause": repair.view.cause if repair else None,
        "fix": repair.view.fix.id if repair else None,
        "in_flight": [
            {
                "on": action.on,
                "run": action.run,
                "undo": action.undo or None,
                "undoing": action.undoing,
                **(asdict(said) if said else {"happened": None, "holder": "", "armed": None}),
            }
            for action, said in zip(resumed.flying, resumed.found, strict=True)
        ],
        "left": [{"on": action.on, "run": action.run} for action in resumed.left],
        "verified": resumed.verified,
        "ways": resumed.ways,
        "trouble": {"message": trouble.message, "hint": trouble.hint} if trouble else None,
    }


# ------------------------------------------------------------------ for people


def _lines(front: Front, resumed: Resumed) -> Iterable[str]:
    say = front.say
    if not resumed.flying:
        yield say("nothing was in flight", "진행 중이던 작업이 없다")
    else:
        yield wrap(
            say(
                "in flight when the session ended: it may or may not have run",
                "세션이 끝날 때 진행 중이던 작업. 실행되었는지 알 수 없다",
            )
        )
    for action, said in zip(resumed.flying, resumed.found, strict=True):
        yield block(f"{action.on}:\n  {action.undo if action.undoing else action.run}", "  ")
        for line in _aftermath_lines(front, action, said):
            yield wrap(line, "    ", first="    ")
    yield from _trouble_lines(front, resumed)
    if resumed.flying and not _is_look(resumed):
        yield wrap(_now(front, resumed.verified))
    if resumed.left:
        yield say("of this fix, not run yet:", "이 조치에서 아직 실행하지 않은 것:")
        yield from (block(f"{action.on}:\n  {action.run}", "  ") for action in resumed.left)
    yield from _way_lines(front, resumed)


def _trouble_lines(front: Front, resumed: Resumed) -> Iterable[str]:
    say, session = front.say, resumed.session
    for host in resumed.lost:
        words = say("the site ({}) has no host `{}` any more", "사이트({})에 `{}` 호스트가 이제 없다")
        yield wrap(words.format(session.site.source, host), "  ", first="! ")
    if session.strayed:
        words = say("the site of this session is gone: {}", "이 세션의 사이트가 없어졌다: {}")
        yield wrap(words.format(session.strayed), "  ", first="! ")
        words = say(
            "looked at on {}; to change anything, name the site with `--site FILE`",
            "{} 에서 확인했다. 무엇이든 바꾸려면 `--site 파일` 로 사이트를 지정한다",
        )
        yield wrap(words.format(session.site.source), "  ")
    if resumed.trouble is not None:
        message, hint = told(resumed.trouble, front.lang)
        yield wrap(f"{say('the system cannot be asked', '시스템에 확인할 수 없다')}: {message}", "  ", first="! ")
        if hint:
            yield wrap(f"{say('hint', '힌트')}: {hint}", "  ")


def _aftermath_lines(front: Front, action: ActionView, said: Aftermath | None) -> Iterable[str]:
    from diagnosis.switch import disarm_of

    say = front.say
    if said is None or said.happened is None:
        yield say("the system could not be asked whether it happened", "실행되었는지 시스템에 확인하지 못했다")
    elif said.happened:
        yield say("the system says: it happened", "시스템 확인: 실행되었다")
    else:
        yield say("the system says: it did not happen", "시스템 확인: 실행되지 않았다")
    if said is not None and said.armed:
        yield say("the host will take it back by itself", "호스트가 스스로 되돌릴 예정이다")
        if action.run == action.arm:  # nothing but the switch left
            yield say("to call that off there: {}", "그곳에서 취소하려면: {}").format(disarm_of(action.arm))
    if said is not None and said.holder:
        yield say("locked by {}", "{} 이(가) 잠그고 있다").format(said.holder)


def _is_look(resumed: Resumed) -> bool:
    """What was in flight are pods of a look: they repair nothing."""
    return resumed.repair is not None and resumed.repair.view.cause == POD_LOOK


def _now(front: Front, verified: bool | None) -> str:
    say = front.say
    if verified is None:
        return say("whether it works now could not be seen", "지금 되는지 확인하지 못했다")
    if verified:
        return say("looked at again: it works now", "다시 확인함: 지금은 된다")
    return say("looked at again: the fault is still there", "다시 확인함: 장애가 그대로다")


def _way_lines(front: Front, resumed: Resumed) -> Iterable[str]:
    say = front.say
    names = {
        "go-on": say("go on", "이어서 실행"),
        "undo": say("undo", "되돌리기"),
        "leave": say("leave it", "그대로 두기"),
    }
    yield f"\n{say('NEXT', '다음')}"
    for way, command in resumed.ways.items():
        yield f"  {command}   # {names[way]}"
    yield f"  deadhop export {resumed.session.id}"
