"""The trace on the screen: two ends and what is sent, the row of hops, what nobody could see; on a recorded outage
with the real engine, and on drawn views."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.content import Content
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from base.errors import UsageError
from base.text import Lang
from diagnosis.trace_words import BEHIND, CIRCLE, GAPS, ONE_WAY, VERDICTS
from diagnosis.tracing import TraceView, Wanted
from journal.store import read
from tests.tui.recordings import TRACE, recorded_session
from tests.tui.scripted import MATCH, ScriptedSession
from tests.tui.test_app_home import app_of, found, picture, settle
from tests.tui.traces import ARRIVES, DARK, DIES, ELSEWHERE, REFUSED, RULE, SERVED, TraceSession, evidence, plan
from tui.app import DeadhopApp
from tui.lines.trace import trace_lines
from tui.screens.home import HomeScreen
from tui.screens.trace import TraceScreen
from tui.words import words_of

SIZES = [(80, 24), (160, 50)]


@asynccontextmanager
async def tracing(
    session: ScriptedSession, size: tuple[int, int] = (80, 24), lang: Lang = Lang.EN
) -> AsyncIterator[tuple[Pilot[int], DeadhopApp]]:
    app = app_of(session, lang=lang)
    async with app.run_test(size=size) as pilot:
        await app.opened()
        await pilot.press("f4")
        await settle(pilot)
        assert isinstance(app.screen, TraceScreen)
        yield pilot, app


async def typed(pilot: Pilot[int], source: str, target: str) -> None:
    pilot.app.screen.query_one("#trace-from", Input).value = source
    pilot.app.screen.query_one("#trace-to", Input).value = target
    await pilot.press("enter")


# ------------------------------------------------------------------ the real engine on a recorded outage


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("size", SIZES)
async def test_a_recorded_outage_both_ways(lang: Lang, size: tuple[int, int], tmp_path: Path) -> None:
    session = recorded_session(TRACE, tmp_path)
    app = DeadhopApp(lambda: session, lang=lang)
    async with app.run_test(size=size) as pilot:
        await app.opened()
        app.rooms.trace({"source": "master"})
        await pilot.pause()
        await pilot.press(*"192.168.100.101", "tab", "tab", "space", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, TraceScreen)
        text = picture(app)
        for said in (VERDICTS["dies"][lang], VERDICTS["here"][lang], RULE, "LIBVIRT_FWI"):
            assert said in text, said
        await pilot.press("end")
        await pilot.pause()
        shown = picture(app)
        await pilot.press("pageup")  # its rows are more than a small screen has
        await pilot.pause()
        assert VERDICTS["arrives"][lang] in shown + picture(app)
        entries = read(session.journal_path).entries
    (noted,) = (entry.data for entry in entries if entry.kind == "diagnosis")
    assert (noted["symptom"], noted["verdict"], noted["evidence"]) == ("trace", "cause", ["e1", "e2"])
    (ends,) = (entry.data["inputs"] for entry in entries if entry.kind == "inputs")
    assert ends == {"source": "master", "target": "192.168.100.101"}


@pytest.mark.parametrize("lang", list(Lang))
async def test_of_both_ways_each_is_told_in_a_line_before_the_first_is_told_in_full(
    lang: Lang, tmp_path: Path
) -> None:
    """On a small terminal the second one begins below the screen."""
    session = recorded_session(TRACE, tmp_path)
    app = DeadhopApp(lambda: session, lang=lang)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.opened()
        app.rooms.trace({"source": "master", "target": "192.168.100.101"})
        await pilot.pause()
        await pilot.press("tab", "tab", "space", "enter")
        await settle(pilot)
        text = picture(app)
        assert f"✗ master → controller (192.168.100.101)  ICMP: {VERDICTS['dies'][lang]}" in text
        assert f"✓ controller → master (172.20.112.101)  ICMP: {VERDICTS['arrives'][lang]}" in text
        assert f"↑↓ {app.words.key_scroll}" in text


# ------------------------------------------------------------------ the form


@pytest.mark.parametrize("lang", list(Lang))
async def test_nothing_of_the_empty_form_is_cut_on_a_small_terminal(lang: Lang) -> None:
    async with tracing(TraceSession(), lang=lang) as (_, app):
        rows = picture(app).splitlines()
        assert rows[1].count(app.words.trace_end) == 2
        said = " ".join(" ".join(rows[4:7]).split())
        assert said == " ".join(app.words.trace_idle.split())


async def test_the_fields_say_what_is_sent() -> None:
    session = TraceSession()
    async with tracing(session) as (pilot, app):
        await pilot.press(*"mas", "right", "enter")  # takes what is suggested, and goes to the empty field
        assert app.screen.focused is app.screen.query_one("#trace-to")
        await pilot.press(*"10.0.0.7", "tab", "space")
        assert "(•) TCP" in picture(app)
        await pilot.press("enter")
        assert app.screen.focused is app.screen.query_one("#trace-port")
        assert session.asked == []
        await pilot.press(*"99999", "enter")
        await pilot.pause()
        assert "✗" in picture(app)
        assert session.asked == []
        await pilot.press(*["backspace"] * 5, *"443", "tab", "space", "enter")
        await settle(pilot)
    assert session.asked == [("master", "10.0.0.7", Wanted("tcp", 443), True)]


@pytest.mark.parametrize("lang", list(Lang))
async def test_how_many_and_how_large(lang: Lang) -> None:
    session = TraceSession()
    async with tracing(session, lang=lang) as (pilot, app):
        await pilot.press(*"master", "tab", *"10.0.0.7", "tab", "tab", "tab", *["backspace"] * 2, *"101", "enter")
        await pilot.pause()
        shown = picture(app)
        assert f"✗ {app.words.trace_count}: " in shown
        assert "1 … 100" in shown
        await pilot.press(*["backspace"] * 3, *"50", "tab", *"1472", "enter")
        await settle(pilot)
    assert session.asked == [("master", "10.0.0.7", Wanted(size=1472, packets=50), False)]


@pytest.mark.parametrize("lang", list(Lang))
async def test_a_size_of_a_connection(lang: Lang) -> None:
    """Port, how many and how large stand beside each other on the smallest screen."""
    session = TraceSession()
    async with tracing(session, lang=lang) as (pilot, app):
        await pilot.press(*"master", "tab", *"10.0.0.7", "tab", "space", "tab", *"443")
        app.screen.query_one("#trace-size", Input).focus()
        await pilot.press(*"1448")
        await pilot.pause()
        line = next(line for line in picture(app).splitlines() if "443" in line)
        assert "20" in line
        assert "1448" in line
        await pilot.press("enter")
        await settle(pilot)
    assert session.asked == [("master", "10.0.0.7", Wanted("tcp", 443, 1448), False)]


async def test_enter_does_not_throw_away_a_trace_that_runs() -> None:
    session = TraceSession(hold=asyncio.Event())
    async with tracing(session) as (pilot, app):
        await typed(pilot, "master", "10.0.0.7")
        await pilot.pause()
        assert "enter start" not in picture(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.words.trace_busy in picture(app)
        assert (len(session.asked), session.cancelled) == (1, 0)
        assert session.hold is not None
        session.hold.set()
        await settle(pilot)
        assert VERDICTS["dies"][Lang.EN] in picture(app)
        assert app.words.trace_busy not in picture(app)


async def test_what_is_typed_ahead_goes_where_it_belongs() -> None:
    """Over a slow link keys arrive together."""
    async with tracing(TraceSession()) as (pilot, app):
        for key in ("m", "a", "tab", "1", "0"):
            app.post_message(Key(key, None if len(key) > 1 else key))
        await settle(pilot)
        fields = [app.screen.query_one(field, Input).value for field in ("#trace-from", "#trace-to")]
        assert fields == ["ma", "10"]


async def test_an_empty_field_is_asked_for() -> None:
    session = TraceSession()
    async with tracing(session) as (pilot, app):
        await pilot.press("enter")
        await pilot.pause()
        assert f"{app.words.trace_from}: {app.words.input_missing}" in picture(app)
        assert session.asked == []


async def test_the_ends_of_a_paste_stand_there_already() -> None:
    session = TraceSession()
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot)
        await pilot.press("f4")
        await settle(pilot)
        assert app.screen.query_one("#trace-to", Input).value == MATCH.inputs["target"]


async def test_help_and_the_way_home() -> None:
    async with tracing(TraceSession()) as (pilot, app):
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Sends packets that can" in picture(app)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)


async def test_a_recording_is_asked_nothing_new() -> None:
    app = app_of(ScriptedSession(drill=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "F4" not in picture(app)
        await pilot.press("f4")
        assert isinstance(app.screen, HomeScreen)


# ------------------------------------------------------------------ the result


async def test_on_a_narrow_terminal_the_hops_stand_under_each_other() -> None:
    async with tracing(TraceSession()) as (pilot, app):
        await typed(pilot, "master", "192.168.100.101")
        await settle(pilot)
        rows = [line.strip() for line in picture(app).splitlines()]
        at = rows.index("✓ master          → enp1s0   20/20")
        assert rows[at + 1 : at + 5] == [
            "✓ openstack-host  ← enp7s0   20/20",
            "✗ openstack-host  ← they end here",
            "· openstack-host  → virbr10  0/20",
            "· controller      ← br-ex    0/20",
        ]
        assert "back" not in rows


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (Lang.EN, "openstack-host: the target's address becomes 192.168.100.101"),
        (Lang.KO, "openstack-host: 대상 주소가 192.168.100.101 로 바뀐다"),
    ],
)
async def test_an_address_that_a_host_translates_is_said(lang: Lang, said: str) -> None:
    async with tracing(TraceSession(traced=(evidence(ELSEWHERE),)), (80, 24), lang) as (pilot, app):
        await typed(pilot, "master", "10.10.10.77")
        await settle(pilot)
        assert said in [line.strip() for line in picture(app).splitlines()]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
@pytest.mark.parametrize("lang", list(Lang))
async def test_the_endpoints_of_a_service_stand_below_the_hops(lang: Lang, size: tuple[int, int]) -> None:
    async with tracing(TraceSession(traced=(evidence(SERVED),)), size, lang) as (pilot, app):
        await typed(pilot, "master", "shop/web")
        await settle(pilot)
        rows = [line.strip() for line in picture(app).splitlines()]
        at = rows.index(BEHIND[lang])
        assert rows[at + 1 : at + 3] == ["✓ 10.244.1.7:8080  2/2", "✗ 10.244.2.9:8080  0/2"]


async def test_on_a_wide_one_they_are_a_row_of_boxes() -> None:
    async with tracing(TraceSession(), (160, 50)) as (pilot, app):
        await typed(pilot, "master", "192.168.100.101")
        await settle(pilot)
        text = picture(app)
        first, second, third = text[text.index("┌ ✓ master") :].splitlines()[:3]
        assert first.startswith("┌ ✓ master ─────────┐     ╔ ✗ openstack-host ══╗     ┌ · controller ───┐")
        assert second.strip() == "│ ✓ → enp1s0  20/20 │ ──→ ║ ✓ ← enp7s0   20/20 ║ ─✗  │ · ← br-ex  0/20 │"
        assert third.strip() == "└───────────────────┘     ║ ✗ ← they end here  ║     └─────────────────┘"
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "✗ openstack-host  ← they end here" in picture(app)


@pytest.mark.parametrize("lang", list(Lang))
def test_what_nobody_could_see_is_said(lang: Lang) -> None:
    view = TraceView(((plan("master", "10.0.0.7", Wanted()), evidence(DARK)),), one_way=True)
    text = "\n".join(line.plain for line in trace_lines(view, words_of(lang), lang, 80))
    for said in (GAPS["unseen"], GAPS["unread"], GAPS["uncounted"], ONE_WAY, VERDICTS["unseen"]):
        assert f"? {said[lang]}" in text
    assert f"{CIRCLE[lang]}: master → …" in text


def test_a_trace_that_could_not_be_tried_has_its_reason_and_hint() -> None:
    view = TraceView(((plan("master", "10.0.0.7", Wanted()), REFUSED),))
    text = "\n".join(line.plain for line in trace_lines(view, words_of(Lang.EN), Lang.EN, 80))
    assert "? COULD NOT BE TRIED: sudo on master wants a password" in text
    assert "hint: allow `iptables-save` without one" in text


@pytest.mark.parametrize("width", [100, 120, 160, 300])
def test_boxes_that_do_not_fit_go_on_below(width: int) -> None:
    hops = tuple(
        type(DIES.hops[0])(f"host-{n}", "eth0", "out", "there", False, 20, 20, "capture", "seen") for n in range(9)
    )
    facts = type(DIES)(**{**{name: getattr(ARRIVES, name) for name in ARRIVES.__slots__}, "hops": hops})
    view = TraceView(((plan("host-0", "10.0.0.7", Wanted()), evidence(facts)),))
    lines = trace_lines(view, words_of(Lang.EN), Lang.EN, width)
    assert max(line.cell_length for line in lines) <= width
    text = "\n".join(line.plain for line in lines)
    assert all(f"host-{n}" in text for n in range(9))
    assert isinstance(lines[0], Content)


async def test_an_end_that_is_nothing_known_is_said_with_its_hint() -> None:
    session = TraceSession(error=UsageError("nothing of the site is called 'nowhere'", hint="a host"))
    async with tracing(session, lang=Lang.KO) as (pilot, app):
        await typed(pilot, "nowhere", "10.0.0.7")
        await settle(pilot)
        text = picture(app)
        assert "사이트에서 'nowhere' 를 찾을 수 없다" in text
        assert app.words.key_home in text


async def test_escape_ends_it_and_nothing_goes_on() -> None:
    session = TraceSession(hold=asyncio.Event())
    async with tracing(session) as (pilot, app):
        await typed(pilot, "master", "10.0.0.7")
        await pilot.pause()
        assert "… master → 10.0.0.7  ICMP" in picture(app)
        assert "esc cancel" in picture(app)
        await pilot.press("escape")
        await settle(pilot)
        assert (session.cancelled, isinstance(app.screen, TraceScreen)) == (1, True)
        assert app.words.trace_cancelled in picture(app)
        assert not app.screen.workers
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)


async def test_the_same_once_more_by_a_key() -> None:
    session = TraceSession()
    async with tracing(session) as (pilot, _):
        await typed(pilot, "master", "10.0.0.7")
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
    assert session.asked[0] == session.asked[1]
