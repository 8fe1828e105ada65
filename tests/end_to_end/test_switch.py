"""The dead man's switch, and two deadhops on one host: on real machines, over SSH alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnosis import switch
from diagnosis.repair import Repair
from diagnosis.session import Session, open_session
from lab.session import Lab
from tests.diagnosis.drilled import entries, seen

pytestmark = pytest.mark.lab

KNOWLEDGE = Path(__file__).parent / "knowledge"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))
    monkeypatch.setattr(switch, "SECONDS", 25)  # long enough for a login, short enough for five switches


async def repair_of(session: Session, symptom: str, **inputs: str) -> Repair:
    await session.ready()
    walk = session.walk(symptom, inputs)
    await seen(walk.run())
    assert walk.view.diagnosis is not None
    return session.repair(walk.view.diagnosis.causes[0])


def opened(lab: Lab) -> Session:
    return open_session(lab.site(console=False), argv=["test"], folders=[KNOWLEDGE])


WITHOUT_SYSTEMD_RUN = "mount --bind /dev/null /usr/bin/systemd-run"
START_ATD = (
    "cd /var/spool && mkdir -p cron/atjobs cron/atspool && touch cron/atjobs/.SEQ && "
    "chown -R daemon:daemon cron/atjobs cron/atspool && chmod 1770 cron/atjobs cron/atspool && atd"
)
CUT = "compute-2-host"
ARMED = {"systemd": "systemd-run", "at": " | at -M now", "shell": "setsid"}


@pytest.fixture
def host_with(healed_lab: Lab) -> Iterator[Callable[[str], Lab]]:
    """The lab, once the host that will be cut off has no better way than this one."""
    used = []

    def only(way: str) -> Lab:
        used.append(way)
        if way != "systemd":
            assert healed_lab.run(CUT, WITHOUT_SYSTEMD_RUN).returncode == 0
        if way == "at":
            assert healed_lab.run(CUT, START_ATD).returncode == 0
        return healed_lab

    yield only
    healed_lab.heal()
    if used != ["systemd"]:
        healed_lab.run(CUT, "umount /usr/bin/systemd-run; kill $(pgrep -x atd); rm -rf /var/spool/cron/at*")


@pytest.mark.parametrize("way", ["systemd", "at", "shell"])
async def test_a_fix_that_cuts_ssh_is_taken_back_by_the_host(host_with: Callable[[str], Lab], way: str) -> None:
    lab = host_with(way)
    before = lab.at_rest()
    session = opened(lab)
    try:
        repair = await repair_of(session, "cut-off", host=CUT)
        await seen(repair.prepare())
        assert ARMED[way] in repair.view.fix.actions[0].arm
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "taken-back"
        assert repair.view.fix.actions[0].state == "taken-back"
        assert repair.view.fix.actions[0].kept[0].what == "rules iptables/filter/INPUT"
        assert repair.view.fix.actions[0].restored is True
        kinds = [entry.kind for entry in entries(session, "guard", "intent", "outcome", "guard-outcome")]
        assert kinds == ["guard", "intent", "outcome", "guard-outcome"]
    finally:
        await session.close()
    assert lab.changes_since(before) == ""
    assert left_over(lab, CUT) == ""


@pytest.mark.parametrize("way", ["at", "shell"])
async def test_each_way_is_called_off_when_the_host_was_reached_again(
    host_with: Callable[[str], Lab], way: str
) -> None:
    lab = host_with(way)
    session = opened(lab)
    try:
        repair = await repair_of(session, "cut-off", host=CUT)
        repair.edit(0, "iptables -I INPUT 1 -p tcp --dport 2222 -j DROP", "iptables -D INPUT 1")
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "verified"
        assert ARMED[way] in repair.view.fix.actions[0].arm
        (outcome,) = entries(session, "guard-outcome")
        assert outcome.data["outcome"] == "disarmed"
        assert lab.run(CUT, "ls /run/deadhop-undo*").returncode != 0
        await asyncio.sleep(switch.SECONDS + 5)
        assert "--dport 2222" in lab.run(CUT, "iptables -S INPUT").stdout
        await seen(repair.undo())
        assert repair.view.phase == "undone"
    finally:
        await session.close()
    assert left_over(lab, CUT) == ""


def left_over(lab: Lab, host: str) -> str:
    """What a switch or a lock left behind there."""
    looked = (
        "systemctl list-timers --all --no-legend 'deadhop*'; ls /run | grep deadhop; pgrep -fa '[d]eadhop-undo'"
    )
    return lab.run(host, looked).stdout


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
    assert left_over(healed_lab, "openstack-host") == ""


async def test_the_second_deadhop_sees_the_first_ones_lock(healed_lab: Lab) -> None:
    healed_lab.break_("libvirt-reject")
    another_comes = "echo 'kim@bastion session 20261121-000000-aaaa' > /run/deadhop.lock"
    healed_lab.run("openstack-host", another_comes)
    session = opened(healed_lab)
    try:
        repair = await repair_of(session, "destination-port-unreachable", source="master", target="192.168.100.101")
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "locked"
        assert "kim@bastion session 20261121-000000-aaaa" in repair.view.message
        assert entries(session, "intent") == []
        await seen(repair.apply(confirmed_by="test", take_lock=True))
        assert repair.view.phase == "verified"
        healed_lab.run("openstack-host", another_comes)
        await seen(repair.undo())
        assert repair.view.phase == "undo-locked"
        assert entries(session, "undo-intent") == []
        await seen(repair.undo(take_lock=True))
        assert repair.view.phase == "undone"
    finally:
        await session.close()
    assert healed_lab.run("openstack-host", "ls /run/deadhop.lock").returncode != 0
