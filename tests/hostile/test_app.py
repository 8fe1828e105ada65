"""The app's screens over hostile texts: all visible as text, no markup, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from base.errors import UsageError
from base.text import Lang, Text
from diagnosis.sweep.views import Gap, Reference, SweepView, SweptOut
from diagnosis.views import StepView
from journal.store import SessionInfo
from probes.exchange import Exchange, Reply, Request
from probes.path.facts import Ping
from probes.probe import Evidence, Failure
from probes.site import Host, Site
from tests.hostile.strings import HOSTILE, acting
from tests.tui.conftest import _own_folders
from tests.tui.scripted import AT, COUNTS, DIAGNOSIS, DROPS, MATCH, REFUSES, Found, FoundAll, cause, fix
from tests.tui.sweeps import FULL, RESULT, WITNESSES, SweepSession
from tests.tui.traces import DARK, DEAD, DIES, TraceSession, hop
from tests.tui.traces import evidence as traced
from tui.app import DeadhopApp

assert _own_folders

SIZE = (80, 24)


def both(text: str) -> Text:
    return Text(text, text)


def hostile_evidence(text: str) -> Evidence:
    exchange = Exchange(Request(f"host:{text}", text), Reply(1, text, text, message=text, hint=text), AT)
    facts = Ping(text, text, 5, 0, text, text, 0.0)
    return Evidence("e1", text, f"host:{text}", {"a": text}, facts, None, (exchange,), AT, 0.1)


def hostile_steps(text: str) -> tuple[StepView, ...]:
    seen = hostile_evidence(text)
    blind = replace(seen, facts=None, failure=Failure("denied", text, text))
    return (
        replace(REFUSES, key=f"a/{text}", target=f"host:{text}", arguments={"target": text}, evidence=seen),
        replace(COUNTS, key="b/b", probe=text, ask=both(text), answer=both(text), evidence=seen),
        replace(DROPS, key="c/c", reason=text, hint=text, evidence=blind),
    )


def hostile_traces(text: str) -> tuple[Evidence, ...]:
    dead = replace(DEAD, host=text, at=text, rule=text, chain=text, in_interface=text, out_interface=text)
    hops = (hop(text, text, "out"), hop("b", text, "in"), hop(text, "eth0", "out", "beyond"))
    dies = replace(DIES, hops=hops, dead=(dead,), error=text, error_from=text)
    dark = replace(DARK, hops=hops, last_seen=text, next_unseen=text, unseen=(text,), unread=(text,))
    return traced(dies), traced(dark), traced(None, Failure("denied", text, text))


def hostile_sweep(text: str) -> SweepView:
    found = replace(RESULT.causes[0].cause, id=text, title=both(text), why=both(text), targets=(f"host:{text}",))
    seen = replace(WITNESSES[0], symptom=text, inputs={"source": text, "target": text})
    root = replace(RESULT.causes[0], cause=found, witnesses=(seen,), explains=(Reference(text, f"host:{text}"),))
    root = replace(root, case=(both(text),))
    result = replace(
        RESULT,
        text=both(text),
        ruled_out=(SweptOut(text, both(text), text, 1, text),),
        not_begun=(text,),
        causes=(root, replace(root, explained_by=(Reference(text, text),))),
        open_ends=(replace(RESULT.open_ends[0], symptom=text, title=both(text), text=both(text)),),
        questions=(replace(RESULT.questions[0], symptom=text, ask=both(text), inputs=({text: text},)),),
        unknown=(Gap(text, f"host:{text}", "denied", text, text, 1),),
    )
    return replace(FULL, running=((text, f"host:{text}"),), layers={text: (1, 2)}, result=result)


@dataclass
class HostileSession(TraceSession, SweepSession):
    """Says it on every screen."""


def hostile_session(text: str) -> HostileSession:
    action = fix().actions[0]
    plan = fix(
        actions=(replace(action, on=text, run=f"iptables -A {text}", undo=f"iptables -D {text}", output=text),),
        unavailable="", caution=both(text), impact=both(text), persist=(),
    )  # fmt: skip
    found = replace(cause(plan), values={"host": text, text: text}, why=both(text), targets=(f"host:{text}",))
    diagnosis = replace(DIAGNOSIS, causes=(found,), text=both(text))
    match = Found(MATCH.symptom, both(text), both(text), {"target": "192.168.100.101", "source": "master"})
    swept = hostile_sweep(text)
    return HostileSession(
        traced=hostile_traces(text),
        views=(replace(swept, result=None, found=(Reference(text, f"host:{text}"),)), swept),
        results=FoundAll((match, MATCH), confident=False),
        walk_script=hostile_steps(text),
        diagnosis=diagnosis,
        site=Site(text, tuple(Host(name, labels=(text,)) for name in (text, "master"))),
        past=(past(text),),
        down={text: (text, text)},
        export_error=UsageError(text, hint=text),
    )


async def trace_through(watched: Watched, text: str) -> None:
    await watched.look("f4")
    for field in ("#trace-from", "#trace-to"):
        watched.pilot.app.screen.query_one(field, Input).value = text[:200] + " x"
    await watched.look("enter")
    await watched.pilot.app.workers.wait_for_complete()
    for keys in ((), ("end",), ("escape",)):
        await watched.look(*keys)


def past(text: str) -> SessionInfo:
    return SessionInfo(
        id=text, path=Path("x.jsonl"), created=text, site=text, version=text, text=text, symptom=text,
        verdict=text, causes=(text,), argv=(text,),
    )  # fmt: skip


class Watched:
    """Looks at each screen: what stands on it is plain text of the right width."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot
        self.seen = ""

    async def look(self, *keys: str) -> str:
        if keys:
            await self.pilot.press(*keys)
        await self.pilot.pause()
        screen = self.pilot.app.screen
        rows = screen._compositor.render_strips()
        text = ""
        for row in rows:
            line = "".join(segment.text for segment in row)
            assert cell_len(line) <= SIZE[0], line
            assert not acting(line), ascii(line)
            text += line + "\n"
        self.no_outside_links(rows)
        self.seen += text
        return text

    @staticmethod
    def no_outside_links(rows: object) -> None:
        for row in rows:  # type: ignore[attr-defined]
            for segment in row:
                style = segment.style
                assert not (style and style.link), segment
                meta: Mapping[str, object] = (style.meta if style else None) or {}
                assert "app.quit" not in str(meta.get("@click", "")), segment


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a screen shows is looked at, not how soon: a busy machine takes longer than the pilot's 30 s."""
    wait = Pilot._wait_for_screen
    monkeypatch.setattr(Pilot, "_wait_for_screen", lambda self, timeout=600.0: wait(self, timeout))


def walks_of(category: str) -> list[str]:
    """One alone, and all of them in one."""
    texts = HOSTILE[category]
    return [texts[-1], " ".join(text[:300] for text in texts)]


async def walk_through(text: str, *, all_screens: bool) -> str:
    app = DeadhopApp(lambda: hostile_session(text), lang=Lang.EN)
    async with app.run_test(size=SIZE) as pilot:
        watched = Watched(pilot)
        await pilot.app.workers.wait_for_complete()
        await watched.look()
        app.home.ask.put(text[:5000] + " x")
        await pilot.pause()
        await watched.look()
        await watched.look("enter")
        await watched.look("enter")
        await watched.look()
        for keys in (("v",), ("v",), ("tab",), ("f",), ("a",), ("escape",), ("escape",), ("escape",)):
            await watched.look(*keys)
        if all_screens:
            await trace_through(watched, text)
            for keys in (("f5",), ("tab", "end"), ("tab", "down"), *[("down",)] * 3, ("escape",)):
                await watched.look(*keys)
        assert app.return_code in (None, 0)
    return watched.seen


@pytest.mark.parametrize("category", HOSTILE)
async def test_every_screen_shows_it_as_text(category: str) -> None:
    *others, last = walks_of(category)
    for text in others:
        assert await walk_through(text, all_screens=False)
    assert await walk_through(last, all_screens=True)
