"""A look from short-lived pods: shown, asked for, made, and the walk goes on with what they said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from base.errors import DeadhopError, UsageError
from base.korean import told
from deadhop.asking import ask_line
from deadhop.front import Front
from deadhop.parsing import Parser
from deadhop.showing import fix_lines
from diagnosis.policy import confirmation, own_name, refusals
from diagnosis.repair import PHASES

if TYPE_CHECKING:
    from diagnosis.pod_look import PodLook
    from diagnosis.session import Session
    from diagnosis.views import StepView
    from diagnosis.walk import Walk
    from probes.wish import Wish


def arguments(parser: Parser) -> None:
    say, add = parser.say, parser.add_argument
    add(
        "--pod-look",
        action="store_true",
        help=say(
            "where no node can be entered, try it from short-lived pods; asks before it makes them",
            "노드에 들어갈 수 없으면 잠시 띄운 파드에서 시도한다. 띄우기 전에 묻는다",
        ),
    )
    add(
        "--look-image",
        metavar="IMAGE",
        help=say(
            "image of these pods (default: the site's, else busybox:1.36); means --pod-look",
            "그 파드의 이미지 (기본: 사이트 설정, 없으면 busybox:1.36). --pod-look 을 포함한다",
        ),
    )


def consent_arguments(parser: Parser) -> None:
    say, add = parser.say, parser.add_argument
    add("--yes", action="store_true", help=say("with --pod-look: do not ask", "--pod-look 에서 묻지 않는다"))
    add(
        "--second",
        metavar="NAME",
        help=say(
            "who else confirmed the pods, where the site asks for two",
            "두 사람의 확인이 필요한 사이트에서 파드를 함께 확인한 사람",
        ),
    )


def wanted(front: Front) -> bool:
    """Not where a text without a command is diagnosed: there nobody asked for it."""
    given = vars(front.arguments)
    return bool(given.get("pod_look") or given.get("look_image"))


def refuse(front: Front, session: Session) -> None:
    """UsageError before anything is looked at, where pods could not be made anyway."""
    if not wanted(front):
        return
    if front.arguments.read_only:
        raise UsageError(
            front.say("started read-only: no pod is made", "--read-only 로 시작해 파드를 띄우지 않는다"),
            hint=front.say("leave out `--pod-look`", "`--pod-look` 을 뺀다"),
        )
    session.refuse_changes()
    session.look_image = front.arguments.look_image or ""


MOST = 4
"""Looks of a walk: what moves under our eyes is not followed for ever."""


def step_that_wishes(walk: Walk, asked: set[str]) -> StepView | None:
    """The first whose tries from pods were not made, and that nobody was asked for yet. Of a step whose tries have
    become others meanwhile (pods come and go), the others count."""
    steps = [step for step in walk.view.steps if step.evidence and step.evidence.wish]
    return next((step for step in steps if len(asked) < MOST and wish_of(step).text not in asked), None)


def wish_of(step: StepView) -> Wish:
    assert step.evidence is not None
    assert step.evidence.wish is not None
    return step.evidence.wish


def answering(front: Front, session: Session) -> Callable[[Wish], Awaitable[None]]:
    """For a fix that looks before and after: shown each time, asked for once."""
    agreed: list[str] = []

    async def answer(wish: Wish) -> None:
        made = await look(front, session, wish, agreed)
        if made is not None and made.view.phase == "planned":
            session.on_wish = None

    return answer


async def look(front: Front, session: Session, wish: Wish, agreed: list[str] | None = None) -> PodLook | None:
    """Makes the look if it is agreed to. None, after saying why, where it cannot be planned. `agreed` keeps the
    consent for the looks that follow."""
    try:
        planned = await session.pod_look(wish)
        _hold_against_site(front, session, planned)
    except DeadhopError as error:
        message, hint = told(error, front.lang)
        front.out.talk(f"! {message}" + (f"\n  {hint}" if hint else ""))
        return None
    for line in fix_lines(front, planned.view.fix):
        front.out.talk(line)
    confirmed_by = agreed[0] if agreed else await _confirmed(front, session, again=agreed is not None)
    if not confirmed_by:
        return planned
    if agreed is not None:
        agreed[:] = [confirmed_by]
    async for view in planned.apply(confirmed_by=confirmed_by):
        front.out.progress(f"… {front.text(PHASES[view.phase])}: {planned.view.fix.id}")
    if planned.view.message:
        message, hint = (front.told(text) for text in (planned.view.message, planned.view.hint))
        front.out.talk(f"! {message}" + (f"\n  {hint}" if hint else ""))
    return planned


async def _confirmed(front: Front, session: Session, *, again: bool) -> str:
    """How, and by whom; empty when it was not."""
    say, second = front.say, front.arguments.second or ""
    if front.arguments.yes:
        return confirmation("--yes", own_name(), second)
    if not front.can_ask:
        front.out.talk(
            say(
                "no pod was made: `--yes` makes it without asking",
                "파드를 띄우지 않았다. `--yes` 는 묻지 않고 띄운다",
            )
        )
        return ""
    question = say("make these pods? [y/N]", "이 파드를 띄울까? [y/N]")
    if again:
        question = say(
            "make these pods, and such again as often as this fix looks? [y/N]",
            "이 파드를 띄울까? 이 조치가 확인할 때마다 다시 띄운다 [y/N]",
        )
    answer = await ask_line(front.out, question)
    if answer not in ("y", "yes"):
        front.out.talk(say("no pod was made", "파드를 띄우지 않았다"))
        return ""
    if session.site.fixes.second_person and not second:
        second = await ask_line(front.out, say("who confirms it with you?", "함께 확인하는 사람의 이름은?"))
    return confirmation(f"typed {answer}", own_name(), second)


def _hold_against_site(front: Front, session: Session, planned: PodLook) -> None:
    """UsageError with all that the site's rules forbid; a second name may still be asked for."""
    rules, second = session.site.fixes, front.arguments.second or ""
    if not second and front.can_ask and not front.arguments.yes:
        rules = replace(rules, second_person=False)
    found = refusals(rules, planned.view.fix, now=datetime.now(UTC), confirmed_by=(own_name(), second))
    if found:
        raise UsageError("\n".join(front.text(one.message) for one in found), hint=front.text(found[0].hint))
