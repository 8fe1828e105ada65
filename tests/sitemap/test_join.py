"""Every cell by hand: what is joined, by what, from whom; and what is said where a part is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.site import Host
from sitemap.join import joined
from sitemap.model import By, Kind, State
from tests.sitemap.samples import (
    AT,
    LATER,
    NO,
    NODES,
    P1,
    P2,
    PODS,
    PORTS,
    S1,
    S2,
    SERVERS,
    blind,
    by_title,
    cloud,
    cluster,
    gathered,
    node,
    plug,
    plugged,
    port,
    server,
    strips,
)


def test_a_node_that_names_its_server_down_to_the_bridge() -> None:
    strip = strips()["w1"]
    assert strip.by is By.PROVIDER_ID
    assert (strip.server.name, strip.server.id) == ("k8s-w1", S1)
    (way,) = strip.ways
    assert dict(way.port.details) == {
        "fixed": "10.0.0.5",
        "groups": "k8s",
        "mac": PORTS[0].mac,
        "status": "ACTIVE",
        "binding": "ovs",
    }
    assert (way.port.id, way.host.name, way.tap.name, way.bridge.name) == (
        P1,
        "compute",
        "tap3e6cb21a-00",
        "br-int",
    )
    assert dict(way.host.details) == {"address": "10.1.0.1", "agent": "alive"}
    assert strip.contradictions == ()
    assert all(cell.state is State.SEEN for cell in strip.cells)


def test_every_cell_says_who_said_it_and_when() -> None:
    strip = strips()["w1"]
    sources = {cell.kind: cell.source for cell in strip.cells}
    for kind in (Kind.NODE, Kind.PODS, Kind.SERVICES):
        assert sources[kind] is not None
        assert (sources[kind].target, sources[kind].at) == ("cluster:k", AT)  # type: ignore[union-attr]
    for kind in (Kind.SERVER, Kind.PORT, Kind.HOST):
        assert sources[kind].target == "cloud:c"  # type: ignore[union-attr]
    for kind in (Kind.TAP, Kind.BRIDGE):
        assert (sources[kind].target, sources[kind].at) == ("host:compute", LATER)  # type: ignore[union-attr]


def test_a_node_joined_by_its_floating_address_to_a_hypervisor_of_another_name() -> None:
    strip = strips()["w2"]
    assert (strip.by, strip.server.id) == (By.ADDRESS, S2)
    (way,) = strip.ways
    assert dict(way.port.details)["floating"] == "192.0.2.7"
    assert (way.host.name, dict(way.host.details)["machine"], way.tap.state) == ("compute2", "hv2", State.SEEN)


def test_a_node_without_a_server() -> None:
    strip = strips()["m0"]
    assert (strip.by, strip.server.state, strip.ways) == (None, State.NONE, ())
    assert strip.server.why is not None
    assert strip.server.why.en == "no server has its addresses or its name"
    assert strip.contradictions == ()


def test_by_name_when_nothing_else_fits() -> None:
    strip = strips(clusters=(cluster([node("K8S-W2.example", "172.30.0.1")]),))["K8S-W2.example"]
    assert (strip.by, strip.server.id) == (By.NAME, S2)
    assert [one.text.en for one in strip.contradictions] == [
        "the node says 172.30.0.1, the port says 10.0.0.6, 192.0.2.7"
    ]


def test_pods_and_services_hang_below() -> None:
    strip = strips()["w1"]
    assert [pod.name for pod in strip.pods] == ["web-0", "proxy-1"]
    (service,) = strip.services
    assert (service.name, service.here, service.all, service.addresses) == (
        "web",
        1,
        2,
        ("10.96.0.7", "203.0.113.80"),
    )
    assert strips()["w2"].services[0].here == 0


def test_servers_that_are_no_nodes_come_after_them() -> None:
    other = server("33333333-3333-4333-8333-333333333333", "db", "compute", "10.0.0.9")
    found = joined(gathered(clouds=(cloud((*SERVERS, other)),)))
    assert [strip.title for strip in found.strips] == ["m0", "w1", "w2", "db"]
    assert found.strips[-1].node.state is State.NONE
    assert len(found.nodes) == 3


def test_a_hybrid_plug_names_the_tap_behind_the_linux_bridge() -> None:
    hybrid = plug(PORTS[0], name="qvo3e6cb21a-00", between="qbr3e6cb21a-00")
    (way,) = strips(plugs=plugged(compute=[hybrid]))["w1"].ways
    assert way.tap.name == "tap3e6cb21a-00"
    assert dict(way.bridge.details) == {"between": "qbr3e6cb21a-00 qvo3e6cb21a-00"}


# ------------------------------------------------------------------ parts that are missing


def test_without_a_cluster_servers_begin_the_strips() -> None:
    found = strips(clusters=())
    assert found.keys() == {"k8s-w1", "k8s-w2"}
    assert found["k8s-w1"].node.state is State.UNKNOWN
    assert found["k8s-w1"].ways[0].bridge.name == "br-int"


def test_without_a_cloud_nodes_end_at_their_server() -> None:
    strip = strips(clouds=(), plugs={})["w1"]
    assert (strip.server.state, strip.server.id) == (State.UNKNOWN, S1)
    assert strip.server.why is not None
    assert strip.server.why.en == "no cloud is configured"
    assert [pod.name for pod in strip.pods] == ["web-0", "proxy-1"]


def test_a_cloud_that_does_not_answer_is_not_a_cloud_without_servers() -> None:
    whole = cloud()
    found = joined(gathered(clouds=(replace(whole, servers=blind(whole.servers), ports=blind(whole.ports)),)))
    for strip in found.nodes:
        assert (strip.server.state, strip.server.why) == (State.UNKNOWN, NO)
    assert [one.what for one in found.unseen] == ["cloud.servers", "cloud.ports"]
    assert found.said == ()


def test_nova_alone_knows_the_server_and_neutron_alone_the_port() -> None:
    whole = cloud()
    no_neutron = strips(clouds=(replace(whole, ports=blind(whole.ports), floating=blind(whole.floating)),))["w1"]
    (way,) = no_neutron.ways
    assert (no_neutron.server.name, way.port.state, way.port.why) == ("k8s-w1", State.UNKNOWN, NO)
    assert (way.host.name, way.tap.state) == ("compute", State.SEEN)
    no_nova = strips(clouds=(replace(whole, servers=blind(whole.servers)),))["w2"]
    assert (no_nova.by, no_nova.server.state, no_nova.server.id) == (By.ADDRESS, State.UNKNOWN, S2)
    assert no_nova.ways[0].tap.state is State.SEEN


def test_nova_without_neutron_knows_names_alone() -> None:
    whole = cloud([server(S1, "k8s-w1", "", status="", placed_known=False)])
    facts = whole.servers.facts
    assert facts is not None
    partial = replace(whole.servers, facts=replace(facts, partial="answers 500"))
    found = joined(gathered(clouds=(replace(whole, servers=partial, ports=blind(whole.ports)),)))
    strip = by_title(found)["w1"]
    (way,) = strip.ways
    assert (strip.by, strip.server.name, way.port.state, way.port.why) == (
        By.PROVIDER_ID,
        "k8s-w1",
        State.UNKNOWN,
        NO,
    )
    assert (way.port.id, way.host.name, way.tap.name, way.bridge.name) == (
        P1,
        "compute",
        "tap3e6cb21a-00",
        "br-int",
    )
    assert [one.why.en for one in found.unseen] == ["nobody answered", "answers 500"]
    assert found.said == ()


def test_a_role_that_sees_only_its_project_does_not_say_that_there_is_no_server() -> None:
    strip = strips(clouds=(cloud(everywhere=False),))["m0"]
    assert strip.server.state is State.UNKNOWN
    assert strip.server.why is not None
    assert "project" in strip.server.why.en


def test_a_role_that_does_not_see_where_servers_are() -> None:
    hidden = [replace(one, host="", placed_known=False) for one in SERVERS]
    ports = [replace(one, host="", vif_type="", binding_known=False) for one in PORTS]
    (way,) = strips(clouds=(cloud(hidden, ports, agents=(), hypervisors=()),))["w1"].ways
    assert (way.port.state, way.host.state, way.tap.state) == (State.SEEN, State.UNKNOWN, State.UNKNOWN)
    assert way.host.why is not None
    assert way.host.why.en == "this login may not see where it is"


@pytest.mark.parametrize("hosts", [(), (Host("compute"),)])
def test_a_hypervisor_that_cannot_be_asked(hosts: tuple[Host, ...]) -> None:
    looks = plugged(compute=[])
    unasked = {"compute": blind(looks["compute"])} if hosts else {}
    (way,) = strips(hosts=hosts, plugs=unasked)["w1"].ways
    assert (way.host.name, way.tap.state, way.bridge.state) == ("compute", State.UNKNOWN, State.UNKNOWN)
    assert way.tap.why is not None
    assert way.tap.why == NO if hosts else "no host of the site" in way.tap.why.en


def test_a_forbidden_list_of_pods_is_said_where_they_would_hang() -> None:
    whole = cluster()
    strip = strips(clusters=(replace(whole, pods=blind(whole.pods)),))["w1"]
    assert (strip.pods_cell.state, strip.pods_cell.why, strip.pods) == (State.UNKNOWN, NO, ())
    assert strip.services_cell.state is State.SEEN


def test_nothing_at_all() -> None:
    assert joined(gathered(hosts=(), clusters=(), clouds=(), plugs={})).strips == ()


def test_a_server_without_a_port() -> None:
    (way,) = strips(clouds=(cloud(ports=PORTS[1:]),))["w1"].ways
    assert (way.port.state, way.host.name) == (State.NONE, "compute")


def test_a_server_that_was_never_placed() -> None:
    waiting = replace(SERVERS[0], host="", status="ERROR")
    unbound = replace(PORTS[0], host="", vif_type="unbound")
    strip = strips(clouds=(cloud((waiting, SERVERS[1]), (unbound, *PORTS[1:])),), clusters=())["k8s-w1"]
    assert strip.ways[0].host.why is not None
    assert strip.ways[0].host.why.en == "not on a host yet"


# ------------------------------------------------------------------ several that fit


def test_two_servers_with_one_address_are_both_named_and_none_is_taken() -> None:
    twin = port("3e6cb21a-0000-4000-8000-000000000003", S2, "compute2", "10.0.0.77")
    first = port("3e6cb21a-0000-4000-8000-000000000004", S1, "compute", "10.0.0.77")
    found = joined(gathered(clusters=(cluster([node("w7", "10.0.0.77")]),), clouds=(cloud(ports=(first, twin)),)))
    strip = by_title(found)["w7"]
    assert (strip.by, strip.server.state) == (None, State.UNKNOWN)
    (one,) = strip.contradictions
    assert one.kind == "several-servers"
    assert one.text.en == "2 servers have 10.0.0.77: k8s-w1 (11111111…), k8s-w2 (22222222…)"


def test_two_servers_of_one_name() -> None:
    twins = (server(S1, "same", "compute"), server(S2, "same", "compute2"))
    (strip,) = joined(gathered(clusters=(cluster([node("same", "172.16.0.1")]),), clouds=(cloud(twins, ()),))).nodes
    assert (strip.by, [one.kind for one in strip.contradictions]) == (None, ["several-servers"])


def test_one_address_in_two_clouds() -> None:
    far = cloud((server(S2, "far", "x", "10.0.0.5"),), (port(P2, S2, "x", "10.0.0.5"),), name="far")
    near = cloud((SERVERS[0],), (PORTS[0],))
    strip = strips(clusters=(cluster([node("w1", "10.0.0.5")]),), clouds=(near, far))["w1"]
    assert (strip.by, [one.sources for one in strip.contradictions]) == (None, [("cloud:c", "cloud:far")])


def test_two_nodes_that_lead_to_one_server() -> None:
    both = (node("w1", "10.0.0.5", provider=S1), node("w9", "10.0.0.5", provider=S1))
    found = joined(gathered(clusters=(cluster(both),)))
    assert [one.kind for one in found.contradictions] == ["one-server", "one-address"]
    assert found.contradictions[0].text.en == f"nodes w1, w9 all lead to server {S1}"


def test_a_pod_address_that_two_pods_have() -> None:
    twin = replace(PODS[0], name="web-1", node="w2")
    found = joined(gathered(clusters=(cluster(NODES, (*PODS, twin)),)))
    assert [one.text.en for one in found.contradictions] == ["10.244.1.7 is held by default/web-0, default/web-1"]
