"""A sweep of a cluster on servers of a cloud: nothing where all is well, else what the cloud drops comes first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.faults_table import Row, row
from tests.end_to_end.outages import Ran, deadhop
from tests.end_to_end.test_stack_outages import CAUSE, MASTER, TUNNEL, W1, W2, is_well, pod_on

pytestmark = [pytest.mark.lab, pytest.mark.long]


@dataclass(frozen=True)
class Dropped:
    fault: str
    cause: str
    hop: str
    """As docs/faults.md has it."""


SPOOFED = "compute: table=93 priority=0 actions=drop"
"""Neutron's flow for addresses that are not the port's own."""
TUNNELLED = "between k8s-worker-1 and k8s-worker-2"
"""A pod's packets are inside of others there, which the group drops."""
DROPPED = (
    Dropped("flannel-host-gw", CAUSE, SPOOFED),
    Dropped("flannel-directrouting", CAUSE, SPOOFED),
    Dropped("calico-on-servers", CAUSE, SPOOFED),
    Dropped("calico-ipip-dropped", TUNNEL, TUNNELLED),
    Dropped("port-security-routed", CAUSE, SPOOFED),
    Dropped("sg-no-flannel", TUNNEL, TUNNELLED),
    Dropped("sg-no-vxlan", TUNNEL, TUNNELLED),
)
"""Pods' packets between servers of the cloud."""
_SWEEPS = 5
FLOATING = "192.168.200.129"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sweep(lab: Lab, state: Path) -> Ran:
    return deadhop("sweep", "--site", str(lab.site()), "--json", state=state)


def names_nothing(lab: Lab, state: Path) -> Ran:
    """Never a cause; and one of a few sweeps sees everything, however busy the machine that all share."""
    for _ in range(_SWEEPS):
        found = sweep(lab, state)
        assert [found.document[key] for key in ("causes", "may_be_meant")] == [[], []], found.document["text"]
        if not found.document["unknown"]:
            break
    assert [found.document[key] for key in ("open", "unknown")] == [[], []]
    assert (found.status, found.document["verdict"]) == (0, "nothing-found"), found.document["text"]
    return found


def test_a_healthy_cluster_on_a_healthy_cloud_names_nothing(healed_stack_lab: Lab, state: Path) -> None:
    found = names_nothing(healed_stack_lab, state)
    seen = {one["probe"] for one in found.document["evidence"]}
    assert {"k8s.pods_across", "k8s.nodes", "cloud.agents", "cloud.servers", "path.ping"} <= seen


def test_traffic_between_servers_and_pods_is_no_fault(healed_stack_lab: Lab, state: Path) -> None:
    with _traffic(healed_stack_lab):
        names_nothing(healed_stack_lab, state)


@contextmanager
def _traffic(lab: Lab) -> Iterator[None]:
    """Large pings, twenty a second: between servers, from outside, and from a pod to one on the other node."""
    pings = ((W1, "10.0.0.34"), (W2, "10.0.0.205"), (MASTER, FLOATING), (W1, f"-I cni0 {pod_on(lab, W2)}"))
    begun = [
        (where, lab.run(where, f"setsid ping -q -i 0.05 -s 1300 {to} >/dev/null 2>&1 </dev/null & echo $!").stdout)
        for where, to in pings
    ]
    try:
        yield
        for where, process in begun:
            assert lab.run(where, f"kill -0 {process}").returncode == 0, f"{where}: it ended before the sweep did"
    finally:
        for where, process in begun:
            lab.run(where, f"kill {process}")


@pytest.mark.parametrize("one", DROPPED, ids=lambda one: one.fault)
def test_what_the_cloud_drops_comes_first(healed_stack_lab: Lab, one: Dropped, state: Path) -> None:
    healed_stack_lab.break_(one.fault)
    with row(one.fault) as seen:
        found = sweep(healed_stack_lab, state)
        seen.swept(found.document, one.cause)
        _assert_first(found, one.cause)
        _trace(healed_stack_lab, one, seen, state)
        _fix_and_undo(healed_stack_lab, one, found, seen, state)


def _assert_first(found: Ran, cause: str) -> None:
    assert found.status == 1, (found.document["text"], found.document["open"])
    first = found.document["causes"][0]
    assert (first["id"], first["targets"]) == (cause, ["cloud:lab"]), found.document["text"]
    assert (first["explained_by"], bool(first["witnesses"])) == ([], True)


def _trace(lab: Lab, one: Dropped, seen: Row, state: Path) -> None:
    pods = [f"default/{_pod(lab, app)}" for app in ("client-1", "client-2")]
    traced = deadhop("trace", *pods, "--site", str(lab.site()), "--json", state=state)
    seen.traced(traced.document)
    assert traced.status in (1, 2), traced.document["text"]
    assert seen.hop == one.hop, traced.document["text"]


def _pod(lab: Lab, app: str) -> str:
    return lab.run(MASTER, f"kubectl get pod -l app={app} -o jsonpath='{{.items[0].metadata.name}}'").stdout.strip()


def _fix_and_undo(lab: Lab, one: Dropped, found: Ran, seen: Row, state: Path) -> None:
    """Pods' packets say whether it is well, and a sweep names the cause no more."""
    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", one.cause, "--yes", "--json", state=state)
    seen.fixed(fixed.document)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert is_well(lab)
    again = sweep(lab, state)
    assert one.cause not in [cause["id"] for cause in again.document["causes"]], again.document["text"]
    undone = deadhop("fix", session, "--undo", "--yes", "--json", state=state)
    seen.undone = "no"
    assert undone.status == 0, (undone.document, undone.stderr)
    assert not is_well(lab, seconds=0)
    seen.undone = "yes"
