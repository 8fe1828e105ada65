"""Which pairs a sweep tries: all that somebody's word says work, and never all pairs."""

from __future__ import annotations

import time

import pytest

from diagnosis.sweep.pairs import ROUTES, Pair, Standpoint, pairs, standpoint_of
from diagnosis.sweep.wires import wires_of
from probes.linux.facts import Link, Neighbour, Route


def route(destination: str, gateway: str = "", source: str = "", protocol: str = "static", **more: str) -> Route:
    kind, table = more.get("kind", "unicast"), more.get("table", "main")
    return Route(destination, gateway, "eth0", protocol, "global", source, 0, kind, table)


def on(network: str, address: str) -> Route:
    return route(network, source=address, protocol="kernel")


def host(name: str, address: str, *routes: Route) -> Standpoint:
    return Standpoint(name, (address,), routes)


def ends(found: tuple[Pair, ...]) -> set[tuple[str, str]]:
    return {(pair.source, pair.host) for pair in found}


def test_neighbours_are_a_ring() -> None:
    hosts = [host(f"h{n}", f"10.0.0.{n}", on("10.0.0.0/24", f"10.0.0.{n}")) for n in (1, 2, 3)]
    assert ends(pairs(hosts)) == {("h1", "h2"), ("h2", "h3"), ("h3", "h1")}


def test_a_default_route_is_nobodys_word() -> None:
    here = host("here", "10.0.0.1", on("10.0.0.0/24", "10.0.0.1"), route("default", "10.0.0.254"))
    there = host("there", "10.9.0.1", on("10.9.0.0/24", "10.9.0.1"), route("0.0.0.0/0", "10.9.0.254"))
    assert pairs([here, there]) == ()


def test_a_route_of_its_own_is_tried_whoever_wrote_it() -> None:
    here = host("here", "10.0.0.1", on("10.0.0.0/24", "10.0.0.1"), route("10.9.0.0/16", "10.0.0.2", protocol="bgp"))
    there = host("there", "10.9.0.1", on("10.9.0.0/24", "10.9.0.1"))
    assert pairs([here, there]) == (Pair("here", "10.9.0.1", "there"),)


def test_routes_that_forbid_or_belong_to_another_table_are_no_promise() -> None:
    never = (route("10.9.0.0/16", "10.0.0.2", kind="blackhole"), route("10.9.0.0/16", "10.0.0.2", table="52"))
    assert pairs([host("here", "10.0.0.1", *never), host("there", "10.9.0.1")]) == ()


def test_every_host_of_a_network_is_somebodys_target() -> None:
    inside = [host(f"i{n}", f"10.9.0.{n}") for n in range(1, 6)]
    router = host("router", "10.0.0.1", route("10.9.0.0/24", "10.0.0.2"))
    assert {pair.host for pair in pairs([router, *inside])} == {f"i{n}" for n in range(1, 6)}


def test_sources_take_turns_with_the_hosts_of_a_network() -> None:
    inside = [host("a", "10.9.0.1"), host("b", "10.9.0.2")]
    routers = [host(f"r{n}", f"10.0.0.{n}", route("10.9.0.0/24", "10.0.0.9")) for n in (1, 2)]
    assert ends(pairs([*routers, *inside])) == {("r1", "a"), ("r2", "b")}


def test_a_host_that_could_not_be_asked_is_a_target_and_no_source() -> None:
    silent = Standpoint("silent", ("10.9.0.1",), None)
    router = host("router", "10.0.0.1", route("10.9.0.0/24", "10.0.0.2"))
    assert pairs([silent, router]) == (Pair("router", "10.9.0.1", "silent"),)


def test_a_network_that_two_hosts_have_with_one_address_is_two_networks() -> None:
    """libvirt's default network is 192.168.122.0/24 with .1 on every hypervisor."""
    twice = [host(f"hv{n}", f"10.0.0.{n}", on("192.168.122.0/24", "192.168.122.1")) for n in (1, 2)]
    guests = [host(f"g{n}", f"192.168.122.{n}0", on("192.168.122.0/24", f"192.168.122.{n}0")) for n in (1, 2)]
    routed = host("r", "10.0.0.9", route("192.168.122.0/24", "10.0.0.1"))
    assert pairs([*twice, *guests, routed]) == ()


def test_a_host_with_two_addresses_in_a_network_is_one_neighbour() -> None:
    two = Standpoint("two", ("10.0.0.1", "10.0.0.9"), (on("10.0.0.0/24", "10.0.0.1"),))
    assert ends(pairs([two, host("one", "10.0.0.2", on("10.0.0.0/24", "10.0.0.2"))])) == {
        ("two", "one"),
        ("one", "two"),
    }


def test_a_host_that_the_site_knows_by_name_alone_is_known_by_its_way_out() -> None:
    bridge = Route("172.17.0.0/16", "", "docker0", "kernel", "link", "172.17.0.1", 0, "unicast", "main")
    wire = on("10.0.0.0/24", "10.0.0.7")
    assert standpoint_of("a", (), (bridge, wire, route("default", "10.0.0.254"))).addresses == ("10.0.0.7",)
    assert standpoint_of("a", ("10.9.9.9",), (wire, route("default", "10.0.0.254"))).addresses == ("10.9.9.9",)
    assert standpoint_of("a", (), (bridge, wire)).addresses == ()
    assert standpoint_of("a", (), None).addresses == ()


def card(name: str, kind: str = "", up: bool = True) -> Link:
    return Link(name, "UP", up, 1500, "52:54:00:00:00:01", "", kind, 0, 0, 0, 0, 0, 0)


def inner(
    number: int, name: str = "storage0", kind: str = "", gateway_mac: str = "", network: str = "10.9.0"
) -> Standpoint:
    """A host that the site knows by its login alone; its other card's addresses only it can tell."""
    login = on("10.0.0.0/16", f"10.0.{number // 250}.{number % 250 + 1}")
    own = Route(
        f"{network}.0/22",
        "",
        name,
        "kernel",
        "link",
        f"10.9.{number // 250}.{number % 250 + 1}",
        0,
        "unicast",
        "main",
    )
    met = [Neighbour("10.9.3.254", name, gateway_mac, "STALE")] if gateway_mac else []
    return Standpoint(f"h{number}", (login.source,), (login, own), wires_of([card("eth0"), card(name, kind)], met))


def inside(found: tuple[Pair, ...]) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in found if pair.target.startswith("10.9.")]


def test_hosts_that_the_site_knows_by_their_logins_are_neighbours_on_their_other_cards() -> None:
    found = pairs([inner(number) for number in range(3)])
    assert inside(found) == [("h0", "10.9.0.2"), ("h1", "10.9.0.3"), ("h2", "10.9.0.1")]
    assert ends(found) == {("h0", "h1"), ("h1", "h2"), ("h2", "h0")}
    assert len(found) == 6


def test_an_address_that_the_site_names_stands_for_its_host_in_that_network() -> None:
    named = standpoint_of("n", ("10.9.0.77",), inner(7).routes, inner(7).wires)
    assert set(inside(pairs([named, inner(1)]))) == {("h1", "10.9.0.77"), ("n", "10.9.0.2")}


def test_of_a_host_whose_cards_are_not_known_only_what_the_site_names_is_tried() -> None:
    silent = [Standpoint(one.host, one.addresses, one.routes) for one in map(inner, range(2))]
    assert inside(pairs(silent)) == []
    assert len(pairs(silent)) == 2


@pytest.mark.parametrize("routes", [{"table": "1009"}, {"network": "169.254.0.0/16"}])
def test_other_tables_and_addresses_that_machines_give_themselves_make_no_neighbours(
    routes: dict[str, str],
) -> None:
    network, table = routes.get("network", "10.9.0.0/24"), routes.get("table", "main")
    address = "169.254.7.{}" if "network" in routes else "10.9.0.{}"
    hosts = []
    for number in (1, 2):
        login, source = on("10.0.0.0/24", f"10.0.0.{number}"), address.format(number)
        own = Route(network, "", "eth1", "kernel", "link", source, 0, "unicast", table)
        cards = wires_of([card("eth0"), card("eth1")], [])
        hosts.append(Standpoint(f"h{number}", (login.source,), (login, own), cards))
    assert {pair.target for pair in pairs(hosts)} == {"10.0.0.1", "10.0.0.2"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("wg0", "wireguard"), ("tun0", "tun"), ("vip", "dummy"), ("docker0", "bridge"), ("br-0123456789ab", "bridge")],
)
def test_what_has_no_neighbours_makes_none(name: str, kind: str) -> None:
    assert inside(pairs([inner(number, name, kind) for number in range(3)])) == []


def test_a_network_with_two_gateways_of_one_address_is_two_networks() -> None:
    """Two tenants have 10.9.0.0/22; their servers are in the site by floating addresses."""
    one = [inner(number, gateway_mac="fa:16:3e:00:00:01") for number in (1, 2)]
    other = [inner(number, gateway_mac="fa:16:3e:00:00:02") for number in (3, 4)]
    assert inside(pairs([*one, *other])) == []
    assert len(inside(pairs(one))) == len(inside(pairs([*one, inner(3, gateway_mac="FA:16:3E:00:00:01")]))) - 1 == 2
    named = [
        standpoint_of(host.host, ("10.9.1.1", "10.9.1.2")[n : n + 1], host.routes, host.wires)
        for n, host in enumerate([*one[:1], *other[:1]])
    ]
    assert len(inside(pairs(named))) == 2  # whoever wrote the site says that it is one


def test_pairs_on_inner_networks_grow_linearly() -> None:
    for count in (10, 100, 1000):
        hosts = [inner(number, gateway_mac="fa:16:3e:00:00:01") for number in range(count)]
        assert len(inside(pairs(hosts))) == count
        assert len(pairs(hosts)) == 2 * count


def test_nobody_is_a_pair_with_itself() -> None:
    found = pairs([host("a", "10.0.0.1", on("10.0.0.0/24", "10.0.0.1"), route("10.0.0.1/32", "10.0.0.2"))])
    assert found == ()


def full_mesh(racks: int) -> list[Standpoint]:
    """Every rack's router has a route to every other rack: the routes alone grow with the square."""
    hosts = []
    for rack in range(racks):
        own = on(f"10.{rack}.0.0/24", f"10.{rack}.0.1")
        ways = [
            route(f"10.{other}.0.0/24", "10.255.0.1", protocol="bgp") for other in range(racks) if other != rack
        ]
        hosts.append(host(f"router{rack}", f"10.{rack}.0.1", own, *ways))
        for number in range(2, 6):
            address = f"10.{rack}.0.{number}"
            hosts.append(
                host(f"h{rack}-{number}", address, on(f"10.{rack}.0.0/24", address), route("default", own.source))
            )
    return hosts


def test_pairs_grow_linearly_and_reach_every_host_from_outside() -> None:
    for racks in (10, 40, 200):
        hosts = full_mesh(racks)
        found = pairs(hosts)
        assert len(found) <= (ROUTES + 3) * len(hosts)
        crossing = {pair.host for pair in found if pair.source.startswith("router")}
        assert crossing == {standpoint.host for standpoint in hosts}
    assert len(pairs(full_mesh(200))) < 6 * len(pairs(full_mesh(40)))


def test_every_router_of_a_mesh_tries_other_racks_than_the_next() -> None:
    found = pairs(full_mesh(40))
    racks = {pair.host.partition("-")[0].removeprefix("router") for pair in found if pair.source == "router3"}
    others = {pair.host.partition("-")[0].removeprefix("router") for pair in found if pair.source == "router20"}
    assert racks != others


def test_a_thousand_hosts_are_paired_at_once() -> None:
    begun = time.process_time()
    pairs(full_mesh(200))
    assert time.process_time() - begun < 20
