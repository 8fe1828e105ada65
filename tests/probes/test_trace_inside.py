"""Traces through the inside of Neutron's networks: router, tunnel and port on the real OpenStack of the lab."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lab.session import Lab
from probes.site_file import load_site
from probes.toolbox import LiveToolbox
from probes.trace.facts import Trace
from tests.probes.test_trace_on_lab import dead_of, trace

pytestmark = [pytest.mark.lab, pytest.mark.openstack]

FLOATING, BESIDE = "192.168.200.106", "10.0.0.34"


@pytest.fixture
async def toolbox(healed_openstack_lab: Lab) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(load_site(healed_openstack_lab.site())) as live:
        yield live


def way(found: Trace, direction: str) -> list[str]:
    """Hosts of the inside and what packets pass there, without the tunnel's own way."""
    inner = [hop for hop in found.hops if hop.direction == direction and not hop.outer]
    return [f"{hop.host} {hop.side} {hop.at.partition('-')[0][:3]}" for hop in inner if hop.host.startswith("co")]


THERE = [
    "controller in enp",
    "controller in qg",
    "controller out qr",
    "controller out vxl",
    "compute in vxl",
    "compute out tap",
]


async def test_to_a_floating_address_and_back(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    """By the router's namespace and the tunnel to the server's port; and from there home by the same hosts."""
    found = await trace(toolbox, "master", FLOATING)
    assert (found.verdict, found.dead) == ("arrives", ())
    assert way(found, "there") == THERE
    turned = {"in": "out", "out": "in"}
    back = (one.split() for one in reversed(THERE))
    assert way(found, "back") == [f"{host} {turned[side]} {at}" for host, side, at in back]
    assert [hop.host for hop in found.hops if hop.direction == "back"][-1] == "kubernetes-host"


async def test_from_server_to_server_and_outside(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    beside = await trace(toolbox, "k8s-worker-1", BESIDE)
    assert beside.verdict == "arrives"
    assert way(beside, "there") == ["compute in tap", "compute out vxl", "compute2 in vxl", "compute2 out tap"]
    outside = await trace(toolbox, "k8s-worker-1", "172.20.112.101")
    assert outside.verdict == "arrives"
    assert way(outside, "there")[-1] == "controller out enp"
    assert [hop.host for hop in outside.hops if hop.direction == "there"][-1] == "master"
    assert way(outside, "back") == THERE


async def test_the_bridge_that_is_missing_is_named(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    healed_openstack_lab.break_("br-tun-deleted")
    dead = dead_of(await trace(toolbox, "master", FLOATING))
    assert (dead.host, dead.reason, dead.at, dead.confirmed) == ("compute", "no-bridge", "br-tun", True)


async def test_the_rule_that_drops_the_tunnel_is_named(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    """On a machine that has let the same packets pass before, when they were no tunnel's."""
    healed_openstack_lab.break_("tunnels-blocked")
    dead = dead_of(await trace(toolbox, "master", FLOATING))
    assert (dead.host, dead.chain, dead.outer, dead.confirmed) == ("openstack-host", "FORWARD", True, True)
    assert "--dport 4789" in dead.rule


async def test_the_flow_of_port_security_is_named(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    """The request comes to the pods' address; the answer has it as its source, and does not leave the port."""
    healed_openstack_lab.break_("port-security-routed")
    dead = dead_of(await trace(toolbox, "k8s-worker-1", "10.244.2.1"))
    assert (dead.host, dead.direction, dead.reason, dead.table) == ("compute2", "back", "flow", "br-int")
    assert dead.entered >= 10
    assert [step.table for step in dead.flows[-2:]] == [71, 93]
    assert dead.flows[-2].match.startswith("reg5=")
