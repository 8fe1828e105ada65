"""The site's rules for fixes held against one fix: what forbids it now. The clock and the names are arguments."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from base.errors import UsageError
from base.text import Lang, Text
from base.values import check
from diagnosis.views import FixView
from probes.fix_rules import DAYS, RISKS
from probes.site import OPERATOR, FixPolicy, Window
from probes.ssh_config import matches
from probes.target import called, name_of

_KOREAN_DAYS = ("월", "화", "수", "목", "금", "토", "일")


@dataclass(frozen=True, slots=True)
class Refusal:
    message: Text
    hint: Text


def refusals(
    policy: FixPolicy, fix: FixView, *, now: datetime, confirmed_by: Sequence[str], persist: bool = False
) -> tuple[Refusal, ...]:
    """Everything that forbids the commands of this fix which have not run yet; empty when it may be applied.

    `now` knows its time zone. `confirmed_by` are the names of the people who confirmed, the operator first. With
    `persist`, what makes the fix last counts too. Undo is never forbidden: it only leads back.
    """
    if now.tzinfo is None:
        raise ValueError("a time without a time zone cannot be held against a window")
    return (
        *_protected(policy, fix, persist),
        *_too_risky(policy, fix),
        *_closed(policy.window, now),
        *_alone(policy, confirmed_by),
    )


def refuse(
    policy: FixPolicy, fix: FixView, *, now: datetime, confirmed_by: Sequence[str], persist: bool = False
) -> None:
    """UsageError with the first thing that forbids it: the last line of defence."""
    for refusal in refusals(policy, fix, now=now, confirmed_by=confirmed_by, persist=persist):
        raise UsageError(refusal.message, hint=refusal.hint)


# ------------------------------------------------------------------ where


def is_read_only(policy: FixPolicy, place: str) -> bool:
    """Of a host's name, `cluster:NAME` or `cloud:NAME`; these two by their names alone as well. The operator's own
    machine is meant only where it is named: `*` says all of the site."""
    if place == OPERATOR and OPERATOR not in policy.read_only:
        return False
    return place in policy.read_only_hosts or _meant(policy.read_only, {place, name_of(place)})


def _meant(patterns: Sequence[str], names: set[str]) -> bool:
    """As in OpenSSH, by any of its names: a `!` that fits one of them frees it."""
    freed = [pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")]
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return any(_fit(name, wanted) for name in names) and not any(_fit(name, freed) for name in names)


def _fit(name: str, patterns: Sequence[str]) -> bool:
    return any(matches(name, (pattern,)) for pattern in patterns)


def _protected(policy: FixPolicy, fix: FixView, persist: bool) -> Iterator[Refusal]:
    actions = (*fix.actions, *(fix.persist if persist else ()))
    planned = [action for action in actions if action.state == "planned"]
    places = dict.fromkeys(place for action in planned for place in (action.target, action.on) if place)
    if found := [place for place in places if is_read_only(policy, place)]:
        english, korean = (", ".join(called(place)[lang] for place in found) for lang in (Lang.EN, Lang.KO))
        yield Refusal(
            Text(
                f"the site says read_only for {english}",
                f"사이트 설정에서 {korean} 은(는) 읽기 전용(read_only)이다",
            ),
            Text(
                "`--plan --script` writes it down for those who may; `read_only` is in the site file",
                "`--plan --script` 로 뽑아 권한이 있는 사람에게 넘긴다. `read_only` 는 사이트 파일에 있다",
            ),
        )


# ------------------------------------------------------------------ how much


def _too_risky(policy: FixPolicy, fix: FixView) -> Iterator[Refusal]:
    if RISKS.index(fix.risk.value) > RISKS.index(policy.max_risk):
        yield Refusal(
            Text(
                f"this fix is {fix.risk.value}; the site allows {policy.max_risk} at most",
                f"이 조치의 위험은 {fix.risk.value} 인데, 이 사이트는 {policy.max_risk} 까지만 허용한다",
            ),
            Text("`fixes.max_risk` is in the site file", "`fixes.max_risk` 는 사이트 파일에 있다"),
        )


# ------------------------------------------------------------------ when


def is_open(window: Window, now: datetime) -> bool:
    """By the clock on the wall there: an hour that a change of the clock leaves out or repeats is no exception."""
    there = now.astimezone(ZoneInfo(window.timezone))
    minute = there.hour * 60 + there.minute
    if window.closes > window.opens:
        return there.weekday() in window.days and window.opens <= minute < window.closes
    yesterday = (there.date() - timedelta(days=1)).weekday()
    return (there.weekday() in window.days and minute >= window.opens) or (
        yesterday in window.days and minute < window.closes
    )


def _closed(window: Window | None, now: datetime) -> Iterator[Refusal]:
    if window is None or is_open(window, now):
        return
    there = now.astimezone(ZoneInfo(window.timezone))
    when, today = hours(window), there.weekday()
    yield Refusal(
        Text(
            f"fixes are applied {when.en}; there it is {DAYS[today]} {there:%H:%M}",
            f"조치는 {when.ko} 에만 적용할 수 있다. 그곳은 지금 {_KOREAN_DAYS[today]} {there:%H:%M} 이다",
        ),
        Text(
            "wait, or change `fixes.window` in the site file", "기다리거나 사이트 파일의 `fixes.window` 를 바꾼다"
        ),
    )


def hours(window: Window) -> Text:
    """`mon tue 22:00-06:00 (Asia/Seoul)`."""
    span = f"{clock(window.opens)}-{clock(window.closes)} ({window.timezone})"
    days, korean = (" ".join(names[day] for day in window.days) for names in (DAYS, _KOREAN_DAYS))
    return Text(f"{days} {span}", f"{korean} {span}")


def clock(minutes: int) -> str:
    """`06:00` for 360."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


# ------------------------------------------------------------------ by whom


def _alone(policy: FixPolicy, confirmed_by: Sequence[str]) -> Iterator[Refusal]:
    if policy.second_person and len({name.strip().casefold() for name in confirmed_by if name.strip()}) < 2:
        yield Refusal(
            Text("a second person must confirm this", "다른 한 사람의 확인이 더 필요하다"),
            Text("`--second NAME`: somebody other than you", "`--second NAME`: 본인이 아닌 사람의 이름"),
        )


_BY = re.compile(r" by (?P<first>[^\s,]+)(?:, with (?P<second>.+))?$")


def confirmation(how: str, first: str, second: str = "") -> str:
    """What the journal keeps as `confirmed_by`: how it was confirmed, and by whom. UsageError when the second
    name is no line of text."""
    name = str(check("line", second, name="--second"))
    return f"{how} by {first}" + (f", with {name}" if name else "")


def names_in(confirmed_by: str) -> tuple[str, ...]:
    """The names of a `confirmation`; none of any other text."""
    found = _BY.search(confirmed_by)
    return tuple(name for name in found.groups() if name) if found else ()


def own_name() -> str:
    """The login name of whoever runs deadhop."""
    try:
        return re.sub(r"[\s,]+", "-", getpass.getuser())
    except (OSError, KeyError):  # a user without an entry in the user database
        return "unknown"
