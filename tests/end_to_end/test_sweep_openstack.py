"""A sweep of a cloud: nothing where all is well, else the cause first, by the cloud's own lists and by packets."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.cloud_outages import AGENTS, OUTAGES, Outage
from tests.end_to_end.faults_table import Row, row
from tests.end_to_end.outages import Ran, deadhop
from tests.end_to_end.test_cloud_outages import is_broken_again, is_well

pytestmark = [pytest.mark.lab, pytest.mark.long]

SWEPT = (
    "br-tun-deleted",
    "no-tunnel-types",
    "tunnels-blocked",
    "floating-loop",
    "docker-overlap",
    "ovs-restarted",
    "ovs-agent-stopped",
    "ovs-agent-frozen",
    "kolla-agent-frozen",
    "dhcp-agent-stopped",
    "metadata-agent-stopped",
    "l3-agent-stopped",
    "local-ip-invalid",
    "clock-behind",
    "rabbitmq-stopped",
    "nova-compute-stopped",
    "computes-disabled",
    "no-bridge-mapping",
    "mapping-not-read",
    "kolla-setting-lost",
    "kolla-container-old",
    "local-ip-unreachable",
    "instances-path",
    "instances-path-foreign",
    "host-not-mapped",
    "keystone-stopped",
    "neutron-api-stopped",
)
BESIDE = (
    Outage(
        "instances-path-missing",
        "instances-path-not-writable",
        "host:compute2",
        AGENTS,
        well="openstack compute service list --host compute2 -f value -c State | grep -q up",
    ),
)
"""Walked by a symptom's name elsewhere (test_instances_path.py)."""
NOTICED = {"instances-path-missing": ("compute2", "systemctl restart nova-compute")}
"""What runs on after the undo, and is broken again from its next start on."""
MEANT = {
    "sg-no-icmp": "security-group-lacks-rule",
    "sg-no-ssh": "security-group-lacks-rule",
    "sg-ssh-from-others": "security-group-excludes-asker",
}
TRACES = {
    "br-tun-deleted": "compute: no-bridge",
    "tunnels-blocked": "between controller and compute",
    "floating-loop": "between kubernetes-host and openstack-host; the routes lead in a circle",
    "docker-overlap": "openstack-host: neighbour",
}
"""Faults that drop packets to the floating address, and where they die, as docs/faults.md has it.
After a sweep the router has forgotten the server's MAC: only its question for that enters the blocked tunnel."""
SIDES = ("tunnels-blocked",)
"""Seen from several hypervisors: one repair lets the tunnels of all of them pass, and nothing is left to find."""
FLOATING = ("master", "192.168.200.106")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sweep(lab: Lab, state: Path) -> Ran:
    return deadhop("sweep", "--site", str(lab.site()), "--json", state=state)


def test_a_healthy_cloud_names_nothing_twice(healed_openstack_lab: Lab, state: Path) -> None:
    for _ in range(2):
        found = sweep(healed_openstack_lab, state)
        assert (found.status, found.document["verdict"]) == (0, "nothing-found"), found.document["text"]
        assert [found.document[key] for key in ("causes", "may_be_meant", "open", "unknown")] == [[], [], [], []]
        seen = {one["probe"] for one in found.document["evidence"]}
        assert {"cloud.reach", "cloud.agents", "cloud.compute_services", "cloud.servers"} <= seen


@pytest.mark.parametrize("fault", MEANT)
def test_what_a_group_keeps_out_is_mentioned_and_no_fault(
    healed_openstack_lab: Lab, fault: str, state: Path
) -> None:
    healed_openstack_lab.break_(fault)
    found = sweep(healed_openstack_lab, state).document
    assert found["causes"] == [], found["text"]
    assert {one["id"] for one in found["may_be_meant"]} == {MEANT[fault]}


def test_a_server_that_somebody_has_stopped_is_no_fault(healed_openstack_lab: Lab, state: Path) -> None:
    healed_openstack_lab.break_("server-shut-off")
    found = sweep(healed_openstack_lab, state).document
    assert (found["causes"], found["may_be_meant"]) == ([], []), found["text"]


@pytest.mark.parametrize(
    "outage", [*(one for one in OUTAGES if one.fault in SWEPT), *BESIDE], ids=lambda outage: outage.fault
)
def test_the_cause_comes_first(healed_openstack_lab: Lab, outage: Outage, state: Path) -> None:
    lab = healed_openstack_lab
    lab.break_(outage.fault)
    with row(outage.fault) as seen:
        found = sweep(lab, state)
        seen.swept(found.document, outage.cause)
        _assert_first(found, outage)
        if outage.fault in TRACES:
            _trace(lab, outage, seen, state)
        _fix_and_undo(lab, outage, found, seen, state)


def _assert_first(found: Ran, outage: Outage) -> None:
    assert found.status == 1, (found.document["text"], found.document["open"])
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (outage.cause, [outage.target]), found.document["text"]
    assert (cause["explained_by"], bool(cause["witnesses"])) == ([], True)


def _trace(lab: Lab, outage: Outage, seen: Row, state: Path) -> None:
    traced = deadhop("trace", *FLOATING, "--site", str(lab.site()), "--json", state=state)
    seen.traced(traced.document)
    assert traced.status in (1, 2), traced.document["text"]
    assert seen.hop == TRACES[outage.fault], traced.document["text"]


def _fix_and_undo(lab: Lab, outage: Outage, found: Ran, seen: Row, state: Path) -> None:
    """By what the cloud's own client or a packet says, not by deadhop alone."""
    words = ("--cause", outage.cause, "--yes", "--max-risk", outage.risk, "--json")
    fixed = deadhop("fix", found.document["session"], *words, state=state)
    seen.fixed(fixed.document)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert is_well(lab, outage)
    if outage.fault in SIDES:
        again = sweep(lab, state).document
        assert (again["verdict"], again["causes"]) == ("nothing-found", []), again["text"]
    if not outage.undone:
        return
    undone = deadhop("fix", found.document["session"], "--undo", "--json", state=state)
    seen.undone = "no"
    assert undone.status == 0, (undone.document, undone.stderr)
    if outage.fault in NOTICED:
        lab.run(*NOTICED[outage.fault])
    assert is_broken_again(lab, outage)
    seen.undone = "yes"
