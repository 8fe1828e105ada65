"""The sweep on the screen: with the real engine on a whole recorded sweep, and on drawn views."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from base.text import Lang, Text
from diagnosis.session import Session
from diagnosis.sweep.baseline import Comparison, NotCompared
from diagnosis.sweep.differing import differs, taken_at
from diagnosis.sweep.views import SweptOut
from diagnosis.sweep.words import CUT, FIXES_LATER, IN_THIS_CASE, LAYERS
from journal.store import read
from tests.tui.recordings import SWEEP, recorded_session
from tests.tui.scripted import ScriptedSession
from tests.tui.sweeps import COMPARED, EARLY, ELSEWHERE, FULL, RESULT, TAKEN, SweepSession
from tests.tui.test_app_home import app_of, picture, settle
from tui.app import DeadhopApp
from tui.screens.choose import Choose
from tui.screens.fix import FixScreen
from tui.screens.home import HomeScreen
from tui.screens.sweep import SweepScreen

SIZES = [(80, 24), (160, 50)]


@asynccontextmanager
async def recorded(
    folder: Path, size: tuple[int, int] = (80, 24), lang: Lang = Lang.EN, speed: float = 0.0
) -> AsyncIterator[tuple[Pilot[int], DeadhopApp, Session]]:
    session = recorded_session(SWEEP, folder)
    session.replay_speed = speed
    app = DeadhopApp(lambda: session, lang=lang)
    async with app.run_test(size=size) as pilot:
        await app.opened()
        app.rooms.go("sweep")
        await pilot.pause()
        yield pilot, app, session


@asynccontextmanager
async def drawn(
    session: ScriptedSession, size: tuple[int, int] = (80, 24), lang: Lang = Lang.EN
) -> AsyncIterator[tuple[Pilot[int], DeadhopApp]]:
    app = app_of(session, lang=lang)
    async with app.run_test(size=size) as pilot:
        await app.opened()
        await pilot.press("f5")
        await pilot.pause()
        assert isinstance(app.screen, SweepScreen)
        yield pilot, app


def diagnoses(session: Session) -> list[dict[str, object]]:
    return [dict(entry.data) for entry in read(session.journal_path).entries if entry.kind == "diagnosis"]


# ------------------------------------------------------------------ the real engine on a recorded outage


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("size", SIZES)
async def test_the_cause_with_what_saw_it_and_its_fix(lang: Lang, size: tuple[int, int], tmp_path: Path) -> None:
    async with recorded(tmp_path, size, lang) as (pilot, app, session):
        await settle(pilot)
        text = picture(app)
        assert f"✗ {app.words.verdict['cause']}" in text
        assert "(openstack-host)" in text
        await pilot.press("tab", "end")
        await pilot.pause()
        assert f"{app.words.sweep_seen_by}: " in text + picture(app)
        await pilot.press("tab")
        (noted,) = diagnoses(session)
        assert (noted["symptom"], noted["verdict"]) == ("sweep", "cause")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, FixScreen)
        await settle(pilot)
        assert "sysctl -w net.ipv4.ip_forward=1" in picture(app)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, SweepScreen)


async def test_escape_leaves_what_is_known_and_nothing_runs(tmp_path: Path) -> None:
    async with recorded(tmp_path, speed=1.0) as (pilot, app, session):
        for _ in range(100):
            await pilot.pause(0.02)
            if "host " in picture(app):
                break
        await pilot.press("escape")
        await asyncio.wait_for(settle(pilot), 10)
        text = picture(app)
        assert isinstance(app.screen, SweepScreen)
        assert CUT["interrupted"][Lang.EN] in text
        assert "esc home" in text
        assert app.words.sweep_nothing_yet not in text
        assert not app.screen.workers
        assert [one["verdict"] for one in diagnoses(session)] == ["unknown"]
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, SweepScreen)


# ------------------------------------------------------------------ what it draws


@pytest.mark.parametrize("lang", list(Lang))
async def test_causes_come_before_the_end_and_the_choice_stays(lang: Lang) -> None:
    session = SweepSession(hold=asyncio.Event(), views=(EARLY, FULL))
    async with drawn(session, lang=lang) as (pilot, app):
        text = picture(app)
        assert "host 3/9" in text
        assert app.words.sweep_hosts.format(heard=7, hosts=9) in text
        assert f"? {app.words.sweep_silent.format(names='worker2')}" in text
        assert "✗ ip-forward-off (openstack-host)" in text
        assert app.words.sweep_more_later[:20] in text
        assert session.hold is not None
        session.hold.set()
        await settle(pilot)
        assert f"✗ {app.words.verdict['cause']}" in picture(app)


@pytest.mark.parametrize("size", SIZES)
async def test_worst_first_then_what_it_explains_then_what_is_open(size: tuple[int, int]) -> None:
    async with drawn(SweepSession(), size) as (pilot, app):
        await settle(pilot)
        listed = app.screen.query_one("#findings", OptionList)
        prompts = [str(listed.get_option_at_index(at).prompt.content) for at in range(listed.option_count)]  # type: ignore[union-attr]
        assert [prompt[0] for prompt in prompts] == ["✗", "·", "?", "?", "→", "?", "✓", "·"]
        assert "explained by ip-forward-off (openstack-host)" in prompts[1]
        assert app.words.sweep_may_be_meant in prompts[2]
        await pilot.press("home", *["down"] * 5)
        await settle(pilot)
        text = picture(app)
        assert "? worker1: sudo wants a password" in text
        assert "hint: allow it without one" in text


async def test_of_several_fixes_one_is_chosen_and_without_one_it_is_said() -> None:
    session = SweepSession()
    async with drawn(session) as (pilot, app):
        await settle(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Choose)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, FixScreen)
        assert session.repairs[-1].view.fix.id == "other-way"
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, SweepScreen)
        assert app.words.unavailable in picture(app)


async def test_again_and_home() -> None:
    session = SweepSession()
    async with drawn(session) as (pilot, app):
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert session.swept == 2
        await pilot.press("question_mark")
        await pilot.pause()
        assert "A sweep changes nothing" in picture(app).replace("│\n", "").replace("  ", " ")
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)


async def test_escape_cancels_a_sweep_that_hangs() -> None:
    session = SweepSession(hold=asyncio.Event(), views=(EARLY, FULL))
    async with drawn(session) as (pilot, app):
        await pilot.press("escape")
        await settle(pilot)
        assert (session.cancelled, session.ended) == (1, 1)
        assert CUT["interrupted"][Lang.EN] in picture(app)


@pytest.mark.parametrize("lang", list(Lang))
async def test_fixes_that_were_not_worked_out_by_then_are_said_to_be(lang: Lang) -> None:
    bare = replace(RESULT.causes[0].cause, fixes=(), fixes_later=True)
    result = replace(RESULT, causes=(replace(RESULT.causes[0], cause=bare),))
    session = SweepSession(views=(replace(FULL, result=result, cut="interrupted"),))
    async with drawn(session, (160, 50), lang) as (pilot, app):
        await settle(pilot)
        assert f"? {FIXES_LATER[lang]}" in picture(app)


# ------------------------------------------------------------------ on a small terminal


BUSY_SITE = replace(
    EARLY,
    layers={"cloud": (1, 440), "cluster": (0, 200), "host": (1200, 9000)},
    hosts=(977, 1000),
    looks=123456,
    running=(("kubernetes.static_pods", "host:compute-node-17.rack4.example"),) * 9,
    silent=tuple(f"host:worker{number}" for number in range(2, 30)),
)
LONG = Text(
    "libvirt's NAT network rejects new inbound flows (on openstack-host, hv2, hv3, and 40 more); 3 more",
    "libvirt NAT 네트워크가 새로 들어오는 통신을 거절한다 (openstack-host, hv2, hv3, 외 40건), 외 3건",
)
CASE = (
    Text("chain: LIBVIRT_FWI, from: master", "체인: LIBVIRT_FWI, 출발: master"),
    Text("openstack-host: 20 counted by `-A X`", "openstack-host: `-A X` 규칙이 20개를 셌다"),
)


@pytest.mark.parametrize("lang", list(Lang))
async def test_how_far_it_is_stands_in_whole_rows(lang: Lang) -> None:
    session = SweepSession(hold=asyncio.Event(), views=(BUSY_SITE, FULL))
    async with drawn(session, lang=lang) as (pilot, app):
        rows = [row.strip() for row in picture(app).splitlines()]
        words = app.words
        assert rows[1].startswith("… ")
        assert rows[1].endswith(f"{words.sweep_trees}: cloud 1/440   cluster 0/200   host 1200/9000")
        heard = words.sweep_hosts.format(heard=977, hosts=1000)
        assert rows[2] == f"{heard} · {words.sweep_looks.format(looks=123456)}"
        assert "static_pods  +8" in rows[3]
        assert rows[4].startswith("? ")
        assert session.hold is not None
        session.hold.set()
        await settle(pilot)


@pytest.mark.parametrize("lang", list(Lang))
async def test_a_long_verdict_hides_nothing_of_a_partial_result(lang: Lang) -> None:
    result = replace(COMPARED.result, text=LONG, not_begun=("no-answer-to-ping", "one-direction-only"))  # type: ignore[type-var]
    session = SweepSession(views=(replace(COMPARED, result=result, cut="interrupted"),))
    async with drawn(session, lang=lang) as (pilot, app):
        await settle(pilot)
        head = " ".join(picture(app).split("▔")[0].split())
        counts = app.words.sweep_counts.format(trees=9, looks=120, seconds=app.words.seconds.format(seconds="2.0"))
        baseline = app.words.sweep_unlike_baseline.format(taken=taken_at(TAKEN), count=2, found=1)
        for said in (LONG[lang], CUT["interrupted"][lang], counts, baseline):
            assert said in head
        await pilot.press("end", "up", "up")
        await pilot.pause()
        text = picture(app)
        assert f"? {app.words.sweep_not_begun} (2)" in text
        assert "? one-direction-only" in text


@pytest.mark.parametrize("lang", list(Lang))
async def test_what_it_is_not_is_counted_by_layer_and_can_be_scrolled(lang: Lang) -> None:
    layers = ("host", "cluster", "cloud")
    out = (
        SweptOut(f"c{at}", Text(f"Thing {at} is broken", f"{at} 번 고장"), "e1", at, layers[at % 3])
        for at in range(90)
    )
    session = SweepSession(views=(replace(FULL, result=replace(RESULT, ruled_out=tuple(out))),))
    async with drawn(session, lang=lang) as (pilot, app):
        await settle(pilot)
        await pilot.press("end", "up")
        await pilot.pause()
        text = picture(app)
        assert f"✓ {app.words.sweep_ruled_out} (90)" in text
        assert f"{LAYERS['host'][lang]} (30)" in text
        assert ("· not so: Thing 87 is broken" if lang is Lang.EN else "· 아님: 87 번 고장") in text
        assert f"↑↓ {app.words.key_choose}" in text
        await pilot.press("tab", "end")
        await pilot.pause()
        text = picture(app)
        assert f"↑↓ {app.words.key_scroll}" in text
        assert ("· not so: Thing 2 is broken" if lang is Lang.EN else "· 아님: 2 번 고장") in text


@pytest.mark.parametrize("lang", list(Lang))
async def test_what_a_cause_is_here_is_seen_at_once(lang: Lang) -> None:
    causes = (replace(RESULT.causes[0], case=CASE),)
    session = SweepSession(views=(replace(FULL, result=replace(RESULT, causes=causes)),))
    async with drawn(session, lang=lang) as (pilot, app):
        await settle(pilot)
        text = picture(app)
        assert f"{IN_THIS_CASE[lang]}:" in text
        assert [line for line in CASE if f"· {line[lang]}" not in text] == []


# ------------------------------------------------------------------ beside its baseline


@pytest.mark.parametrize("lang", list(Lang))
async def test_what_has_changed_stands_by_its_cause_and_the_rest_apart(lang: Lang) -> None:
    session = SweepSession(views=(COMPARED,))
    async with drawn(session, (160, 50), lang) as (pilot, app):
        await settle(pilot)
        text = picture(app)
        words, taken = app.words, taken_at(TAKEN)
        assert words.sweep_unlike_baseline.format(taken=taken, count=2, found=1) in text
        assert f"{words.sweep_changed}: net.ipv4.ip_forward 1 → 0" in text
        assert "rp_filter" not in text, "it explains nothing that was found"
        listed = app.screen.query_one("#findings", OptionList)
        prompts = [str(listed.get_option_at_index(at).prompt.content) for at in range(listed.option_count)]  # type: ignore[union-attr]
        at = next(at for at, prompt in enumerate(prompts) if prompt == f"· {words.sweep_differences} (1)")
        await pilot.press("home", *["down"] * at)
        await settle(pilot)
        assert differs(ELSEWHERE)[lang] in picture(app)
        await pilot.press("down")
        await settle(pilot)
        assert "worker9" in picture(app)
        await pilot.press("down")
        await settle(pilot)
        assert "deadhop diagnose node-not-ready --set node=w41" in picture(app)


async def test_one_that_is_as_it_was_and_one_that_is_refused() -> None:
    result = replace(RESULT, compared=Comparison(TAKEN, "/b"))
    refused = replace(RESULT, compared=Comparison("", "/b", refused=Text("the baseline /b is damaged", "손상")))
    unseen = NotCompared("host:web1", "", "now", Text("no answer", "응답 없음"))
    partly = replace(RESULT, compared=Comparison(TAKEN, "/b", not_compared=(unseen,)))
    expected = (
        (result, "  as in the baseline of"),
        (partly, "what could be compared is as in the baseline of"),
        (refused, "the baseline /b is damaged"),
    )
    for one, said in expected:
        async with drawn(SweepSession(views=(replace(FULL, result=one),))) as (pilot, app):
            await settle(pilot)
            assert said in picture(app)
