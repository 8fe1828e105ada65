"""Traces between pods and to a Service on the lab with Kubernetes, down to the packets of the nodes' tunnel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from diagnosis.session import Session
from diagnosis.trace_words import sentence
from diagnosis.tracing import Wanted, plan, run
from lab.session import Lab
from probes.site_file import load_site
from probes.trace.facts import Trace

pytestmark = [pytest.mark.lab, pytest.mark.kube]


@pytest.fixture
async def session(healed_kube_lab: Lab) -> AsyncIterator[Session]:
    opened = Session(load_site(healed_kube_lab.site()), argv=())
    yield opened
    await opened.close()


def pods(lab: Lab, label: str) -> dict[str, str]:
    """Node → name of the pod of that label on it."""
    listed = lab.run(
        "master", f"kubectl --kubeconfig /etc/kubernetes/admin.conf get pods -l {label} -o json"
    ).stdout
    items = json.loads(listed[listed.index("{") :])["items"]
    return {pod["spec"]["nodeName"]: f"default/{pod['metadata']['name']}" for pod in items}


async def traced(session: Session, source: str, target: str, wanted: Wanted) -> Trace:
    """The faults of other tests have restarted pods: until the API knows their new addresses they cannot send."""
    for _ in range(20):
        evidence = await run(session, await plan(session, source, target, wanted))
        if evidence.failure is None or evidence.failure.reason != "not-found":
            break
        await asyncio.sleep(3)
    assert isinstance(evidence.facts, Trace), evidence.failure
    print(f"{source} → {target}: {evidence.facts.verdict} {evidence.seconds:.1f} s")
    return evidence.facts


async def test_from_pod_to_pod_and_service(healed_kube_lab: Lab, session: Session) -> None:
    backends = pods(healed_kube_lab, "app=web")
    here, there = sorted(backends)
    found = await traced(session, backends[here], backends[there], Wanted())
    assert (found.verdict, found.unseen) == ("arrives", ())
    assert [hop.at for hop in found.hops if hop.direction == "there" and not hop.outer] == [
        "cni0",
        "flannel.1",
        "flannel.1",
        "cni0",
    ]
    assert {hop.host for hop in found.hops if hop.outer} >= {here, there}
    planned = await plan(session, backends[here], "default/web", Wanted())
    assert (planned.wanted.protocol, planned.wanted.port) == ("tcp", 80)
    assert planned.note is not None
    served = await traced(session, backends[here], "default/web", Wanted())
    assert (served.verdict, served.received) == ("arrives", 20)
    assert [(one.sent, one.received) for one in served.branches] == [(2, 2)] * len(backends)


async def test_what_drops_the_tunnels_packets_is_named(healed_kube_lab: Lab, session: Session) -> None:
    backends = pods(healed_kube_lab, "app=web")
    healed_kube_lab.break_("vxlan-blocked")
    found = await traced(session, backends["k8s-worker-2"], backends["k8s-worker-1"], Wanted())
    assert found.verdict == "dies"
    (dead,) = found.dead
    assert (dead.host, dead.chain, dead.reason) == ("k8s-worker-1", "INPUT", "rule")
    assert "-p udp" in dead.rule


async def test_the_endpoint_of_a_service_that_does_not_listen(healed_kube_lab: Lab, session: Session) -> None:
    """A third of the connections meets it; which one it is tells only a try by its own address."""
    healed_kube_lab.break_("backend-deaf")
    found = await traced(session, "k8s-worker-1", "default/web", Wanted())
    deaf = [one for one in found.branches if one.received == one.refused]
    assert (len(deaf), len(found.branches)) == (1, 3)
    assert f"{deaf[0].address}:{deaf[0].port}" in sentence(found).en
