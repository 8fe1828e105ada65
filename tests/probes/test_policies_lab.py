"""Policies as a real API server refuses and lists them: who may not read them, and kinds that it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diagnosis.conclusion import partly_seen
from probes.probe import Evidence, checked_call, observe
from probes.site import Cluster, Site
from probes.toolbox import LiveToolbox
from tests.end_to_end.calico_policies import DENY, GROUP, KINDS, NAMED
from tests.end_to_end.kube_outages import within
from tests.probes.apiserver import ApiServer, api_server
from tests.probes.pki import signed

pytestmark = [pytest.mark.lab, pytest.mark.kube]

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CALICO = f"/apis/{GROUP}/v1"
MAY_NOT = "dev may not list {}.{} in the whole cluster (403)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("api")) as running:
        yield running


async def asked(file: Path, probe: str) -> Evidence:
    async with LiveToolbox(Site("test", clusters=(Cluster(file.stem, (file,)),))) as toolbox:
        return await observe(checked_call(probe, file.stem, {}), toolbox, "e1")


def allow(server: ApiServer, *rules: dict[str, Any]) -> None:
    """What dev may do."""
    path, meta = "/apis/rbac.authorization.k8s.io/v1/", {"metadata": {"name": "dev"}}
    server.call("POST", f"{path}clusterroles", {**meta, "rules": list(rules)})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dev"}
    server.call("POST", f"{path}clusterrolebindings", {**meta, "roleRef": role, "subjects": [subject]})


async def test_each_refusal_and_each_policy_as_the_server_says_it(server: ApiServer) -> None:
    """One after the other: a cluster without Calico, with its kinds, and with a policy."""
    allow(server, {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list"]})
    admin, dev = server.kubeconfig("lab"), server.kubeconfig("dev", client=signed(server.ca, "dev"))

    network = MAY_NOT.format("networkpolicies", "networking.k8s.io")
    across = await asked(dev, "k8s.pods_across")
    assert [network in one.message for one in partly_seen(across)] == [True], "kinds that are not there are none"
    refused = await asked(dev, "k8s.dns_policies")
    assert refused.failure is not None
    assert (refused.failure.reason, network in refused.failure.message) == ("forbidden", True)
    empty = await asked(admin, "k8s.dns_policies")
    assert empty.failure is None, empty.failure
    assert list(partly_seen(empty)) == []

    for kind in KINDS:
        server.call("POST", CRDS, kind)
    assert within(60, lambda: _serves(server))
    server.call("POST", f"{CALICO}/globalnetworkpolicies", DENY)
    found = await asked(admin, "k8s.dns_policies")
    assert getattr(found.facts, "others", ()) == (NAMED,), found.failure
    said = [one.message for one in partly_seen(await asked(dev, "k8s.pods_across"))]
    kinds = ("networkpolicies", "globalnetworkpolicies")
    for words in (network, *(MAY_NOT.format(kind, GROUP) for kind in kinds)):
        assert any(words in one for one in said), said


def _serves(server: ApiServer) -> bool:
    """A moment after they are defined."""
    if GROUP not in [one["name"] for one in server.call("GET", "/apis")["groups"]]:
        return False
    return {"NetworkPolicy", "GlobalNetworkPolicy"} <= {
        one["kind"] for one in server.call("GET", CALICO)["resources"]
    }
