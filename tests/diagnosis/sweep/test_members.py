"""Which nodes, pods, Services and servers are worth a tree: what the lists of a cluster or cloud show as broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnosis.catalog import catalog
from diagnosis.sweep.members import Member, beyond, is_of_failed, members_of
from diagnosis.sweep.trees import Planned, Wanted, lists_for, lone_trees, member_trees
from knowledge.load import load, shipped
from knowledge.model import Knowledge
from probes.cloud.facts import Server, Servers
from probes.cluster.facts import Condition, Container, Node, Nodes, Pod, Pods
from probes.cluster.places import EndpointPlace, ServicePlace, ServicePlaces
from probes.probe import Evidence
from probes.site import Cluster, Site

NODE = Node("w1", (), "", ("10.244.1.0/24",), "", "True", "", "", (), (), False, "", "", "", "", ())
WAITS = Container("c", "i", False, False, 0, "waiting", "ImagePullBackOff", "", -1, "", -1, "")
POD = Pod("shop", "web-1", "Pending", "", "", False, "w1", (), False, "ReplicaSet/web", False, "", (WAITS,))
HERE = EndpointPlace("10.244.1.2", "w1", True)
SERVICE = ServicePlace("shop", "web", "ClusterIP", ("10.96.0.9",), (), ("80/TCP",), (HERE,))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load([shipped()], catalog()).knowledge


def listed(probe: str, facts: object) -> tuple[Member, ...]:
    return members_of(Evidence("e1", probe, "cluster:k", {}, facts, None, (), datetime.now(UTC), 0.0))


def nodes(*some: Node) -> tuple[Member, ...]:
    return listed("k8s.nodes", Nodes("k", some))


def pods(*some: Pod) -> tuple[Member, ...]:
    return listed("k8s.pods", Pods("k", some))


def test_a_healthy_cluster_has_none() -> None:
    running = replace(POD, ready=True, phase="Running", containers=(replace(WAITS, state="running", reason=""),))
    assert pods(running, replace(POD, phase="Succeeded"), replace(POD, deleting=True)) == ()
    assert listed("k8s.nodes", None) == (), "a list that could not be read names nothing"


def test_nodes_that_are_not_ready_or_under_pressure() -> None:
    pressed = replace(NODE, name="w3", conditions=(Condition("DiskPressure", "True", "", ""),))
    many = [replace(NODE, name=f"n{number}") for number in range(20)]
    found = nodes(*many, replace(NODE, name="w2", ready="Unknown"), pressed)
    assert found == ({"cluster.nodes-in-trouble": "w2"}, {"cluster.nodes-in-trouble": "w3"})


def test_the_few_nodes_of_a_small_cluster_are_all_looked_at_and_the_broken_first() -> None:
    """Nobody waits 40 s for the cluster to notice a kubelet that is gone."""
    found = nodes(NODE, replace(NODE, name="w2", ready="False"), replace(NODE, name="w3"))
    assert [one["cluster.nodes-in-trouble"] for one in found] == ["w2", "w1", "w3"]


def test_a_node_without_a_range_counts_where_others_have_one() -> None:
    without, key = replace(NODE, name="w2", pod_cidrs=()), "cluster.nodes-without-range"
    assert [one[key] for one in nodes(NODE, without) if key in one] == ["w2"]
    assert not [one for one in nodes(without, replace(without, name="w3")) if key in one]


def test_a_pod_that_nobody_schedules_waits() -> None:
    (found,) = pods(replace(POD, name="queue-0", phase="Pending", node="", containers=()))
    assert found["cluster.waiting-pods"] == "queue-0"


def test_pods_are_one_for_each_maker_and_reason() -> None:
    twins = [replace(POD, name=f"web-{number}") for number in range(40)]
    other = replace(POD, name="db-0", owner="StatefulSet/db", unschedulable="0/3 nodes", containers=())
    starting = replace(POD, name="new-0", owner="", containers=(replace(WAITS, reason="ContainerCreating"),))
    found = pods(*twins, other, starting)
    assert [one["cluster.waiting-pods"] for one in found] == ["web-0", "db-0", "new-0"]
    assert found[0]["cluster.waiting-pods.namespace"] == "shop"
    many = [replace(POD, name=f"p{number}", owner="") for number in range(100)]
    assert len(pods(*many)) == 16
    rest = beyond(
        Evidence("e1", "k8s.pods", "cluster:k", {}, Pods("k", tuple(many)), None, (), datetime.now(UTC), 0.0)
    )
    assert [one["cluster.waiting-pods"] for one in rest] == [f"p{number}" for number in range(16, 100)]
    assert beyond(Evidence("e1", "k8s.pods", "cluster:k", {}, None, None, (), datetime.now(UTC), 0.0)) == ()


def test_services_with_nobody_behind_them_come_first() -> None:
    empty = replace(SERVICE, name="lost", addresses=("10.96.0.8",), endpoints=())
    headless, dns = replace(SERVICE, addresses=()), replace(SERVICE, ports=("53/UDP",))
    found = listed("k8s.service_places", ServicePlaces("k", (SERVICE, headless, dns, empty), ""))
    assert found == ({"cluster.services": "10.96.0.8"}, {"cluster.services": "10.96.0.9"})


def test_failed_servers_are_one_for_each_message() -> None:
    servers = (
        Server("1", "a", "ACTIVE"),
        Server("2", "b", "ERROR", fault_message="No valid host"),
        Server("3", "c", "ERROR", fault_message="No valid host"),
        Server("4", "d", "BUILD"),
    )
    found = listed("cloud.servers", Servers("c", 4, servers, True, ""))
    assert found == ({"cloud.failed-servers": "2"},)


def test_trees_are_walked_on_what_is_listed(knowledge: Knowledge) -> None:
    everything = Wanted()
    assert lists_for(knowledge, everything) == {"k8s.nodes", "k8s.pods", "k8s.service_places", "cloud.servers"}
    assert lists_for(knowledge, Wanted(hosts=frozenset({"a"}))) == lists_for(knowledge, everything)
    site = Site("s", clusters=(Cluster("k"),))
    assert "node-not-ready" not in {one.symptom for one in lone_trees(knowledge, site, everything)}
    found = list(member_trees(knowledge, everything, "k", [{"cluster.nodes-in-trouble": "w2"}, *pods(POD)]))
    assert found == [
        Planned("node-not-ready", {"cluster": "k", "node": "w2"}),
        Planned("pod-does-not-start", {"cluster": "k", "in_namespace": "shop", "pod": "web-1"}),
    ]


def test_whose_trees_are_of_what_does_not_work() -> None:
    """Services are only tried, and nodes that are Ready are asked as well."""
    assert is_of_failed(("site.clouds", "cloud.failed-servers"))
    assert is_of_failed(("cluster.waiting-pods", "cluster.waiting-pods.namespace"))
    assert not is_of_failed(("site.clusters", "cluster.services", "cluster.nodes-in-trouble", ""))
