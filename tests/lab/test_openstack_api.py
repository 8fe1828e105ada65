"""Keystone and Neutron alone: real answers on loopback, nothing left behind."""

import json
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from lab.cloud import api
from lab.instance import current

pytestmark = pytest.mark.lab


def call(url: str, token: str = "", body: Any = None) -> tuple[int, dict[str, str], Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", "X-Auth-Token": token})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.load(error)


def account(clouds: Path, cloud: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(clouds.read_text())["clouds"][cloud]["auth"]
    return found


def log_in(auth: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """HTTP status, token, URLs of the catalogue by type."""
    user = {"name": auth["username"], "domain": {"name": "Default"}, "password": auth["password"]}
    project = {"name": auth["project_name"], "domain": {"name": "Default"}}
    body = {
        "auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
    }
    status, headers, said = call(f"{auth['auth_url']}/auth/tokens", body=body)
    catalogue = said.get("token", {}).get("catalog", [])
    return (
        status,
        headers.get("X-Subject-Token", ""),
        {one["type"]: one["endpoints"][0]["url"] for one in catalogue},
    )


def neutron(clouds: Path, cloud: str = "lab") -> tuple[str, str]:
    _, token, urls = log_in(account(clouds, cloud))
    return f"{urls['network']}/v2.0", token


def test_clouds_yaml_is_closed_to_others(openstack_api: Path) -> None:
    assert stat.S_IMODE(openstack_api.stat().st_mode) == 0o600


def test_a_wrong_password_is_refused_by_keystone(openstack_api: Path) -> None:
    auth = account(openstack_api, "lab")
    assert log_in(auth)[0] == 201
    assert log_in({**auth, "password": "wrong"})[0] == 401


def test_the_administrator_sees_agents_and_the_member_does_not(openstack_api: Path) -> None:
    seen = {cloud: len(agents(openstack_api, cloud)) for cloud in ("lab", "lab-demo")}
    assert seen == {"lab": 1, "lab-demo": 0}


def agents(clouds: Path, cloud: str = "lab", seconds: float = 20) -> list[dict[str, Any]]:
    """The first heartbeat may take some seconds."""
    url, token = neutron(clouds, cloud)
    end = time.monotonic() + (seconds if cloud == "lab" else 0)
    while True:
        found: list[dict[str, Any]] = call(f"{url}/agents", token)[2].get("agents", [])
        if found or time.monotonic() > end:
            return found
        time.sleep(0.5)


def test_a_port_binds_only_where_an_agent_is(openstack_api: Path) -> None:
    assert agents(openstack_api)
    url, token = neutron(openstack_api)
    network = call(f"{url}/networks", token, {"network": {"name": "test-binding"}})[2]["network"]["id"]
    bound = {}
    for host in ("compute", "nowhere"):
        body = {"port": {"network_id": network, "binding:host_id": host}}
        bound[host] = call(f"{url}/ports", token, body)[2]["port"]["binding:vif_type"]
    assert bound == {"compute": "ovs", "nowhere": "binding_failed"}


def test_down_leaves_nothing(openstack_api: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_LAB", "api-down")
    verb = [sys.executable, "-m", "lab", "api"]
    here, end = api.api_of(current()), time.monotonic() + 60
    with subprocess.Popen([*verb, "up"], stdout=subprocess.DEVNULL) as building:
        while not here.cgroup.exists() and building.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        building.kill()
    assert here.cgroup.exists()
    assert subprocess.run([*verb, "down"]).returncode == 0
    assert not here.cgroup.exists()
    assert not here.state.exists()
