"""kill -9 at random moments of walks and fixes on real machines: the journal holds what was done, what was in
flight is named, and `resume` finds out over SSH what the machine itself says. `CRASH_LAB_KILLS` says how often."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from diagnosis.past import loose_switches
from diagnosis.resuming import Aftermath, ask_switch, in_doubt
from diagnosis.session import Session, reopen
from journal.store import read
from lab.session import Lab
from tests.diagnosis.drilled import seen
from tests.journal.test_crash import Server, check, serving

pytestmark = pytest.mark.lab

KILLS = int(os.environ.get("CRASH_LAB_KILLS", "40"))
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
    """Once nothing of the killed one runs there any more."""
    end = time.monotonic() + 60
    while lab.run(HOST, "pgrep -f '[d]eadhop[ -]|[i]ptables -[ID] LIBVIRT'").stdout.strip():
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


async def held_against(lab: Lab, path: Path, kind: str) -> str:
    """Journal, resume and machine say the same; what was in doubt."""
    is_so = quiet(lab)
    session = reopen(str(path))
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


async def one_kill(lab: Lab, server: Server, folder: Path, after: float, *, fixing: bool) -> str:
    killed = server.kill_one(folder, after, diagnosed=fixing)
    kind, _ = check(killed)
    try:
        return await held_against(lab, killed.last, kind)
    finally:
        cleaned(lab)


async def test_killed_on_real_machines(
    healed_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))
    healed_lab.break_("libvirt-reject")
    site = str(healed_lab.site(console=False))
    begun, chance, found = time.monotonic(), random.Random(), Counter[str]()
    with serving(tmp_path, "tests.end_to_end.crash_child", site) as server:
        walk, fix = server.round(tmp_path / "whole")
        cleaned(healed_lab)
        for number in range(KILLS):
            fixing = number % 4 != 0  # three of four where something is changed
            after = chance.uniform(0, fix if fixing else walk)
            found[await one_kill(healed_lab, server, tmp_path / str(number), after, fixing=fixing)] += 1
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(found.items()))
    seconds = time.monotonic() - begun
    record_property("counted", f"killed {KILLS} times on the lab in {seconds:.0f} s, in doubt: {said}")
    assert sum(found.values()) == KILLS
    assert len(found) > 1, "no kill hit a fix"
