"""Looks from short-lived pods on a real Kubernetes, for an operator who can log in to no node of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.kube.cluster import CONTEXT
from lab.kube.node import MASTER
from lab.kube.versions import BUSYBOX_IMAGE
from lab.session import Lab
from tests.end_to_end.outages import DEADHOP, Ran, deadhop, diagnose

pytestmark = pytest.mark.lab

LOOKS = "kubectl get jobs,pods -A -l app.kubernetes.io/managed-by=deadhop -o name"
_ROLE = """\
kubectl create serviceaccount looker >/dev/null
kubectl create clusterrole looker --verb=get,list --resource=nodes,services,pods,endpointslices.discovery.k8s.io \
  >/dev/null
kubectl create clusterrolebinding looker --clusterrole=looker --serviceaccount=default:looker >/dev/null
kubectl create token looker"""
_NO_ROLE = "kubectl delete clusterrolebinding/looker clusterrole/looker serviceaccount/looker"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def site(kube_lab: Lab, tmp_path: Path) -> Path:
    return site_of(tmp_path, kube_lab.instance.kubeconfig)


def site_of(folder: Path, kubeconfig: Path) -> Path:
    """The cluster and not one host."""
    cluster = {"kubeconfig": str(kubeconfig), "context": CONTEXT, "look_image": BUSYBOX_IMAGE}
    file = folder / f"{kubeconfig.name}.yaml"
    file.write_text(json.dumps({"version": 1, "ssh_config": [], "hosts": {}, "clusters": {"lab": cluster}}))
    return file


def web(lab: Lab) -> str:
    return lab.run(MASTER, "kubectl get service web -o jsonpath='address={.spec.clusterIP}'").stdout


def of_web(lab: Lab, site: Path, state: Path, *more: str) -> Ran:
    return diagnose("service-does-not-answer", site, state, "--set", web(lab), *more)


def left(lab: Lab) -> str:
    return lab.run(MASTER, LOOKS).stdout.strip()


def test_a_deaf_backend_is_found_and_taken_out_by_what_pods_say(
    healed_kube_lab: Lab, site: Path, state: Path
) -> None:
    lab = healed_kube_lab
    lab.break_("backend-deaf")
    asked = of_web(lab, site, state, "--pod-look")
    assert (asked.status, asked.document["verdict"]) == (2, "unknown"), asked.stderr
    assert [one["reason"] for one in asked.document["unknown"]] == ["not-agreed"]
    (planned,) = asked.document["pod_looks"]
    assert planned["state"] == "planned"
    assert planned["run"] in asked.stderr
    assert not left(lab)

    found = of_web(lab, site, state, "--pod-look", "--yes")
    assert (found.status, found.document["verdict"]) == (1, "cause"), (found.document, found.stderr)
    cause = found.document["causes"][0]
    assert (cause["id"], cause["values"]["pod"]) == ("backend-does-not-listen", "web-deaf")
    tries = found.document["evidence"][-1]["facts"]["tries"]
    assert {one["node"] for one in tries} == {"k8s-worker-1", "k8s-worker-2"}
    assert all(one["pod_was_started"] and one["from_pod"].startswith("10.244.") for one in tries)
    assert found.document["pod_looks"][0]["state"] == "looked"
    assert not left(lab)

    fix = ("fix", found.document["session"], "--cause", cause["id"], "--yes", "--json")
    unseen = deadhop(*fix, state=state)
    assert (unseen.status, unseen.document["phase"]) == (2, "blocked")
    assert "--pod-look" in unseen.document["hint"]
    fixed = deadhop(*fix, "--pod-look", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    undone = deadhop("fix", found.document["session"], "--undo", "--yes", "--json", state=state)
    assert (undone.status, undone.document["cause"]) == (0, cause["id"]), (undone.document, undone.stderr)
    assert not left(lab)


@pytest.mark.long
def test_names_that_one_node_keeps_from_its_pods(healed_kube_lab: Lab, site: Path, state: Path) -> None:
    """kube-proxy hangs on it, and CoreDNS' pods are other ones since: two looks, through two trees."""
    lab = healed_kube_lab
    lab.break_("kube-proxy-stuck")
    restart = "kubectl -n kube-system rollout restart deployment coredns >/dev/null"
    lab.run(MASTER, f"{restart}; kubectl -n kube-system rollout status deployment coredns --timeout=60s")
    found = diagnose("pod-dns-fails", site, state, "--pod-look", "--yes")
    assert (found.status, found.document["verdict"]) == (1, "cause"), (found.document, found.stderr)
    cause = found.document["causes"][0]
    assert (cause["id"], cause["values"]["node"]) == ("kube-proxy-does-not-follow", "k8s-worker-1")
    assert len(found.document["pod_looks"]) == 2
    assert not left(lab)


def test_what_keeps_a_pod_from_looking_is_said_and_it_is_removed(
    kube_lab: Lab, site: Path, state: Path, tmp_path: Path
) -> None:
    lab, image = kube_lab, "lab.invalid/nobody-has-this:1"
    found = of_web(lab, site, state, "--look-image", image, "--yes")
    (unknown,) = found.document["unknown"]
    assert (found.status, unknown["target"]) == (2, "cluster:lab")
    assert f"the image {image} cannot be pulled (" in unknown["message"]
    assert "--look-image" in unknown["hint"]
    assert not left(lab)

    try:
        limited = as_looker(lab.instance.kubeconfig, lab.run(MASTER, _ROLE).stdout.strip(), tmp_path)
        found = of_web(lab, site_of(tmp_path, limited), state, "--pod-look", "--yes")
    finally:
        lab.run(MASTER, _NO_ROLE)
    said = [one["message"] for one in found.document["unknown"]]
    assert any(
        'cannot create resource "jobs" in API group "batch" in the namespace "default"' in one for one in said
    )
    assert not left(lab)


def as_looker(admin: Path, login: str, folder: Path) -> Path:
    config = yaml.safe_load(admin.read_text())
    config["users"][0]["user"] = {"token": login}
    file = folder / "looker.conf"
    file.write_text(yaml.safe_dump(config))
    return file


def test_what_a_killed_deadhop_left_is_named_and_removed(kube_lab: Lab, site: Path, state: Path) -> None:
    lab = kube_lab
    words = ("diagnose", "service-does-not-answer", "--site", str(site), "--set", web(lab), "--pod-look", "--yes")
    environment = {**os.environ, "DEADHOP_STATE": str(state), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [*DEADHOP, *words], env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        assert process.stderr is not None
        assert any("waiting for what the pods say" in line for line in process.stderr)
        process.kill()
    assert "job.batch/deadhop-look-" in left(lab)

    resumed = deadhop("resume", "latest", "--headless", "--json", state=state)
    assert resumed.status == 2
    (flying,) = resumed.document["in_flight"]
    assert (resumed.document["cause"], flying["happened"]) == ("pod-look", True)
    undone = deadhop("fix", "latest", "--undo", "--yes", "--json", state=state)
    assert (undone.status, undone.document["phase"]) == (0, "undone"), (undone.document, undone.stderr)
    assert not left(lab)
    assert deadhop("resume", "latest", "--headless", "--json", state=state).document["in_flight"] == []
