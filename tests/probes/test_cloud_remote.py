"""Credentials that only a control node has: read over SSH, used, and kept nowhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from base.korean import spoken
from base.text import Lang
from journal.store import Journal
from probes.cloud import remote
from probes.exchange import Exchange, Reply, to_json
from probes.site import Cloud, Site
from probes.toolbox import LiveToolbox
from tests.hostile.hostile_http import Served, answer, authority, server_tls
from tests.hostile.test_hostile_cloud import NO_PORTS, PASSWORD, PORTS, TOKEN, hostile, says
from tests.probes.ssh_server import SshServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SshServer]:
    serving = SshServer(tmp_path)
    await serving.start()
    yield serving
    await serving.stop()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the control node keeps them: in the test's folder."""
    folder = tmp_path / "node"
    folder.mkdir()
    monkeypatch.setattr(remote, "CLOUDS", (f"{folder}/clouds.yaml",))
    monkeypatch.setattr(remote, "RCS", (f"{folder}/admin-openrc.sh",))
    return folder


def entry(served: Served, **more: Any) -> dict[str, Any]:
    domains = {"user_domain_name": "D", "project_domain_name": "D"}
    auth = {
        "auth_url": f"{served.url}/v3",
        "username": "demo",
        "password": PASSWORD,
        "project_name": "shop",
        **domains,
    }
    return {"auth": auth, "region_name": "R", **more}


def openrc(served: Served) -> str:
    values = {"AUTH_URL": f"{served.url}/v3", "USERNAME": "demo", "PASSWORD": PASSWORD, "PROJECT_NAME": "shop"}
    domains = {"USER_DOMAIN_NAME": "D", "PROJECT_DOMAIN_NAME": "D", "REGION_NAME": "R", "IDENTITY_API_VERSION": "3"}
    return "".join(f"export OS_{name}='{value}'\n" for name, value in {**values, **domains}.items())


async def asked(server: SshServer, name: str = "lab", entry: str = "") -> tuple[Reply, list[Exchange]]:
    hosts = server.site("controller")
    site = Site("test", hosts.hosts, hosts.ssh_config, clouds=(Cloud(name, None, entry, "controller"),))
    seen: list[Exchange] = []
    async with LiveToolbox(site, seen.append) as box:
        return await (await box.api(f"cloud:{name}")).get(PORTS), seen


@pytest.mark.parametrize("name", ["lab", "kolla-admin", "whatever"])
async def test_a_clouds_yaml(server: SshServer, files: Path, name: str) -> None:
    async with hostile(says(answer(200, NO_PORTS))) as served:
        (files / "clouds.yaml").write_text(json.dumps({"clouds": {name: entry(served)}}))
        reply, _ = await asked(server)
    assert (reply.status, reply.failure) == (200, "")


async def test_an_openrc(server: SshServer, files: Path) -> None:
    async with hostile(says(answer(200, NO_PORTS))) as served:
        (files / "admin-openrc.sh").write_text(openrc(served))
        reply, _ = await asked(server)
    assert (reply.status, reply.failure) == (200, "")


async def test_its_authority_comes_along(server: SshServer, files: Path, tmp_path: Path) -> None:
    ours = authority(tmp_path, "ours")
    async with hostile(says(answer(200, NO_PORTS)), server_tls(ours, tmp_path)) as served:
        (files / "clouds.yaml").write_text(json.dumps({"clouds": {"lab": entry(served, cacert=str(ours.file))}}))
        reply, _ = await asked(server)
    assert (reply.status, reply.failure) == (200, "")


async def test_a_certificate_of_that_machine_is_not_looked_for_here(server: SshServer, files: Path) -> None:
    async with hostile(says(answer(200, NO_PORTS))) as served:
        told = entry(served, cert="/no/such/own.pem", key="/no/such/own.key")
        (files / "clouds.yaml").write_text(json.dumps({"clouds": {"lab": told}}))
        reply, _ = await asked(server)
    assert "its `cert` /no/such/own.pem is no file that can be read" in reply.message
    assert reply.hint == "it lies on controller and is not fetched: give the cloud a `config` in site.yaml"
    assert spoken(reply.hint, Lang.KO).startswith("그 파일은 controller 에 있고")


async def test_nothing_secret_is_kept(server: SshServer, files: Path, tmp_path: Path) -> None:
    async with hostile(says(answer(200, NO_PORTS))) as served:
        (files / "admin-openrc.sh").write_text(openrc(served))
        _, seen = await asked(server)
    assert [one.request.text.split()[0] for one in seen] == ["grep", "POST", "GET"]
    assert PASSWORD not in repr(seen)
    assert TOKEN not in repr(seen)
    journal = Journal.create(tmp_path / "state", {})
    for exchange in seen:
        journal.append("exchange", to_json(exchange))
    journal.close()
    written = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert b"POST identity" in written
    assert PASSWORD.encode() not in written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no credentials of a cloud"),
        ("clouds: {a: {}, b: {}}\n", "no cloud lab in its files"),
        ("clouds: [\n", "wrong YAML"),
        ("clouds: {lab: {auth: 5}}\n", "cannot be used"),
        ("clouds: {lab: {auth: {}}}\n", "cannot be used"),
    ],
)
async def test_files_that_are_of_no_use(server: SshServer, files: Path, text: str, words: str) -> None:
    (files / "clouds.yaml").write_text(text)
    reply, _ = await asked(server)
    assert reply.failure in ("could-not-look", "not-found")
    assert "controller" in reply.message
    assert words in reply.message


async def test_no_way_to_the_control_node(server: SshServer, files: Path) -> None:
    await server.stop()
    reply, _ = await asked(server)
    assert reply.failure == "unreachable"
    assert "controller" in reply.message
