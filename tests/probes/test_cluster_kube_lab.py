"""The probes of clusters on a real cluster with running pods, from here and through its control node."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import probes.all
from base.values import Value
from lab.kube.node import NODES
from lab.machines import MACHINES
from lab.session import Lab
from probes.exchange import Exchange
from probes.probe import checked_call, observe
from probes.site import Cluster, Site
from probes.site_file import load_site
from probes.toolbox import LiveToolbox

assert probes.all

pytestmark = pytest.mark.lab

CONTEXT = "kubernetes-admin@kubernetes"


def site(lab: Lab, *, here: bool) -> Site:
    """With the lab's kubeconfig on this machine, or on master alone."""
    cluster = Cluster("lab", (lab.instance.kubeconfig,), CONTEXT) if here else Cluster("lab", host="master")
    return replace(load_site(lab.site(console=False)), clusters=(cluster,))


async def facts(at: Site, probe: str, heard: list[Exchange] | None = None, **arguments: Value) -> Any:
    async with LiveToolbox(at, heard.append if heard is not None else None) as toolbox:
        evidence = await observe(checked_call(probe, "lab", arguments), toolbox, "e1")
    assert evidence.failure is None, evidence.failure
    return evidence.facts


@pytest.mark.parametrize("here", [True, False], ids=["from here", "through master"])
async def test_it_is_reached_and_seen(kube_lab: Lab, here: bool) -> None:
    at = site(kube_lab, here=here)
    reach = await facts(at, "k8s.reach")
    assert (reach.stopped_at, reach.not_ready, reach.via) == ("", (), "" if here else "master")
    nodes = (await facts(at, "k8s.nodes")).nodes
    assert {one.name: one.internal_address for one in nodes} == {name: MACHINES[name].ip for name in NODES}
    assert {one.ready for one in nodes} == {"True"}
    found = (await facts(at, "k8s.pods", namespace="default", selector="app=web")).pods
    assert {one.ready for one in found} == {True}
    web = await facts(at, "k8s.service", namespace="default", name="web")
    assert {one.address for one in web.ready} == {address for one in found for address in one.addresses}
    for address, kind in ((web.cluster_address, "service"), (web.ready[0].address, "pod")):
        what = await facts(at, "k8s.object_of", address=address)
        assert (what.kind, what.namespace) == (kind, "default")


@pytest.mark.parametrize("here", [True, False], ids=["from here", "through master"])
async def test_what_containers_and_objects_say(kube_lab: Lab, here: bool) -> None:
    at = site(kube_lab, here=here)
    dns = (await facts(at, "k8s.pods", namespace="kube-system", selector="k8s-app=kube-dns")).pods[0]
    said = await facts(at, "k8s.logs", namespace="kube-system", pod=dns.name, lines=50)
    assert any("CoreDNS" in line for line in said.lines)
    events = (await facts(at, "k8s.events", kind="Pod", name=dns.name, namespace="kube-system")).events
    assert {"Scheduled", "Started"} <= {one.reason for one in events}


async def test_nothing_of_the_credentials_is_recorded(kube_lab: Lab, tmp_path: Path) -> None:
    heard: list[Exchange] = []
    for here in (True, False):
        await facts(site(kube_lab, here=here), "k8s.nodes", heard)
    assert "GET /api/v1/nodes?resourceVersion=0" in [one.request.text for one in heard]
    assert not [one for one in heard if "PRIVATE KEY" in repr(one) or "client-key-data" in repr(one)]
