"""The probes of Nova on the lab's real one: servers, hosts and ports, services, and what a member may not see."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

import probes.all
from base.values import Value
from lab.cloud.client import clouds
from lab.instance import current
from lab.session import Lab
from probes.cloud.facts import CloudServer, ComputeServices, Hypervisors, ServerActions
from probes.cloud.network_facts import Ports
from probes.probe import PROBES, Evidence, checked_call, observe
from probes.site import Cloud, Site
from probes.toolbox import LiveToolbox
from tests.hostile.asking import valid_call

assert probes.all
pytestmark = pytest.mark.lab

NAME = "k8s-worker-2"
HYPERVISORS = {"compute", "compute2"}


@pytest.fixture
async def box(openstack_lab: Lab) -> AsyncIterator[LiveToolbox]:
    file = clouds(current())
    async with LiveToolbox(Site("test", clouds=(Cloud("lab", file), Cloud("demo", file, "lab-demo")))) as toolbox:
        yield toolbox


async def seen(box: LiveToolbox, name: str, cloud: str = "lab", **arguments: Value) -> Evidence:
    return await observe(checked_call(name, cloud, arguments), box, "e1")


async def server(box: LiveToolbox, asked: str) -> CloudServer:
    facts = (await seen(box, "cloud.server", server=asked)).facts
    assert isinstance(facts, CloudServer)
    return facts


async def test_a_server_by_name_id_and_addresses(box: LiveToolbox) -> None:
    by_name = await server(box, NAME)
    found = by_name.server
    assert (by_name.count, found.name, found.status, found.power) == (1, NAME, "ACTIVE", "running")
    assert found.host in HYPERVISORS
    assert found.placed_known
    assert {one.kind for one in found.addresses} == {"fixed", "floating"}
    before = found.updated
    for asked in (found.id, *(one.address for one in found.addresses)):
        assert (await server(box, asked)).server.id == found.id
    ports = (await seen(box, "cloud.ports", server=found.id)).facts
    assert isinstance(ports, Ports)
    assert [(one.host, one.device) for one in ports.ports] == [(found.host, found.id)]
    actions = (await seen(box, "cloud.server_actions", server=found.id)).facts
    assert isinstance(actions, ServerActions)
    first = actions.actions[-1]
    assert first.action == "create"
    assert found.host in {event.host for event in first.events if event.result == "Success"}
    assert (await server(box, NAME)).server.updated == before


async def test_a_name_that_is_only_the_beginning_of_others(box: LiveToolbox) -> None:
    facts = await server(box, "k8s-worker")
    assert (facts.count, facts.server.id, set(facts.near)) == (0, "", {"k8s-worker-1", "k8s-worker-2"})
    assert facts.everywhere


async def test_services_and_hypervisors(box: LiveToolbox) -> None:
    services = (await seen(box, "cloud.compute_services")).facts
    assert isinstance(services, ComputeServices)
    assert {one.host for one in services.services if one.binary == "nova-compute"} == HYPERVISORS
    assert all(one.age >= 0 for one in services.services)
    hypervisors = (await seen(box, "cloud.hypervisors")).facts
    assert isinstance(hypervisors, Hypervisors)
    assert {one.host for one in hypervisors.hypervisors} == HYPERVISORS


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("cloud.server", {"server": NAME}), ("cloud.compute_services", {}), ("cloud.hypervisors", {})],
)
async def test_a_member_is_refused_or_told_that_not_all_is_shown(
    box: LiveToolbox, name: str, arguments: dict[str, Value]
) -> None:
    evidence = await seen(box, name, "demo", **arguments)
    assert evidence.facts is None
    assert evidence.failure is not None
    assert evidence.failure.reason == "forbidden"
    assert "demo" in evidence.failure.message


async def test_nova_is_asked_and_never_told(openstack_lab: Lab, box: LiveToolbox) -> None:
    """By Nova's own log of requests, while all probes of clouds are put to it."""
    since = openstack_lab.run("controller", "date +%s").stdout.strip()
    for name in sorted(name for name, one in PROBES.items() if one.on == "cloud"):
        call = valid_call(name, "lab", "controller", "192.168.200.106")
        await observe(call, box, name)
    log = openstack_lab.run("controller", f"journalctl -u nova-api --no-pager -o cat --since @{since}").stdout
    asked = re.findall(r'requestlog .* 10\.10\.10\.254 "([A-Z]+) (/\S+)"', log)
    assert any(path.startswith("/v2.1/servers") for _, path in asked)
    assert {method for method, _ in asked} == {"GET"}
