"""The probes of clusters against a real API server: what they say, what they cannot, and that they only look."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import probes.all
from base.values import Value
from probes import site_clusters
from probes.api import ApiRequest
from probes.batch import BatchedConnection
from probes.cluster import in_pod, shapes, through_host
from probes.cluster.connection import HttpApi, login
from probes.cluster.leftovers import helm_secrets
from probes.cluster.through_host import HostApi, OrThroughHost
from probes.local import LocalShell
from probes.probe import PROBES, Evidence, checked_call, observe
from probes.site import OPERATOR, Cluster, Site
from probes.toolbox import LiveToolbox
from tests.end_to_end.front import front, late
from tests.hostile.counting import nothing_left
from tests.probes.apiserver import HOSTS, ApiServer, api_server
from tests.probes.pki import authority, kubeconfig, signed

assert probes.all

pytestmark = [pytest.mark.lab, pytest.mark.kube]

LOOKING = {"get", "list"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("api")) as running:
        seed(running)
        yield running


def node(name: str, address: str, ready: str) -> dict[str, Any]:
    said = {"type": "Ready", "status": ready, "reason": "KubeletNotReady", "message": "cni plugin not initialized"}
    info = dict.fromkeys(
        ("machineID", "systemUUID", "bootID", "osImage", "operatingSystem", "architecture", "kubeProxyVersion"), "x"
    )
    versions = {"kubeletVersion": "v1.35.4", "kernelVersion": "6.1", "containerRuntimeVersion": "containerd://1.6"}
    return {
        "metadata": {"name": name, "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {
            "podCIDR": "10.244.1.0/24",
            "podCIDRs": ["10.244.1.0/24"],
            "providerID": "openstack:///3e6cb7a4",
            "taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}],
        },
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "conditions": [said],
            "nodeInfo": info | versions,
        },
    }


def pod(name: str, address: str, state: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": "too much"}}
    container = {"name": "main", "image": "i", "imageID": "i", "ready": False, "restartCount": 4, "state": state}
    status = {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [container | {"lastState": ended}],
    }
    spec = {"nodeName": "worker-1", "containers": [{"name": "main", "image": "i"}]}
    return {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": spec}, {"status": status}


def seed(server: ApiServer) -> None:
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    for name, address, ready in (("worker-1", "192.168.100.11", "True"), ("worker-2", "192.168.100.12", "False")):
        server.call("POST", "/api/v1/nodes", node(name, address, ready))
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}}
    for name, address, state in (("web-0", "10.244.1.7", waiting), ("web-1", "10.244.1.8", {"running": {}})):
        itself, status = pod(name, address, state)
        server.call("POST", "/api/v1/namespaces/shop/pods", itself)
        server.call("PATCH", f"/api/v1/namespaces/shop/pods/{name}/status", status)
    port = {"name": "http", "port": 80, "targetPort": "web"}
    wanted = {"clusterIP": "10.96.7.7", "selector": {"app": "web"}, "ports": [port]}
    server.call("POST", "/api/v1/namespaces/shop/services", {"metadata": {"name": "web"}, "spec": wanted})
    ends = [
        {
            "addresses": ["10.244.1.7"],
            "conditions": {"ready": False},
            "targetRef": {"kind": "Pod", "name": "web-0"},
        },
        {"addresses": ["10.244.1.8"], "conditions": {"ready": True}, "nodeName": "worker-1"},
    ]
    named = {"name": "web-x", "labels": {"kubernetes.io/service-name": "web"}}
    slices = {"metadata": named, "addressType": "IPv4", "endpoints": ends, "ports": [{"port": 8080}]}
    server.call("POST", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", slices)
    for number, kind in enumerate(("Normal", "Warning")):
        about = {"kind": "Pod", "namespace": "shop", "name": "web-0"}
        when = f"2026-01-01T00:00:0{number}Z"
        event = {"metadata": {"name": f"e{number}"}, "involvedObject": about, "type": kind, "reason": f"R{number}"}
        more = {"message": "m", "count": 3, "lastTimestamp": when, "source": {"component": "kubelet"}}
        server.call("POST", "/api/v1/namespaces/shop/events", event | more)


async def asked(file: Path, probe: str, **arguments: Value) -> Evidence:
    """Of the cluster, or for probes of hosts from here."""
    site = Site("test", clusters=(Cluster(file.stem, (file,)),))
    target = file.stem if PROBES[probe].on == "cluster" else OPERATOR
    async with LiveToolbox(site) as toolbox:
        return await observe(checked_call(probe, target, arguments), toolbox, "e1")


async def facts(server: ApiServer, probe: str, **arguments: Value) -> Any:
    evidence = await asked(server.kubeconfig("lab"), probe, **arguments)
    assert evidence.failure is None, evidence.failure
    return evidence.facts


# ------------------------------------------------------------------ what they say


async def test_reach(server: ApiServer) -> None:
    found = await facts(server, "k8s.reach")
    assert (found.stopped_at, found.error, found.not_ready) == ("", "", ())
    assert (found.version, found.server, found.address) == ("v1.35.4", server.url, "127.0.0.1")


async def test_nodes(server: ApiServer) -> None:
    found = await facts(server, "k8s.nodes")
    first, second = found.nodes
    assert (first.name, first.ready, first.internal_address) == ("worker-1", "True", "192.168.100.11")
    assert first.addresses == ("192.168.100.11",)
    assert (second.ready, second.reason, second.message) == (
        "False",
        "KubeletNotReady",
        "cni plugin not initialized",
    )
    assert (second.pod_cidrs, second.provider_id) == (("10.244.1.0/24",), "openstack:///3e6cb7a4")
    assert "node.kubernetes.io/not-ready=:NoSchedule" in second.taints
    assert (second.kubelet, second.kernel, second.runtime) == ("v1.35.4", "6.1", "containerd://1.6")
    assert second.roles == ("worker",)


async def test_pods(server: ApiServer) -> None:
    found = await facts(server, "k8s.pods", namespace="shop", selector="app=web", node="worker-1")
    assert [one.name for one in found.pods] == ["web-0", "web-1"]
    web = found.pods[0]
    assert (web.phase, web.ready, web.node, web.addresses) == ("Running", False, "worker-1", ("10.244.1.7",))
    (container,) = web.containers
    assert (container.state, container.reason, container.restarts) == ("waiting", "CrashLoopBackOff", 4)
    assert (container.last_reason, container.last_exit_code, container.last_message) == (
        "OOMKilled",
        137,
        "too much",
    )
    assert (await facts(server, "k8s.pods", selector="app=other")).pods == ()
    assert (await facts(server, "k8s.pods", node="worker-2")).pods == ()


async def test_events_of_one_object(server: ApiServer) -> None:
    found = await facts(server, "k8s.events", kind="Pod", name="web-0", namespace="shop")
    said = [(one.kind, one.reason, one.count, one.source) for one in found.events]
    assert said == [("Normal", "R0", 3, "kubelet"), ("Warning", "R1", 3, "kubelet")]
    assert (await facts(server, "k8s.events", kind="Pod", name="web-1", namespace="shop")).events == ()


async def test_a_service_and_who_stands_behind_it(server: ApiServer) -> None:
    found = await facts(server, "k8s.service", namespace="shop", name="web")
    assert (found.kind, found.cluster_address, found.selector) == ("ClusterIP", "10.96.7.7", {"app": "web"})
    (port,) = found.ports
    assert (port.port, port.target, port.protocol) == (80, "web", "TCP")
    assert [(one.address, one.node) for one in found.ready] == [("10.244.1.8", "worker-1")]
    assert [(one.address, one.pod) for one in found.not_ready] == [("10.244.1.7", "web-0")]
    assert found.endpoint_ports == (8080,)


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("10.244.1.7", ("pod", "shop", "web-0", "worker-1")),
        ("10.96.7.7", ("service", "shop", "web", "")),
        ("192.168.100.12", ("node", "", "worker-2", "worker-2")),
        ("203.0.113.9", ("", "", "", "")),
    ],
)
async def test_what_an_address_is(server: ApiServer, address: str, what: tuple[str, ...]) -> None:
    found = await facts(server, "k8s.object_of", address=address)
    assert (found.kind, found.namespace, found.name, found.node) == what


async def test_logs_of_a_node_that_is_not_there(server: ApiServer) -> None:
    """The API server cannot reach the kubelet: said as that, not as an empty log."""
    evidence = await asked(server.kubeconfig("lab"), "k8s.logs", namespace="shop", pod="web-0")
    assert evidence.failure is not None
    assert evidence.failure.reason in ("unavailable", "timeout")


# ------------------------------------------------------------------ what they cannot say


async def test_of_secrets_only_the_names_leave_the_server(server: ApiServer) -> None:
    labels = {"owner": "helm", "name": "harbor"}
    secret = {
        "metadata": {"name": "sh.helm.release.v1.harbor.v1", "labels": labels},
        "stringData": {"release": "x" * 9000},
    }
    server.call("POST", "/api/v1/namespaces/shop/secrets", secret)
    wanted = helm_secrets("shop", "harbor")
    site = Site("test", clusters=(Cluster("lab", (server.kubeconfig("lab"),)),))
    async with LiveToolbox(site) as toolbox:
        api = await toolbox.api("cluster:lab")
        named = await api.get(wanted)
        raw = await api.get(replace(wanted, shape=None))
        whole = await api.get(replace(wanted, shape=None, accept="application/json"))
    assert "sh.helm.release.v1.harbor.v1" in named.stdout
    assert json.loads(raw.stdout)["kind"] == "PartialObjectMetadataList"
    assert len(raw.stdout) < 2000 < 9000 < len(whole.stdout)


async def test_names_that_are_not_there(server: ApiServer) -> None:
    evidence = await asked(server.kubeconfig("lab"), "k8s.service", namespace="shop", name="no-such")
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.message) == (
        "not-found",
        "there is no no-such among services (404)",
    )


async def test_401(server: ApiServer) -> None:
    file = server.kubeconfig("stranger", client=None, user={"token": "nobody"})
    evidence = await asked(file, "k8s.nodes")
    assert evidence.failure is not None
    assert (evidence.failure.reason, "401" in evidence.failure.message) == ("denied", True)
    reach: Any = (await asked(file, "k8s.reach")).facts
    assert (reach.stopped_at, reach.reason) == ("login", "denied")


async def test_403_says_which_verb_on_which_resource(server: ApiServer) -> None:
    file = server.kubeconfig("dev", client=signed(server.ca, "dev", "devs"))
    said = {}
    for probe, arguments in (
        ("k8s.nodes", {}),
        ("k8s.pods", {"namespace": "shop"}),
        ("k8s.service", {"namespace": "shop", "name": "web"}),
    ):
        failure = (await asked(file, probe, **arguments)).failure
        assert failure is not None
        assert failure.reason == "forbidden"
        said[probe] = failure.message
    assert said["k8s.nodes"] == "dev may not list nodes in the whole cluster (403)"
    assert said["k8s.pods"] == "dev may not list pods in the namespace shop (403)"
    assert said["k8s.service"].startswith("dev may not get services in the namespace shop") or said[
        "k8s.service"
    ].startswith("dev may not list endpointslices.discovery.k8s.io in the namespace shop")
    reach: Any = (await asked(file, "k8s.reach")).facts
    assert (reach.stopped_at, reach.version) == ("", "v1.35.4")


def token_of_viewer(server: ApiServer) -> str:
    """It may list the pods of its namespace and nothing else."""
    account = "/api/v1/namespaces/shop/serviceaccounts"
    if server.call("GET", account)["items"]:
        given = server.call("POST", f"{account}/viewer/token", {"spec": {"expirationSeconds": 3600}})
        return str(given["status"]["token"])
    server.call("POST", account, {"metadata": {"name": "viewer"}})
    rights = {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}], "metadata": {"name": "v"}}
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop"
    server.call("POST", f"{rbac}/roles", rights)
    who = {"kind": "ServiceAccount", "name": "viewer", "namespace": "shop"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "v"}
    server.call("POST", f"{rbac}/rolebindings", {"metadata": {"name": "v"}, "subjects": [who], "roleRef": role})
    return token_of_viewer(server)


async def test_a_service_account(server: ApiServer) -> None:
    (server.folder / "bearer").write_text(token_of_viewer(server))
    file = server.kubeconfig("viewer", client=None, user={"tokenFile": "bearer"})
    assert (await asked(file, "k8s.pods", namespace="shop")).failure is None
    refused = (await asked(file, "k8s.nodes")).failure
    assert refused is not None
    assert refused.message.startswith("system:serviceaccount:shop:viewer may not list nodes")


async def test_from_a_pod_of_the_cluster(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own cluster is found and asked without a kubeconfig; the token that Kubernetes renews is read anew."""
    (tmp_path / "ca.crt").write_bytes((server.folder / "ca.crt").read_bytes())
    monkeypatch.setattr(in_pod, "ACCOUNT", tmp_path)
    monkeypatch.setattr(site_clusters, "default_files", tuple)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    assert site_clusters.found_clusters() == ()
    (tmp_path / "token").write_text(token_of_viewer(server))
    (found,) = site_clusters.found_clusters()
    async with LiveToolbox(Site("test", clusters=(found,))) as toolbox:
        call = checked_call("k8s.pods", found.name, {"namespace": "shop"})
        assert (await observe(call, toolbox, "e1")).failure is None
        (tmp_path / "token").write_text("out.of.date")
        denied = (await observe(call, toolbox, "e2")).failure
        assert denied is not None
        assert denied.reason == "denied"
        (tmp_path / "token").write_text(token_of_viewer(server))
        assert (await observe(call, toolbox, "e3")).failure is None


@pytest.mark.parametrize(("days", "words"), [((-30, -1), "expired on 20"), ((1, 30), "is not valid before 20")])
async def test_our_certificate_out_of_its_time(server: ApiServer, days: tuple[float, float], words: str) -> None:
    file = server.kubeconfig("late", client=signed(server.ca, "late", "system:masters", days))
    failure = (await asked(file, "k8s.nodes")).failure
    assert failure is not None
    assert failure.reason == "certificate"
    assert f"our client certificate (late) {words}" in failure.message


async def test_another_authority_than_theirs(server: ApiServer) -> None:
    failure = (await asked(server.kubeconfig("other", ca=authority("other")), "k8s.nodes")).failure
    assert failure is not None
    assert failure.reason == "certificate"
    assert "signed by an authority the kubeconfig does not know: kubernetes" in failure.message


# ------------------------------------------------------------------ through a control node


@pytest.fixture
def control_node(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], HostApi]:
    """This machine in its place, with that file as its administrator's."""
    folder = server.folder / "bin"
    folder.mkdir(exist_ok=True)
    if not (folder / "kubectl").exists():
        (folder / "kubectl").symlink_to((server.folder / "hyperkube").resolve())
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def with_file(file: Path) -> HostApi:
        monkeypatch.setattr(through_host, "_ASK", through_host.asking((str(file),)))
        return HostApi(
            Cluster("lab", host="master"), lambda target: BatchedConnection(target, LocalShell("master"))
        )

    return with_file


async def test_the_same_answers_through_a_control_node(
    server: ApiServer, control_node: Callable[[Path], HostApi]
) -> None:
    file = server.kubeconfig("lab")
    direct, through = HttpApi("lab", lambda: login(Cluster("lab", (file,)))), control_node(file)
    for request in (
        ApiRequest(("api", "v1", "nodes"), (("resourceVersion", "0"),), shape=shapes.NodeList),
        ApiRequest(
            ("api", "v1", "namespaces", "shop", "pods"), (("labelSelector", "app=web"),), shape=shapes.PodList
        ),
        ApiRequest(("version",), shape=shapes.Version),
    ):
        here, there = await direct.get(request), await through.get(request)
        assert (there.status, there.stdout, there.failure) == (200, here.stdout, "")
        assert json.loads(there.stderr) == {"via": "master"}
    await direct.close()


async def test_the_same_refusals_through_a_control_node(
    server: ApiServer, control_node: Callable[[Path], HostApi]
) -> None:
    nodes = ApiRequest(("api", "v1", "nodes"), shape=shapes.NodeList)
    absent = ApiRequest(("api", "v1", "namespaces", "shop", "pods", "no-such"), shape=shapes.Pod)
    reply = await control_node(server.kubeconfig("lab")).get(absent)
    assert (reply.failure, reply.status) == ("not-found", 404)
    reply = await control_node(server.kubeconfig("dev", client=signed(server.ca, "dev", "devs"))).get(nodes)
    assert (reply.failure, reply.message) == ("forbidden", "dev may not list nodes in the whole cluster (403)")
    stranger = server.kubeconfig("stranger", client=None, user={"token": "nobody"})
    assert (await control_node(stranger).get(nodes)).failure == "denied"
    reply = await control_node(server.kubeconfig("other", ca=authority("other"))).get(nodes)
    assert (reply.failure, json.loads(reply.stderr)["layer"]) == ("certificate", "tls")
    reply = await control_node(server.kubeconfig("gone", url="https://127.0.0.1:1")).get(nodes)
    assert (reply.failure, json.loads(reply.stderr)["layer"]) == ("unreachable", "port")
    reply = await control_node(server.folder / "no-such-file").get(nodes)
    assert (reply.failure, json.loads(reply.stderr)["layer"]) == ("not-found", "kubeconfig")


async def test_where_there_is_no_way_from_here(server: ApiServer, control_node: Callable[[Path], HostApi]) -> None:
    """The first question finds out; those after it do not try again what does not answer."""
    dead = server.kubeconfig("dead", url="https://127.0.0.1:1")
    direct, through = (
        HttpApi("lab", lambda: login(Cluster("dead", (dead,)))),
        control_node(server.kubeconfig("lab")),
    )
    api = OrThroughHost(direct, through)
    for _ in range(2):
        reply = await api.get(ApiRequest(("version",), shape=shapes.Version))
        assert (reply.failure, json.loads(reply.stderr)) == ("", {"via": "master"})
    await api.close()


async def test_who_answers_late_is_waited_for(server: ApiServer, control_node: Callable[[Path], HostApi]) -> None:
    """It is reached, so nobody goes another way; half of the time would have been too little."""
    ours = ssl.create_default_context(cadata=server.ca.pem.decode())
    ours.load_cert_chain(*server.admin.write(server.folder, "admin"))
    async with front(server.url, late(7.0), login=ours) as served:
        slow = kubeconfig(server.folder / "slow.conf", served.url)
        direct = HttpApi("lab", lambda: login(Cluster("lab", (slow,))))
        api = OrThroughHost(direct, control_node(server.kubeconfig("lab")))
        reply = await api.get(ApiRequest(("version",), shape=shapes.Version, timeout=13.0))
        await api.close()
    assert (reply.failure, json.loads(reply.stderr)) == ("", {"address": "127.0.0.1", "server": served.url})


# ------------------------------------------------------------------ nothing is written


def versions(server: ApiServer) -> dict[str, str]:
    held = {}
    for path in ("nodes", "pods", "services", "events", "namespaces", "serviceaccounts", "secrets", "configmaps"):
        for one in server.call("GET", f"/api/v1/{path}")["items"]:
            held[f"{path} {one['metadata'].get('namespace')} {one['metadata']['name']}"] = one["metadata"][
                "resourceVersion"
            ]
    return held


ITS_PATHS = ("GET /api", "GET /version", "GET /readyz")
GIVEN: dict[str, Value] = {
    "address": "10.244.1.7",
    "kind": "Pod",
    "name": "web-0",
    "namespace": "shop",
    "node": "worker-1",
    "pod": "web-0",
    "seen_from": OPERATOR,
}
"""What a parameter is in every probe that has it, but for these."""
GIVEN_TO: dict[str, dict[str, Value]] = {
    "k8s.claim": {"name": "data"},
    "k8s.classes_for": {"claim": "data"},
    "k8s.pod_network": {"pod": "10.244.1.7"},
    "k8s.service": {"name": "web"},
    "k8s.service_path": {"address": "10.96.7.7"},
    "k8s.state": {"resource": "services", "name": "web"},
}


async def test_no_probe_writes(server: ApiServer) -> None:
    """All there are: a new one is among them by itself, or wants an argument that is not given above."""
    file = server.kubeconfig("deadhop", client=signed(server.ca, "deadhop", "system:masters"))
    every = {
        name: one for name, one in PROBES.items() if any(words.startswith(ITS_PATHS) for words in one.commands)
    }
    assert len(every) > 20
    before = versions(server)
    async with nothing_left():
        for name, one in every.items():
            given = GIVEN | GIVEN_TO.get(name, {})
            wanted = {key: given[key] for key in one.parameters if key in given}
            assert wanted.keys() >= one.parameters.keys() - one.defaults.keys(), f"{name} wants more"
            evidence = await asked(file, name, **wanted)
            sent = [exchange.request.text for exchange in evidence.exchanges]
            assert any(text.startswith("GET /") for text in sent), (name, evidence.failure)
            assert all(text.startswith(one.commands) for text in sent), (name, sent)
    assert versions(server) == before
    done = [one for one in server.audited() if one["user"].get("username") == "deadhop"]
    assert len(done) >= len(every)
    assert {one["verb"] for one in done} <= LOOKING


# ------------------------------------------------------------------ the API server itself; last, as it is stopped


async def test_etcd_stopped(server: ApiServer) -> None:
    server.stop("etcd")
    try:
        end = time.monotonic() + 90  # an API server notices late that it has lost etcd, and a busy one later
        found: Any = None
        while (found is None or found.stopped_at != "ready") and time.monotonic() < end:
            await asyncio.sleep(1)
            found = (await asked(server.kubeconfig("lab"), "k8s.reach")).facts
    finally:
        server.start_etcd()
        server.wait_ready()
    assert found is not None
    assert found.stopped_at == "ready"
    assert any("etcd" in check for check in found.not_ready), found


async def test_frozen(server: ApiServer) -> None:
    process = server.running["kube-apiserver"]
    os.kill(process.pid, signal.SIGSTOP)
    try:
        found: Any = (await asked(server.kubeconfig("lab"), "k8s.reach")).facts
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert (found.stopped_at, found.reason) == ("tls", "timeout")
    assert "is open, but no TLS handshake" in found.error


@pytest.mark.parametrize(
    ("days", "hosts", "words"),
    [
        ((-30.0, -1.0), HOSTS, "expired on 20"),
        ((1.0, 30.0), HOSTS, "is not valid before 20"),
        ((-1.0, 30.0), ("kubernetes.default",), "is for other names: kubernetes.default"),
    ],
)
async def test_its_certificate(
    server: ApiServer, days: tuple[float, float], hosts: tuple[str, ...], words: str
) -> None:
    server.stop("kube-apiserver")
    server.start(signed(server.ca, "kube-apiserver", days=days, hosts=hosts))
    server.wait_ready()
    found: Any = (await asked(server.kubeconfig("lab"), "k8s.reach")).facts
    assert (found.stopped_at, found.reason) == ("tls", "certificate")
    assert words in found.error


async def test_stopped(server: ApiServer) -> None:
    server.stop("kube-apiserver")
    found: Any = (await asked(server.kubeconfig("lab"), "k8s.reach")).facts
    assert (found.stopped_at, found.reason) == ("port", "unreachable")
    assert found.error == f"127.0.0.1:{server.port} refuses connections"
