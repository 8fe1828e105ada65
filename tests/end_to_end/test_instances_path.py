"""nova-compute has no folder for its servers, or not its own: made or given, servers are built, and taken back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lab.cloud.steps import boot, server_is, then
from lab.session import Lab
from tests.end_to_end.outages import deadhop, diagnose

pytestmark = [pytest.mark.lab, pytest.mark.long]

CAUSE = "instances-path-not-writable"
AGENTS = "agents-or-services-down"
FOLDER = "/var/lib/nova/instances"
UP = "openstack compute service list --host compute2 -f value -c State | grep -q up"


def until(lab: Lab, host: str, command: str, seconds: float = 90) -> bool:
    end = time.monotonic() + seconds
    while (failed := lab.run(host, command).returncode != 0) and time.monotonic() < end:
        time.sleep(2)
    return not failed


def fix(session: str, state: Path, wanted: str) -> None:
    fixed = deadhop("fix", session, "--cause", CAUSE, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert fixed.document["fix"] == wanted


def undo(session: str, state: Path) -> None:
    undone = deadhop("fix", session, "--undo", "--yes", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)


def test_a_nova_compute_that_does_not_start_gets_its_folder(healed_openstack_lab: Lab, tmp_path: Path) -> None:
    lab, state = healed_openstack_lab, tmp_path / "state"
    site = lab.site()
    lab.break_("instances-path-missing")
    swept = deadhop("sweep", "--site", str(site), "--json", state=state)
    found = [diagnose(words, site, state) for words in (AGENTS, lab.paste("instances-path-missing"))]
    for one in (swept, *found):
        cause = one.document["causes"][0]
        assert (cause["id"], cause["targets"]) == (CAUSE, ["host:compute2"]), (one.document, one.stderr)
    session = found[0].document["session"]
    fix(session, state, "make-folder")
    assert until(lab, "controller", UP)
    undo(session, state)
    assert lab.run("compute2", f"test -e {FOLDER}").returncode
    lab.run("compute2", "systemctl restart nova-compute")  # it runs on without the folder until then
    assert until(lab, "controller", f"! {UP}")
    assert diagnose(AGENTS, site, state).document["causes"][0]["id"] == CAUSE


def test_the_folder_of_another_user_is_given_to_nova_compute(healed_openstack_lab: Lab, tmp_path: Path) -> None:
    lab, state = healed_openstack_lab, tmp_path / "state"
    site = lab.site()
    lab.break_("instances-path-foreign")
    told = ("server-does-not-start", site, state, "--set", "server=test-vm")
    found = diagnose(*told)
    session = found.document["session"]
    fix(session, state, "own-folder")
    for step in (boot("compute2", name="test-forced"), then(server_is("active", "test-forced"))):
        assert lab.run(step.where, step.text).returncode == 0
    undo(session, state)
    assert lab.run("compute2", f"stat -c %U {FOLDER}").stdout.strip() == "root"
    assert diagnose(*told).document["causes"][0]["id"] == CAUSE
