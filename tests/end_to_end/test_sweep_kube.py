"""A sweep of a cluster: nothing where nothing is wrong, and else the cause first, by the cluster's own lists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab.kube.health import ailments
from lab.kube.steps import in_pod
from lab.machines import FLANNEL_PORT
from lab.session import Lab
from tests.end_to_end.faults_table import Row, row
from tests.end_to_end.kube_outages import (
    HARBOR,
    MASTER,
    OUTAGES,
    SWEPT,
    W1,
    W2,
    Outage,
    is_broken,
    is_healthy,
    within,
)
from tests.end_to_end.outages import Ran, deadhop, diagnose

pytestmark = pytest.mark.lab

EVERY_RUN = ("kubelet-down",)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sweep(lab: Lab, state: Path) -> Ran:
    return deadhop("sweep", "--site", str(lab.site()), "--json", state=state)


def test_a_healthy_cluster_names_nothing(healed_kube_lab: Lab, state: Path) -> None:
    found = sweep(healed_kube_lab, state)
    assert [found.document[key] for key in ("causes", "may_be_meant", "open", "unknown")] == [[], [], [], []]
    assert (found.status, found.document["verdict"]) == (0, "nothing-found"), found.document["text"]
    seen = {one["probe"] for one in found.document["evidence"]}
    assert {"k8s.nodes", "k8s.pods", "k8s.service_places"} <= seen


TUNNEL = Outage(
    "vxlan-blocked",
    "tunnel-port-blocked",
    f"host:{W1}",
    "pods-across-nodes",
    (),
    (W1, f"iptables -S INPUT | grep -q 'dport {FLANNEL_PORT} -j DROP'"),
)
LOOP = Outage(
    "dns-loop",
    "coredns-forwards-to-itself",
    f"host:{W2}",
    "pod-dns-fails",
    (),
    (W2, "! grep -q '^resolvConf: /run/systemd' /var/lib/kubelet/config.yaml"),
)
JOURNALS = Outage(
    "disk-full-of-journals",
    "node-disk-full",
    f"host:{W1}",
    "pod-does-not-start",
    (),
    (W1, "df --output=pcent /var/log | grep -q 100%"),
    undone=False,
)
ITS_OWNERS = (
    ("disk-full", "node-disk-full"),
    ("crashloop", "container-exits"),
    ("image-pull", "image-cannot-be-pulled"),
    ("pending-resources", "no-node-has-room"),
    ("pvc-pending", "claim-not-bound"),
    ("etcd-no-quorum", "etcd-without-quorum"),
)
"""Fault and cause: what is missing only its owner can give."""
POD = "default/$(kubectl get pod -l app={} -o jsonpath='{{.items[0].metadata.name}}')"
ENDS = (POD.format("client-1"), POD.format("client-2"))
TRACES = {
    "vxlan-blocked": [W1],
    "calico-crosssubnet": [W1, W2],
    "calico-vxlan-crosssubnet": [W1, W2],
}
"""Faults that drop packets from one pod to the other: the dead hop's host, or what they die between, which is less
than a cause and ends so."""


@pytest.mark.parametrize(
    "outage",
    [
        pytest.param(one, marks=() if one.fault in EVERY_RUN else pytest.mark.long)
        for one in (*OUTAGES, *HARBOR, *SWEPT, TUNNEL, LOOP)
    ],
    ids=lambda outage: outage.fault,
)
def test_the_cause_comes_first(healed_kube_lab: Lab, outage: Outage, state: Path) -> None:
    """At once: nobody waits for the cluster to call a node NotReady."""
    healed_kube_lab.break_(outage.fault)
    with row(outage.fault) as seen:
        found = sweep(healed_kube_lab, state)
        seen.swept(found.document, outage.cause)
        _assert_first(found, outage)
        if outage.fault in TRACES:
            _trace(healed_kube_lab, outage, seen, state)
        if outage.fault not in EVERY_RUN or os.environ.get("FAULTS_TABLE"):
            _fix_and_undo(healed_kube_lab, outage, found, seen, state)


@pytest.mark.long
@pytest.mark.parametrize(("fault", "cause"), ITS_OWNERS, ids=lambda one: one)
def test_what_only_its_owner_can_repair_comes_first(
    healed_kube_lab: Lab, fault: str, cause: str, state: Path
) -> None:
    healed_kube_lab.break_(fault)
    with row(fault) as seen:
        found = sweep(healed_kube_lab, state)
        seen.swept(found.document, cause)
        assert found.document["causes"][0]["id"] == cause, (found.document["text"], found.document["open"])


@pytest.mark.long
def test_journals_that_fill_a_disk_come_first(healed_kube_lab: Lab, state: Path) -> None:
    """Deleted only when it is asked for with its risk."""
    healed_kube_lab.break_(JOURNALS.fault)
    with row(JOURNALS.fault) as seen:
        found = sweep(healed_kube_lab, state)
        seen.swept(found.document, JOURNALS.cause)
        _assert_first(found, JOURNALS)
        _fix_and_undo(healed_kube_lab, JOURNALS, found, seen, state, risk="destructive")


@pytest.mark.long
@pytest.mark.parametrize(
    ("fix", "more"),
    [
        ("add-dns-rule", "true"),
        ("add-first-rule", 'kubectl patch networkpolicy only-web --type=merge -p \'{"spec":{"egress":null}}\''),
    ],
    ids=("other-rules", "no-rules"),
)
def test_a_policy_that_is_enforced_is_mentioned_and_nothing_else_is_blamed(
    healed_kube_lab: Lab, fix: str, more: str, state: Path
) -> None:
    """It denies more than names, pods' packets to other nodes among that: no machine on the way is at fault. And
    with no rule at all it denies everything. Who misses names asks for them, and is offered the repair."""
    lab, cause = healed_kube_lab, "network-policy-denies-dns"
    lab.break_("dns-denied-for-real")
    assert lab.run(MASTER, more).returncode == 0
    found = sweep(lab, state)
    assert [found.document[key] for key in ("causes", "open")] == [[], []], found.document["text"]
    (mentioned,) = found.document["may_be_meant"]
    assert (mentioned["id"], mentioned["values"]["policy"]) == (cause, "only-web")
    assert [one["id"] for one in mentioned["fixes"] if one["recommended"]] == [fix]
    session, words = diagnose("pod-dns-fails", lab.site(), state).document["session"], ("--yes", "--json")
    fixed = deadhop("fix", session, "--cause", cause, *words, state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert within(60, lambda: _resolves(lab))
    undone = deadhop("fix", session, "--undo", *words, state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert within(60, lambda: not _resolves(lab))


def _resolves(lab: Lab) -> bool:
    asked = in_pod(1, "nslookup web.default.svc.cluster.local")
    return lab.run(asked.where, asked.text).returncode == 0


def _assert_first(found: Ran, outage: Outage) -> None:
    assert found.status == 1, (found.document["text"], found.document["open"])
    cause = found.document["causes"][0]
    assert cause["id"] == outage.cause
    assert not outage.target or outage.target in cause["targets"]
    assert cause["explained_by"] == []


def _trace(lab: Lab, outage: Outage, seen: Row, state: Path) -> None:
    ends = [lab.run(MASTER, f"echo {end}").stdout.strip() for end in ENDS]
    traced = deadhop("trace", *ends, "--site", str(lab.site()), "--json", state=state)
    seen.traced(traced.document)
    dead, between = (traced.document[key] for key in ("dead_hop", "between"))
    said = (1, [dead["host"]]) if dead else (2, between)
    assert (traced.status, said[1]) == (said[0], TRACES[outage.fault]), traced.document["text"]


def _fix_and_undo(lab: Lab, outage: Outage, found: Ran, seen: Row, state: Path, risk: str = "disruptive") -> None:
    session, words = found.document["session"], ("--yes", "--max-risk", risk, "--json")
    fixed = deadhop("fix", session, "--cause", outage.cause, *words, state=state)
    seen.fixed(fixed.document)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert within(120, lambda: is_healthy(lab, outage)), ailments(lab.instance)
    if not outage.undone:
        return
    undone = deadhop("fix", session, "--undo", *words, state=state)
    seen.undone = "no"
    assert undone.status == 0, (undone.document, undone.stderr)
    assert within(20, lambda: is_broken(lab, outage))
    seen.undone = "yes"
