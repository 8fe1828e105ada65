"""Each contradiction is said with both words, and nothing is said of two that agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from probes.cloud.network_facts import AllowedPair
from sitemap.join import joined
from tests.sitemap.samples import (
    NODES,
    PORTS,
    S1,
    S2,
    SERVERS,
    agent,
    cloud,
    cluster,
    gathered,
    kinds,
    node,
    plug,
    plugged,
    strips,
)


def test_a_healthy_site_says_nothing() -> None:
    assert joined(gathered()).said == ()


def test_the_node_and_the_port_say_different_addresses() -> None:
    strip = strips(clusters=(cluster([node("w1", "10.0.0.7", provider=S1)]),))["w1"]
    (one,) = strip.contradictions
    assert one.text.en == "the node says 10.0.0.7, the port says 10.0.0.5"
    assert one.text.ko == "노드는 10.0.0.7 라고 하는데 포트는 10.0.0.5 라고 한다"
    assert one.sources == ("cluster:k", "cloud:c")


def test_an_allowed_address_is_no_contradiction() -> None:
    nodes = cluster([node("w1", "10.0.0.5", "10.0.0.100", provider=S1)])
    allowed = replace(PORTS[0], allowed=(AllowedPair("10.0.0.96/28", ""),))
    assert kinds(strips(clusters=(nodes,))["w1"]) == ["node-address"]
    assert kinds(strips(clusters=(nodes,), clouds=(cloud(ports=(allowed, *PORTS[1:])),))["w1"]) == []


def test_a_provider_id_of_no_server_falls_back_to_the_address_and_is_said() -> None:
    gone = "99999999-9999-4999-8999-999999999999"
    strip = strips(clusters=(cluster([node("w1", "10.0.0.5", provider=gone)]),))["w1"]
    assert kinds(strip) == ["provider-id-gone"]
    assert strip.server.id == S1
    little = strips(clusters=(cluster([node("w1", "10.0.0.5", provider=gone)]),), clouds=(cloud(everywhere=False),))
    assert kinds(little["w1"]) == []


def test_a_provider_id_whose_server_has_not_the_address() -> None:
    strip = strips(clusters=(cluster([node("w1", "10.0.0.6", provider=S1)]),))["w1"]
    assert strip.server.id == S1
    assert kinds(strip) == ["provider-id-address", "node-address"]
    assert strip.contradictions[0].text.en == (
        "providerID names server k8s-w1 (11111111…), but 10.0.0.6 belongs to server k8s-w2 (22222222…)"
    )


def test_other_clouds_provider_ids_are_none_of_ours() -> None:
    other = replace(NODES[0], provider_id=f"aws:///eu-1a/{S2}")
    assert strips(clusters=(cluster([other]),))["w1"].server.id == S1


@pytest.mark.parametrize(
    ("server", "port", "said"),
    [
        ({"status": "SHUTOFF"}, {}, "server-status"),
        ({"host": "compute9"}, {}, "other-host"),
        ({}, {"vif_type": "binding_failed", "status": "DOWN"}, "not-bound"),
        ({}, {"addresses": ("10.0.0.55",)}, "nova-address"),
    ],
)
def test_cluster_nova_and_neutron(server: dict[str, Any], port: dict[str, Any], said: str) -> None:
    changed = cloud((replace(SERVERS[0], **server), SERVERS[1]), (replace(PORTS[0], **port), *PORTS[1:]))
    assert said in kinds(strips(clouds=(changed,))["w1"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mac": "fa:16:3e:ff:ff:ff"}, "mac"),
        ({"server": S2}, "plugged-server"),
        ({"tag": 4095}, "not-wired"),
        ({"tag": -1}, "not-wired"),
        ({"error": "could not open network device tap3e (No such device)"}, "plug-down"),
        ({"link": "down"}, "plug-down"),
    ],
)
def test_neutron_and_open_vswitch(change: dict[str, Any], said: str) -> None:
    assert kinds(strips(plugs=plugged(compute=[plug(PORTS[0], **change)]))["w1"]) == [said]


def test_ovn_gives_no_vlans() -> None:
    ovn = replace(agent("compute"), kind="OVN Controller agent")
    found = strips(clouds=(cloud(agents=(ovn,)),), plugs=plugged(compute=[plug(PORTS[0], tag=-1)]))
    assert kinds(found["w1"]) == []


def test_a_port_that_is_plugged_nowhere_or_elsewhere() -> None:
    (one,) = strips(plugs=plugged(compute=[]))["w1"].contradictions
    assert one.kind == "not-plugged"
    assert one.text.en.endswith("Open vSwitch there has no interface for it")
    (two,) = strips(plugs=plugged(compute=[], hv2=[plug(PORTS[0]), plug(PORTS[1])]))["w1"].contradictions
    assert two.text.en.endswith("has no interface for it, hv2 has one")


def test_an_agent_that_is_dead_under_a_port_that_is_active() -> None:
    found = strips(clouds=(cloud(agents=(agent("compute", alive=False),)),))
    assert kinds(found["w1"]) == ["dead-agent"]
    assert dict(found["w1"].ways[0].host.details)["agent"] == "DEAD"


def test_nodes_with_contradictions_come_first() -> None:
    nodes = (*NODES, node("z9", "10.0.0.66", provider=S2))
    found = joined(gathered(clusters=(cluster(nodes),)))
    assert found.strips[0].title == "z9"
