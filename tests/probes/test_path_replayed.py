"""The probes of paths from recordings of the broken lab: no network, no root. `record_paths.py` makes them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import probes.all
from probes.exchange import Exchange, from_json
from probes.path.facts import Arrivals, FirewallHits, Gateway, PathDrops, Ping, RouteWalk
from probes.probe import PROBES, Evidence, checked_call, observe
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from tests.probes.path_calls import CALLS, Call

assert probes.all

RECORDINGS = Path(__file__).parent / "recordings"
HOSTS = (
    "openstack-host",
    "kubernetes-host",
    "compute-2-host",
    "controller",
    "compute",
    "master",
    "compute2",
    "k8s-worker-1",
    "k8s-worker-2",
)
SITE = Site("the lab", tuple(Host(name) for name in HOSTS))


def recording(call: Call) -> list[Exchange]:
    lines = (RECORDINGS / f"{call.name}.jsonl").read_text().splitlines()
    return [from_json(json.loads(line)) for line in lines]


async def replayed(fault: str, probe: str, exchanges: list[Exchange] | None = None) -> Evidence:
    call = next(one for one in CALLS if (one.fault, one.probe) == (fault, probe))
    held = recording(call) if exchanges is None else exchanges
    async with ReplayToolbox(SITE, held) as toolbox:
        return await observe(checked_call(call.probe, call.host, call.arguments), toolbox, "e1")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
async def test_only_declared_commands_were_run(call: Call) -> None:
    evidence = await replayed(call.fault, call.probe)
    assert evidence.failure is None
    assert evidence.exchanges
    for exchange in evidence.exchanges:
        assert exchange.request.text.startswith(PROBES[call.probe].commands), exchange.request.text


async def test_healthy() -> None:
    facts = (await replayed("", "path.route_walk")).facts
    assert isinstance(facts, RouteWalk)
    assert (facts.arrived, facts.owner, facts.blocked_by, facts.left_site_at) == (True, "controller", "", "")
    assert [hop.host for hop in facts.hops] == ["master", "kubernetes-host", "openstack-host", "controller"]
    assert [hop.in_interface for hop in facts.hops] == ["", "virbr10", "enp7s0", "br-ex"]
    assert facts.hops[1].gateway == "10.10.10.1"


async def test_libvirt_reject() -> None:
    refused = (await replayed("libvirt-reject", "path.ping")).facts
    assert isinstance(refused, Ping)
    assert (refused.error, refused.error_from) == ("port-unreachable", "10.10.10.1")
    facts = (await replayed("libvirt-reject", "path.firewall_hits")).facts
    assert isinstance(facts, FirewallHits)
    assert (facts.hits[0].chain, facts.hits[0].verdict, facts.hits[0].packets) == ("LIBVIRT_FWI", "REJECT", 20)
    assert (facts.source_net, facts.target_net, facts.backend) == (
        "10.10.10.0/24",
        "192.168.100.0/24",
        "iptables-nft",
    )


async def test_missing_route() -> None:
    walk = (await replayed("missing-route", "path.route_walk")).facts
    assert isinstance(walk, RouteWalk)
    assert (walk.blocked_by, walk.blocked_at, walk.suspects) == (
        "no-route",
        "kubernetes-host",
        ("kubernetes-host",),
    )
    gateway = (await replayed("missing-route", "path.gateway_for")).facts
    assert gateway == Gateway(
        "kubernetes-host",
        "192.168.100.101",
        True,
        "openstack-host",
        "192.168.100.0/24",
        "10.10.10.1",
        "enp0s20f0u2",
        False,
    )


async def test_one_way_route() -> None:
    facts = (await replayed("one-way-route", "path.arrivals")).facts
    assert isinstance(facts, Arrivals)
    assert (facts.echo_requests, facts.echo_replies, facts.route_back) == (10, 0, "unreachable")
    assert (facts.seen_source, facts.source_net, facts.gateway) == ("10.10.10.2", "10.10.10.0/24", "192.168.100.1")


async def test_ip_forward_off() -> None:
    facts = (await replayed("ip-forward-off", "path.drops")).facts
    assert isinstance(facts, PathDrops)
    assert (facts.sent, facts.received, facts.forwarded, facts.in_addr_errors) == (20, 0, 0, 20)


async def test_rp_filter() -> None:
    facts = (await replayed("rp-filter", "path.route_walk")).facts
    assert isinstance(facts, RouteWalk)
    assert (facts.blocked_by, facts.blocked_at, facts.blocked_interface) == (
        "rp-filter",
        "openstack-host",
        "enp8s0",
    )
    assert (facts.hops[-1].rp_filter, facts.hops[-1].source_ok) == (1, False)


def refusing(exchanges: list[Exchange], program: str, target: str = "") -> list[Exchange]:
    """The same recording on hosts where root is not to be had for one program."""

    def changed(exchange: Exchange) -> Exchange:
        request = exchange.request
        if program not in request.text or (target and request.target != target):
            return exchange
        reply = replace(exchange.reply, status=1, stdout="", failure="denied", message="needs root", hint="sudo")
        return replace(exchange, reply=reply)

    return [changed(exchange) for exchange in exchanges]


def call_of(fault: str, probe: str) -> Call:
    return next(one for one in CALLS if (one.fault, one.probe) == (fault, probe))


async def test_without_root_the_firewall_could_not_be_looked_at() -> None:
    held = refusing(recording(call_of("libvirt-reject", "path.firewall_hits")), "iptables-save -c")
    evidence = await replayed("libvirt-reject", "path.firewall_hits", held)
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.hint) == ("denied", "sudo")


async def test_without_a_capture_the_counters_still_speak() -> None:
    held = refusing(recording(call_of("libvirt-reject", "path.firewall_hits")), "tcpdump")
    facts = (await replayed("libvirt-reject", "path.firewall_hits", held)).facts
    assert isinstance(facts, FirewallHits)
    assert (facts.hits[0].verdict, facts.seen_source, facts.source_net) == ("REJECT", "", "")
    held = refusing(recording(call_of("one-way-route", "path.arrivals")), "tcpdump")
    arrivals = (await replayed("one-way-route", "path.arrivals", held)).facts
    assert isinstance(arrivals, Arrivals)
    assert (arrivals.echo_requests, arrivals.route_back, arrivals.source_net) == (10, "unknown", "")


async def test_a_host_on_the_way_that_cannot_be_asked_is_named() -> None:
    held = refusing(recording(call_of("", "path.route_walk")), "grep", "host:openstack-host")
    facts = (await replayed("", "path.route_walk", held)).facts
    assert isinstance(facts, RouteWalk)
    assert (facts.unseen, facts.arrived, facts.suspects) == ("openstack-host", False, ("kubernetes-host",))


async def test_without_the_nat_rules_a_walk_is_lenient() -> None:
    held = refusing(recording(call_of("", "path.route_walk")), "iptables-save")
    facts = (await replayed("", "path.route_walk", held)).facts
    assert isinstance(facts, RouteWalk)
    assert facts.hops[1].blocked_by == ""
