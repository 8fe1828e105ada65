"""All ports of a Neutron with 2,000 of them: `cloud.ports` beside one bare GET and `openstack port list --long`.

As root: `python -m bench.cloud [PORTS]`. Starts a real Keystone and Neutron (`python -m lab api up`), fills it
(some minutes) and measures the three in turns. Budget: at most twice the bare GET of the same list, at least
five times faster than the operator's client, in at most 500 MiB.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import probes.all
from lab.cloud import api, venv
from lab.instance import current
from probes.cloud.network_facts import Ports
from probes.probe import checked_call, observe
from probes.site import Cloud, Site
from probes.toolbox import LiveToolbox

assert probes.all
PORTS = 2000
BULK = 100
ROUNDS = 5
BUDGET, FASTER, MEBIBYTES = 2.0, 5.0, 500


class Neutron:
    """As an administrator, with nothing but the standard library."""

    def __init__(self, clouds: Path) -> None:
        auth = json.loads(clouds.read_text())["clouds"]["lab"]["auth"]
        domain = {"name": "Default"}
        user = {"name": auth["username"], "domain": domain, "password": auth["password"]}
        scope = {"project": {"name": auth["project_name"], "domain": domain}}
        login = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        with self._open(f"{auth['auth_url']}/auth/tokens", login, "") as answer:
            self._token = answer.headers["X-Subject-Token"]
            catalogue = json.load(answer)["token"]["catalog"]
        network = next(one for one in catalogue if one["type"] == "network")
        self.url = f"{network['endpoints'][0]['url']}/v2.0"

    def _open(self, url: str, body: Any, token: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Auth-Token": token}
        request = urllib.request.Request(url, data, headers)
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=300)

    def call(self, path: str, body: Any = None) -> bytes:
        with self._open(f"{self.url}/{path}", body, self._token) as answer:
            content: bytes = answer.read()
        return content


def fill(neutron: Neutron, ports: int) -> None:
    body = {"network": {"name": "big"}}
    network = json.loads(neutron.call("networks", body))["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.64.0.0/16"}
    neutron.call("subnets", {"subnet": subnet})
    for _ in range(0, ports, BULK):
        neutron.call("ports", {"ports": [{"network_id": network, "name": "of-a-server"}] * BULK})


async def ours(clouds: Path, ports: int) -> float:
    async with LiveToolbox(Site("bench", clouds=(Cloud("lab", clouds),))) as toolbox:
        await observe(checked_call("cloud.agents", "lab", {}), toolbox, "login")  # the others' login is apart, too
        begun = time.perf_counter()
        evidence = await observe(checked_call("cloud.ports", "lab", {}), toolbox, "ports")
        seconds = time.perf_counter() - begun
    assert isinstance(evidence.facts, Ports), evidence.failure
    assert evidence.facts.count >= ports
    return seconds


def bare(neutron: Neutron, ports: int) -> float:
    begun = time.perf_counter()
    content = neutron.call("ports")
    seconds = time.perf_counter() - begun
    assert content.count(b'"mac_address"') >= ports
    return seconds


def client(clouds: Path) -> float:
    argv = [venv.program("openstack"), "--os-cloud", "lab", "port", "list", "--long", "-f", "json"]
    environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(clouds)}
    begun = time.perf_counter()
    subprocess.run(argv, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def measure(clouds: Path, ports: int) -> int:
    neutron = Neutron(clouds)
    fill(neutron, ports)
    times: dict[str, list[float]] = {"bare GET": [], "cloud.ports": [], "openstack": []}
    for _ in range(ROUNDS):  # in turns, so that a busy machine is unfair to all
        times["bare GET"].append(bare(neutron, ports))
        times["cloud.ports"].append(asyncio.run(ours(clouds, ports)))
        times["openstack"].append(client(clouds))
    seconds = {name: statistics.median(several) for name, several in times.items()}
    for name, value in seconds.items():
        print(f"{name:12} {value:7.2f} s")
    ratio, faster = seconds["cloud.ports"] / seconds["bare GET"], seconds["openstack"] / seconds["cloud.ports"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{ratio:.2f} x the bare GET (budget {BUDGET:g}), {faster:.1f} x faster than the client ({FASTER:g})")
    print(f"{peak} MiB at most (budget {MEBIBYTES})")
    return 0 if ratio <= BUDGET and faster >= FASTER and peak <= MEBIBYTES else 1


def main() -> int:
    ports = int(sys.argv[1]) if len(sys.argv) > 1 else PORTS
    lab = current()
    try:
        return measure(api.up(lab), ports)
    finally:
        api.down(lab)


if __name__ == "__main__":
    sys.exit(main())
