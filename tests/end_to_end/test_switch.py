"""The dead man's switch, and two deadhops on one host: on real machines, over SSH alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.repair import Repair
from diagnosis.session import Session, open_session
from lab.session import Lab
from tests.diagnosis.drilled import entries, seen

pytestmark = pytest.mark.lab

KNOWLEDGE = Path(__file__).parent / "knowledge"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))


async def repair_of(session: Session, symptom: str, **inputs: str) -> Repair:
    await session.ready()
    walk = session.walk(symptom, inputs)
    await seen(walk.run())
    assert walk.view.diagnosis is not None
    return session.repair(walk.view.diagnosis.causes[0])


def opened(lab: Lab) -> Session:
    return open_session(lab.site(console=False), argv=["test"], folders=[KNOWLEDGE])


async def test_a_fix_that_cuts_ssh_is_taken_back_by_the_host(healed_lab: Lab) -> None:
    before = healed_lab.at_rest()
    session = opened(healed_lab)
    try:
        repair = await repair_of(session, "cut-off", host="compute-2-host")
        await seen(repair.prepare())
        assert "systemd-run" in repair.view.fix.actions[0].arm
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "taken-back"
        assert repair.view.fix.actions[0].state == "taken-back"
        kinds = [entry.kind for entry in entries(session, "guard", "intent", "outcome", "guard-outcome")]
        assert kinds == ["guard", "intent", "outcome", "guard-outcome"]
    finally:
        await session.close()
    assert healed_lab.changes_since(before) == ""


async def test_a_fix_that_cuts_nothing_leaves_no_switch_behind(healed_lab: Lab) -> None:
    healed_lab.break_("libvirt-reject")
    session = opened(healed_lab)
    try:
        repair = await repair_of(session, "destination-port-unreachable", source="master", target="192.168.100.101")
        await seen(repair.prepare())
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "verified"
        (outcome,) = entries(session, "guard-outcome")
        assert outcome.data["outcome"] == "disarmed"
    finally:
        await session.close()
    timers = healed_lab.run("openstack-host", "systemctl list-timers --all --no-legend; ls /run/deadhop* 2>&1")
    assert "deadhop-undo" not in timers.stdout
    assert "deadhop.lock" not in timers.stdout


async def test_the_second_deadhop_sees_the_first_ones_lock(healed_lab: Lab) -> None:
    healed_lab.break_("libvirt-reject")
    healed_lab.run("openstack-host", "echo 'kim@bastion session 20261121-000000-aaaa' > /run/deadhop.lock")
    session = opened(healed_lab)
    try:
        repair = await repair_of(session, "destination-port-unreachable", source="master", target="192.168.100.101")
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "locked"
        assert "kim@bastion session 20261121-000000-aaaa" in repair.view.message
        assert entries(session, "intent") == []
        await seen(repair.apply(confirmed_by="test", take_lock=True))
        assert repair.view.phase == "verified"
    finally:
        await session.close()
    assert healed_lab.run("openstack-host", "ls /run/deadhop.lock").returncode != 0
