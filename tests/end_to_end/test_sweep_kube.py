"""A sweep of a cluster: nothing where nothing is wrong, and else the cause first, by the cluster's own lists."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import Ran, deadhop
from tests.end_to_end.test_kube_outages import OUTAGES, Outage

pytestmark = pytest.mark.lab

EVERY_RUN = ("kubelet-down",)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sweep(lab: Lab, state: Path) -> Ran:
    return deadhop("sweep", "--site", str(lab.site()), "--json", state=state)


def test_a_healthy_cluster_names_nothing(healed_kube_lab: Lab, state: Path) -> None:
    found = sweep(healed_kube_lab, state)
    assert (found.status, found.document["verdict"]) == (0, "nothing-found"), found.document["text"]
    assert [found.document[key] for key in ("causes", "may_be_meant", "open", "unknown")] == [[], [], [], []]
    seen = {one["probe"] for one in found.document["evidence"]}
    assert {"k8s.nodes", "k8s.pods", "k8s.service_places"} <= seen


def _wait_for_not_ready(lab: Lab) -> None:
    """The cluster takes 40 s to say that a kubelet says nothing; until then its own list is well."""
    end = time.monotonic() + 90
    while "NotReady" not in lab.run("master", "kubectl get nodes").stdout and time.monotonic() < end:
        time.sleep(1)


@pytest.mark.parametrize(
    "outage",
    [pytest.param(one, marks=() if one.fault in EVERY_RUN else pytest.mark.long) for one in OUTAGES],
    ids=lambda outage: outage.fault,
)
def test_the_cause_comes_first(healed_kube_lab: Lab, outage: Outage, state: Path) -> None:
    healed_kube_lab.break_(outage.fault)
    if outage.symptom == "node-not-ready":
        _wait_for_not_ready(healed_kube_lab)
    found = sweep(healed_kube_lab, state)
    print(f"{outage.fault}: {found.document['seconds']} s, {[one['id'] for one in found.document['causes']]}")
    assert found.status == 1, (found.document["text"], found.document["open"])
    cause = found.document["causes"][0]
    assert cause["id"] == outage.cause
    assert not outage.target or outage.target in cause["targets"]
    assert cause["explained_by"] == []
