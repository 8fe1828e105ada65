"""Break, diagnose, fix, verify, undo on a real OpenStack, through the command an operator types."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lab.cloud.steps import boot, gone, rows_changed, server_is, then
from lab.machines import ROOT
from lab.session import Lab
from tests.end_to_end.cloud_outages import API, BUILD, LOOP, NEW, NO_TUNNELS, OUTAGES, PING, PODS, SSH, Outage
from tests.end_to_end.outages import Ran, deadhop

pytestmark = pytest.mark.lab


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(params=OUTAGES, ids=lambda outage: outage.fault)
def broken(request: pytest.FixtureRequest, healed_openstack_lab: Lab) -> tuple[Lab, Outage]:
    outage: Outage = request.param
    healed_openstack_lab.break_(outage.fault)
    return healed_openstack_lab, outage


def diagnose(lab: Lab, state: Path, *words: str) -> Ran:
    return deadhop("diagnose", *words, "--site", str(lab.site()), "--json", state=state)


def is_named(found: Ran, outage: Outage) -> None:
    assert found.status == 1, (found.document, found.stderr)
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (outage.cause, [outage.target])
    assert cause["evidence"]


def is_well(lab: Lab, outage: Outage, seconds: float = 180) -> bool:
    """Agents and services come to it within a while."""
    end = time.monotonic() + seconds
    while not (well := _works(lab, outage)) and time.monotonic() < end:
        time.sleep(2)
    return well


def is_broken_again(lab: Lab, outage: Outage, seconds: float = 180) -> bool:
    """As slowly as it came to be well."""
    end = time.monotonic() + seconds
    while (well := _works(lab, outage)) and time.monotonic() < end:
        time.sleep(2)
    return not well


def _works(lab: Lab, outage: Outage) -> bool:
    """By the cloud's own client, or by packets; not by what deadhop says."""
    looks = [(host, look) for host, look in (_packets(outage), ("controller", outage.well)) if look]
    assert looks, f"{outage.fault}: nothing says whether it works"
    return all(lab.run(host, look).returncode == 0 for host, look in looks)


def _packets(outage: Outage) -> tuple[str, str]:
    """Where what is sent; nothing where they go all the same."""
    if outage.asked == SSH:
        return ROOT, "nc -z -w 2 192.168.200.106 22"
    if outage.asked in (PING, LOOP, NO_TUNNELS):
        return ROOT, "ping -c2 -W1 192.168.200.106"
    if outage.asked == PODS:
        return "k8s-worker-1", "ping -c2 -W1 -I 10.244.1.1 10.244.2.1"
    return ROOT, ""


def test_outage_is_named_repaired_verified_and_undone(broken: tuple[Lab, Outage], state: Path) -> None:
    lab, outage = broken
    found = diagnose(lab, state, *outage.asked)
    is_named(found, outage)

    session = found.document["session"]
    words = ("fix", session, "--cause", outage.cause, "--yes", "--max-risk", outage.risk, "--json")
    fixed = deadhop(*words, state=state)
    assert fixed.status == 0, (fixed.document, fixed.stderr)
    assert fixed.document["verified"] is True
    assert is_well(lab, outage)
    if not outage.undone:
        return
    undone = deadhop("fix", session, "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert is_broken_again(lab, outage)
    is_named(diagnose(lab, state, *(outage.again or outage.asked)), outage)


def test_ports_that_failed_are_bound_again_once_the_bridge_is_mapped(
    healed_openstack_lab: Lab, state: Path
) -> None:
    lab = healed_openstack_lab
    lab.break_("no-bridge-mapping")
    found = diagnose(lab, state, *BUILD)
    by_port = diagnose(lab, state, "port-stays-unbound", "--set", "port=stuck-port")
    for one in (found, by_port):
        is_named(one, Outage("", "bridge-mapping-missing", "host:compute", BUILD))
    session = by_port.document["session"]
    words = ("fix", session, "--cause", "bridge-mapping-missing", "--yes", "--max-risk", "disruptive", "--json")
    too_early = deadhop(*words, "--fix", "bind-ports-again", state=state)
    assert (too_early.status, too_early.document["verified"]) == (4, False), too_early.document
    assert bound(lab) == "binding_failed"
    for fix in ("map-bridge", "bind-ports-again"):
        fixed = deadhop(*words, "--fix", fix, state=state)
        assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
        if fix == "map-bridge":
            as_it_failed(lab)
    assert bound(lab) == "ovs"


def as_it_failed(lab: Lab) -> None:
    """An agent that restarts so slowly that it counts as dead makes Neutron try again by itself."""
    port = "port_id in (select id from neutron.ports where name='stuck-port')"
    step = rows_changed(
        f"update neutron.ml2_port_bindings set vif_type='binding_failed' where {port}; "
        f"delete from neutron.ml2_port_binding_levels where {port}"
    )
    assert lab.run(step.where, step.text).returncode == 0
    assert bound(lab) == "binding_failed"


def bound(lab: Lab) -> str:
    shown = lab.run("controller", "openstack port show stuck-port -f value -c binding_vif_type")
    return shown.stdout.split()[-1]


def test_port_security_goes_and_comes_back_with_its_pairs_and_groups(
    healed_openstack_lab: Lab, state: Path
) -> None:
    """Pairs that are there make Neutron answer 409, so they go first."""
    lab = healed_openstack_lab
    lab.break_("port-security-routed")
    lab.run("controller", "openstack port set --allowed-address ip-address=10.99.9.9 k8s-worker-1")
    before = ports_of_workers(lab)
    found = diagnose(lab, state, *PODS)
    is_named(found, Outage("", "port-security-drops-pods", "cloud:lab", PODS))
    offered = [fix["id"] for fix in found.document["causes"][0]["fixes"]]
    assert offered == ["allow-pods", "port-security-off"]
    words = ("fix", found.document["session"], "--cause", "port-security-drops-pods", "--json")
    fixed = deadhop(*words, "--fix", "port-security-off", "--yes", "--max-risk", "disruptive", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert is_well(lab, Outage("", "", "", PODS))
    undone = deadhop("fix", found.document["session"], "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert ports_of_workers(lab) == before
    assert is_broken_again(lab, Outage("", "", "", PODS))


def ports_of_workers(lab: Lab) -> str:
    columns = "-c allowed_address_pairs -c port_security_enabled -c security_group_ids"
    show = " && ".join(f"openstack port show {name} -f json {columns}" for name in ("k8s-worker-1", "k8s-worker-2"))
    shown = lab.run("controller", show)
    assert shown.returncode == 0, shown.stdout
    return shown.stdout


@pytest.mark.parametrize("outage", [one for one in OUTAGES if one.pasted], ids=lambda outage: outage.fault)
def test_outage_is_named_from_what_an_operator_pastes(
    healed_openstack_lab: Lab, outage: Outage, state: Path
) -> None:
    healed_openstack_lab.break_(outage.fault)
    is_named(diagnose(healed_openstack_lab, state, healed_openstack_lab.paste(outage.fault)), outage)


def test_a_deleted_bridge_is_made_anew_where_no_address_is_known(healed_openstack_lab: Lab, state: Path) -> None:
    lab = healed_openstack_lab
    lab.break_("br-tun-deleted")
    found = diagnose(lab, state, *NO_TUNNELS)
    is_named(found, Outage("", "ovs-bridges-incomplete", "host:compute", NO_TUNNELS))
    words = ("--cause", "ovs-bridges-incomplete", "--yes", "--max-risk", "disruptive", "--json")
    fixed = deadhop("fix", found.document["session"], *words, state=state)
    assert (fixed.document["fix"], fixed.document["verified"]) == ("make-bridges-anew", True), fixed.document
    assert is_well(lab, Outage("", "", "", NO_TUNNELS))


@pytest.mark.parametrize("asked", [PING, NEW], ids=lambda asked: asked[0])
def test_an_agent_without_tunnels_is_named_where_its_servers_suffer(
    healed_openstack_lab: Lab, asked: tuple[str, ...], state: Path
) -> None:
    healed_openstack_lab.break_("no-tunnel-types")
    is_named(
        diagnose(healed_openstack_lab, state, *asked), Outage("", "agent-makes-no-tunnels", "host:compute", asked)
    )


def test_a_server_that_an_agent_without_tunnels_refuses_names_the_agent(
    healed_openstack_lab: Lab, state: Path
) -> None:
    lab = healed_openstack_lab
    lab.break_("no-tunnel-types")
    try:
        step = boot("compute")
        assert lab.run(step.where, step.text).returncode == 0
        failed = then(server_is("error"))
        assert lab.run(failed.where, failed.text).returncode == 0
        is_named(diagnose(lab, state, *BUILD), Outage("", "agent-makes-no-tunnels", "host:compute", BUILD))
    finally:
        for step in gone():
            lab.run(step.where, step.text)


def test_blocked_tunnels_are_named_where_new_servers_get_no_address(healed_openstack_lab: Lab, state: Path) -> None:
    healed_openstack_lab.break_("tunnels-blocked")
    is_named(
        diagnose(healed_openstack_lab, state, *NEW), Outage("", "tunnel-port-blocked", "host:openstack-host", NEW)
    )


@pytest.mark.parametrize("asked", [PING, SSH, API], ids=lambda asked: asked[0] + asked[-1])
def test_a_healthy_cloud_names_nothing(healed_openstack_lab: Lab, asked: tuple[str, ...], state: Path) -> None:
    found = diagnose(healed_openstack_lab, state, *asked)
    assert found.document["causes"] == []


def test_a_healthy_server_is_no_failure(healed_openstack_lab: Lab, state: Path) -> None:
    found = diagnose(healed_openstack_lab, state, BUILD[0], "--set", "server=k8s-worker-1")
    assert (found.status, found.document["verdict"]) == (0, "nothing-found")
