"""What a plan script says to look at by hand: the command that asks what the probe would ask."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import probes.all
from diagnosis.looks import first_looks
from probes.clients import Client, client_of
from probes.errors import CommandMissing
from probes.probe import checked_call
from probes.site import OPERATOR, Cloud, Cluster, Site
from probes.toolbox import LiveToolbox
from tests.probes.apiserver import api_server

assert probes.all


@dataclass
class Clients:
    client_there: Client | None

    async def is_root(self, host: str) -> bool:
        return host == OPERATOR

    async def client(self, target: str) -> Client:
        if self.client_there is None:
            raise CommandMissing("nowhere")
        return self.client_there


SITE = Site("test", clusters=(Cluster("lab"),), clouds=(Cloud("lab"),))
ON_MASTER = Client("master", ("env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl"), sudo=True)


async def looks(probe: str, client: Client | None, **arguments: object) -> list[tuple[str, str]]:
    found = await first_looks(checked_call(probe, "lab", arguments), SITE, Clients(client), lambda host: "true")
    return [(look.on, look.run) for look in found]


async def test_a_get_is_one_of_kubectl_where_it_logs_in() -> None:
    ((on, run),) = await looks("k8s.nodes", ON_MASTER)
    assert on == "master"
    assert run.startswith("sudo -n env KUBECONFIG=/etc/kubernetes/admin.conf kubectl get --raw ")
    assert run.endswith("'/api/v1/nodes?resourceVersion=0'")


async def test_where_nobody_logs_in_and_for_a_cloud_there_is_no_command() -> None:
    assert await looks("k8s.nodes", None) == []
    assert await looks("cloud.agents", ON_MASTER) == []


async def test_secrets_are_not_printed() -> None:
    seen = await looks("k8s.join", ON_MASTER)
    assert seen
    assert not [run for _, run in seen if "secrets" in run]


@pytest.mark.lab
@pytest.mark.kube
async def test_the_real_kubectl_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with api_server(tmp_path) as server:
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "kubectl").symlink_to((server.folder / "hyperkube").resolve())
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        site = Site("test", clusters=(Cluster("lab", (server.kubeconfig("lab"),)),))
        async with LiveToolbox(site) as toolbox:
            places = Clients(await client_of("cluster:lab", toolbox))
        (look,) = await first_looks(checked_call("k8s.nodes", "lab", {}), site, places, lambda host: "true")
        assert look.on == OPERATOR
        said = subprocess.run(["sh", "-c", look.run], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["kind"] == "NodeList"
