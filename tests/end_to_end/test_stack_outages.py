"""One fault at two layers: flannel routes addresses of pods, Neutron's real filter drops them. Packets decide."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lab.kube.steps import in_pod
from lab.session import Lab
from tests.end_to_end.outages import deadhop, diagnose

pytestmark = [pytest.mark.lab, pytest.mark.long]

W1, W2, MASTER = "k8s-worker-1", "k8s-worker-2", "master"
CAUSE = "port-security-drops-pods"
TUNNEL = "security-group-drops-tunnel"


@pytest.fixture
def broken(healed_stack_lab: Lab) -> Lab:
    healed_stack_lab.break_("flannel-host-gw")
    return healed_stack_lab


def pod_on(lab: Lab, node: str) -> str:
    """Address of a pod there that has a network of its own."""
    words = "get pod -l app=client-2" if node == W2 else "get pod -l app=client-1"
    return lab.run(MASTER, f"kubectl {words} -o jsonpath='{{.items[0].status.podIP}}'").stdout.strip()


def is_well(lab: Lab, seconds: float = 120) -> bool:
    """A pod's ping arrives on the other node."""
    ping, end = in_pod(1, f"ping -c2 -W1 {pod_on(lab, W2)}"), time.monotonic() + seconds
    while (failed := lab.run(ping.where, ping.text).returncode != 0) and time.monotonic() < end:
        time.sleep(2)
    return not failed


def test_pods_that_port_security_drops_are_let_through_and_nothing_else(broken: Lab, tmp_path: Path) -> None:
    site, state = broken.site(), tmp_path / "state"
    assert not is_well(broken, seconds=0)
    told = ("--set", f"source={W1}", "--set", f"target={pod_on(broken, W2)}")
    by_entry = diagnose("pods-across-servers-dropped", site, state, *told)
    by_cluster = diagnose("pods-across-nodes", site, state)
    found = diagnose(broken.paste("flannel-host-gw"), site, state)
    for one in (by_entry, by_cluster, found):
        (cause,) = one.document["causes"]
        assert (cause["id"], cause["targets"]) == (CAUSE, ["cloud:lab"]), (one.document, one.stderr)
    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", CAUSE, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert is_well(broken)
    undone = deadhop("fix", session, "--undo", "--yes", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert diagnose("pods-across-servers-dropped", site, state, *told).document["causes"][0]["id"] == CAUSE


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("flannel-directrouting", CAUSE),
        ("calico-on-servers", CAUSE),
        ("calico-ipip-dropped", TUNNEL),
        ("sg-no-flannel", TUNNEL),
    ],
)
def test_what_the_cloud_drops_between_nodes_is_named_repaired_and_undone(
    healed_stack_lab: Lab, tmp_path: Path, fault: str, cause: str
) -> None:
    """Named by the cluster's own tree, which goes on to Neutron's ports; nothing is named beside: of a pool of
    Calico a trace between machines would have to tell. Pods' packets say whether it is well."""
    healed_stack_lab.break_(fault)
    site, state = healed_stack_lab.site(), tmp_path / "state"
    assert not is_well(healed_stack_lab, seconds=0)
    told = [diagnose(words, site, state) for words in ("pods-across-nodes", healed_stack_lab.paste(fault))]
    for one in told:
        (named,) = one.document["causes"]
        assert (named["id"], named["targets"]) == (cause, ["cloud:lab"]), (one.document, one.stderr)
    assert told[0].document["runners_up"] == []
    session = told[0].document["session"]
    fixed = deadhop("fix", session, "--cause", cause, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert is_well(healed_stack_lab)
    undone = deadhop("fix", session, "--undo", "--yes", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert not is_well(healed_stack_lab, seconds=0)
    assert diagnose("pods-across-nodes", site, state).document["causes"][0]["id"] == cause
