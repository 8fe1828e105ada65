"""Nobody says what is wrong: break, sweep, fix. And where nothing is wrong, nothing is named."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from lab.inside import enter
from lab.instance import current
from lab.session import Lab
from tests.end_to_end.outages import OUTAGES, Outage, Ran, deadhop

pytestmark = pytest.mark.lab

EVERY_RUN = ("missing-route", "ssh-drop")
"""The others wait for LABS=all: each costs a sweep and a fix, and their trees are walked in every run anyway."""
_TRAFFIC = (("master", "192.168.100.102"), ("controller", "10.10.10.3"), ("kubernetes-host", "10.10.10.1"))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sweep(lab: Lab, state: Path, *words: str) -> Ran:
    return deadhop("sweep", "--site", str(lab.site()), "--json", *words, state=state)


@contextmanager
def traffic() -> Iterator[None]:
    """What else is on the wires of a site that works."""
    lab = current()
    pings = [
        Popen([*enter(lab, where), "ping", "-q", "-i", "0.05", address], stdout=DEVNULL, start_new_session=True)
        for where, address in _TRAFFIC
    ]
    try:
        yield
    finally:
        for ping in pings:
            os.killpg(ping.pid, signal.SIGKILL)  # what enters the machine would leave its child behind
            ping.wait()


def test_a_healthy_site_names_nothing_also_while_it_works(healed_lab: Lab, state: Path) -> None:
    before = healed_lab.at_rest()
    with traffic():
        found = sweep(healed_lab, state)
    assert (found.status, found.document["verdict"]) == (0, "nothing-found"), found.document["text"]
    assert [found.document[key] for key in ("causes", "may_be_meant", "open", "unknown", "cut")] == [
        [],
        [],
        [],
        [],
        None,
    ]
    assert {"ip-forward-off", "sshd-not-running"} <= {one["id"] for one in found.document["ruled_out"]}
    assert healed_lab.changes_since(before) == ""


@pytest.mark.parametrize(
    "outage",
    [pytest.param(one, marks=() if one.fault in EVERY_RUN else pytest.mark.long) for one in OUTAGES],
    ids=lambda outage: outage.fault,
)
def test_a_sweep_names_the_cause_first_and_its_fix_works(healed_lab: Lab, outage: Outage, state: Path) -> None:
    healed_lab.break_(outage.fault)
    before = healed_lab.at_rest()
    found = sweep(healed_lab, state)
    assert found.status == 1, found.document["text"]
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (outage.cause, [f"host:{outage.host}"])
    assert (cause["explained_by"], bool(cause["witnesses"])) == ([], True)
    assert len(found.document["evidence"]) == found.document["looks"]
    _assert_asked_once(found)
    assert healed_lab.changes_since(before) == ""

    fixed = deadhop("fix", found.document["session"], "--cause", outage.cause, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)


def _assert_asked_once(found: Ran) -> None:
    """But for what a step wants fresh."""
    asked = [(one["probe"], one["target"], str(one["arguments"])) for one in found.document["evidence"]]
    again = {one for one in asked if asked.count(one) > 1}
    assert {probe for probe, _, _ in again} <= {"linux.neighbours"}


def test_two_faults_at_once_are_two_findings(healed_lab: Lab, state: Path) -> None:
    healed_lab.break_("one-way-route")
    healed_lab.break_("ssh-frozen")
    found = sweep(healed_lab, state)
    roots = {(one["id"], *one["targets"]) for one in found.document["causes"] if not one["explained_by"]}
    assert roots == {("no-route-back", "host:controller"), ("sshd-hangs", "host:compute2")}
