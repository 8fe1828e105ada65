"""Why a pod does not start and a node gets no pod CIDR, out of what the API says of them."""

from __future__ import annotations

import msgspec
import pytest

from probes.cluster.control_host import port_of
from probes.cluster.join import minor_of
from probes.cluster.pod_cidrs import is_wider, parse_flags, parse_network, shares
from probes.cluster.rollout import ReplicaSets, Rollout, rollout
from probes.cluster.starting import PodList, held_up, seconds_between, successor
from probes.node.machine import host_named
from probes.site import Host, Site


def pods(*names: str, ready: str = "True") -> list[object]:
    conditions = [{"type": "Ready", "status": ready}]
    return [{"metadata": {"name": name}, "status": {"conditions": conditions}} for name in names]


def decoded(*items: object) -> PodList:
    return msgspec.json.decode(msgspec.json.encode({"items": items}), type=PodList)


def test_the_one_that_took_its_place_is_looked_at_and_one_that_is_not_well_first() -> None:
    listed = decoded(*pods("web-7d4b9c-aaaaa", "web-7d4b9c-bbbbb"), *pods("web-7d4b9c-ccccc", ready="False"))
    found = successor("web-7d4b9c-zzzzz", listed.items or [])
    assert found is not None
    assert found.metadata.name == "web-7d4b9c-ccccc"


def test_after_a_rollout_it_has_another_hash() -> None:
    found = successor("web-7d4b9c-zzzzz", decoded(*pods("db-0", "web-55f6d8-aaaaa")).items or [])
    assert found is not None
    assert found.metadata.name == "web-55f6d8-aaaaa"


def revisions(*sets: tuple[str, str, str, int]) -> ReplicaSets:
    """Name, what made it, its revision and how many of its pods are ready."""
    items = [
        {
            "metadata": {
                "name": name,
                "ownerReferences": [{"kind": "Deployment", "name": by}],
                "annotations": {"deployment.kubernetes.io/revision": revision},
            },
            "status": {"replicas": 1, "readyReplicas": ready} if ready else {"replicas": 0},
        }
        for name, by, revision, ready in sets
    ]
    return msgspec.json.decode(msgspec.json.encode({"items": items}), type=ReplicaSets)


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ([("a", "web", "1", 1), ("b", "web", "2", 1), ("c", "web", "3", 0)], Rollout("web", 3, 2)),
        ([("b", "web", "2", 0), ("c", "web", "3", 0)], Rollout("web", 3)),
        ([("a", "db", "1", 1), ("c", "web", "3", 0)], Rollout("web", 3)),
        ([("c", "web", "3", 0), ("d", "web", "4", 1), ("a", "web", "1", 1)], Rollout("web", 3)),
        ([("a", "web", "1", 1), ("c", "web", "x" * 9, 0)], Rollout("web", 0)),
        ([("a", "web", "1", 1)], Rollout()),
    ],
    ids=["the latest that runs", "none runs", "another's", "not the newest", "no number", "not listed"],
)
def test_the_earlier_revision_that_runs(sets: list[tuple[str, str, str, int]], expected: Rollout) -> None:
    assert rollout("c", revisions(*sets).items or []) == expected


@pytest.mark.parametrize("name", ["web", "web-0", "website-7d4b9c-aaaaa"])
def test_nobody_took_its_place(name: str) -> None:
    assert successor(name, decoded(*pods("db-7d4b9c-bbbbb", "website2-7d4b9c-a")).items or []) is None


def test_an_init_container_holds_up_all_others() -> None:
    status = {
        "initContainerStatuses": [
            {"name": "done", "state": {"terminated": {"exitCode": 0}}},
            {"name": "waits", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        ],
        "containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "PodInitializing"}}}],
    }
    held = held_up((decoded({"metadata": {"name": "x"}, "status": status}).items or [])[0])
    assert held is not None
    assert held.name == "waits"


def test_a_container_that_was_started_again_counts_while_it_runs() -> None:
    again = {
        "name": "again",
        "ready": True,
        "restartCount": 2,
        "state": {"running": {"startedAt": "2026-11-21T15:00:00Z"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
    }
    well = {"name": "well", "ready": True, "state": {"running": {"startedAt": "2026-11-21T15:00:00Z"}}}
    held = held_up(
        (decoded({"metadata": {"name": "x"}, "status": {"containerStatuses": [well, again]}}).items or [])[0]
    )
    assert held is not None
    assert held.name == "again"


def test_seconds_between_two_times_of_the_api() -> None:
    assert seconds_between("2026-11-21T15:00:00Z", "2026-11-21T15:01:30.250000Z") == 90
    assert seconds_between("2026-11-21T15:00:00Z", None) == 0


@pytest.mark.parametrize(
    ("cidr", "mask", "expected"),
    [
        ("10.244.0.0/16", "", (24, 256)),
        ("10.244.0.0/24", "", (24, 1)),
        ("10.244.0.0/16", "26", (26, 1024)),
        ("10.244.0.0/25", "", (24, 0)),
        ("2001:db8::/48", "", (64, 65536)),
        ("", "", (0, 0)),
    ],
)
def test_room_for_nodes(cidr: str, mask: str, expected: tuple[int, int]) -> None:
    assert shares(cidr, mask) == expected


def test_flags_of_a_program() -> None:
    words = ["kube-controller-manager", "--allocate-node-cidrs", "--cluster-cidr=10.244.0.0/16", "-v=2"]
    assert parse_flags(words) == {"allocate-node-cidrs": "true", "cluster-cidr": "10.244.0.0/16"}


def test_the_network_that_the_add_on_was_installed_for() -> None:
    assert parse_network({"net-conf.json": '{"Network": "10.244.0.0/16"}'}) == "10.244.0.0/16"
    assert parse_network({"ClusterConfiguration": "networking:\n  podSubnet: 10.1.0.0/16\n"}) == "10.1.0.0/16"
    assert parse_network({"net-conf.json": "{"}) == parse_network({}) == ""


def test_wider_is_what_holds_the_range_and_more() -> None:
    assert is_wider("10.244.0.0/16", "10.244.0.0/24")
    assert not is_wider("10.244.0.0/16", "10.244.0.0/16")
    assert not is_wider("10.244.0.0/16", "10.96.0.0/24")
    assert not is_wider("", "10.96.0.0/24")


def test_a_node_is_the_host_of_its_name_with_or_without_a_domain() -> None:
    site = Site("site.yaml", (Host("k8s-worker-1"), Host("master.example.org")))
    assert host_named("k8s-worker-1.novalocal", site) == "k8s-worker-1"
    assert host_named("master", site) == "master.example.org"
    assert host_named("k8s-worker-2", site) == ""


def test_ports_of_servers_and_minor_versions() -> None:
    assert [port_of(url) for url in ("https://10.0.0.1:6443", "https://api.example", "", "https://[::1")] == [
        6443,
        443,
        0,
        0,
    ]
    assert [minor_of(text) for text in ("v1.35.4", "v1.32.2+rke2r1", "1.29.0", "", "devel")] == [35, 32, 29, 0, 0]
