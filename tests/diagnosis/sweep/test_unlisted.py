"""A cluster that lets nobody list its nodes: the hosts that have a kubelet are walked in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from diagnosis.session import Session
from diagnosis.sweep.engine import Sweep
from diagnosis.sweep.members import MOST
from diagnosis.sweep.results import Rendering
from diagnosis.sweep.trees import Wanted
from diagnosis.sweep.unlisted import by_kubelet
from diagnosis.sweep.views import SweepResult
from journal.store import Journal
from knowledge.model import Verdict
from probes.cluster.facts import ClusterReach
from probes.node.facts import Cni, Kubelet, NodeMachine
from probes.probe import PROBES, Evidence, Failure, ProbeCall
from probes.site import Cluster, Host, Site

RUNS = Kubelet("w1", True, "active", 0, (), (), "", True, "containerd.service", "active")
NO = "dev may not list nodes in the whole cluster (403)"
REACHED = ClusterReach("lab", "https://api", "10.0.0.1", "", "", "", "", "", "v1.37.0", (), False, 0.1)
KEY = "cluster.nodes-in-trouble"


def test_those_that_do_not_run_come_first_and_who_has_none_is_no_node() -> None:
    """And of who could not be asked nothing is known."""
    facts = (
        RUNS,
        replace(RUNS, host="stopped", active="inactive"),
        replace(RUNS, host="web", installed=False, active="inactive"),
        None,
        replace(RUNS, host="no-runtime", runtime_active="failed"),
        replace(RUNS, host="complains", errors=("no space left on device",)),
    )
    assert [one[KEY] for one in by_kubelet(facts)] == ["stopped", "no-runtime", "complains", "w1"]


Answers = Callable[[ProbeCall], object]


def refused(call: ProbeCall) -> object:
    """Facts of what is asked, or why there are none; the kubelet of w2 is stopped, and web has none."""
    stopped = {"w2": "inactive", "web": "inactive"}
    match call.probe:
        case "node.kubelet":
            kubelet = replace(RUNS, host=call.host, active=stopped.get(call.host, "active"))
            return replace(kubelet, installed=call.host != "web")
        case "node.machine":
            node = str(call.arguments["node"])
            return NodeMachine(call.host, node, node, False, NO, "", False, "", "", "", (), "", (), "")
        case "node.cni":
            return Cni(call.host, ("10-flannel.conflist",), ("flannel",), (), True, "", "", 0)
        case "k8s.reach":
            return REACHED
        case _:
            return Failure("forbidden", NO)


@pytest.fixture
async def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    monkeypatch.setattr(Rendering, "begin", lambda self, groups: None)
    sessions: list[Session] = []

    async def sweep(*hosts: str, answers: Answers = refused, clusters: tuple[str, ...] = ("lab",)) -> SweepResult:
        async def observe(call: ProbeCall, toolbox: object, number: str) -> Evidence:
            said, target = answers(call), PROBES[call.probe].target(call.host)
            facts, failure = (None, said) if isinstance(said, Failure) else (said, None)
            return Evidence(number, call.probe, target, call.arguments, facts, failure, (), datetime.now(UTC), 0.0)

        monkeypatch.setattr("diagnosis.sweep.store.observe", observe)
        site = Site("s", tuple(Host(name) for name in hosts), clusters=tuple(Cluster(name) for name in clusters))
        session = Session(site, argv=("sweep",), journal=Journal.create(tmp_path, {"argv": ["sweep"]}))
        sessions.append(session)
        run = Sweep(session, Wanted(layers=frozenset({"cluster"})), deadline=60)
        views = [view async for view in run.run()]
        await run.close()
        assert views[-1].result is not None
        return views[-1].result

    yield sweep
    for session in sessions:
        await session.close()


async def test_what_is_wrong_on_a_machine_is_found_and_what_the_cluster_would_say_is_open(
    swept: Callable[..., Any],
) -> None:
    result = await swept("w1", "w2", "web")
    (finding,) = result.causes
    assert (finding.cause.id, finding.cause.targets) == ("kubelet-stopped", ("host:w2",))
    (left,) = [one for one in result.open_ends if one.symptom == "node-not-ready"]
    assert [one["node"] for one in left.inputs] == ["w1"], "web is no node"
    assert NO in {gap.message for gap in result.unknown if gap.target == "cluster:lab"}


async def test_where_no_host_has_a_kubelet_nothing_is_called_healthy(swept: Callable[..., Any]) -> None:
    for hosts in (("web",), ()):
        result = await swept(*hosts)
        assert (result.verdict, result.causes) == (Verdict.UNKNOWN, ())


async def test_hosts_that_cannot_be_asked_either_end_it_all_the_same(swept: Callable[..., Any]) -> None:
    def silent(call: ProbeCall) -> object:
        return REACHED if call.probe == "k8s.reach" else Failure("timeout", "no answer")

    result = await swept("w1", "w2", answers=silent)
    assert (result.verdict, result.causes) == (Verdict.UNKNOWN, ())


async def test_two_clusters_that_do_not_tell_name_the_machine_once(swept: Callable[..., Any]) -> None:
    result = await swept("w1", "w2", clusters=("lab", "other"))
    assert [finding.cause.targets for finding in result.causes] == [("host:w2",)]


async def test_their_number_is_bounded(swept: Callable[..., Any]) -> None:
    result = await swept(*(f"n{number}" for number in range(MOST + 2)), "w2")
    (left,) = result.left_out
    assert (left.symptom, left.count) == ("node-not-ready", 3)
    assert result.causes[0].cause.targets == ("host:w2",), "the one in trouble is not among them"
