"""BGP: break, diagnose from a paste and without one, fix, verify, undo, on FRR of the lab's hypervisors."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import Ran, deadhop, diagnose

pytestmark = pytest.mark.lab

PING = "ping -c2 -W1 192.168.100.101"
SECRET = "s3cret-0f-the-session"


@dataclass(frozen=True)
class BgpOutage:
    fault: str
    cause: str
    host: str


OUTAGES = (
    BgpOutage("bgp-remote-as", "bgp-wrong-remote-as", "kubernetes-host"),
    BgpOutage("bgp-no-policy", "bgp-session-without-policy", "kubernetes-host"),
    BgpOutage("bgp-config-drift", "bgp-configuration-drifted", "openstack-host"),
    BgpOutage("bgp-down", "bgp-daemon-stopped", "openstack-host"),
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.long
@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.fault)
def test_outage_is_named_repaired_verified_and_undone(healed_lab: Lab, outage: BgpOutage, state: Path) -> None:
    healed_lab.break_(outage.fault)
    _plant_password(healed_lab, "kubernetes-host")
    before = healed_lab.at_rest()
    paste = healed_lab.paste(outage.fault)
    pinged = f"[root@master]# {PING}\n" + healed_lab.run("master", PING).stdout

    swept = deadhop("sweep", "--site", str(healed_lab.site()), "--json", state=state)
    for found in (swept, diagnose(pinged, healed_lab.site(), state), diagnose(paste, healed_lab.site(), state)):
        cause = found.document["causes"][0]
        assert (cause["id"], cause["targets"]) == (outage.cause, [f"host:{outage.host}"]), found.document["text"]
    assert healed_lab.changes_since(before) == ""

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", outage.cause, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert _answers(healed_lab)

    undone = deadhop("fix", session, "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert healed_lab.changes_since(before) == ""
    assert "100% packet loss" in healed_lab.run("master", PING).stdout
    assert not [file for file in state.rglob("*") if file.is_file() and SECRET in file.read_text(errors="replace")]


def _plant_password(lab: Lab, host: str) -> None:
    """Of a neighbour that nobody has, in what runs and in the file."""
    line = f"neighbor 10.10.10.99 password {SECRET}"
    vtysh = f"vtysh -c 'configure terminal' -c 'router bgp' -c 'neighbor 10.10.10.99 remote-as 65000' -c '{line}'"
    lab.run(host, f"{vtysh} -c 'neighbor 10.10.10.99 shutdown' -c 'end' -c 'write memory'")
    assert SECRET in lab.run(host, "cat /etc/frr/frr.conf").stdout


def _answers(lab: Lab, seconds: float = 20) -> bool:
    """By real packets, once the routes are told on."""
    end = time.monotonic() + seconds
    while " 0% packet loss" not in lab.run("master", PING).stdout:
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def test_what_runs_can_be_kept_and_the_file_comes_back(healed_lab: Lab, state: Path) -> None:
    healed_lab.break_("bgp-config-drift")
    file = healed_lab.run("openstack-host", "stat -c '%a %U:%G' /etc/frr/frr.conf; cat /etc/frr/frr.conf").stdout
    found = diagnose(healed_lab.paste("bgp-config-drift"), healed_lab.site(), state)
    (cause,) = found.document["causes"]
    assert (cause["id"], cause["targets"]) == ("bgp-configuration-drifted", ["host:openstack-host"])
    kept = _fix(found, state, cause["id"], "keep-what-runs")
    assert (kept.status, kept.document["verified"]) == (0, True), (kept.document, kept.stderr)
    assert "redistribute" not in healed_lab.run("openstack-host", "cat /etc/frr/frr.conf").stdout
    undone = deadhop("fix", found.document["session"], "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    again = healed_lab.run("openstack-host", "stat -c '%a %U:%G' /etc/frr/frr.conf; cat /etc/frr/frr.conf").stdout
    assert again == file
    healed_lab.run("openstack-host", "rm -f /etc/frr/frr.conf.sav")


@pytest.mark.long
def test_a_blocked_port_and_a_bgpd_that_is_switched_off(healed_lab: Lab, state: Path) -> None:
    block = "iptables -{} INPUT -p tcp -m multiport --ports 179 -s 10.10.10.2 -j DROP"
    off = "sed -i 's/^bgpd={}/bgpd={}/' /etc/frr/daemons; systemctl reset-failed frr; systemctl restart frr"
    healed_lab.run("openstack-host", f"{block.format('I')}; vtysh -c 'clear bgp *'")
    try:
        found = _until(healed_lab, state, "bgp-port-blocked")
        fixed = _fix(found, state, "bgp-port-blocked")
        assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
        assert deadhop("fix", found.document["session"], "--undo", "--json", state=state).status == 0
    finally:
        healed_lab.run("openstack-host", block.format("D"))
    healed_lab.run("openstack-host", off.format("yes", "no"))
    try:
        found = _until(healed_lab, state, "bgp-daemon-stopped")
        fixed = _fix(found, state, "bgp-daemon-stopped", "switch-bgpd-on")
        assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    finally:
        healed_lab.run("openstack-host", off.format("no", "yes"))
    assert _answers(healed_lab)


@pytest.mark.long
def test_a_session_that_is_switched_off_may_be_meant(healed_lab: Lab, state: Path) -> None:
    shut = "vtysh -c 'configure terminal' -c 'router bgp' -c '{}neighbor 10.10.10.1 shutdown'"
    healed_lab.run("kubernetes-host", shut.format(""))
    try:
        swept = deadhop("sweep", "--site", str(healed_lab.site()), "--json", state=state)
        assert "bgp-session-shut" in {one["id"] for one in swept.document["may_be_meant"]}, swept.document["text"]
        found = diagnose("bgp-session-down", healed_lab.site(), state, "--set", "host=kubernetes-host")
        fixed = _fix(found, state, "bgp-session-shut")
        assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    finally:
        healed_lab.run("kubernetes-host", shut.format("no "))
    assert _answers(healed_lab)


def _until(lab: Lab, state: Path, cause: str, seconds: float = 30) -> Ran:
    """A session notices after its hold time."""
    end = time.monotonic() + seconds
    while True:
        found = diagnose("bgp-session-down", lab.site(), state, "--set", "host=kubernetes-host")
        if [one["id"] for one in found.document["causes"]] == [cause]:
            return found
        assert time.monotonic() < end, found.document["text"]
        time.sleep(1)


def _fix(found: Ran, state: Path, cause: str, fix: str = "") -> Ran:
    words = ("--fix", fix) if fix else ()
    session = found.document["session"]
    return deadhop(
        "fix", session, "--cause", cause, *words, "--yes", "--max-risk", "disruptive", "--json", state=state
    )
