"""Break, diagnose, fix, verify, undo: on real machines, through the command an operator types."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import OUTAGES, Outage, deadhop, diagnose

pytestmark = pytest.mark.lab


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.fault)
def test_outage_is_named_repaired_verified_and_undone(healed_lab: Lab, outage: Outage, state: Path) -> None:
    healed_lab.break_(outage.fault)
    paste = healed_lab.paste(outage.fault)
    before = healed_lab.at_rest()

    found = diagnose(paste, healed_lab.site(), state)

    assert found.status == 1, found.stderr
    assert found.document["verdict"] == "cause"
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (outage.cause, [f"host:{outage.host}"])
    assert cause["evidence"]
    assert healed_lab.changes_since(before) == ""

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", outage.cause, "--yes", "--json", state=state)
    assert fixed.status == 0, (fixed.document, fixed.stderr)
    assert fixed.document["verified"] is True
    assert all(action["state"] in ("done", "skipped") for action in fixed.document["actions"])
    _assert_healthy_again(healed_lab, outage)

    undone = deadhop("fix", session, "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert _still_broken(healed_lab, outage, paste)


def _assert_healthy_again(lab: Lab, outage: Outage) -> None:
    """By the operator's own command and real packets, not by what deadhop says."""
    again = lab.paste(outage.fault)
    if "ping" in again.splitlines()[0]:
        assert " 0% packet loss" in again, again
    else:
        assert again.splitlines()[-1] == outage.host, again


def _still_broken(lab: Lab, outage: Outage, paste: str) -> bool:
    again = lab.paste(outage.fault)
    if "ping" in paste.splitlines()[0]:
        return "100% packet loss" in again
    return again.splitlines()[-1] != outage.host


@pytest.mark.parametrize("outage", OUTAGES[5:], ids=lambda outage: outage.fault)
def test_outage_is_named_from_outside_alone(healed_lab: Lab, outage: Outage, state: Path) -> None:
    """Without consoles nobody can look inside a host that lets nobody in; what can be said is said."""
    healed_lab.break_(outage.fault)
    found = diagnose(healed_lab.paste(outage.fault), healed_lab.site(console=False), state)
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (outage.cause, [f"host:{outage.host}"])
    assert cause["confidence"] == "likely"


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.fault)
def test_healthy_lab_names_nothing(healed_lab: Lab, outage: Outage, state: Path) -> None:
    healed_lab.break_(outage.fault)
    paste = healed_lab.paste(outage.fault)
    healed_lab.heal()
    before = healed_lab.at_rest()
    found = diagnose(paste, healed_lab.site(), state)
    assert (found.status, found.document["verdict"], found.document["causes"]) == (0, "nothing-found", [])
    assert healed_lab.changes_since(before) == ""


@pytest.mark.parametrize("middle", ["ssh-frozen", "host-silent"])
@pytest.mark.parametrize("console", [True, False], ids=["console", "no-console"])
def test_a_dead_machine_in_the_middle(healed_lab: Lab, state: Path, middle: str, console: bool) -> None:
    """Another fault elsewhere is still named, or what could not be seen is listed."""
    healed_lab.break_("one-way-route")
    healed_lab.break_(middle)
    found = diagnose(healed_lab.paste("one-way-route"), healed_lab.site(console), state, "--set", "source=master")
    if found.document["verdict"] == "unknown":
        assert found.document["unknown"]
        assert all(entry["message"] for entry in found.document["unknown"])
    else:
        named = {cause["id"] for cause in found.document["causes"]}
        assert named <= {"no-route-back", "firewall-drops-everything", "missing-route", "route-not-learned"}
