"""Policies that deny what a walk tries, where they may not be read or are not judged: no machine is blamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.kube.steps import apply, delete
from lab.session import Lab
from tests.end_to_end.calico_policies import DENY, GROUP, KINDS, NAMED
from tests.end_to_end.kube_outages import MASTER, W1, W2, within
from tests.end_to_end.outages import Ran, deadhop, diagnose

pytestmark = [pytest.mark.lab, pytest.mark.long]

DEV = {"name": "dev", "namespace": "default"}
MAY_NOT = "may not list networkpolicies.networking.k8s.io in the whole cluster (403)"
_RBAC = "rbac.authorization.k8s.io"
_READ = ["", "apps", "discovery.k8s.io", "batch", "storage.k8s.io", "coordination.k8s.io", "events.k8s.io"]
_ROLE = {
    "apiVersion": f"{_RBAC}/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "dev"},
    "rules": [{"apiGroups": _READ, "resources": ["*"], "verbs": ["get", "list"]}],
}
_BINDING = {
    "apiVersion": f"{_RBAC}/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "dev"},
    "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "dev"},
    "subjects": [{"kind": "ServiceAccount", **DEV}],
}
_ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": DEV}
_DENIED = "FORWARD -s 10.244.0.0/16 -m conntrack --ctstate NEW -m comment --comment cali:deny-all -j DROP"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def site_of_dev(healed_kube_lab: Lab, tmp_path: Path) -> Iterator[Path]:
    """The lab's site, with the login of somebody who reads most things and no policies."""
    lab = healed_kube_lab
    _said(lab, apply(_ACCOUNT, _ROLE, _BINDING).text)
    token = _said(lab, "kubectl create token dev --duration=2h").strip()
    config = yaml.safe_load(lab.instance.kubeconfig.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    own = tmp_path / "dev.conf"
    own.write_text(json.dumps(config))
    site = tmp_path / "site.yaml"
    site.write_text(lab.site().read_text().replace(str(lab.instance.kubeconfig), str(own)))
    yield site
    _said(lab, delete("serviceaccount/dev", "clusterrole/dev", "clusterrolebinding/dev").text)


@pytest.fixture
def calicos_policy(healed_kube_lab: Lab) -> Iterator[Lab]:
    """Calico denies every pod all that it sends: by a policy of its own kind, and a rule that its Felix would write
    on the nodes; the cluster's program enforces policies and knows no NetworkPolicy."""
    lab = healed_kube_lab
    lab.break_("dns-denied-for-real")
    _said(lab, "kubectl delete networkpolicy only-web")
    _said(lab, apply(*KINDS).text)
    _said(lab, "kubectl wait --for=condition=Established --timeout=60s crd " + " ".join(_names()))
    assert within(60, lambda: lab.run(MASTER, apply(DENY).text).returncode == 0)
    for node in (W1, W2):
        _said(lab, f"iptables -I {_DENIED}", node)
    yield lab
    for node in (W1, W2):
        _said(lab, f"iptables -D {_DENIED}", node)
    _said(lab, "kubectl delete --ignore-not-found crd " + " ".join(_names()))


def _names() -> list[str]:
    return [str(kind["metadata"]["name"]) for kind in KINDS]


def _said(lab: Lab, command: str, on: str = MASTER) -> str:
    done = lab.run(on, command)
    assert done.returncode == 0, done.stdout
    return done.stdout


def _unseen(found: Ran) -> list[str]:
    return [one["message"] for one in found.document["unknown"]]


def _blamed(found: Ran) -> list[Any]:
    return [one["id"] for one in found.document["causes"]]


def test_who_may_not_read_policies_is_told_so_and_not_that_there_are_none(
    healed_kube_lab: Lab, site_of_dev: Path, state: Path
) -> None:
    for symptom in ("pods-across-nodes", "pod-dns-fails"):
        found = diagnose(symptom, site_of_dev, state)
        assert (found.document["verdict"], _blamed(found)) == ("unknown", []), found.document["text"]
        assert any(MAY_NOT in one for one in _unseen(found)), found.document["unknown"]
        assert not any(GROUP in one or "cilium" in one for one in _unseen(found)), (
            "kinds that are not there are none"
        )
    swept = deadhop("sweep", "--site", str(site_of_dev), "--json", state=state)
    assert (swept.document["verdict"], _blamed(swept)) == ("unknown", []), swept.document["text"]
    assert any(MAY_NOT in one for one in _unseen(swept)), swept.document["unknown"]


def test_where_nobody_enforces_policies_the_cause_is_found_without_them(
    healed_kube_lab: Lab, site_of_dev: Path, state: Path
) -> None:
    healed_kube_lab.break_("vxlan-blocked")
    found = diagnose("pods-across-nodes", site_of_dev, state)
    assert _blamed(found) == ["tunnel-port-blocked"], (found.document["text"], found.document["unknown"])
    assert any(MAY_NOT in one for one in _unseen(found)), found.document["unknown"]


def test_a_policy_that_denies_and_may_not_be_read_is_blamed_on_no_machine(
    healed_kube_lab: Lab, site_of_dev: Path, state: Path
) -> None:
    """With no rule it denies everything, pods' packets to other nodes among that."""
    lab = healed_kube_lab
    lab.break_("dns-denied-for-real")
    _said(lab, 'kubectl patch networkpolicy only-web --type=merge -p \'{"spec":{"egress":null}}\'')
    for symptom in ("pods-across-nodes", "pod-dns-fails"):
        found = diagnose(symptom, site_of_dev, state)
        assert (found.document["verdict"], _blamed(found)) == ("unknown", []), found.document["text"]
        assert "could not be read" in found.document["text"]["en"], found.document["text"]
        assert any(MAY_NOT in one for one in _unseen(found)), found.document["unknown"]


def test_calicos_own_policy_is_named_and_no_machine_is_blamed(calicos_policy: Lab, state: Path) -> None:
    lab = calicos_policy
    for symptom in ("pods-across-nodes", "pod-dns-fails"):
        found = within_end(lab, symptom, state)
        assert (found.document["verdict"], _blamed(found)) == ("unknown", []), found.document["text"]
        assert "Policies of Calico or Cilium may" in found.document["text"]["en"], found.document["text"]
        assert any(NAMED in one for one in _unseen(found)), found.document["unknown"]


def within_end(lab: Lab, symptom: str, state: Path) -> Ran:
    """Once the program has taken away what the NetworkPolicy said."""
    assert within(60, lambda: lab.run(W1, "iptables -S KUBE-ROUTER-FORWARD | grep -q DROP").returncode != 0)
    return diagnose(symptom, lab.site(), state)
