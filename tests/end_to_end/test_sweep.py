"""Nobody says what is wrong: break, sweep, fix. And where nothing is wrong, nothing is named."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from lab.session import Lab
from lab.traffic import traffic
from tests.end_to_end.faults_table import Row, row
from tests.end_to_end.outages import Ran, deadhop
from tests.end_to_end.swept import SWEPT, Swept

pytestmark = pytest.mark.lab

EVERY_RUN = ("missing-route", "ssh-drop")
"""The others wait for LABS=all: each costs a sweep and a fix, and their trees are walked in every run anyway."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sweep(lab: Lab, state: Path, *words: str) -> Ran:
    return deadhop("sweep", "--site", str(lab.site()), "--json", *words, state=state)


@pytest.mark.long
def test_a_healthy_site_names_nothing_ten_times_in_a_row(healed_lab: Lab, state: Path) -> None:
    for number in range(10):
        with traffic() if number % 2 else nullcontext():
            found = sweep(healed_lab, state)
        assert (found.status, found.document["causes"], found.document["open"]) == (0, [], []), (
            number,
            found.document,
        )


def test_a_healthy_site_names_nothing_also_while_it_works(healed_lab: Lab, state: Path) -> None:
    before = healed_lab.at_rest()
    with traffic():
        found = sweep(healed_lab, state)
    assert [found.document[key] for key in ("causes", "may_be_meant", "open", "unknown")] == [[], [], [], []]
    assert found.document["cut"] is None
    assert (found.status, found.document["verdict"]) == (0, "nothing-found"), found.document["text"]
    assert {"ip-forward-off", "sshd-not-running"} <= {one["id"] for one in found.document["ruled_out"]}
    assert healed_lab.changes_since(before) == ""


@pytest.mark.parametrize(
    "outage",
    [pytest.param(one, marks=() if one.fault in EVERY_RUN else pytest.mark.long) for one in SWEPT],
    ids=lambda outage: outage.fault,
)
def test_a_sweep_names_the_cause_first_and_its_fix_works(healed_lab: Lab, outage: Swept, state: Path) -> None:
    healed_lab.break_(outage.fault)
    before = healed_lab.at_rest()
    with row(outage.fault) as seen:
        found = sweep(healed_lab, state)
        seen.swept(found.document, outage.cause)
        _assert_first(found, outage)
        _assert_asked_once(found)
        assert healed_lab.changes_since(before) == ""
        if outage.fault not in EVERY_RUN or os.environ.get("FAULTS_TABLE"):
            _trace(healed_lab, outage, seen, state)
        _fix(healed_lab, outage, found, seen, state)
        if outage.undone:
            _undo(healed_lab, before, found, seen, state)


def _assert_first(found: Ran, outage: Swept) -> None:
    assert found.status == 1, found.document["text"]
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (outage.cause, [f"host:{outage.host}"])
    assert (cause["explained_by"], bool(cause["witnesses"])) == ([], True)
    assert len(found.document["evidence"]) == found.document["looks"]


def _trace(lab: Lab, outage: Swept, seen: Row, state: Path) -> None:
    """Sweep and trace never disagree."""
    if not outage.trace:
        return
    traced = deadhop("trace", *outage.trace, "--site", str(lab.site()), "--json", state=state)
    seen.traced(traced.document)
    assert traced.status in (1, 2), traced.document["text"]
    assert seen.hop == outage.hop, traced.document["text"]


def _fix(lab: Lab, outage: Swept, found: Ran, seen: Row, state: Path) -> None:
    """By its full name where several hosts have the same cause."""
    alike = [one for one in found.document["causes"] if one["id"] == outage.cause]
    name = f"{outage.cause}@{outage.host}" if len(alike) > 1 else outage.cause
    words = ("--cause", name, "--yes", "--max-risk", "disruptive", "--json")
    fixed = deadhop("fix", found.document["session"], *words, state=state)
    assert fixed.status in (0, 4), (fixed.document, fixed.stderr)
    seen.fixed(fixed.document)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    again = sweep(lab, state).document
    places = {(one["id"], *one["targets"]) for one in again["causes"]}
    assert (outage.cause, f"host:{outage.host}") not in places, again["text"]


def _undo(lab: Lab, before: dict[str, str], found: Ran, seen: Row, state: Path) -> None:
    """And the machines are as they were while it was broken."""
    undone = deadhop("fix", found.document["session"], "--undo", "--json", state=state)
    seen.undone = "no"
    assert undone.status == 0, (undone.document, undone.stderr)
    assert lab.changes_since(before) == ""
    seen.undone = "yes"


def _assert_asked_once(found: Ran) -> None:
    """But for what a step wants fresh."""
    asked = [(one["probe"], one["target"], str(one["arguments"])) for one in found.document["evidence"]]
    again = {one for one in asked if asked.count(one) > 1}
    assert {probe for probe, _, _ in again} <= {"linux.neighbours"}
