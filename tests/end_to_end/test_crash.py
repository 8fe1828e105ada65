"""kill -9 at random moments of walks and fixes on real machines: the journal holds what was done, what was in
flight is named, and `resume` finds out over SSH what the machine itself says. `CRASH_LAB_KILLS` says how often."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from diagnosis.past import loose_switches
from diagnosis.resuming import Aftermath, ask_switch, in_doubt
from diagnosis.session import Session, open_drill, reopen
from journal.store import read
from knowledge.model import Knowledge
from lab.session import Lab
from tests.diagnosis.drilled import seen
from tests.journal.drilled_child import DRILL
from tests.journal.test_crash import Server, check, diagnosed, leaving, serving

pytestmark = pytest.mark.lab

KILLS = int(os.environ.get("CRASH_LAB_KILLS", "200"))
WALKERS = 2
"""Of those that only look many can be killed at a time; of those that repair one, for the machine's lock."""
HOST = "openstack-host"
RULE = "LIBVIRT_FWI -s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT"
ARMED = "systemctl list-units --type=timer --state=active --plain --no-legend 'deadhop-undo-*'"


@dataclass(frozen=True)
class Truth:
    """What the machine itself holds, looked at past its network and sshd."""

    rule: bool
    armed: bool


def truth(lab: Lab) -> Truth:
    said = lab.run(HOST, f"iptables -C {RULE} 2>/dev/null && echo rule; {ARMED}").stdout
    return Truth("rule" in said.split(), "deadhop-undo-" in said)


def quiet(lab: Lab) -> Truth:
    """Once nothing that the killed one changes there runs any more."""
    end = time.monotonic() + 60
    while lab.run(HOST, "pgrep -f '[d]eadhop-undo|[d]eadhop.lock|[i]ptables -[ID] LIBVIRT'").stdout.strip():
        assert time.monotonic() < end, lab.run(HOST, "ps ax").stdout
        time.sleep(0.1)
    return truth(lab)


def cleaned(lab: Lab) -> None:
    """For the next one: its rule, its switch and its lock are gone."""
    script = f"while iptables -D {RULE} 2>/dev/null; do :; done; systemctl stop 'deadhop-undo-*.timer'; "
    lab.run(HOST, script + "rm -f /run/deadhop.lock")
    assert truth(lab) == Truth(rule=False, armed=False)


def by_journal(path: Path) -> bool:
    """Whether the rule is there by the last outcome that is written down."""
    there = False
    for entry in read(path).entries:
        if entry.kind == "outcome" and entry.data["state"] == "done":
            there = True
        elif entry.kind == "undo-outcome" and entry.data["state"] == "done":
            there = False
    return there


async def asked(session: Session) -> dict[str, Aftermath]:
    """What `resume` finds out of everything in doubt, by command."""
    await session.ready()
    said = {action.run: await ask_switch(session, action) for action in loose_switches(session)}
    repair = await session.applied()
    if repair is not None and any(map(in_doubt, repair.view.fix.actions)):
        await seen(repair.prepare())
        said |= {action.run: found for action, found in repair.found}
    return said


async def held_against(lab: Lab, path: Path, kind: str, knowledge: Knowledge) -> str:
    """Journal, resume and machine say the same; what was in doubt."""
    is_so = quiet(lab)
    session = reopen(str(path))
    session._knowledge = knowledge  # loading it each time takes longer than all the rest
    try:
        flying = session.flying()
        said = await asked(session)
    finally:
        await session.close()
    if not flying:
        assert not is_so.armed, "a switch waits, and nobody says so"
        assert is_so.rule == by_journal(path)
        return "nothing"
    assert set(said) == {action.run for action in flying}
    (one,), (action,) = said.values(), flying
    if action.run == action.arm:
        assert (one.armed, is_so.rule) == (is_so.armed, False)
        return "switch"
    assert action.run.endswith(f"iptables -I {RULE.replace('FWI', 'FWI 1', 1)}")
    assert (one.happened, bool(one.armed)) == (is_so.rule, is_so.armed)
    return kind or "its switch"


def loaded() -> Knowledge:
    session = open_drill(DRILL)
    try:
        asyncio.run(session.ready())
        return session.knowledge
    finally:
        asyncio.run(session.close())


def killed_repairs(lab: Lab, server: Server, home: Path, kills: int, longest: float) -> Counter[str]:
    """Kills after a cause was found, and every other one after a command was about to leave: of all that takes
    only a moment. What was in doubt, by how often."""
    chance, found, knowledge = random.Random(), Counter[str](), loaded()
    for number in range(kills):
        after = chance.uniform(0, longest)
        if number % 2:
            killed = server.kill_one(home / str(number), after, since=diagnosed)
        else:
            nth = chance.choice((1, 2))
            killed = server.kill_one(home / str(number), after / 10, since=partial(leaving, nth=nth))
        kind, _ = check(killed)
        try:
            found[asyncio.run(held_against(lab, killed.last, kind, knowledge))] += 1
        finally:
            cleaned(lab)
    return found


def killed_walks(server: Server, home: Path, kills: int, *, longest: float) -> Counter[str]:
    """Kills while deadhop looks, beside the repairs: nothing may be in doubt."""
    chance = random.Random()
    for number in range(kills):
        killed = server.kill_one(home / str(number), chance.uniform(0, longest), only="walks")
        assert check(killed) == ("", "")
    return Counter({"nothing": kills})


def test_killed_on_real_machines(
    healed_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))
    healed_lab.break_("libvirt-reject")
    child = "tests.end_to_end.crash_child", str(healed_lab.site(console=False))
    begun, shares = time.monotonic(), [KILLS * 3 // 8] * WALKERS
    with ExitStack() as stack, ThreadPoolExecutor(1 + WALKERS) as pool:
        first, *walkers = [stack.enter_context(serving(tmp_path, *child)) for _ in range(1 + WALKERS)]
        walk, fix = first.round(tmp_path / "whole")
        cleaned(healed_lab)
        homes = [tmp_path / f"walks-{number}" for number in range(WALKERS)]
        walks = pool.map(partial(killed_walks, longest=walk), walkers, homes, shares)
        found = killed_repairs(healed_lab, first, tmp_path / "repairs", KILLS - sum(shares), fix)
        found += sum(walks, Counter[str]())
    quiet(healed_lab)
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(found.items()))
    seconds = time.monotonic() - begun
    record_property("counted", f"killed {KILLS} times on the lab in {seconds:.0f} s, in doubt: {said}")
    assert found.total() == KILLS
    assert len(found) > 1, "no kill hit a fix"
