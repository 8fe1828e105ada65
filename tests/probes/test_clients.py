"""Where kubectl and openstack are run, and what is put in front of their arguments."""

import subprocess
from pathlib import Path

import pytest

from probes.clients import Client, _words, client_of
from probes.errors import CommandMissing
from probes.site import Cloud, Cluster, Site
from probes.toolbox import LiveToolbox


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clients that print how they were called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("kubectl", "openstack"):
        program = folder / name
        program.write_text('#!/bin/sh\nprintf "%s\\n" "$KUBECONFIG$OS_CLIENT_CONFIG_FILE" "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def called(text: str) -> list[str]:
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True).stdout.splitlines()


async def client(site: Site, target: str) -> Client:
    async with LiveToolbox(site) as toolbox:
        return await client_of(target, toolbox)


async def test_kubectl_of_this_machine_gets_its_files_and_context(programs: Path) -> None:
    site = Site("s", clusters=(Cluster("lab", (Path("/a b/one"), Path("/two")), context="ad'min@k8s"),))
    found = await client(site, "cluster:lab")
    assert (found.on, found.sudo) == ("operator", False)
    text = found.command("kubectl -n 'kube system' get pods")
    assert called(text) == ["/a b/one:/two", "--context=ad'min@k8s", "-n", "kube system", "get", "pods"]


def test_a_context_of_our_own_kubeconfig_is_none_of_the_hosts() -> None:
    entry = Cluster("lab", (Path("/own"),), context="mine", host="master")
    assert _words(entry, ("/own",))[-1] == "--context=mine"
    there = ("/etc/kubernetes/admin.conf",)
    assert _words(entry, there) == ("env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl")
    assert _words(Cluster("lab", host="master"), there) == (
        "env",
        "KUBECONFIG=/etc/kubernetes/admin.conf",
        "kubectl",
    )


async def test_openstack_of_this_machine_gets_its_file_and_cloud(programs: Path) -> None:
    site = Site("s", clouds=(Cloud("lab", Path("/etc/clouds.yaml"), entry="admin"),))
    found = await client(site, "cloud:lab")
    text = found.command("openstack port show 'a b'")
    assert called(text) == ["/etc/clouds.yaml", "--os-cloud=admin", "port", "show", "a b"]


async def test_what_the_environment_says_is_left_as_it_is(programs: Path) -> None:
    found = await client(Site("s", clouds=(Cloud("envvars"),)), "cloud:envvars")
    assert found.words == ("openstack",)


async def test_without_the_client_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    site = Site("s", clusters=(Cluster("lab", (Path("/a"),)),))
    with pytest.raises(CommandMissing, match="this machine: no `kubectl` that can log in to lab"):
        await client(site, "cluster:lab")
