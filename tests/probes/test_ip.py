"""`ip -j` of many versions. Recordings are iproute2 6.1 (bookworm); variants say what differs and since when."""

from __future__ import annotations

import pytest

from probes.errors import UnreadableOutput
from probes.linux import ip
from probes.linux.facts import Address, Neighbour, Route, RouteGet, Rule
from tests.probes.recorded import recorded


def test_addresses() -> None:
    assert ip.parse_addresses(recorded("ip-addr")) == (
        Address("lo", "127.0.0.1", 8, "host", "inet", True),
        Address("enp7s0", "10.10.10.1", 24, "global", "inet", True),
        Address("virbr10", "192.168.100.1", 24, "global", "inet", True),
        Address("virbr10", "192.168.200.1", 24, "global", "inet", True),
    )


def test_addresses_with_the_empty_objects_of_filtered_families() -> None:
    # 5.10 (Debian 11) prints `{}` for links and addresses that a family filter took out.
    text = """[{},{"ifname":"eth0","flags":["BROADCAST"],"addr_info":[{},
        {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link","protocol":"kernel_ll"}]}]"""
    # `protocol` of an address: since 5.18.
    assert ip.parse_addresses(text) == (Address("eth0", "fe80::1", 64, "link", "inet6", False),)


def test_links() -> None:
    links = {link.name: link for link in ip.parse_links(recorded("ip-link"))}
    assert list(links) == ["lo", "enp7s0", "vnet0", "vnet1", "virbr10"]
    tap = links["vnet0"]
    assert (tap.kind, tap.master, tap.mtu, tap.state, tap.up) == ("veth", "virbr10", 1500, "UP", True)
    assert (tap.rx_packets, tap.tx_packets, tap.rx_dropped, tap.tx_errors) == (11, 28, 0, 0)
    assert (links["virbr10"].kind, links["virbr10"].mac) == ("bridge", "52:54:00:c0:a8:01")


def test_a_link_of_a_32_bit_tool_without_details() -> None:
    # `stats` instead of `stats64` when the kernel has no 64-bit counters; no `linkinfo` without -d.
    text = """[{"ifname":"tun0","flags":["POINTOPOINT","NOARP"],"mtu":1420,"operstate":"DOWN",
        "stats":{"rx":{"packets":5,"dropped":2,"errors":1},"tx":{"packets":7,"dropped":0,"errors":3}}}]"""
    link = ip.parse_links(text)[0]
    assert (link.kind, link.mac, link.up, link.state) == ("", "", False, "DOWN")
    assert (link.rx_packets, link.rx_dropped, link.rx_errors, link.tx_errors) == (5, 2, 1, 3)


def test_neighbours() -> None:
    found = ip.parse_neighbours(recorded("ip-neigh"))
    assert found[:2] == (
        Neighbour("192.168.200.106", "virbr10", "ea:73:8d:d3:df:4d", "STALE"),
        Neighbour("10.10.10.2", "enp7s0", "b2:13:42:3b:ac:de", "REACHABLE"),
    )
    assert len(found) == 7


def test_neighbours_without_an_answer_or_a_state() -> None:
    # FAILED entries have no lladdr; entries the kernel is making have an empty state since 5.x; `router` is v6's.
    text = """[{"dst":"10.0.0.9","dev":"eth0","state":["FAILED"]},{"dst":"10.0.0.8","dev":"eth0","state":[]},
        {"dst":"fe80::1","dev":"eth0","lladdr":"02:00:00:00:00:01","router":null,"state":["DELAY"]}]"""
    assert [(one.mac, one.state) for one in ip.parse_neighbours(text)] == [
        ("", "FAILED"),
        ("", "NONE"),
        ("02:00:00:00:00:01", "DELAY"),
    ]


def test_routes_leave_the_local_table_out() -> None:
    routes = ip.parse_routes(recorded("ip-route"))
    assert len(routes) == 6
    assert routes[0] == Route("10.10.10.0/24", "", "enp7s0", "kernel", "link", "10.10.10.1", 0, "unicast", "main")
    assert routes[1] == Route("45.120.120.0/24", "10.10.10.3", "enp7s0", "bgp", "global", "", 20, "unicast", "main")
    assert routes[5] == Route(
        "192.168.200.129/32", "10.10.10.3", "enp7s0", "boot", "global", "", 0, "unicast", "main"
    )


def test_routes_with_many_next_hops_other_kinds_and_an_ipv6_gateway() -> None:
    text = """[{"dst":"default","protocol":"static","metric":100,"flags":[],
          "nexthops":[{"gateway":"10.0.0.1","dev":"eth0","weight":1,"flags":[]},
                      {"gateway":"10.0.1.1","dev":"eth1","weight":1,"flags":["linkdown"]}]},
        {"type":"blackhole","dst":"10.50.0.0/24","flags":[]},
        {"dst":"10.60.0.0/16","via":{"family":"inet6","host":"fe80::9"},"dev":"eth0","table":"100","flags":["onlink"]}]"""
    routes = ip.parse_routes(text)
    assert [(one.destination, one.gateway, one.interface) for one in routes[:2]] == [
        ("default", "10.0.0.1", "eth0"),
        ("default", "10.0.1.1", "eth1"),
    ]
    assert (routes[2].kind, routes[2].interface) == ("blackhole", "")
    assert (routes[3].gateway, routes[3].table) == ("fe80::9", "100")


def test_rules() -> None:
    assert ip.parse_rules(recorded("ip-rule"))[1] == Rule(32766, "all", "main", "from all lookup main")
    text = """[{"priority":32765,"src":"10.1.0.0","srclen":24,"fwmark":"0x1","fwmask":"0xff",
          "iif":"a0","table":"100"},
        {"priority":99,"not":null,"src":"all","dst":"10.9.0.0","dstlen":16,"action":"prohibit"}]"""
    one, other = ip.parse_rules(text)
    assert one == Rule(32765, "10.1.0.0/24", "100", "from 10.1.0.0/24 fwmark 0x1/0xff iif a0 lookup 100")
    assert other.text == "not from all to 10.9.0.0/16 prohibit"


def test_route_get() -> None:
    found = ip.parse_route_get("controller", "10.10.10.2", recorded("ip-route-get"), "")
    assert found == RouteGet("controller", "10.10.10.2", "192.168.100.1", "br-ex", "192.168.100.101", False, "")
    forwarded = ip.parse_route_get("h", "192.168.100.101", recorded("ip-route-get-iif"), "")
    assert (forwarded.interface, forwarded.source, forwarded.gateway) == ("virbr10", "10.10.10.2", "")
    assert ip.parse_route_get("h", "10.10.10.1", recorded("ip-route-get-local"), "").local


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("RTNETLINK answers: Network is unreachable\n", "unreachable"),
        ("RTNETLINK answers: No route to host\n", "unreachable"),
        ("RTNETLINK answers: Invalid cross-device link\n", "invalid-source"),
        ("RTNETLINK answers: Permission denied\n", "prohibited"),
        ("RTNETLINK answers: Invalid argument\n", "Invalid argument"),
        ("Error: ipv4: FIB table does not exist.\nDump terminated\n", "Error: ipv4: FIB table does not exist."),
    ],
)
def test_route_get_refused(said: str, error: str) -> None:
    # 5.10 prints an empty list on stdout before the error, later ones print nothing.
    assert ip.parse_route_get("h", "10.9.9.9", "[ ]", said).error == error
    assert ip.parse_route_get("h", "10.9.9.9", "", said).error == error


@pytest.mark.parametrize(
    "text", ["inet 10.0.0.1/24", "{}", "[1]", '[{"ifname": "eth0", "addr_info": [{"a": 1}]}]', "["]
)
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        ip.parse_addresses(text)


def test_silence_is_no_route_get() -> None:
    with pytest.raises(UnreadableOutput):
        ip.parse_route_get("h", "10.0.0.1", "", "")
