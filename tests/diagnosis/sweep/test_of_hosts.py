"""`--host NAME`: what lists of a cluster or a cloud name is walked where it is on that host; the rest is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from base.text import Text
from diagnosis.sweep.engine import Sweep
from diagnosis.sweep.members import Member, members_of
from diagnosis.sweep.results import of_some
from diagnosis.sweep.trees import Wanted
from diagnosis.sweep.views import SweepResult
from knowledge.model import Verdict
from probes.cloud.facts import Server, Servers
from probes.cluster.facts import Node, Nodes, Pod, Pods
from probes.cluster.places import EndpointPlace, ServicePlace, ServicePlaces
from probes.linux.facts import Address, Addresses
from probes.node.facts import NodeMachine
from probes.probe import Evidence
from probes.site import Cluster, Host, Site
from tests.diagnosis.sweep.answering import answer_with, swept

SITE = Site("s", (Host("rack-7"), Host("w2")), clusters=(Cluster("k"),))
NODE = Node("w1", ("10.0.0.7",), "", ("10.244.1.0/24",), "", "True", "", "", (), (), False, "", "", "", "", ())
NODES = Nodes("k", (NODE, replace(NODE, name="w2", addresses=("10.0.0.8",))))
HELD = Addresses("rack-7", (Address("eth0", "10.0.0.7", 24, "global", "inet", True),))
DOWN = NodeMachine("k", "w1", "rack-7", True, "", "", True, "True", "", "", (), "", (), "failed")
POD = Pod("shop", "web-1", "Pending", "", "", False, "w1", (), False, "ReplicaSet/web", False, "", ())
OF_ONE = Wanted(hosts=frozenset({"rack-7"}))


def told(probe: str, facts: object) -> tuple[Member, ...]:
    evidence = Evidence("e1", probe, "cluster:k", {}, facts, None, (), datetime.now(UTC), 0.0)
    return members_of(evidence, lambda name: name == "w1")


async def test_the_node_that_is_the_host_is_looked_at_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {
        ("k8s.nodes", "k"): NODES,
        ("k8s.pods", "k"): Pods("k", (POD, replace(POD, name="web-2", node="w2", owner="Job/x"))),
        ("linux.addresses", "rack-7"): HELD,
        ("node.machine", "k"): DOWN,
    }
    answer_with(monkeypatch, facts)
    walked: list[tuple[str, str]] = []

    def look(sweep: Sweep) -> None:
        walked.extend((one.symptom, str(one.inputs.get("node", one.inputs.get("pod")))) for one in sweep.outcomes)

    result = await swept(tmp_path, SITE, OF_ONE, look)
    of_lists = [one for one in walked if one[0] in ("node-not-ready", "pod-does-not-start")]
    assert sorted(of_lists) == [("node-not-ready", "w1"), ("pod-does-not-start", "web-1")]
    assert {"pods-across-nodes", "pod-dns-fails", "kubernetes-api-does-not-answer"} <= set(result.not_of_hosts)
    assert not {"node-not-ready", "host-does-not-answer-ssh", "agents-or-services-down"} & set(result.not_of_hosts)


async def test_a_whole_site_leaves_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer_with(monkeypatch, {("k8s.nodes", "k"): NODES})
    assert (await swept(tmp_path, SITE, Wanted())).not_of_hosts == ()
    assert ("linux.addresses", "rack-7") not in asked


async def test_a_cluster_that_does_not_list_its_nodes_asks_only_the_named_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer_with(monkeypatch, {})
    await swept(tmp_path, SITE, replace(OF_ONE, layers=frozenset({"cluster"})))
    assert [host for probe, host in asked if probe == "node.kubelet"] == ["rack-7"]


def test_what_lists_name_elsewhere_is_left_alone() -> None:
    many = tuple(replace(NODE, name=f"n{number}") for number in range(20))
    assert told("k8s.nodes", Nodes("k", (*many, NODE))) == ({"cluster.nodes-in-trouble": "w1"},)
    without = Nodes("k", (replace(NODE, pod_cidrs=()), *many, replace(NODE, name="n", pod_cidrs=())))
    assert {"cluster.nodes-without-range": "w1"} in told("k8s.nodes", without)
    assert len(told("k8s.nodes", without)) == 2
    others = [replace(POD, name=f"p{number}", owner="", node="w2") for number in range(40)]
    (pod,) = told("k8s.pods", Pods("k", (*others, POD)))
    assert pod["cluster.waiting-pods"] == "web-1"
    ends = (EndpointPlace("10.244.1.2", "w1", True),)
    service = ServicePlace("shop", "web", "ClusterIP", ("10.96.0.9",), (), ("80/TCP",), ends)
    lost = replace(service, addresses=("10.96.0.8",), endpoints=())
    assert told("k8s.service_places", ServicePlaces("k", (lost, service), "")) == (
        {"cluster.services": "10.96.0.9"},
    )
    failed = Server("1", "a", "ERROR", fault_message="x", host="w2", placed_known=True)
    here = replace(failed, id="2", host="w1")
    unplaced = replace(failed, id="3", host="", placed_known=False, fault_message="y")
    servers = told("cloud.servers", Servers("c", 3, (failed, here, unplaced), True, ""))
    assert [one["cloud.failed-servers"] for one in servers] == ["2", "3"]


def test_nothing_found_is_said_of_the_named_hosts_alone() -> None:
    well = SweepResult(Verdict.NOTHING_FOUND, Text("all is well", "이상 없음"))
    result = of_some(well, ("pod-dns-fails",))
    assert "was not looked at" in result.text.en
    assert "돌리지 않았다" in result.text.ko
    assert of_some(well, ()).text is well.text
