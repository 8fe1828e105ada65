"""What a sweep does to machines: gently, with a pace, few at once, and less where the load is high."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import diagnosis.sweep.store
from diagnosis.observing import observe
from diagnosis.session import Session
from diagnosis.sweep.engine import Sweep
from diagnosis.sweep.polite import BURST, BUSY_BURST, Pace
from diagnosis.sweep.store import AT_ONE, Store
from diagnosis.sweep.trees import Wanted
from journal.store import Journal
from probes.connection import Command, Connection
from probes.exchange import Reply
from probes.linux.facts import Load
from probes.manners import behaving, mannered
from probes.patience import HURRY, hurrying
from probes.probe import PROBES, Evidence, ProbeCall, Toolbox, checked_call
from probes.site import Cluster, Host, Site
from probes.toolbox import LiveToolbox

SITE = Site("s", (Host("w1"), Host("w2")), clusters=(Cluster("k", kubeconfig=(Path("/nonexistent"),)),))
HELD = '[{"addr_info": [{"local": "10.0.0.9"}]}]'


class Machine:
    def __init__(self, target: str, given: list[tuple[str, Command]]) -> None:
        self.target, self._given = target, given

    async def run(self, command: Command) -> Reply:
        self._given.append((self.target, command))
        await asyncio.sleep(0)
        said = {"ip": HELD if self.target == "host:w2" else "[]", "nproc": "1\n", "cat": "0.1 0 0 1/1 1\n"}
        return Reply(0, said.get(command.argv[0], ""))

    async def close(self) -> None: ...


class Machines(LiveToolbox):
    """Keeps every command that would have left."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.site)
        self.given: list[tuple[str, Command]] = []

    def _open(self, target: str) -> Connection:
        return Machine(target, self.given)


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    own = Session(SITE, argv=("sweep",), journal=Journal.create(tmp_path, {"argv": ["sweep"]}))
    own._toolbox = Machines(own)
    await own.ready()
    yield own
    await own.close()


def given(session: Session) -> list[tuple[str, Command]]:
    assert isinstance(session.toolbox, Machines)
    return session.toolbox.given


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[Pace]:
    taken: list[Pace] = []
    turn = Pace.turn

    async def counted(pace: Pace) -> None:
        taken.append(pace)
        await turn(pace)

    monkeypatch.setattr(Pace, "turn", counted)
    return taken


async def test_every_command_of_a_look_is_gentle_and_keeps_the_pace(session: Session, turns: list[Pace]) -> None:
    store = Store(session)
    await asyncio.gather(*(store.look(checked_call("linux.routes", name, {})) for name in ("w1", "w2")))
    left = given(session)
    assert {target for target, _ in left} == {"host:w1", "host:w2"}
    assert all(command.gentle for _, command in left)
    assert len(turns) == len(left)
    assert len(set(map(id, turns))) == 2, "each host has its own"


async def test_so_is_what_runs_there_for_the_question_of_another_place(session: Session, turns: list[Pace]) -> None:
    """Who holds an address is asked of all hosts; no host is the look's own."""
    store = Store(session)
    with store.politely():
        assert await asyncio.create_task(session.toolbox.host_of("10.0.0.9")) == "w2"
    left = given(session)
    assert [(target, command.argv[0], command.gentle) for target, command in left] == [
        ("host:w1", "ip", True),
        ("host:w2", "ip", True),
    ]
    assert len(turns) == 2


async def test_outside_of_a_sweep_nothing_is_slowed_down(session: Session, turns: list[Pace]) -> None:
    Store(session)
    await session.toolbox.connection("host:w1").run(Command(("uptime",)))
    assert [command.gentle for _, command in given(session)] == [False]
    assert turns == []


async def test_the_time_of_a_look_does_not_run_while_our_manners_hold_it_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = Pace(pace=4.0, burst=1)

    async def slow(target: str, command: Command) -> Command:
        await pace.turn()
        return command

    async def five(host: str, toolbox: Toolbox) -> Load:
        for _ in range(5):
            await toolbox.connection(f"host:{host}").run(Command(("uptime",)))
        return Load(host, 0.0, 1)

    monkeypatch.setitem(PROBES, "linux.load", replace(PROBES["linux.load"], run=five, timeout=0.5))
    with behaving(slow):
        found = await observe(checked_call("linux.load", "w1", {}), session.toolbox, "e1")
    assert found.failure is None
    assert len(given(session)) == 5


# ------------------------------------------------------------------ how many at once


class Peak:
    """A probe that takes its time, and the most that were at it together."""

    def __init__(self, load: float) -> None:
        self._load, self._inside, self.most = load, 0, 0

    async def observe(self, call: ProbeCall, toolbox: Toolbox, evidence_id: str) -> Evidence:
        self._inside += 1
        self.most = max(self.most, self._inside)
        for _ in range(20):
            await asyncio.sleep(0)
        self._inside -= 1
        facts = Load("w1", self._load, 1) if call.probe == "linux.load" else None
        target = PROBES[call.probe].target(call.host)
        return Evidence(evidence_id, call.probe, target, call.arguments, facts, None, (), datetime.now(UTC), 0.0)


def pings(store: Store) -> list[asyncio.Task[Evidence]]:
    targets = (f"10.0.0.{number}" for number in range(1, 31))
    return [store.look(checked_call("path.ping", "w1", {"target": target, "count": 1})) for target in targets]


@pytest.mark.parametrize(("load", "most", "passed"), [(0.5, AT_ONE, BURST), (9.0, 1, BUSY_BURST)])
async def test_a_host_is_asked_eight_things_at_once_and_a_busy_one_less(
    session: Session, monkeypatch: pytest.MonkeyPatch, load: float, most: int, passed: int
) -> None:
    assert AT_ONE == 8
    peak, store = Peak(load), Store(session)
    monkeypatch.setattr(diagnosis.sweep.store, "observe", peak.observe)
    await store.look(checked_call("linux.load", "w1", {}))
    await asyncio.gather(*pings(store))
    assert peak.most == most
    with store.politely():
        assert through_at_once(lambda: mannered("host:w1", Command(("uptime",)))) == passed
        assert through_at_once(lambda: mannered("host:w2", Command(("uptime",)))) == BURST


def through_at_once(ask: Callable[[], object]) -> int:
    """Commands that may leave before one has to wait."""
    for count in range(1000):
        waiting = ask()
        try:
            waiting.send(None)  # type: ignore[attr-defined]
        except StopIteration:
            continue
        waiting.close()  # type: ignore[attr-defined]
        return count
    return -1


# ------------------------------------------------------------------ the load


@pytest.mark.parametrize("layers", [frozenset[str](), frozenset({"cluster"})])
async def test_every_host_that_is_entered_is_asked_for_its_load(session: Session, layers: frozenset[str]) -> None:
    """No cluster answers here: its hosts are asked whether they have a kubelet, and no tree of pairs is walked."""
    sweep = Sweep(session, Wanted(layers=layers))
    async for _ in sweep.run():
        pass
    await sweep.close()
    asked = {(target, command.argv[0]) for target, command in given(session)}
    assert {("host:w1", "nproc"), ("host:w2", "nproc")} <= asked
    assert {one.target for one in sweep.evidence if one.probe == "linux.load"} == {"host:w1", "host:w2"}


async def test_the_load_is_asked_by_who_is_in_no_hurry(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another look than the one that entered, and waits for a login as long as any."""
    seen: list[float] = []

    async def watched(call: ProbeCall, toolbox: Toolbox, evidence_id: str) -> Evidence:
        seen.append(HURRY.get())
        return await observe(call, toolbox, evidence_id)

    monkeypatch.setattr(diagnosis.sweep.store, "observe", watched)
    store = Store(session)
    store.heed_load()
    with store.politely(), hurrying(3.0):
        await session.toolbox.connection("host:w1").run(Command(("uptime",)))
    assert (await store.look(checked_call("linux.load", "w1", {}))).facts == Load("w1", 0.1, 1)
    assert seen == [0.0]
