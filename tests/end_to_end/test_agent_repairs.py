"""Repairs of Neutron's agents that no fault of the lab asks for as it is: each on a variant of one, made here."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cloud.agents import AGENT_INI
from lab.cloud.steps import alive, restart, then
from lab.faults import Run
from lab.session import Lab
from tests.end_to_end.cloud_outages import AGENTS, NO_TUNNELS, TUNNELS, Outage
from tests.end_to_end.outages import Ran, deadhop
from tests.end_to_end.test_cloud_outages import diagnose, is_broken_again, is_named, is_well

pytestmark = [pytest.mark.lab, pytest.mark.long]

WITHOUT = Outage("no-tunnel-types", "agent-makes-no-tunnels", "host:compute", NO_TUNNELS, well=TUNNELS)
STOPPED = Outage("ovs-agent-stopped", "neutron-agent-stopped", "host:compute", AGENTS)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def make(lab: Lab, *steps: Run) -> None:
    for step in steps:
        done = lab.run(step.where, step.text)
        assert done.returncode == 0, (step.text, done.stdout)


def written(line: str) -> Run:
    """A line of the agent's file that the fault has taken out."""
    return Run("compute", f"sed -i 's/^#{line}/{line}/' {AGENT_INI}; grep -q ^{line} {AGENT_INI}")


def fix(found: Ran, wanted: str, state: Path, *, risk: str = "reversible") -> None:
    cause = found.document["causes"][0]["id"]
    words = ("--cause", cause, "--yes", "--max-risk", risk, "--json")
    fixed = deadhop("fix", found.document["session"], *words, state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert fixed.document["fix"] == wanted


def undo(found: Ran, state: Path) -> None:
    undone = deadhop("fix", found.document["session"], "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)


def test_an_agent_that_has_a_local_ip_is_given_only_its_kind_of_tunnel(
    healed_openstack_lab: Lab, state: Path
) -> None:
    lab = healed_openstack_lab
    lab.break_("no-tunnel-types")
    make(lab, written("local_ip"), restart(), then(alive()))
    try:
        as_it_was = lab.run("compute", f"cat {AGENT_INI}").stdout
        found = diagnose(lab, state, *NO_TUNNELS)
        is_named(found, WITHOUT)
        fix(found, "make-tunnels", state)
        assert is_well(lab, WITHOUT)
        undo(found, state)
        assert lab.run("compute", f"cat {AGENT_INI}").stdout == as_it_was
        assert is_broken_again(lab, WITHOUT)
        is_named(diagnose(lab, state, *NO_TUNNELS), WITHOUT)
    finally:
        make(lab, Run("compute", f"sed -i 's/^local_ip/#local_ip/' {AGENT_INI}"))  # the fault's undo knows no half


def test_an_agent_that_has_not_read_of_tunnels_is_restarted(healed_openstack_lab: Lab, state: Path) -> None:
    lab = healed_openstack_lab
    lab.break_("no-tunnel-types")
    make(lab, written("local_ip"), written("tunnel_types"))
    found = diagnose(lab, state, *NO_TUNNELS)
    is_named(found, WITHOUT)
    fix(found, "read-again", state, risk="disruptive")
    assert is_well(lab, WITHOUT)


def test_an_agent_is_started_where_the_cloud_cannot_be_asked(healed_openstack_lab: Lab, state: Path) -> None:
    lab = healed_openstack_lab
    for fault in ("ovs-agent-stopped", "keystone-stopped"):
        lab.break_(fault)
    found = diagnose(lab, state, *AGENTS)
    is_named(found, STOPPED)
    fix(found, "start-agent-without-api", state)
    runs = "systemctl is-active -q neutron-openvswitch-agent"
    assert lab.run("compute", runs).returncode == 0
    undo(found, state)
    assert lab.run("compute", runs).returncode
    is_named(diagnose(lab, state, *AGENTS), STOPPED)
