"""`python -m lab scale`: a real etcd and API server on loopback, with nodes and pods that KWOK plays.

For benches of clients: thousands of nodes, tens of thousands of pods, and nothing runs in them.
"""

import base64
import json
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from itertools import islice
from pathlib import Path
from typing import Any

from lab import cleanup
from lab.cache import cache_folder, only_one_builds
from lab.errors import LabError
from lab.instance import Instance
from lab.kube.build import Go, _compiler, build
from lab.kube.versions import BUSYBOX_IMAGE
from lab.processes import must, parallel

KWOK = "v0.8.0"
_MODULE = "sigs.k8s.io/kwok"
# what makes a played node Ready and a played pod Running; KWOK alone does nothing
_STAGES = ("node/fast/node-initialize", "pod/fast/pod-ready", "pod/fast/pod-delete")
_CREATORS = 8
_PATIENCE = 60.0
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    state: Path
    api: int
    """Port on loopback, as the two of etcd."""
    etcd: int
    peer: int

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def certificate(self) -> Path:
        return self.state / "apiserver.crt"

    def call(self, path: str, body: Object | None = None) -> bytes:
        return next(self.calls([(path, body)]))

    def calls(self, requests: Iterable[tuple[str, Object | None]]) -> Iterator[bytes]:
        """GETs, and POSTs of those with a body, over one connection."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        connection = HTTPSConnection("127.0.0.1", self.api, context=trusted, timeout=120)
        headers = {
            "Authorization": f"Bearer {(self.state / 'token').read_text()}",
            "Content-Type": "application/json",
        }
        for path, body in requests:
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status >= 400:
                raise LabError(f"{path}: {answer.status} {said[:300]!r}")
            yield said
        connection.close()


def scale_of(lab: Instance) -> Instance:
    """Stands beside the lab of the same name: no lab's name holds a dot."""
    return Instance(f"{lab.name}.scale")


def up(lab: Instance, nodes: int, pods: int) -> Path:
    """Afresh; the path of its kubeconfig, once every pod runs."""
    here, programs, kwok = scale_of(lab), build() / "bin", build_kwok()
    cleanup.down(here)
    with cleanup.counted_in(here):
        here.state.mkdir(mode=0o700)
        cluster = Cluster(here.state, *_free_ports(3))
        _write_credentials(cluster)
        _start(cluster, "etcd", [str(programs / "hyperkube"), "etcd", *_etcd_flags(cluster)])
        _start(cluster, "apiserver", [str(programs / "hyperkube"), "kube-apiserver", *_apiserver_flags(cluster)])
        _wait(cluster)
        _start(cluster, "kwok", [str(kwok / "kwok"), *_kwok_flags(cluster, kwok)])
        _create(cluster, (_node(number) for number in range(nodes)))
        _create(cluster, (_pod(number, nodes) for number in range(pods)))
        _wait_until_all_run(cluster, 30 + pods / 50)
    return cluster.kubeconfig


def down(lab: Instance) -> None:
    cleanup.down(scale_of(lab))


def build_kwok() -> Path:
    """The folder with KWOK and its stages."""
    folder = cache_folder("kwok", KWOK, *_STAGES)
    with only_one_builds(folder):
        if not folder.exists():
            half = folder.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            go = Go(_compiler(), half)
            go.install(half, f"{_MODULE}/cmd/kwok@{KWOK}")
            source = go.source_of(half, f"{_MODULE}@{KWOK}") / "kustomize" / "stage"
            (half / "stages.yaml").write_text(
                "---\n".join((source / f"{name}.yaml").read_text() for name in _STAGES)
            )
            half.rename(folder)
    return folder


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _write_credentials(cluster: Cluster) -> None:
    state, word = cluster.state, secrets.token_hex(16)
    (state / "token").write_text(word)
    (state / "tokens.csv").write_text(f'{word},admin,admin,"system:masters"\n')
    key, alternative = str(state / "apiserver.key"), "subjectAltName=IP:127.0.0.1"
    new = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    names = ["-subj", "/CN=lab-scale", "-addext", alternative]
    must("openssl", "req", *new, *names, "-keyout", key, "-out", str(cluster.certificate))
    authority = base64.b64encode(cluster.certificate.read_bytes()).decode()
    server = {"server": f"https://127.0.0.1:{cluster.api}", "certificate-authority-data": authority}
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "scale",
        "clusters": [{"name": "scale", "cluster": server}],
        "users": [{"name": "admin", "user": {"token": word}}],
        "contexts": [{"name": "scale", "context": {"cluster": "scale", "user": "admin"}}],
    }
    cluster.kubeconfig.write_text(json.dumps(body))


def _etcd_flags(cluster: Cluster) -> list[str]:
    here = f"http://127.0.0.1:{cluster.etcd}"
    return [
        f"--data-dir={cluster.state}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={here}",
        f"--advertise-client-urls={here}",
        f"--listen-peer-urls=http://127.0.0.1:{cluster.peer}",
        f"--quota-backend-bytes={8 << 30}",
    ]


def _apiserver_flags(cluster: Cluster) -> list[str]:
    certificate, key = cluster.certificate, cluster.state / "apiserver.key"
    return [
        f"--etcd-servers=http://127.0.0.1:{cluster.etcd}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={cluster.api}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--service-account-key-file={certificate}",
        f"--service-account-signing-key-file={key}",
        "--service-account-issuer=https://scale.invalid",
        f"--token-auth-file={cluster.state}/tokens.csv",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        # no controller-manager runs: nobody would make service accounts or lift taints
        "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
        "--enable-priority-and-fairness=false",
        "--max-requests-inflight=3000",
        "--max-mutating-requests-inflight=1000",
    ]


def _kwok_flags(cluster: Cluster, kwok: Path) -> list[str]:
    return [
        f"--kubeconfig={cluster.kubeconfig}",
        "--manage-all-nodes=true",
        "--node-ip=127.0.0.1",
        "--node-lease-duration-seconds=0",
        f"--config={kwok / 'stages.yaml'}",
    ]


def _start(cluster: Cluster, name: str, argv: list[str]) -> None:
    with (cluster.state / f"{name}.log").open("ab") as log:
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def _wait(cluster: Cluster) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            cluster.call("/readyz")
            return
        except (OSError, LabError) as error:
            if time.monotonic() > end:
                log = cluster.state / "apiserver.log"
                raise LabError(f"the API server is not ready: {error}", hint=f"see {log}") from error
            time.sleep(0.2)


def _create(cluster: Cluster, requests: Iterator[tuple[str, Object]]) -> None:
    """Over a few connections, each with its share."""
    every = list(requests)
    shares = [list(islice(every, start, None, _CREATORS)) for start in range(_CREATORS)]
    parallel(lambda share: sum(1 for _ in cluster.calls(share)), shares)


def _wait_until_all_run(cluster: Cluster, seconds: float) -> None:
    end = time.monotonic() + seconds
    waiting = "/api/v1/pods?limit=1&fieldSelector=status.phase%21%3DRunning"
    while json.loads(cluster.call(waiting))["items"]:
        if time.monotonic() > end:
            raise LabError(f"not every pod runs after {seconds:g} s", hint=f"see {cluster.state}/kwok.log")
        time.sleep(1)


def _node(number: int) -> tuple[str, Object]:
    name = f"node-{number:05}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": f"zone-{number % 3}",
    }
    room = {"cpu": "32", "memory": "256Gi", "pods": "110"}
    return "/api/v1/nodes", {
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": labels},
        "spec": {"podCIDR": f"10.{number // 256 % 256}.{number % 256}.0/24"},
        "status": {"capacity": room, "allocatable": room},
    }


def _pod(number: int, nodes: int) -> tuple[str, Object]:
    asked = {"requests": {"cpu": "100m", "memory": "64Mi"}}
    main = {"name": "main", "image": BUSYBOX_IMAGE, "resources": asked}
    return "/api/v1/namespaces/default/pods", {
        "metadata": {"name": f"pod-{number:06}", "labels": {"app": f"app-{number % 500}"}},
        "spec": {"nodeName": f"node-{number % nodes:05}", "containers": [main]},
    }
