"""The same outage for a login that is not root: with sudo it is repaired, without, what was not seen is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import deadhop, diagnose

pytestmark = pytest.mark.lab

REJECT = "iptables -I LIBVIRT_FWI 1 -s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT"


def site_as(lab: Lab, user: str, folder: Path) -> Path:
    """The lab's site, logging in as somebody else."""
    config = folder / "ssh_config"
    config.write_text(lab.ssh_config.read_text().replace("User root", f"User {user}"))
    site = folder / "site.yaml"
    site.write_text(f"version: 1\nssh_config: {json.dumps(str(config))}\n")
    return site


def test_with_sudo_the_fix_says_and_runs_sudo(healed_lab: Lab, tmp_path: Path) -> None:
    healed_lab.break_("libvirt-reject")
    site = site_as(healed_lab, "ops", tmp_path)
    found = diagnose(healed_lab.paste("libvirt-reject"), site, tmp_path / "state")
    (cause,) = found.document["causes"]
    assert cause["fixes"][0]["actions"][0]["run"] == f"sudo -n {REJECT}"
    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", cause["id"], "--yes", "--json", state=tmp_path / "state")
    assert (fixed.status, fixed.document["verified"]) == (0, True)
    assert REJECT.partition("1 ")[2] in healed_lab.run("openstack-host", "iptables-save").stdout
    undone = deadhop("fix", session, "--undo", "--json", state=tmp_path / "state")
    assert undone.status == 0
    assert REJECT.partition("1 ")[2] not in healed_lab.run("openstack-host", "iptables-save").stdout


def test_without_sudo_nothing_is_guessed(healed_lab: Lab, tmp_path: Path) -> None:
    healed_lab.break_("libvirt-reject")
    site = site_as(healed_lab, "plain", tmp_path)
    found = diagnose(healed_lab.paste("libvirt-reject"), site, tmp_path / "state")
    assert (found.status, found.document["verdict"], found.document["causes"]) == (2, "unknown", [])
    (unseen,) = found.document["unknown"]
    assert (unseen["probe"], unseen["reason"]) == ("path.firewall_hits", "denied")
    assert "sudo" in unseen["hint"]


def test_without_sudo_what_needs_no_root_is_still_found(healed_lab: Lab, tmp_path: Path) -> None:
    healed_lab.break_("missing-route")
    site = site_as(healed_lab, "plain", tmp_path)
    found = diagnose(healed_lab.paste("missing-route"), site, tmp_path / "state")
    assert found.document["causes"][0]["id"] == "missing-route"
    assert found.document["causes"][0]["fixes"][0]["actions"][0]["run"].startswith("sudo -n ip route add")


@pytest.mark.parametrize("fault", ["one-way-route", "rp-filter"])
def test_without_sudo_the_true_cause_is_never_ruled_out(healed_lab: Lab, tmp_path: Path, fault: str) -> None:
    cause = {"one-way-route": "no-route-back", "rp-filter": "rp-filter-strict"}[fault]
    healed_lab.break_(fault)
    found = diagnose(healed_lab.paste(fault), site_as(healed_lab, "plain", tmp_path), tmp_path / "state")
    assert cause not in {entry["id"] for entry in found.document["ruled_out"]}
    if found.document["verdict"] == "unknown":
        assert all(entry["message"] and entry["hint"] for entry in found.document["unknown"])
        assert found.document["unknown"]
    else:
        assert [entry["id"] for entry in found.document["causes"]] == [cause]


def test_without_sudo_a_fix_is_left_to_somebody_else(healed_lab: Lab, tmp_path: Path) -> None:
    healed_lab.break_("missing-route")
    site = site_as(healed_lab, "plain", tmp_path)
    found = diagnose(healed_lab.paste("missing-route"), site, tmp_path / "state")
    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", "missing-route", "--yes", "--json", state=tmp_path / "state")
    assert (fixed.status, fixed.document["phase"]) == (4, "by-hand")
    assert "ip route add" in fixed.document["hint"]
    assert "192.168.100.0/24" not in healed_lab.run("kubernetes-host", "ip route").stdout
