"""Real APIs behind a gateway that takes seconds for each answer, or refuses first: what is concluded in time by the
command that an operator types, and what is said to be unknown."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.front import Manner, front, late, refusing
from tests.end_to_end.kube_outages import within
from tests.end_to_end.outages import Ran, deadhop
from tests.hostile.hostile_http import Served
from tests.lab.test_openstack_api import account, agents, neutron
from tests.probes.apiserver import ApiServer, api_server
from tests.probes.pki import kubeconfig, signed

pytestmark = pytest.mark.lab

SECONDS, ENOUGH = 5.0, ("--deadline", "60")
TOO_SOON = ("--deadline", "8")
"""A cause takes at least three answers, one after the other."""
FOR_GOOD = 1000
K8S, POD = "kubernetes-api-does-not-answer", "pod-does-not-start"
CLOUD, AGENTS = "openstack-api-does-not-answer", "agents-or-services-down"
MAP = ("site", "show", "--map")
ITS_POD = (POD, "--set", "in_namespace=shop", "--set", "pod=web-0")
NO_ROOM, STOPPED = "no-node-has-room", "neutron-agent-stopped"
Gateway = Callable[[Manner], AbstractAsyncContextManager[list[Served]]]
Ask = Callable[..., Awaitable[Ran]]
BUSY = (
    pytest.param(lambda: refusing(2, 429, Retry_After="1"), id="429"),
    pytest.param(lambda: refusing(1, 503, Retry_After="2"), id="503"),
)
NEVER = (
    pytest.param(429, {"Retry_After": "3600"}, "it asks for 3600 s of patience", id="429 for an hour"),
    pytest.param(503, {}, "", id="503 without a time"),
)


def causes(found: Ran) -> list[str]:
    return [cause["id"] for cause in found.document["causes"]]


def messages(found: Ran) -> str:
    return json.dumps(found.document["unknown"])


def assert_partial(found: Ran) -> None:
    """Nothing is concluded, and nothing called well."""
    assert (found.status, found.document["verdict"], causes(found)) == (2, "unknown", []), found.document["text"]


def assert_refused(found: Ran, status: int, hint: str) -> None:
    assert_partial(found)
    assert found.document["ruled_out"] == []
    assert re.search(rf"answers {status}|HTTP {status}", messages(found)), messages(found)
    assert hint in messages(found)


def assert_unseen(joined: Ran, status: int) -> None:
    """A map of nothing says why."""
    assert (joined.status, joined.document["maps"]) == (2, [])
    assert f"{status}" in json.dumps(joined.document["unseen"]), joined.document["unseen"]


# ------------------------------------------------------------------ Kubernetes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """It holds a node, and a pod for which a scheduler found none."""
    with api_server(tmp_path_factory.mktemp("api")) as running:
        running.call("POST", "/api/v1/nodes", {"metadata": {"name": "w1"}})
        running.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        pod = {"metadata": {"name": "web-0"}, "spec": {"containers": [{"name": "main", "image": "i"}]}}
        running.call("POST", "/api/v1/namespaces/shop/pods", pod)
        said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
        said["message"] = "0/3 nodes are available: 3 Insufficient cpu."
        running.call("PATCH", "/api/v1/namespaces/shop/pods/web-0/status", {"status": {"conditions": [said]}})
        yield running


@pytest.fixture
def cluster(server: ApiServer, tmp_path: Path) -> Gateway:
    """Whoever asks is the administrator there."""
    ours = ssl.create_default_context(cadata=server.ca.pem.decode())
    ours.load_cert_chain(*server.admin.write(tmp_path, "admin"))
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(*signed(server.ca, "gateway", hosts=("127.0.0.1",)).write(tmp_path, "gateway"))

    @asynccontextmanager
    async def before(manner: Manner) -> AsyncIterator[list[Served]]:
        async with front(server.url, manner, theirs, ours) as served:
            file = kubeconfig(tmp_path / "gateway.conf", served.url, server.ca)
            _site(tmp_path, clusters={"lab": {"kubeconfig": str(file), "context": "lab"}})
            yield [served]

    return before


def _site(folder: Path, **worlds: Any) -> None:
    (folder / "site.yaml").write_text(json.dumps({"version": 1, "hosts": {}, **worlds}))


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Of the gateway that is open."""
    told = ("--site", str(tmp_path / "site.yaml"), "--json")

    async def asked(*words: str) -> Ran:
        return await asyncio.to_thread(deadhop, *words, *told, state=tmp_path / "state")

    return asked


@pytest.mark.kube
async def test_a_cluster_that_answers_late_is_slow_and_what_it_says_counts(cluster: Gateway, ask: Ask) -> None:
    async with cluster(late(SECONDS)):
        slow, pod, joined = await asyncio.gather(ask("diagnose", K8S), ask("diagnose", *ITS_POD), ask(*MAP))
    assert_partial(slow)
    assert "The API answers, but only after seconds" in slow.document["text"]["en"]
    assert slow.document["ruled_out"] == []
    assert (causes(pod), pod.document["unknown"]) == ([NO_ROOM], []), pod.document["text"]
    assert [strip["node"]["name"] for strip in joined.document["maps"]] == ["w1"], joined.document["unseen"]


@pytest.mark.kube
@pytest.mark.long
async def test_a_sweep_that_ends_before_a_cluster_has_answered_is_partial(cluster: Gateway, ask: Ask) -> None:
    async with cluster(late(SECONDS)):
        found = await ask("sweep", "--layer", "cluster", *TOO_SOON)
    assert_partial(found)
    assert (found.document["cut"], found.document["ruled_out"]) == ("deadline", [])
    left = {one["symptom"] for one in found.document["unfinished"]} | set(found.document["not_begun"])
    assert {K8S, POD} <= left, found.document["text"]


@pytest.mark.kube
@pytest.mark.parametrize("busy", BUSY)
async def test_a_busy_cluster_is_asked_again_when_it_says(
    cluster: Gateway, ask: Ask, busy: Callable[[], Manner]
) -> None:
    for words in (("diagnose", *ITS_POD), ("sweep", "--layer", "cluster", *ENOUGH)):
        async with cluster(busy()) as (served,):
            found = await ask(*words)
        asked = served.paths()
        assert (found.status, causes(found)) == (1, [NO_ROOM]), found.document["text"]
        assert asked.count("/api/v1/namespaces/shop/pods/web-0") > 1
        assert "answers " not in messages(found), messages(found)


@pytest.mark.kube
@pytest.mark.long
@pytest.mark.parametrize(("status", "when", "hint"), NEVER)
async def test_a_cluster_that_refuses_for_good_is_not_called_healthy(
    cluster: Gateway, ask: Ask, status: int, when: dict[str, str], hint: str
) -> None:
    for words in (("diagnose", K8S), ("diagnose", *ITS_POD), ("sweep", "--layer", "cluster", *ENOUGH)):
        async with cluster(refusing(FOR_GOOD, status, **when)):
            assert_refused(await ask(*words), status, hint)
    async with cluster(refusing(FOR_GOOD, status, **when)):
        assert_unseen(await ask(*MAP), status)


# ------------------------------------------------------------------ OpenStack


@pytest.fixture(scope="module")
def gone(openstack_api: Path) -> Iterator[Path]:
    """clouds.yaml of a cloud with an agent that reports no more."""
    file = openstack_api.parent / "agents" / "gone.json"
    file.write_text(json.dumps({"binary": "neutron-l3-agent", "host": "gone"}))
    assert within(60, lambda: "gone" in _alive(openstack_api))
    file.unlink()
    assert within(60, lambda: not _alive(openstack_api)["gone"])
    yield openstack_api
    url, token = neutron(openstack_api)
    ids = [one["id"] for one in agents(openstack_api) if one["host"] == "gone"]
    for each in ids:
        request = urllib.request.Request(f"{url}/agents/{each}", headers={"X-Auth-Token": token}, method="DELETE")
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).close()


def _alive(clouds: Path) -> dict[str, bool]:
    return {one["host"]: one["alive"] for one in agents(clouds)}


@pytest.fixture
def cloud(gone: Path, tmp_path: Path) -> Gateway:
    """Before Keystone and before Neutron; the catalogue's own endpoints are not asked."""
    keystone = account(gone, "lab")["auth_url"].removesuffix("/v3")
    network = neutron(gone)[0].removesuffix("/v2.0")

    @asynccontextmanager
    async def before(manner: Manner) -> AsyncIterator[list[Served]]:
        async with front(keystone, manner) as identity, front(network, manner) as ports:
            entry = json.loads(gone.read_text())["clouds"]["lab"]
            entry["auth"]["auth_url"] = f"{identity.url}/v3"
            entry["identity_endpoint_override"] = f"{identity.url}/v3"
            entry["network_endpoint_override"] = ports.url
            file = tmp_path / "clouds.yaml"
            file.write_text(json.dumps({"clouds": {"lab": entry}}))
            _site(tmp_path, clouds={"lab": {"config": str(file), "cloud": "lab"}})
            yield [identity, ports]

    return before


@pytest.mark.long
async def test_a_cloud_that_answers_late_is_said_to_be_slow(cloud: Gateway, ask: Ask) -> None:
    async with cloud(late(SECONDS)):
        found = await ask("diagnose", CLOUD)
    assert_partial(found)
    assert "only after seconds" in found.document["text"]["en"]
    assert found.document["ruled_out"] == []


async def test_what_a_cloud_says_late_counts(cloud: Gateway, ask: Ask) -> None:
    async with cloud(late(SECONDS)) as (identity, ports):
        found = await ask("diagnose", AGENTS)
    assert causes(found) == [STOPPED], found.document["text"]
    assert set(identity.paths("POST")) == {"/v3/auth/tokens"}
    assert "/v2.0/agents" in ports.paths()


@pytest.mark.long
async def test_a_sweep_that_ends_before_a_cloud_has_answered_is_partial(cloud: Gateway, ask: Ask) -> None:
    async with cloud(late(SECONDS)):
        found = await ask("sweep", "--layer", "cloud", *TOO_SOON)
    assert_partial(found)
    assert (found.document["cut"], found.document["ruled_out"]) == ("deadline", [])
    left = {one["symptom"] for one in found.document["unfinished"]} | set(found.document["not_begun"])
    assert {CLOUD, AGENTS} <= left, found.document["text"]


@pytest.mark.parametrize("busy", BUSY)
async def test_a_busy_cloud_is_asked_again_when_it_says(
    cloud: Gateway, ask: Ask, busy: Callable[[], Manner]
) -> None:
    for words in (("diagnose", AGENTS), ("sweep", "--layer", "cloud", *ENOUGH)):
        async with cloud(busy()) as (identity, ports):
            found = await ask(*words)
        assert (found.status, causes(found)) == (1, [STOPPED]), found.document["text"]
        assert len(identity.paths("POST")) > 1
        assert len([path for path in ports.paths() if path.startswith("/v2.0/agents")]) > 1


@pytest.mark.long
@pytest.mark.parametrize(("status", "when", "hint"), NEVER)
async def test_a_cloud_that_refuses_for_good_is_not_called_healthy(
    cloud: Gateway, ask: Ask, status: int, when: dict[str, str], hint: str
) -> None:
    for words in (("diagnose", CLOUD), ("diagnose", AGENTS), ("sweep", "--layer", "cloud", *ENOUGH)):
        async with cloud(refusing(FOR_GOOD, status, **when)):
            assert_refused(await ask(*words), status, hint)
    async with cloud(refusing(FOR_GOOD, status, **when)):
        assert_unseen(await ask(*MAP), status)
