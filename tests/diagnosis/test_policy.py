"""What a site forbids: hosts, hours, risks and acting alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from base.errors import UsageError
from base.text import Text
from diagnosis.policy import confirmation, is_open, is_read_only, names_in, refusals, refuse
from diagnosis.views import ActionView, FixView
from knowledge.model import Risk
from probes.site import FixPolicy, Window

WORKING_NIGHTS = Window((0, 1, 2, 3, 4), 22 * 60, 6 * 60, "Asia/Seoul")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TWO = ("jo", "kim")


def fix(
    *hosts: str, risk: Risk = Risk.REVERSIBLE, persist: tuple[str, ...] = (), state: str = "planned"
) -> FixView:
    actions = tuple(ActionView(host, "true", "true", state=state) for host in hosts)
    lasting = tuple(ActionView(host, "true", "true") for host in persist)
    return FixView("f", Text("t", "t"), risk, Text("i", "i"), True, actions, lasting)


def said(policy: FixPolicy, plan: FixView, now: datetime = NOON, names: tuple[str, ...] = TWO) -> list[str]:
    return [refusal.message.en for refusal in refusals(policy, plan, now=now, confirmed_by=names)]


def test_without_rules_nothing_is_refused() -> None:
    assert said(FixPolicy(), fix("web", "operator", risk=Risk.DESTRUCTIVE), names=()) == []


@pytest.mark.parametrize(
    ("patterns", "host", "expected"),
    [
        (("web",), "web", True),
        (("web",), "web2", False),
        (("prod-*",), "prod-7", True),
        (("prod-?",), "prod-77", False),
        (("*", "!lab-*"), "lab-1", False),
        (("*", "!lab-*"), "web", True),
        (("*",), "operator", False),
        (("oper*",), "operator", False),
        (("*", "operator"), "operator", True),
        (("operator",), "operator", True),
        (("[w]eb",), "web", False),
        ((), "web", False),
    ],
)
def test_read_only_hosts(patterns: tuple[str, ...], host: str, expected: bool) -> None:
    policy = FixPolicy(read_only=patterns)
    assert is_read_only(policy, host) is expected
    assert bool(said(policy, fix("other", host))) is (expected or is_read_only(policy, "other"))


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("*",), True),
        (("prod",), True),
        (("cluster:prod",), True),
        (("cluster:*",), True),
        (("cloud:*",), False),
        (("*", "!prod"), False),
        (("*", "!cluster:*"), False),
        (("*", "!lab"), True),
    ],
)
def test_a_cluster_is_protected_wherever_its_client_runs(patterns: tuple[str, ...], expected: bool) -> None:
    action = ActionView("operator", "kubectl uncordon w1", "kubectl cordon w1", target="cluster:prod")
    plan = replace(fix(), actions=(action,))
    assert said(FixPolicy(read_only=patterns), plan) == (
        ["the site says read_only for cluster prod"] if expected else []
    )


def test_a_host_marked_by_itself_is_not_freed_by_a_pattern() -> None:
    assert is_read_only(FixPolicy(read_only=("*", "!web"), read_only_hosts=("web",)), "web")


def test_every_read_only_host_is_named() -> None:
    assert said(FixPolicy(read_only=("*",)), fix("a", "b", "a")) == ["the site says read_only for a, b"]


def test_what_has_run_is_not_held_against_it_and_what_lasts_is() -> None:
    policy = FixPolicy(read_only=("web",))
    assert said(policy, fix("web", state="done")) == []
    plan = fix("db", persist=("web",))
    assert refusals(policy, plan, now=NOON, confirmed_by=TWO) == ()
    assert len(refusals(policy, plan, now=NOON, confirmed_by=TWO, persist=True)) == 1


@pytest.mark.parametrize("most", list(Risk))
@pytest.mark.parametrize("risk", list(Risk))
def test_risk_is_capped(most: Risk, risk: Risk) -> None:
    rising = [Risk.REVERSIBLE, Risk.DISRUPTIVE, Risk.DESTRUCTIVE]
    refused = bool(said(FixPolicy(max_risk=most.value), fix("web", risk=risk)))
    assert refused is (rising.index(risk) > rising.index(most))


SEOUL_IS_9_AHEAD = [
    # Wednesday 2026-03-04 in Seoul, written in UTC
    ("2026-03-04T12:59", False),  # 21:59
    ("2026-03-04T13:00", True),  # 22:00
    ("2026-03-04T20:59", True),  # 05:59 on Thursday
    ("2026-03-04T21:00", False),  # 06:00 on Thursday
    ("2026-03-06T13:00", True),  # Friday 22:00
    ("2026-03-06T20:00", True),  # Saturday 05:00: the window of Friday
    ("2026-03-07T13:00", False),  # Saturday 22:00
    ("2026-03-08T20:00", False),  # Monday 05:00: the window of Sunday, which has none
    ("2026-03-09T13:00", True),  # Monday 22:00
]


@pytest.mark.parametrize(("moment", "expected"), SEOUL_IS_9_AHEAD)
def test_a_window_over_midnight_belongs_to_the_day_it_opens(moment: str, expected: bool) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert is_open(WORKING_NIGHTS, now) is expected
    assert bool(said(FixPolicy(window=WORKING_NIGHTS), fix("web"), now)) is not expected


def test_the_zone_of_the_operator_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.fromisoformat("2026-03-04T08:30:00-05:00")  # 22:30 in Seoul
    assert is_open(WORKING_NIGHTS, now)
    monkeypatch.setenv("TZ", "America/New_York")
    assert is_open(WORKING_NIGHTS, now)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # Berlin goes from 02:00 to 03:00 on 2026-03-29 and from 03:00 to 02:00 on 2026-10-25.
        ("2026-03-29T00:30", False),  # 01:30
        ("2026-03-29T01:00", True),  # 03:00: 02:30 does not exist, so it opens here
        ("2026-03-29T01:29", True),  # 03:29
        ("2026-03-29T01:30", False),  # 03:30
        ("2026-10-25T00:30", True),  # 02:30 in summer time
        ("2026-10-25T01:30", True),  # 02:30 again, in winter time
        ("2026-10-25T02:30", False),  # 03:30
    ],
)
def test_by_the_clock_on_the_wall_when_it_is_changed(moment: str, expected: bool) -> None:
    window = Window(tuple(range(7)), 2 * 60 + 30, 3 * 60 + 30, "Europe/Berlin")
    assert is_open(window, datetime.fromisoformat(moment).replace(tzinfo=UTC)) is expected


def test_until_midnight_and_all_day() -> None:
    evening = Window((2,), 20 * 60, 24 * 60, "UTC")
    assert is_open(evening, datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC))
    assert not is_open(evening, datetime(2026, 3, 5, 0, 0, tzinfo=UTC))
    assert is_open(Window((2,), 0, 24 * 60, "UTC"), datetime(2026, 3, 4, 0, 0, tzinfo=UTC))


def test_a_closed_window_says_when_and_what_time_it_is_there() -> None:
    (refusal,) = refusals(FixPolicy(window=WORKING_NIGHTS), fix("web"), now=NOON, confirmed_by=())
    assert refusal.message.en.endswith("mon tue wed thu fri 22:00-06:00 (Asia/Seoul); there it is wed 21:00")
    assert "월 화 수 목 금 22:00-06:00 (Asia/Seoul)" in refusal.message.ko


def test_a_clock_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        refusals(FixPolicy(), fix("web"), now=datetime(2026, 3, 4, 12), confirmed_by=())


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ((), False),
        (("jo",), False),
        (("jo", ""), False),
        (("jo", " Jo "), False),
        (("", "kim"), False),
        (TWO, True),
        (("jo", "김 철수"), True),
    ],
)
def test_a_second_person_is_another_person(names: tuple[str, ...], enough: bool) -> None:
    assert bool(said(FixPolicy(second_person=True), fix("web"), names=names)) is not enough


@pytest.mark.parametrize("second", ["", "kim", "김 철수", "O'Neil, jr"])
def test_the_journal_says_both_names_and_they_can_be_read_back(second: str) -> None:
    text = confirmation("typed yes", "jo", second)
    assert names_in(text) == (("jo", second) if second else ("jo",))
    assert text.startswith("typed yes by jo")


def test_a_name_is_one_line() -> None:
    with pytest.raises(UsageError):
        confirmation("--yes", "jo", "kim\nlee")
    assert names_in("--yes") == ()
    assert names_in("typed by") == ()


def test_all_reasons_are_given_and_the_last_line_of_defence_raises() -> None:
    policy = FixPolicy(("*",), (), WORKING_NIGHTS, "reversible", True)
    plan = fix("web", risk=Risk.DISRUPTIVE)
    assert len(refusals(policy, plan, now=NOON, confirmed_by=("jo",))) == 4
    for refusal in refusals(policy, plan, now=NOON, confirmed_by=("jo",)):
        assert refusal.message.en
        assert refusal.message.ko != refusal.message.en
        assert refusal.hint.en
    with pytest.raises(UsageError, match="read_only for web") as caught:
        refuse(policy, plan, now=NOON, confirmed_by=("jo",))
    assert caught.value.hint
