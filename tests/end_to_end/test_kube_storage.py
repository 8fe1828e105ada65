"""Break, diagnose, fix, verify, undo where data is at stake: claims, volumes, a disk that is full."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.kube_outages import MASTER, W1, YES, pod_of, read, within
from tests.end_to_end.outages import deadhop, diagnose

pytestmark = pytest.mark.lab


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_deleted_claim_is_kept_by_a_pod_and_goes_with_it(healed_kube_lab: Lab, state: Path) -> None:
    """First what keeps the data; what ends the pod is told the name of what is lost."""
    lab, cause = healed_kube_lab, "claim-still-used"
    lab.break_("pvc-leftover")
    patch = '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}'
    assert lab.run(MASTER, f"kubectl patch pv old --type=merge -p '{patch}'").returncode == 0
    found = diagnose(lab.paste("pvc-leftover"), lab.site(), state)
    named = found.document["causes"][0]
    assert (named["id"], named["values"]["users"]) == (cause, ["user"]), (found.document, found.stderr)
    assert [(fix["id"], fix["risk"]) for fix in named["fixes"]] == [
        ("keep-the-volume", "reversible"),
        ("end-the-pods", "destructive"),
    ]
    words = ("fix", found.document["session"], "--cause", cause, "--yes", "--json")
    kept = deadhop(*words, state=state)
    assert (kept.status, kept.document["verified"]) == (0, True), (kept.document, kept.stderr)
    assert deadhop("fix", found.document["session"], "--undo", "--yes", "--json", state=state).status == 0
    policy = "kubectl get pv old -o jsonpath={.spec.persistentVolumeReclaimPolicy}"
    assert lab.run(MASTER, policy).stdout.strip() == "Delete"
    assert deadhop(*words, "--fix", "end-the-pods", state=state).status == 3, "not without its risk"
    ended = deadhop(*words, "--fix", "end-the-pods", "--max-risk", "destructive", state=state)
    assert (ended.status, ended.document["verified"]) == (0, True), (ended.document, ended.stderr)
    assert lab.run(MASTER, "kubectl get pvc old").returncode != 0


def test_a_claim_left_in_default_hands_its_volume_over_and_harbor_starts(healed_kube_lab: Lab, state: Path) -> None:
    lab, cause = healed_kube_lab, "release-left-in-other-namespace"
    lab.break_("harbor-leftover")
    found = diagnose(lab.paste("harbor-leftover"), lab.site(), state)
    by_entry = diagnose("harbor-does-not-start", lab.site(), state, "--set", "in_namespace=harbor")
    for one in (found, by_entry):
        named = one.document["causes"][0]
        assert (named["id"], named["confidence"]) == (cause, "certain"), (one.document, one.stderr)
        assert named["values"]["stateful_sets"] == ["harbor-database"]
        fixes = [(fix["id"], fix["recommended"], fix["risk"]) for fix in named["fixes"]]
        assert fixes == [("hand-over", True, "disruptive"), ("delete-left-claim", False, "destructive")]

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", cause, *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    ready = "kubectl -n harbor wait --for=condition=Ready pod --all --timeout=5s"
    assert within(90, lambda: lab.run(MASTER, ready).returncode == 0), lab.paste("harbor-leftover")
    undone = deadhop("fix", session, "--undo", *YES, "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    bound = "kubectl get pvc database-data-harbor-database-0 -o jsonpath={.status.phase} | grep -qx Bound"
    assert within(30, lambda: lab.run(MASTER, bound).returncode == 0), lab.paste("harbor-leftover")


def test_a_claim_that_is_left_is_deleted_once_its_volume_is_handed_over(healed_kube_lab: Lab, state: Path) -> None:
    """Not before it is asked for by name, and what the new claim has by then stays."""
    lab, cause = healed_kube_lab, "release-left-in-other-namespace"
    lab.break_("harbor-leftover")
    found = diagnose("harbor-does-not-start", lab.site(), state, "--set", "in_namespace=harbor")
    words = ("fix", found.document["session"], "--cause", cause, "--yes", "--json")
    handed = deadhop(*words, "--max-risk", "disruptive", state=state)
    assert (handed.status, handed.document["verified"]) == (0, True), (handed.document, handed.stderr)
    delete = (*words, "--fix", "delete-left-claim")
    assert deadhop(*delete, "--max-risk", "disruptive", state=state).status == 3, "not without its risk"
    deleted = deadhop(*delete, "--max-risk", "destructive", state=state)
    assert (deleted.status, deleted.document["verified"]) == (0, True), (deleted.document, deleted.stderr)
    claims = "kubectl get pvc -A -o jsonpath='{range .items[*]}{.metadata.namespace} {.status.phase}{end}'"
    assert within(30, lambda: lab.run(MASTER, claims).stdout.strip() == "harbor Bound"), lab.paste(
        "harbor-leftover"
    )


def test_journals_that_fill_a_disk_are_deleted_but_for_the_newest(healed_kube_lab: Lab, state: Path) -> None:
    """Only when it is asked for with its risk: old messages do not come back."""
    lab, cause = healed_kube_lab, "node-disk-full"
    lab.break_("disk-full-of-journals")
    by_entry = diagnose("pod-does-not-start", lab.site(), state, "--set", read(lab, pod_of("client-1")))
    found = diagnose(lab.paste("disk-full-of-journals"), lab.site(), state)
    for one in (by_entry, found):
        named = one.document["causes"][0]
        assert (named["id"], named["targets"]) == (cause, [f"host:{W1}"]), (one.document, one.stderr)
        assert [(fix["id"], fix["risk"]) for fix in named["fixes"]] == [("vacuum-journal", "destructive")]
    words = ("fix", found.document["session"], "--cause", cause, "--yes", "--json")
    assert deadhop(*words, "--max-risk", "disruptive", state=state).status == 3, "not without its risk"
    fixed = deadhop(*words, "--max-risk", "destructive", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    running = "kubectl get pods -l app=client-1 | grep -q ' 1/1 .*Running'"
    assert within(120, lambda: lab.run(MASTER, running).returncode == 0), lab.paste("disk-full-of-journals")
    assert lab.run(W1, "journalctl -n 1 --no-pager -o cat").stdout
    well = diagnose("pod-does-not-start", lab.site(), state, "--set", read(lab, pod_of("client-1")))
    assert (well.status, well.document["causes"]) == (0, []), well.document
