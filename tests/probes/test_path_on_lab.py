"""The probes of paths on the network lab: each fault shows the fact that proves its cause, the healthy lab none."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping

import pytest

import probes.all
from lab.session import Lab
from probes.path.facts import Arrivals, FirewallHits, Gateway, PathDrops, Ping, RouteWalk, Traceroute
from probes.probe import PROBES, Evidence, checked_call, observe
from probes.site_file import load_site
from probes.toolbox import LiveToolbox

assert probes.all

pytestmark = pytest.mark.lab

CONTROLLER = "192.168.100.101"


@pytest.fixture
async def toolbox(healed_lab: Lab) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(load_site(healed_lab.site(console=False))) as live:
        for host in live.site.hosts:
            await live.addresses_of(host.name)
        yield live


async def look(toolbox: LiveToolbox, name: str, host: str, arguments: Mapping[str, object]) -> Evidence:
    started = time.monotonic()
    evidence = await observe(checked_call(name, host, arguments), toolbox, "e1")
    print(f"{name} on {host}: {time.monotonic() - started:.2f} s")
    assert evidence.failure is None
    for exchange in evidence.exchanges:
        assert exchange.request.text.startswith(PROBES[name].commands), exchange.request.text
    return evidence


async def ping(toolbox: LiveToolbox, source: str = "master", target: str = CONTROLLER) -> Ping:
    facts = (await look(toolbox, "path.ping", source, {"target": target})).facts
    assert isinstance(facts, Ping)
    return facts


async def walk(toolbox: LiveToolbox, source: str = "master", target: str = CONTROLLER) -> RouteWalk:
    facts = (await look(toolbox, "path.route_walk", source, {"target": target})).facts
    assert isinstance(facts, RouteWalk)
    return facts


async def hits(toolbox: LiveToolbox, source: str = "master", **more: object) -> FirewallHits:
    arguments = {"source": source, "target": CONTROLLER, **more}
    facts = (await look(toolbox, "path.firewall_hits", "openstack-host", arguments)).facts
    assert isinstance(facts, FirewallHits)
    return facts


async def drops(toolbox: LiveToolbox, source: str = "master") -> PathDrops:
    facts = (await look(toolbox, "path.drops", "openstack-host", {"source": source, "target": CONTROLLER})).facts
    assert isinstance(facts, PathDrops)
    return facts


async def arrivals(toolbox: LiveToolbox, source: str = "master") -> Arrivals:
    facts = (await look(toolbox, "path.arrivals", "controller", {"source": source, "target": CONTROLLER})).facts
    assert isinstance(facts, Arrivals)
    return facts


async def gateway(toolbox: LiveToolbox) -> Gateway:
    facts = (await look(toolbox, "path.gateway_for", "kubernetes-host", {"target": CONTROLLER})).facts
    assert isinstance(facts, Gateway)
    return facts


async def test_the_healthy_lab_shows_no_fault_and_stays_as_it_was(toolbox: LiveToolbox, healed_lab: Lab) -> None:
    as_it_was = healed_lab.at_rest()
    answered = await ping(toolbox)
    assert (answered.sent, answered.received, answered.error) == (5, 5, "")
    route = await walk(toolbox)
    assert (route.arrived, route.owner, route.blocked_by, route.unseen) == (True, "controller", "", "")
    assert route.suspects == ("kubernetes-host", "openstack-host")
    counted = await hits(toolbox)
    assert counted.received == counted.sent == 20
    assert {hit.verdict for hit in counted.hits} == {"ACCEPT"}
    lost = await drops(toolbox)
    assert (lost.in_addr_errors, lost.rp_filter, lost.no_routes) == (0, 0, 0)
    assert lost.forwarded >= 40
    came = await arrivals(toolbox)
    assert (came.echo_requests, came.echo_replies, came.route_back) == (10, 10, "ok")
    await gateway(toolbox)
    assert healed_lab.changes_since(as_it_was) == ""


async def test_libvirt_reject(toolbox: LiveToolbox, healed_lab: Lab) -> None:
    healed_lab.break_("libvirt-reject")
    refused = await ping(toolbox)
    assert (refused.received, refused.error, refused.error_from) == (0, "port-unreachable", "10.10.10.1")
    counted = await hits(toolbox)
    first = counted.hits[0]
    assert (first.table, first.chain, first.verdict, first.blanket) == ("filter", "LIBVIRT_FWI", "REJECT", True)
    assert first.packets >= counted.sent == 20
    assert (counted.seen_source, counted.source_net) == ("10.10.10.2", "10.10.10.0/24")
    assert counted.target_net == "192.168.100.0/24"
    assert (counted.in_interface, counted.out_interface) == ("enp7s0", "virbr10")
    over_tcp = await hits(toolbox, port=22)
    assert (over_tcp.hits[0].verdict, over_tcp.received) == ("REJECT", 0)


async def test_missing_route(toolbox: LiveToolbox, healed_lab: Lab) -> None:
    healed_lab.break_("missing-route")
    refused = await ping(toolbox)
    assert (refused.error, refused.error_from) == ("net-unreachable", "172.20.112.1")
    route = await walk(toolbox)
    assert (route.blocked_by, route.blocked_at, route.arrived) == ("no-route", "kubernetes-host", False)
    found = await gateway(toolbox)
    assert (found.owner, found.gateway, found.interface) == ("openstack-host", "10.10.10.1", "enp0s20f0u2")
    assert (found.target_net, found.dynamic) == ("192.168.100.0/24", False)


async def test_one_way_route(toolbox: LiveToolbox, healed_lab: Lab) -> None:
    healed_lab.break_("one-way-route")
    unanswered = await ping(toolbox)
    assert (unanswered.received, unanswered.error) == (0, "")
    assert (await walk(toolbox)).arrived
    back = await walk(toolbox, "controller", "172.20.112.101")
    assert (back.blocked_by, back.blocked_at) == ("no-route", "controller")
    came = await arrivals(toolbox)
    assert (came.echo_requests, came.echo_replies, came.received) == (10, 0, 0)
    assert (came.seen_source, came.route_back, came.in_interface) == ("10.10.10.2", "unreachable", "br-ex")
    assert (came.source_net, came.gateway) == ("10.10.10.0/24", "192.168.100.1")


async def test_ip_forward_off(toolbox: LiveToolbox, healed_lab: Lab) -> None:
    healed_lab.break_("ip-forward-off")
    assert (await ping(toolbox)).received == 0
    route = await walk(toolbox)
    assert (route.blocked_by, route.blocked_at) == ("forwarding-off", "openstack-host")
    lost = await drops(toolbox)
    assert lost.in_addr_errors >= lost.sent == 20
    assert lost.forwarded == 0


async def test_rp_filter(toolbox: LiveToolbox, healed_lab: Lab) -> None:
    healed_lab.break_("rp-filter")
    toolbox.changed()  # openstack-host has a new address
    assert (await ping(toolbox, "kubernetes-host")).received == 0
    route = await walk(toolbox, "kubernetes-host")
    assert (route.blocked_by, route.blocked_at, route.blocked_interface) == (
        "rp-filter",
        "openstack-host",
        "enp8s0",
    )
    lost = await drops(toolbox, "kubernetes-host")
    assert lost.rp_filter >= lost.sent == 20


async def test_a_connection_that_opens_is_received(toolbox: LiveToolbox) -> None:
    counted = await hits(toolbox, port=22)
    assert counted.received == counted.sent == 20
    assert counted.seen_source == "10.10.10.2"


async def test_traceroute_names_the_routers(toolbox: LiveToolbox) -> None:
    for _ in range(4):  # it waits a second for a hop; a busy computer takes longer
        facts = (await look(toolbox, "path.traceroute", "master", {"target": CONTROLLER})).facts
        assert isinstance(facts, Traceroute)
        if all(hop.address for hop in facts.hops):
            break
    assert [hop.address for hop in facts.hops] == ["172.20.112.1", "10.10.10.1", CONTROLLER]
    assert facts.arrived


@pytest.mark.parametrize("host", ["openstack-host", "controller", "k8s-worker-1"])
async def test_every_probe_of_one_host_answers(toolbox: LiveToolbox, host: str) -> None:
    for name in ("addresses", "links", "neighbours", "routes", "firewall", "drop_counters"):
        await look(toolbox, f"linux.{name}", host, {})
    await look(toolbox, "linux.route_get", host, {"target": "10.10.10.2"})
    await look(toolbox, "linux.sysctl", host, {"names": ["net.ipv4.ip_forward"]})
