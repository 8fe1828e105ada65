"""deadhop sweep: all trees at once, without being told of a symptom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

from base.errors import UsageError
from base.text import clip
from base.values import up_to
from deadhop.clouds import warn_of_cloud
from deadhop.commands.diagnose import EXIT, refuse_unknown_presets, warn_of_mistakes
from deadhop.front import Front
from deadhop.known_good import save_baseline, wish
from deadhop.parsing import Parser
from deadhop.worlds import warn_of_clusters

if TYPE_CHECKING:
    from deadhop.sweeping import Early
    from diagnosis.session import Session
    from diagnosis.sweep.changes import Known
    from diagnosis.sweep.engine import Sweep
    from diagnosis.sweep.trees import Wanted
    from diagnosis.sweep.views import SweepView

LONGEST = 3600.0
T = TypeVar("T")


def arguments(parser: Parser) -> None:
    say, add = parser.say, parser.add_argument
    add(
        "--layer",
        metavar="LAYER",
        action="append",
        help=say(
            "only trees of this layer (host, cluster, cloud); repeatable",
            "이 계층만 (host, cluster, cloud). 여러 번 쓸 수 있다",
        ),
    )
    add(
        "--host",
        metavar="NAME",
        action="append",
        help=say(
            "only what begins or ends at this host, or is on it; repeatable",
            "이 호스트에서 시작하거나 끝나거나 그 위에 있는 것만. 여러 번 쓸 수 있다",
        ),
    )
    add(
        "--deadline",
        metavar="SECONDS",
        help=say(
            "end by then and say what is known (default: 120)",
            "이 시간 안에 끝내고 아는 만큼 보여 준다 (기본: 120)",
        ),
    )
    add(
        "--at-once",
        metavar="N",
        help=say(
            "at most so many questions at the same time, over all hosts (default: 128); fewer for a weak jump host",
            "모든 호스트를 합쳐 동시에 묻는 수 (기본: 128). 점프 호스트가 약하면 줄인다",
        ),
    )
    add(
        "--watch",
        metavar="SECONDS",
        nargs="?",
        const="60",
        help=say(
            "again and again, with so many seconds between (60), and only what changed is said",
            "이 간격(기본 60초)으로 되풀이하고 바뀐 것만 알린다",
        ),
    )
    add(
        "--save-baseline",
        metavar="FOLDER",
        nargs="?",
        const=True,
        help=say(
            "keep what the site looks like now; later sweeps say what is other than then",
            "지금 사이트의 모습을 기준선으로 저장한다. 다음 진단부터 그때와 달라진 것을 보여 준다",
        ),
    )
    add(
        "--baseline",
        metavar="FILE|FOLDER",
        help=say(
            "hold the site against this baseline (default: its newest one in the state folder)",
            "이 기준선과 비교한다 (기본: 상태 폴더에 있는 이 사이트의 최신 기준선)",
        ),
    )
    add("--no-baseline", action="store_true", help=say("compare with no baseline", "기준선과 비교하지 않는다"))


async def run(front: Front) -> int:
    from diagnosis.session import open_session
    from diagnosis.sweep.engine import Sweep

    seconds, watch = _deadline(front), _seconds(front, "--watch", front.arguments.watch, 0.0)
    at_once, baseline = _at_once(front), wish(front)
    session = open_session(front.site, argv=front.argv)
    try:
        await session.ready()
        warn_of_mistakes(front, len(session.problems))
        refuse_unknown_presets(front, session)
        warn_of_cloud(front, session.site)
        warn_of_clusters(front, session.site)
        session.presets = dict(front.presets)
        wanted = _wanted(front, session)
        one = partial(Sweep, session, wanted, deadline=seconds, baseline=baseline, at_once=at_once)
        code = await _sweep(front, session, sweep := one())
        if watch:
            await _watch(front, session, sweep, one, watch)
        return code
    finally:
        await session.close()


async def _watch(front: Front, session: Session, first: Sweep, one: Callable[[], Sweep], every: float) -> NoReturn:
    """Again and again, until it is interrupted; hosts that did not answer are tried again."""
    from deadhop.watching import pause
    from diagnosis.sweep.changes import known_from

    assert first.view.result is not None
    known = known_from(first.view.result)
    while True:
        await pause(front, every)
        session.forget()
        now = one()
        known = await _swept(front, now, partial(_report_changes, front, session, known, now))


async def _sweep(front: Front, session: Session, sweep: Sweep) -> int:
    from deadhop.sweeping import Early

    return await _swept(front, sweep, lambda: _report(front, session, sweep), Early())


async def _swept(front: Front, sweep: Sweep, report: Callable[[], T], early: Early | None = None) -> T:
    """What is known when it is interrupted is reported all the same; on a terminal each cause is named when it is
    found (`early`)."""
    try:
        async for view in sweep.run():
            for line in early.lines(front, view) if early and front.out.live else ():
                front.out.talk(line)
            _progress(front, view)
        return report()
    except asyncio.CancelledError:
        from deadhop.running import telling

        with telling():
            sweep.partial()
            report()
        raise
    finally:
        await sweep.close()


def _deadline(front: Front) -> float:
    from diagnosis.sweep.engine import DEADLINE

    return _seconds(front, "--deadline", front.arguments.deadline, DEADLINE)


def _at_once(front: Front) -> int:
    from diagnosis.sweep.store import AT_ONCE

    given = front.arguments.at_once
    return up_to(AT_ONCE, given, name="--at-once") if given is not None else AT_ONCE


def _seconds(front: Front, option: str, text: str | None, otherwise: float) -> float:
    if text is None:
        return otherwise
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST:
        message = front.say("`{} {}`: no such number of seconds", "`{} {}`: 쓸 수 없는 초 값이다")
        raise UsageError(message.format(option, clip(str(text), 40)), hint=f"1 … {LONGEST:.0f}")
    return seconds


def _wanted(front: Front, session: Session) -> Wanted:
    from diagnosis.inputs import host_named
    from diagnosis.sweep.trees import Wanted

    known = {symptom.layer for symptom in session.knowledge.symptoms.values()}
    for layer in front.arguments.layer or ():
        if layer not in known:
            close = get_close_matches(layer, known, n=1)
            message = front.say("there is no layer `{}`", "`{}` 라는 계층은 없다").format(clip(layer, 40))
            raise UsageError(message, hint=close[0] if close else ", ".join(sorted(known)))
    hosts = [host_named(name, "host", session.site) for name in front.arguments.host or ()]
    return Wanted(frozenset(front.arguments.layer or ()), frozenset(hosts))


def _progress(front: Front, view: SweepView) -> None:
    from deadhop.sweeping import progress_line

    if view.result is None and front.out.live:
        front.out.progress(progress_line(front, view))


def _report_changes(front: Front, session: Session, was: Known, now: Sweep) -> Known:
    """What is known after it."""
    from deadhop.watching import change_lines, changes_json
    from diagnosis.sweep.changes import after
    from diagnosis.sweep.report import sweep_json

    result, cut = now.view.result, bool(now.view.cut)
    assert result is not None
    holders = {address: host.name for host in session.site.hosts for address in host.addresses}
    found, known = after(was, result, partial=cut, holders=holders)
    if front.out.json:
        document = sweep_json(session.id, now.view, now.evidence)
        front.out.object("sweep", {**document, "changes": changes_json(found)})
    for line in () if front.out.json else change_lines(front, found, now.view):
        front.out.line(line)
    return known


def _report(front: Front, session: Session, sweep: Sweep) -> int:
    from deadhop.sweeping import next_lines, sweep_lines
    from diagnosis.sweep.report import sweep_json

    result = sweep.view.result
    assert result is not None
    saved = save_baseline(front, session, sweep)
    if front.out.json:
        front.out.object("sweep", {**sweep_json(session.id, sweep.view, sweep.evidence), **saved.json})
        return EXIT[result.verdict]
    for line in (*sweep_lines(front, sweep.view), *saved.lines, *next_lines(front, session, result)):
        front.out.line(line)
    return EXIT[result.verdict]
