"""A real etcd and kube-apiserver on loopback, without nodes: what they hold is written by tests, and every request
is in their audit log."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

from lab.kube.build import build
from tests.probes.pki import Pair, authority, kubeconfig, signed

_AUDIT = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n"
_PATIENCE = 90.0
HOSTS = ("127.0.0.1", "localhost")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@dataclass
class ApiServer:
    folder: Path
    ca: Pair
    admin: Pair
    port: int
    etcd_port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def kubeconfig(self, name: str, **more: Any) -> Path:
        """By default as the administrator."""
        given = {"ca": self.ca, "client": self.admin, **more}
        return kubeconfig(self.folder / f"{name}.conf", given.pop("url", self.url), name=name, **given)

    def start(self, certificate: Pair | None = None) -> None:
        """The API server, with that certificate of its own."""
        (certificate or signed(self.ca, "kube-apiserver", hosts=HOSTS)).write(self.folder, "server")
        flags = {
            "etcd-servers": f"http://127.0.0.1:{self.etcd_port}",
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "endpoint-reconciler-type": "none",
            "secure-port": str(self.port),
            "tls-cert-file": "server.crt",
            "tls-private-key-file": "server.key",
            "client-ca-file": "ca.crt",
            "service-account-key-file": "accounts.key",
            "service-account-signing-key-file": "accounts.key",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-cluster-ip-range": "10.96.0.0/16",
            "authorization-mode": "RBAC",
            "disable-admission-plugins": "ServiceAccount",
            "audit-policy-file": "audit.yaml",
            "audit-log-path": "audit.log",
        }
        self._run("kube-apiserver", *(f"--{key}={value}" for key, value in flags.items()))

    def start_etcd(self) -> None:
        client, peer = (f"http://127.0.0.1:{port}" for port in (self.etcd_port, free_port()))
        urls = ("--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer)
        first = ("--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}")
        self._run("etcd", "--data-dir", "etcd", "--unsafe-no-fsync", *urls, *first)

    def _run(self, name: str, *flags: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            argv = [self.folder / "hyperkube", name, *flags]
            self.running[name] = subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log)

    def stop(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def wait_ready(self) -> None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self.running["kube-apiserver"].poll() is None:
            with suppress(OSError, HTTPException, AssertionError):
                self.call("GET", "/readyz")
                self.call("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin")
                return
            time.sleep(0.3)
        raise AssertionError((self.folder / "kube-apiserver.log").read_text()[-3000:])

    def call(self, method: str, path: str, body: object = None) -> Any:
        """As the administrator, past deadhop."""
        context = ssl.create_default_context(cadata=self.ca.pem.decode())
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # tests give it wrong ones, too
        context.load_cert_chain(*self.admin.write(self.folder, "admin"))
        connection = HTTPSConnection("127.0.0.1", self.port, context=context, timeout=20)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            connection.request(method, path, body and json.dumps(body), {"Content-Type": kind})
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        assert response.status < 300, (method, path, response.status, text[:500])
        return json.loads(text) if text.startswith(b"{") else text.decode()

    def audited(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "audit.log").read_text().splitlines()]


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    ca = authority("kubernetes")
    ca.write(folder, "ca")
    signed(ca, "accounts").write(folder, "accounts")
    (folder / "audit.yaml").write_text(_AUDIT)
    (folder / "hyperkube").symlink_to(build() / "bin" / "hyperkube")
    server = ApiServer(folder, ca, signed(ca, "admin", "system:masters"), free_port(), free_port())
    try:
        server.start_etcd()
        server.start()
        server.wait_ready()
        yield server
    finally:
        for name in tuple(server.running):
            server.stop(name)
        shutil.rmtree(folder / "etcd", ignore_errors=True)
