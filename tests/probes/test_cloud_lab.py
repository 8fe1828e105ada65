"""The probes of clouds on a real Keystone and Neutron: right facts, honest gaps, and nothing changed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import probes.all
from base.values import Value
from lab import cleanup
from lab.cloud import api
from lab.instance import current
from probes.api import ApiRequest
from probes.cloud.facts import Agents, CloudReach, Quota
from probes.cloud.network_facts import (
    FloatingIp,
    Network,
    PortOf,
    Ports,
    RouterPath,
    RouterSubnets,
    SecurityRules,
)
from probes.exchange import Exchange
from probes.facts import Snapshot
from probes.probe import PROBES, Evidence, Probe, checked_call, observe
from probes.replay import ReplayToolbox
from probes.site import Cloud, Site
from probes.toolbox import LiveToolbox
from tests.hostile.asking import valid_call
from tests.lab.test_openstack_api import agents as heartbeats
from tests.lab.test_openstack_api import call, neutron

assert probes.all
pytestmark = pytest.mark.lab

FIXED = "10.77.0.11"
LISTS = ("networks", "subnets", "ports", "routers", "floatingips", "security-groups", "security-group-rules")


@dataclass(frozen=True)
class Seeded:
    clouds: Path
    port: str
    floating: str

    def site(self, **replaced: Any) -> Site:
        """Both accounts of the lab."""
        return Site("test", clouds=(Cloud("lab", self.clouds), Cloud("demo", self.clouds, "lab-demo")))


@pytest.fixture(scope="module")
def seeded(openstack_api: Path) -> Seeded:
    """An external network, a network behind a router, a port with a floating address and an allowed CIDR."""
    heartbeats(openstack_api)
    url, token = neutron(openstack_api)

    def made(kind: str, **body: Any) -> dict[str, Any]:
        plural = "policies" if kind == "policy" else f"{kind}s"
        status, _, said = call(f"{url}/{plural}", token, {kind: body})
        assert status == 201, said
        found: dict[str, Any] = said[kind]
        return found

    flat = {"provider:network_type": "flat", "provider:physical_network": "provider"}
    outside = made("network", name="outside", **{"router:external": True}, **flat)["id"]
    made("subnet", network_id=outside, ip_version=4, cidr="203.0.113.0/24", enable_dhcp=False)
    inside = made("network", name="inside of it")["id"]
    routes = [{"destination": "10.244.0.0/16", "nexthop": "10.77.0.7"}]
    subnet = made(
        "subnet",
        name="inside-v4",
        network_id=inside,
        ip_version=4,
        cidr="10.77.0.0/24",
        dns_nameservers=["192.0.2.53"],
        host_routes=routes,
    )["id"]
    router = made("router", name="way-out", external_gateway_info={"network_id": outside})["id"]
    joined = _put(f"{url}/routers/{router}/add_router_interface", token, {"subnet_id": subnet})
    assert joined == 200
    fixed = [{"subnet_id": subnet, "ip_address": FIXED}]
    pairs = [{"ip_address": "10.244.0.0/16"}]
    port = made(
        "port", network_id=inside, fixed_ips=fixed, allowed_address_pairs=pairs, **{"binding:host_id": "compute"}
    )
    floating = made("floatingip", floating_network_id=outside, port_id=port["id"])["floating_ip_address"]
    return Seeded(openstack_api, port["id"], floating)


def _put(url: str, token: str, body: Any) -> int:
    headers = {"Content-Type": "application/json", "X-Auth-Token": token}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="PUT")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return int(answer.status)


@pytest.fixture
async def box(seeded: Seeded) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(seeded.site()) as toolbox:
        yield toolbox


async def seen(box: LiveToolbox, name: str, cloud: str = "lab", **arguments: Value) -> Evidence:
    return await observe(checked_call(name, cloud, arguments), box, "e1")


def failure_of(evidence: Evidence) -> str:
    assert evidence.facts is None, evidence.facts
    assert evidence.failure is not None
    return evidence.failure.reason


# ------------------------------------------------------------------ facts


async def test_reach(box: LiveToolbox) -> None:
    facts = (await seen(box, "cloud.reach")).facts
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.user, facts.project, facts.silent) == ("", "admin", "admin", ())
    assert {one.type for one in facts.services if one.answers} == {"identity", "network"}


async def test_port_of_a_fixed_and_of_a_floating_address(box: LiveToolbox, seeded: Seeded) -> None:
    fixed = (await seen(box, "cloud.port_of", address=FIXED)).facts
    floating = (await seen(box, "cloud.port_of", address=seeded.floating)).facts
    assert isinstance(fixed, PortOf)
    assert isinstance(floating, PortOf)
    assert (fixed.count, fixed.floating, floating.count, floating.floating) == (1, False, 1, True)
    assert fixed.port.id == floating.port.id == seeded.port
    port = fixed.port
    assert (port.addresses, port.port_security, port.host, port.vif_type) == ((FIXED,), True, "compute", "ovs")
    assert [(pair.address, pair.mac) for pair in port.allowed] == [("10.244.0.0/16", port.mac)]
    assert port.binding_known
    assert port.details["bridge_name"] == "br-int"
    assert port.revision > 0


async def test_security_rules(box: LiveToolbox, seeded: Seeded) -> None:
    facts = (await seen(box, "cloud.security_rules", port=seeded.port)).facts
    assert isinstance(facts, SecurityRules)
    assert (facts.groups, facts.hidden, facts.port_security) == (("default",), (), True)
    assert {(one.direction, one.ethertype, one.remote_kind) for one in facts.rules} == {
        ("egress", "IPv4", "any"),
        ("egress", "IPv6", "any"),
        ("ingress", "IPv4", "group"),
        ("ingress", "IPv6", "group"),
    }


async def test_the_groups_of_a_snapshot(box: LiveToolbox) -> None:
    """With their rules, and the same when it is asked again."""
    first, again = [(await seen(box, "cloud.snapshot")).facts for _ in range(2)]
    assert isinstance(first, Snapshot)
    assert (first, first.kinds, first.unread) == (again, ("security-group",), ())
    rules = [one.lines for one in first.settings if one.name.startswith("default ")]
    assert rules
    assert all({"egress IPv4 any to anybody", "egress IPv6 any to anybody"} <= set(lines) for lines in rules)


async def test_network_and_the_way_out(box: LiveToolbox, seeded: Seeded) -> None:
    network = (await seen(box, "cloud.network", network="inside of it")).facts
    assert isinstance(network, Network)
    assert (network.count, network.kind, network.segments_known, network.mtu) == (1, "vxlan", True, 1450)
    (subnet,) = network.subnets
    assert (subnet.cidr, subnet.gateway, subnet.dhcp, subnet.dns) == (
        "10.77.0.0/24",
        "10.77.0.1",
        True,
        ("192.0.2.53",),
    )
    assert [(one.destination, one.gateway) for one in subnet.routes] == [("10.244.0.0/16", "10.77.0.7")]
    outside = (await seen(box, "cloud.network", network="outside")).facts
    assert isinstance(outside, Network)
    assert (outside.external, outside.kind, outside.physical) == (True, "flat", "provider")
    for asked in ("inside-v4", FIXED, subnet.id):
        path = (await seen(box, "cloud.router_path", subnet=asked)).facts
        assert isinstance(path, RouterPath)
        assert (path.blocked_by, [one.name for one in path.routers]) == ("", ["way-out"])
        assert path.routers[0].external == outside.id
    floating = (await seen(box, "cloud.floating_ip", address=seeded.floating)).facts
    assert isinstance(floating, FloatingIp)
    assert (floating.found, floating.port, floating.fixed) == (True, seeded.port, FIXED)
    assert floating.router == path.routers[0].id


async def test_a_subnet_without_router(box: LiveToolbox, seeded: Seeded) -> None:
    path = (await seen(box, "cloud.router_path", subnet="203.0.113.0/24")).failure
    assert path is not None
    assert path.reason == "not-found"


async def test_subnets_of_a_router(box: LiveToolbox, seeded: Seeded) -> None:
    facts = (await seen(box, "cloud.router_subnets", router="way-out", subnet="inside-v4")).facts
    assert isinstance(facts, RouterSubnets)
    assert (facts.attached, [one.cidr for one in facts.subnets], facts.overlapping) == (True, ["10.77.0.0/24"], ())
    overlapping = await _with_overlap(box, seeded)
    assert (overlapping.attached, overlapping.subnet.cidr, overlapping.external) == (
        False,
        "10.77.0.128/25",
        facts.external,
    )
    assert [one.name for one in overlapping.overlapping] == ["inside-v4"]
    assert failure_of(await seen(box, "cloud.router_subnets", router="none", subnet="inside-v4")) == "not-found"


async def _with_overlap(box: LiveToolbox, seeded: Seeded) -> RouterSubnets:
    url, token = neutron(seeded.clouds)
    _, _, network = call(f"{url}/networks", token, {"network": {"name": "beside it"}})
    wanted = {"network_id": network["network"]["id"], "ip_version": 4, "cidr": "10.77.0.128/25", "name": "half"}
    status, _, said = call(f"{url}/subnets", token, {"subnet": wanted})
    assert status == 201, said
    facts = (await seen(box, "cloud.router_subnets", router="way-out", subnet="half")).facts
    assert isinstance(facts, RouterSubnets)
    return facts


async def test_a_quota_without_nova(box: LiveToolbox) -> None:
    """Neutron tells its own part; that Nova is not there is said."""
    own = (await seen(box, "cloud.quota")).facts
    named = (await seen(box, "cloud.quota", project="admin")).facts
    assert isinstance(own, Quota)
    assert isinstance(named, Quota)
    assert (own.project, own.limits, own.unseen) == (named.project, named.limits, ("compute",))
    routers = next(one for one in own.limits if one.option == "routers")
    assert (routers.resource, routers.limit, routers.used >= 1) == ("router", 10, True)
    assert failure_of(await seen(box, "cloud.quota", project="nothing")) == "not-found"


async def test_agents(box: LiveToolbox) -> None:
    facts = (await seen(box, "cloud.agents")).facts
    assert isinstance(facts, Agents)
    (agent,) = facts.agents
    assert (agent.kind, agent.host, agent.alive) == ("Open vSwitch agent", "compute", True)
    assert agent.bridge_mappings == {"provider": "br-ex"}
    assert agent.tunnel_types == ("vxlan",)
    assert 0 <= agent.age < 60


async def test_all_ports_page_by_page(box: LiveToolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (await seen(box, "cloud.ports")).facts
    monkeypatch.setattr("probes.cloud.ask.PAGE", 2)
    paged = await seen(box, "cloud.ports")
    assert isinstance(whole, Ports)
    assert isinstance(paged.facts, Ports)
    assert {one.id for one in paged.facts.ports} == {one.id for one in whole.ports}
    assert len(paged.exchanges) >= whole.count / 2 > 1


# ------------------------------------------------------------------ what may not be seen


async def test_a_service_that_the_cloud_has_not(box: LiveToolbox) -> None:
    assert failure_of(await seen(box, "cloud.server", server="web")) == "not-found"
    assert failure_of(await seen(box, "cloud.hypervisors")) == "not-found"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("cloud.agents", {}),
        ("cloud.port_of", {"address": FIXED}),
        ("cloud.ports", {}),
        ("cloud.network", {"network": "inside of it"}),
        ("cloud.router_path", {"subnet": "inside-v4"}),
        ("cloud.router_subnets", {"router": "way-out", "subnet": "inside-v4"}),
    ],
)
async def test_a_member_is_not_told_that_nothing_is_there(
    box: LiveToolbox, name: str, arguments: dict[str, Value]
) -> None:
    """Neutron answers with an empty list what the role may not see."""
    evidence = await seen(box, name, "demo", **arguments)
    assert failure_of(evidence) == "forbidden"
    assert evidence.failure is not None
    assert "demo (roles: " in evidence.failure.message
    assert "`admin`" in evidence.failure.hint


async def test_a_member_sees_networks_without_their_segments(box: LiveToolbox) -> None:
    facts = (await seen(box, "cloud.network", "demo", network="outside")).facts
    assert isinstance(facts, Network)
    assert (facts.count, facts.external, facts.segments_known, facts.kind) == (1, True, False, "")


# ------------------------------------------------------------------ what is broken


def _altered(seeded: Seeded, folder: Path, **auth: str) -> Site:
    data = json.loads(seeded.clouds.read_text())
    data["clouds"]["lab"]["auth"].update(auth)
    file = folder / "clouds.yaml"
    file.write_text(json.dumps(data))
    return Site("test", clouds=(Cloud("lab", file),))


@pytest.mark.parametrize("auth", [{"password": "wrong"}, {"username": "nobody"}, {"project_name": "nothing"}])
async def test_a_login_that_is_wrong(seeded: Seeded, tmp_path: Path, auth: dict[str, str]) -> None:
    async with LiveToolbox(_altered(seeded, tmp_path, **auth)) as box:
        facts = (await seen(box, "cloud.reach")).facts
        assert failure_of(await seen(box, "cloud.agents")) == "denied"
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.state) == ("login", "401")
    assert "clouds.yaml" in facts.hint


async def test_a_revoked_token_is_renewed(box: LiveToolbox) -> None:
    users = ApiRequest(("v3", "users"), service="identity")
    asked = await box.api("cloud:lab")
    assert (await asked.get(users)).status == 200
    session = asked._inner._login._made[1]  # type: ignore[attr-defined]
    before = session.auth.auth_ref.auth_token
    held = {"X-Subject-Token": before, "X-Auth-Token": before}
    revoked = urllib.request.Request(f"{session.auth.auth_url}/auth/tokens", headers=held, method="DELETE")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(revoked, timeout=20).close()
    assert (await asked.get(users)).status == 200
    assert session.auth.auth_ref.auth_token != before


async def test_a_login_without_its_domain_is_not_refused_for_its_password(seeded: Seeded, tmp_path: Path) -> None:
    site = _altered(seeded, tmp_path)
    data = json.loads((tmp_path / "clouds.yaml").read_text())
    auth = data["clouds"]["lab"]["auth"]
    for key in [key for key in auth if "domain" in key]:
        del auth[key]
    (tmp_path / "clouds.yaml").write_text(json.dumps(data))
    async with LiveToolbox(site) as box:
        facts = (await seen(box, "cloud.reach")).facts
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.state) == ("login", "400")
    assert "Keystone cannot read the login" in facts.untold


async def test_a_token_that_was_revoked_is_refused_as_one(seeded: Seeded, tmp_path: Path) -> None:
    """Keystone says 404 of it."""
    async with LiveToolbox(_altered(seeded, tmp_path)) as box:
        assert (
            await (await box.api("cloud:lab")).get(ApiRequest(("v3", "users"), service="identity"))
        ).status == 200
        session = (await box.api("cloud:lab"))._inner._login._made[1]  # type: ignore[attr-defined]
        url, gone = session.auth.auth_url, session.auth.auth_ref.auth_token
    held = {"X-Subject-Token": gone, "X-Auth-Token": gone}
    revoked = urllib.request.Request(f"{url}/auth/tokens", headers=held, method="DELETE")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(revoked, timeout=20).close()
    data = json.loads((tmp_path / "clouds.yaml").read_text())
    data["clouds"]["lab"].update(auth_type="v3token", auth={"auth_url": url, "token": gone})
    (tmp_path / "clouds.yaml").write_text(json.dumps(data))
    async with LiveToolbox(Site("test", clouds=(Cloud("lab", tmp_path / "clouds.yaml"),))) as box:
        facts = (await seen(box, "cloud.reach")).facts
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.state) in (("login", "404"), ("login", "401"))
    assert (facts.hint, "of the token" in facts.error) == ("has the token expired, or was it revoked?", True)


async def test_neutron_stopped(seeded: Seeded) -> None:
    url = neutron(seeded.clouds)[0]
    with _stopped(url):
        async with LiveToolbox(seeded.site()) as box:
            facts = (await seen(box, "cloud.reach")).facts
            evidence = await seen(box, "cloud.agents")
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.state, facts.silent) == ("service", "refused", ("network",))
    assert (facts.user, facts.roles != ()) == ("admin", True)
    assert failure_of(evidence) == "unreachable"
    assert evidence.failure is not None
    assert f"{url}/agents" in evidence.failure.message


async def test_keystone_stopped(seeded: Seeded) -> None:
    url = json.loads(seeded.clouds.read_text())["clouds"]["lab"]["auth"]["auth_url"]
    with _stopped(url):
        async with LiveToolbox(seeded.site()) as box:
            facts = (await seen(box, "cloud.reach")).facts
            assert failure_of(await seen(box, "cloud.agents")) == "unreachable"
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.state, facts.services) == ("port", "refused", ())
    assert url in facts.error


async def test_neutron_that_hangs(seeded: Seeded) -> None:
    url = neutron(seeded.clouds)[0]
    with _frozen(url):
        async with LiveToolbox(seeded.site()) as box:
            facts = (await seen(box, "cloud.reach")).facts
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.silent) == ("service", ("network",))
    assert facts.state == "silent"


def _servers_of(url: str) -> list[int]:
    """The lab's processes that serve this address: uWSGI's master and its worker."""
    place = f"127.0.0.1:{urllib.parse.urlsplit(url).port}".encode()
    pids = map(int, (api.api_of(current()).cgroup / "up/cgroup.procs").read_text().split())
    return sorted(pid for pid in pids if place in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))


@contextmanager
def _stopped(url: str) -> Iterator[None]:
    """Ended, and afterwards started again as it was, in the lab's cgroup."""
    pids = _servers_of(url)
    argv = [word.decode() for word in Path(f"/proc/{pids[0]}/cmdline").read_bytes().split(b"\0")[:-1]]
    lines = Path(f"/proc/{pids[0]}/environ").read_bytes().decode().split("\0")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    while _servers_of(url):
        time.sleep(0.05)
    try:
        yield
    finally:
        nothing = subprocess.DEVNULL
        environment = dict(line.split("=", 1) for line in lines if "=" in line)
        # Started inside: a worker that forks before its master is moved would stay outside.
        with cleanup.counted_in(api.api_of(current())):
            subprocess.Popen(
                argv, env=environment, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
            )
        end = time.monotonic() + api.PATIENCE
        while not api._answers(url) and time.monotonic() < end:
            time.sleep(0.1)


@contextmanager
def _frozen(url: str) -> Iterator[None]:
    pids = _servers_of(url)
    assert len(pids) > 1, "a master and its worker"
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


# ------------------------------------------------------------------ read-only, replayed


def _everything(clouds: Path) -> dict[str, Any]:
    """All objects of Neutron with their revisions."""
    url, token = neutron(clouds)
    return {kind: call(f"{url}/{kind}", token)[2] for kind in LISTS}


ARGUMENTS: dict[str, dict[str, Value]] = {
    "cloud.network": {"network": "inside of it"},
    "cloud.router_path": {"subnet": "inside-v4"},
    "cloud.router_subnets": {"router": "way-out", "subnet": "inside-v4"},
    "cloud.server": {"server": "web"},
    "cloud.server_actions": {"server": "3e6cb7a4-0a7e-4f3e-9d0c-0d5f0c1a2b3c"},
}


def _asks_the_api_alone(probe: Probe) -> bool:
    return probe.on == "cloud" and all(command.startswith("GET ") for command in probe.commands)


async def test_all_of_them_change_nothing_and_replay_to_the_same(seeded: Seeded) -> None:
    arguments = {**ARGUMENTS, "cloud.security_rules": {"port": seeded.port}}
    names = [name for name, probe in PROBES.items() if _asks_the_api_alone(probe)]
    assert len(names) >= 12
    calls = {name: valid_call(name, "lab", "compute", FIXED, **arguments.get(name, {})) for name in names}
    before, kept, live = _everything(seeded.clouds), list[Exchange](), {}
    async with LiveToolbox(seeded.site(), kept.append) as box:
        for name in names:
            live[name] = await observe(calls[name], box, name)
    assert _everything(seeded.clouds) == before
    for name in names:  # each by its own exchanges: the same question may have had another answer later
        async with ReplayToolbox(seeded.site(), live[name].exchanges) as replayed:
            again = await observe(calls[name], replayed, name)
        assert (again.facts, again.failure) == (live[name].facts, live[name].failure)
    assert {one.request.text.split()[0] for one in kept} == {"GET", "POST"}
    assert {one.request.text for one in kept if not one.request.text.startswith("GET")} == {
        "POST identity /v3/auth/tokens"
    }
    assert "labpass" not in repr(kept)
