"""deadhop fix: plan, apply, make lasting or undo what a session's diagnosis offers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from base.errors import UsageError
from deadhop import looking, undoing
from deadhop.asking import ask_line
from deadhop.following import follow, report_repair
from deadhop.front import Front
from deadhop.parsing import Parser
from deadhop.showing import RISKS, fix_lines
from diagnosis.policy import confirmation, own_name, refusals
from diagnosis.sweep.names import cause_names, chosen
from diagnosis.views import CauseView, FixView, RepairView
from knowledge.model import Risk
from probes.target import name_of

if TYPE_CHECKING:
    from diagnosis.repair import Repair
    from diagnosis.session import Session

DECIDED = ("blocked", "not-needed", "verified", "not-verified", "undone")
"""Phases in which a look before has left nothing to run."""
RISING = (Risk.REVERSIBLE, Risk.DISRUPTIVE, Risk.DESTRUCTIVE)


def arguments(parser: Parser) -> None:
    say = parser.say
    add = parser.add_argument
    add("session", metavar="SESSION", help=say("id, path or `latest`", "id, 경로, 또는 `latest`"))
    add("--cause", metavar="ID", help=say("which of its causes", "조치할 원인"))
    add("--fix", metavar="ID", help=say("which fix (default: the recommended one)", "쓸 조치 (기본: 권장 조치)"))
    add("--yes", action="store_true", help=say("do not ask", "묻지 않는다"))
    add(
        "--second",
        metavar="NAME",
        help=say(
            "who else confirmed it, where the site asks for two",
            "두 사람의 확인이 필요한 사이트에서 함께 확인한 사람",
        ),
    )
    add(
        "--max-risk",
        choices=[risk.value for risk in RISING],
        help=say(
            "refuse riskier fixes (with --yes: reversible)", "이보다 위험한 조치는 거부 (--yes 기본값: reversible)"
        ),
    )
    add(
        "--take-lock",
        action="store_true",
        help=say("go on where another deadhop is at work", "다른 deadhop 이 작업 중이어도 진행한다"),
    )
    add(
        "--script",
        action="store_true",
        help=say(
            "with --plan: as a shell script for others", "--plan 과 함께: 다른 사람이 실행할 셸 스크립트로 쓴다"
        ),
    )
    looking.arguments(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--plan", action="store_true", help=say("show it, run nothing", "보여 주기만 하고 실행하지 않는다")
    )
    what.add_argument("--undo", action="store_true", help=say("take back what was done", "한 일을 되돌린다"))
    what.add_argument(
        "--go-on",
        action="store_true",
        help=say("run the rest of a fix that was cut short", "중간에 끊긴 조치의 나머지를 실행한다"),
    )
    what.add_argument(
        "--leave",
        action="store_true",
        help=say("leave a fix that was cut short as it is", "중간에 끊긴 조치를 그대로 둔다"),
    )
    what.add_argument(
        "--persist", action="store_true", help=say("make it survive a reboot", "재부팅 뒤에도 유지되게 한다")
    )


async def run(front: Front) -> int:
    from diagnosis.session import reopen

    if front.arguments.script and not front.arguments.plan:
        raise UsageError(
            front.say("`--script` writes down a plan", "`--script` 는 계획을 적는 옵션이다"), hint="--plan --script"
        )

    if front.arguments.read_only and not front.arguments.plan:
        raise UsageError(
            front.say("started read-only: nothing is changed", "--read-only 로 시작해 아무것도 바꾸지 않는다"),
            hint=front.say("`--plan` shows it", "`--plan` 은 보여 주기만 한다"),
        )
    session = reopen(front.arguments.session, site=front.site)
    try:
        await session.ready()
        if not front.arguments.plan:
            session.refuse_changes()
        if looking.wanted(front):
            looking.refuse(front, session)
            session.on_wish = looking.answering(front, session)
        if front.arguments.undo:
            return await undoing.undo(front, session)
        if front.arguments.leave:
            return await undoing.leave(front, session)
        return await _fix(front, session)
    finally:
        await session.close()


# ------------------------------------------------------------------ applying


async def _fix(front: Front, session: Session) -> int:
    past = await undoing.cut_short(front, session) if front.arguments.go_on else None
    cause = await _cause(front, session, front.arguments.cause or (past.view.cause if past else ""))
    repair, applied = (past, False) if past else await _repair(front, session, cause)
    if front.arguments.plan:
        return await _show_plan(front, session, cause, repair)
    _refuse_risk(front, repair.view.fix.risk)
    second = front.arguments.second or ""
    _hold_against_site(front, session, repair.view.fix, second)
    if not front.arguments.yes and not front.can_ask:
        raise _nobody_to_ask(front)
    if not applied:
        await follow(front, repair.prepare())
        if repair.view.phase in DECIDED:
            return report_repair(front, session, repair.view)
        if past is not None:
            past.refuse_to_go_on()
    if not front.out.json:
        for line in fix_lines(front, repair.view.fix):
            front.out.talk(line)
    how = await _confirm(front, repair.view, _what_is_lost(cause, repair))
    if how and session.site.fixes.second_person and not second:
        second = await ask_line(front.out, front.say("who confirms it with you?", "함께 확인하는 사람의 이름은?"))
    if not how:
        front.out.talk(front.say("nothing was done", "아무것도 하지 않았다"))
        return 3
    confirmed_by = confirmation(how, own_name(), second)
    _hold_against_site(front, session, repair.view.fix, second, asked=True)
    await follow(front, _apply(front, repair, confirmed_by))
    return report_repair(front, session, repair.view)


def _apply(front: Front, repair: Repair, confirmed_by: str) -> AsyncIterator[RepairView]:
    chosen = front.arguments
    return repair.apply(confirmed_by=confirmed_by, persist=chosen.persist, take_lock=chosen.take_lock)


async def _cause(front: Front, session: Session, named: str) -> CauseView:
    diagnosis = await session.last_diagnosis()
    causes = diagnosis.causes if diagnosis else ()
    meant = diagnosis.may_be_meant if diagnosis else ()
    if not (causes or meant):
        raise UsageError(
            front.say("this session found no cause", "이 세션은 원인을 찾지 못했다"),
            hint="deadhop diagnose SYMPTOM|TEXT",
        )
    wanted = named or (causes[0].id if len(causes) == 1 else "")
    cause = chosen(causes, wanted) or chosen((*causes, *meant), wanted)
    if cause is None:
        raise _not_chosen(front, causes, meant, wanted)
    if not any(cause is one for one in meant):
        return cause
    front.out.talk(
        front.say(
            "{} may be meant so: make sure that nobody wants it before you change it",
            "{}: 의도된 설정일 수 있다. 누군가 원해서 한 것이 아닌지 확인하고 바꾼다",
        ).format(front.text(cause.title))
    )
    return cause


def _not_chosen(front: Front, causes: Sequence[CauseView], meant: Sequence[CauseView], wanted: str) -> UsageError:
    """What may be meant is never taken by itself: it has to be named."""
    asked = not wanted or any(wanted == other.id for other in (*causes, *meant))
    which = front.say("--cause: which one?", "--cause: 어느 원인인가?")
    if asked and not causes:
        which = front.say(
            "this session found no cause but what may be meant so: --cause names it",
            "이 세션이 찾은 것은 의도된 설정일 수 있는 것뿐이다. --cause 로 이름을 적는다",
        )
    other = front.say("this session did not find `{}`", "이 세션이 찾은 원인에 `{}` 은(는) 없다")
    message = which if asked else other.format(wanted[:80])
    return UsageError(message, hint="--cause " + "|".join(cause_names((*causes, *meant))))


async def _repair(front: Front, session: Session, cause: CauseView) -> tuple[Repair, bool]:
    """The repair to run, and whether it was applied before: then only its lasting part is left."""
    if front.arguments.persist:
        done = await session.applied()
        if done is not None and done.view.cause == cause.id:
            return done, True
    return session.repair(cause, front.arguments.fix), False


async def _show_plan(front: Front, session: Session, cause: CauseView, repair: Repair) -> int:
    script = ""
    if front.arguments.script:
        from diagnosis.plan_script import plan_script

        script = await plan_script(session, cause, repair.view.fix, front.lang)
    if front.out.json:
        from diagnosis.report import repair_json

        front.out.object("fix", repair_json(session.id, repair.view) | ({"script": script} if script else {}))
        return 0
    if script:
        front.out.raw(script)
        return 0
    for line in fix_lines(front, repair.view.fix):
        front.out.line(line)
    return 0


def _refuse_risk(front: Front, risk: Risk) -> None:
    """A person who reads and confirms needs no limit; without one, only what can be taken back."""
    given = front.arguments.max_risk
    limit = Risk(given) if given else Risk.REVERSIBLE if front.arguments.yes else Risk.DESTRUCTIVE
    if RISING.index(risk) > RISING.index(limit):
        raise UsageError(
            front.say(
                "this fix is {}, more than is allowed ({})", "이 조치의 위험({})이 허용된 수준({})보다 높다"
            ).format(front.text(RISKS[risk.value]), front.text(RISKS[limit.value])),
            hint=f"--max-risk {risk.value}",
        )


def _hold_against_site(front: Front, session: Session, fix: FixView, second: str, *, asked: bool = False) -> None:
    """UsageError with all that the site's rules forbid. Until somebody is asked, the second name may be missing."""
    policy = session.site.fixes
    if not asked and not second and front.can_ask and not front.arguments.yes:
        policy = replace(policy, second_person=False)
    found = refusals(
        policy,
        fix,
        now=datetime.now(UTC),
        confirmed_by=(own_name(), second),
        persist=front.arguments.persist,
    )
    if found:
        raise UsageError("\n".join(front.text(one.message) for one in found), hint=front.text(found[0].hint))


def _what_is_lost(cause: CauseView, repair: Repair) -> str:
    if repair.view.fix.loses:
        return repair.view.fix.loses
    places = [name_of(target) for target in cause.targets] or [a.on for a in repair.view.fix.actions]
    return places[0] if places else repair.view.fix.id


async def _confirm(front: Front, view: RepairView, name: str) -> str:
    """How it was confirmed; empty when it was not."""
    if front.arguments.yes:
        return "--yes"
    say = front.say
    prompt, accepted = {
        Risk.REVERSIBLE: (say("run this? [y/N]", "실행할까? [y/N]"), ("y", "yes")),
        Risk.DISRUPTIVE: (
            say("this disrupts service. Type yes to run it:", "서비스가 끊길 수 있다. 실행하려면 yes 입력:"),
            ("yes",),
        ),
        Risk.DESTRUCTIVE: (
            say("this cannot be taken back. Type {} to run it:", "되돌릴 수 없다. 실행하려면 {} 입력:").format(
                name
            ),
            (name,),
        ),
    }[view.fix.risk]
    answer = await ask_line(front.out, prompt)
    return f"typed {answer}" if answer in accepted else ""


def _nobody_to_ask(front: Front) -> UsageError:
    return UsageError(
        front.say("there is no terminal to confirm this on", "확인을 받을 터미널이 없다"),
        hint=front.say("`--plan` shows it, `--yes` runs it", "`--plan` 은 보여 주기만 하고, `--yes` 는 실행한다"),
    )
