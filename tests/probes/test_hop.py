"""What a hop would do with a packet, decided from what its kernel says."""

from __future__ import annotations

import pytest

from probes.connection import Command
from probes.errors import UnreadableOutput
from probes.exchange import Reply
from probes.linux.facts import Address, Neighbour, RouteGet
from probes.path.arrivals import brought_by, entered
from probes.path.capture import NOTHING, Sighting
from probes.path.gateway_for import fits
from probes.path.hop import Next, _blocked_by, _Incoming, _source_ok, entrance
from probes.path.nat import PINGS, Traffic, rewrites_source, rewrites_target
from probes.path.nat_rules import NatRule, parse_nat_tables, parse_native, parse_saved, read_nat
from probes.path.networks import alone, connected, network_of
from tests.probes.recorded import recorded

THERE = RouteGet("h", "10.2.0.5", "", "a1", "10.2.0.1", False, "")


def answer(error: str, local: bool = False) -> RouteGet:
    return RouteGet("h", "10.2.0.5", "", "", "", local, error)


def incoming(*errors: str) -> _Incoming:
    return _Incoming("a0", {}, tuple(answer(error) for error in errors))


@pytest.mark.parametrize(
    ("route", "errors", "forwarding", "rp_filter", "expected"),
    [
        (THERE, ("",), True, 1, ""),
        # With forwarding off the kernel says "No route to host": the sysctl tells it from a missing route.
        (THERE, ("unreachable",), False, 0, "forwarding-off"),
        (answer("unreachable"), ("unreachable",), True, 0, "no-route"),
        (THERE, ("invalid-source",), True, 1, "rp-filter"),
        (THERE, ("Invalid argument",), True, 1, "rp-filter"),  # kernels since 6.13
        (answer("Invalid argument"), ("Invalid argument",), True, 1, "prohibited"),  # a blackhole route
        (answer("prohibited"), ("prohibited",), True, 0, "prohibited"),
        # NAT may have changed the source: one that passes is enough.
        (THERE, ("invalid-source", ""), True, 1, ""),
        (RouteGet("h", "10.2.0.5", "", "lo", "", True, ""), ("invalid-source",), False, 1, "rp-filter"),
        (RouteGet("h", "10.2.0.5", "", "lo", "", True, ""), ("",), False, 0, ""),
    ],
)
def test_why_a_hop_lets_nothing_through(
    route: RouteGet, errors: tuple[str, ...], forwarding: bool, rp_filter: int, expected: str
) -> None:
    assert _blocked_by(route, incoming(*errors), forwarding, rp_filter) == expected


def test_the_first_hop_only_needs_a_route() -> None:
    assert _blocked_by(THERE, None, False, 1) == ""
    assert _blocked_by(answer("unreachable"), None, True, 0) == "no-route"


def test_a_source_is_good_when_any_possible_one_is() -> None:
    assert _source_ok(incoming("invalid-source", ""), THERE, 1)
    assert not _source_ok(incoming("invalid-source", "Invalid argument"), THERE, 1)


def on(interface: str, address: str, prefix: int, scope: str = "global", up: bool = True) -> Address:
    return Address(interface, address, prefix, scope, "inet6" if ":" in address else "inet", up)


HOST = (
    on("lo", "127.0.0.1", 8, "host"),
    on("lo", "192.168.200.106", 32),
    on("enp7s0", "10.10.10.1", 24),
    on("virbr10", "192.168.100.1", 24),
    on("down0", "10.30.0.1", 16, up=False),
)


@pytest.mark.parametrize(
    ("addressed", "before", "interface"),
    [
        ("10.10.10.1", "10.10.10.2", "enp7s0"),
        ("192.168.200.106", "10.10.10.2", "enp7s0"),  # a floating address on the loopback
        ("192.168.100.1", "", "virbr10"),
        ("10.99.0.1", "10.99.0.2", ""),
    ],
)
def test_where_a_packet_comes_in(addressed: str, before: str, interface: str) -> None:
    assert entrance(HOST, Next("h", addressed, "b", before, ())) == interface


def test_connected_networks() -> None:
    own = connected(HOST, "10.10.10.77")
    assert own is not None
    assert network_of(own) == "10.10.10.0/24"
    assert connected(HOST, "192.168.200.106") is None
    assert connected(HOST, "10.30.0.5") is None
    assert (alone("10.0.0.1"), alone("2001:db8::1")) == ("10.0.0.1/32", "2001:db8::1/128")


NAT = tuple(parse_saved(recorded("iptables-save")))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("192.168.100.101", "172.20.112.101", {"10.10.10.1"}),
        ("192.168.100.101", "192.168.100.102", set()),  # `! -d` its own network
        ("10.10.10.2", "45.120.120.154", set()),
    ],
)
def test_masquerading_by_the_rules(source: str, target: str, expected: set[str]) -> None:
    assert set(rewrites_source(NAT, (source,), target, "enp7s0", "10.10.10.1")) == expected


def test_snat_leaves_by_its_interface_only() -> None:
    nat = tuple(parse_saved(recorded("iptables-save-neutron")))
    assert rewrites_source(nat, ("10.0.0.205",), "10.10.10.1", "br-ex", "192.168.100.102") == ("192.168.200.106",)
    assert rewrites_source(nat, ("10.0.0.205",), "10.10.10.1", "eth0", "192.168.100.102") == ()


@pytest.mark.parametrize(
    ("words", "protocol", "port", "expected"),
    [
        ("-p tcp -m tcp --dport 443", "tcp", 443, True),
        ("-p tcp -m tcp --dport 443", "tcp", 80, False),
        ("-p tcp -m tcp --dport 443", "icmp", 0, False),
        ("-p tcp -m tcp ! --dport 443", "tcp", 80, True),
        ("-p tcp -m tcp --dport 8000:8080", "tcp", 8022, True),
        ("-p udp -m multiport --dports 53,5353", "udp", 5353, True),
        ("-p udp -m multiport --dports 53,5353", "tcp", 5353, False),
        ("! -p icmp", "tcp", 22, True),
        ("! -p icmp", "icmp", 0, False),
        ("-p tcp", "tcp", 22, True),
    ],
)
def test_a_rule_for_another_protocol_or_port_rewrites_nothing(
    words: str, protocol: str, port: int, *, expected: bool
) -> None:
    nat = f"*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING {words} -j SNAT --to-source 192.0.2.9\nCOMMIT\n"
    traffic = Traffic(protocol, port)
    found = rewrites_source(tuple(parse_saved(nat)), ("10.0.0.5",), "198.51.100.7", "eth0", "10.9.0.1", traffic)
    assert found == (("192.0.2.9",) if expected else ())


def test_unseen_nat_rules_may_masquerade() -> None:
    assert rewrites_source(None, ("10.0.0.5",), "10.10.10.1", "eth0", "10.9.0.1") == ("10.9.0.1",)


def test_who_brought_a_packet() -> None:
    neighbours = (
        Neighbour("172.16.0.1", "virbr10", "52:54:00:00:00:01", "STALE"),
        Neighbour("192.168.100.7", "virbr10", "52:54:00:00:00:01", "REACHABLE"),
    )
    assert brought_by(neighbours, "52:54:00:00:00:01", HOST) == "192.168.100.7"
    assert brought_by(neighbours, "", HOST) == ""


@pytest.mark.parametrize(
    ("captured", "source", "gateway", "expected"),
    [
        ("br-ex", "10.10.10.2", "192.168.100.1", "br-ex"),
        ("enp1s0", "10.10.10.2", "192.168.100.1", "br-ex"),  # a burst filled the capture on the switch's port
        ("enp1s0", "192.168.100.7", "", "br-ex"),
        ("", "192.168.100.7", "", "br-ex"),  # tcpdump before 4.99
        ("cali12", "10.244.1.7", "", "cali12"),
    ],
)
def test_packets_enter_by_an_interface_with_addresses(
    captured: str, source: str, gateway: str, expected: str
) -> None:
    own = (on("br-ex", "192.168.100.101", 24),)
    assert entered(Sighting(source, captured, "52:54:00:00:00:01", ours=True), gateway, own) == expected
    assert entered(NOTHING, gateway, own) == ""


ASKING = (on("enp0s20f0u2", "10.10.10.2", 24), on("virbr0", "192.168.122.1", 24))


@pytest.mark.parametrize(
    ("theirs", "target", "shared"),
    [
        (HOST, "192.168.100.101", "10.10.10.1"),
        (HOST, "192.168.100.1", ""),  # the target itself
        (HOST, "172.20.112.101", ""),
        ((on("br-ex", "192.168.100.101", 24),), "192.168.100.102", ""),  # no network with the one that asks
        ((on("virbr0", "192.168.122.2", 24),), "192.168.122.9", ""),  # the same network on both sides
    ],
)
def test_who_can_be_a_gateway(theirs: tuple[Address, ...], target: str, shared: str) -> None:
    found = fits("openstack-host", theirs, True, ASKING, target)
    assert (found.shared.address if found else "") == shared


# ------------------------------------------------------------------ NAT of nft, and of targets

NFT = recorded("nft-nat-table")


def test_tables_of_nft_that_translate_but_not_that_of_iptables() -> None:
    text = recorded("nft-chains-nat")
    assert parse_nat_tables(text, 4, shown=True) == (("ip", "own"), ("inet", "both"))
    assert parse_nat_tables(text, 4, shown=False) == (("ip", "nat"), ("ip", "own"), ("inet", "both"))
    assert parse_nat_tables(text, 6, shown=True) == (("inet", "both"),)


@pytest.mark.parametrize(
    ("source", "target", "out", "expected"),
    [
        ("192.168.122.7", "10.9.9.9", "eth0", ("10.0.0.1",)),
        ("192.168.122.7", "192.168.122.9", "eth0", ()),
        ("192.168.122.7", "10.9.9.9", "virbr0", ()),
        ("172.31.0.5", "10.9.9.9", "wan7", ("192.0.2.9",)),
        ("172.31.0.5", "10.9.9.9", "lan7", ()),
        ("10.8.8.8", "10.9.9.9", "eth0", ()),
    ],
)
def test_masquerading_by_nfts_own_rules(source: str, target: str, out: str, expected: tuple[str, ...]) -> None:
    assert rewrites_source(parse_native(NFT), (source,), target, out, "10.0.0.1") == expected


TO_WEB = "-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080"


def dnat(*rules: str) -> tuple[NatRule, ...]:
    return tuple(parse_saved("\n".join(("*nat", ":PREROUTING ACCEPT [0:0]", *rules, "COMMIT", ""))))


HERE = ("198.51.100.4",)
WEB = Traffic("tcp", 80)


@pytest.mark.parametrize("port", [80, 81])
def test_a_target_becomes_another_by_the_rule_for_its_address(port: int) -> None:
    found = rewrites_target(dnat(TO_WEB), HERE, "192.0.2.7", "eth0", Traffic("tcp", port))
    assert found == (("10.0.0.5", 8080) if port == 80 else ("", 0))
    native = rewrites_target(parse_native(NFT), HERE, "192.0.2.7", "eth0", Traffic("tcp", port))
    assert native == (("192.168.122.7", 8080) if port == 80 else ("192.168.122.8", 0))


@pytest.mark.parametrize(
    "rule",
    [
        TO_WEB.replace("-d 192.0.2.7/32 ", ""),  # a pod's, say: whoever jumped here knows for whom
        TO_WEB.replace("-d 192", "! -d 192"),
        TO_WEB.replace("/32", "/24"),
        TO_WEB.replace("-A PREROUTING", "-A OUTPUT"),
        TO_WEB.replace("-A PREROUTING", "-A DOCKER"),
        TO_WEB.replace("10.0.0.5:8080", "nonsense"),
        TO_WEB.replace("10.0.0.5:8080", "10.0.0.5-10.0.0.9"),
        TO_WEB.replace("-p tcp", "-i eth1 -p tcp"),
        TO_WEB.replace("-p tcp", "-s 172.16.0.0/12 -p tcp"),
        TO_WEB.replace("-p tcp", "! -s 198.51.100.0/24 -p tcp"),
        TO_WEB.replace("-p tcp -m tcp", "-p tcp -m statistic --mode random --probability 0.5 -m tcp"),
    ],
)
def test_rules_that_may_not_apply_say_nothing(rule: str) -> None:
    assert rewrites_target(dnat(rule), HERE, "192.0.2.7", "eth0", WEB) == ("", 0)


@pytest.mark.parametrize("kept", ["ACCEPT", "RETURN", "REDIRECT --to-ports 8081"])
def test_a_rule_before_it_keeps_the_target(kept: str) -> None:
    rules = dnat(f"-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 80 -j {kept}", TO_WEB)
    assert rewrites_target(rules, HERE, "192.0.2.7", "eth0", WEB) == ("", 0)
    other = dnat(f"-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 22 -j {kept}", TO_WEB)
    assert rewrites_target(other, HERE, "192.0.2.7", "eth0", WEB) == ("10.0.0.5", 8080)


@pytest.mark.parametrize(
    "before",
    [
        "-A PREROUTING -d 192.0.2.0/24 -j DNAT --to-destination 10.0.0.7",
        "-A PREROUTING -d 192.0.2.7/32 -j WEB",
        "-A PREROUTING -d 192.0.2.0/24 -j NETMAP --to 10.7.0.0/24",
        "-A PREROUTING -d 192.0.2.7/32 -m set --match-set guests src -j ACCEPT",
    ],
)
def test_where_another_may_decide_before_it_nobody_knows(before: str) -> None:
    assert rewrites_target(dnat(before, TO_WEB), HERE, "192.0.2.7", "eth0", WEB) == ("", 0)
    harmless = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"
    assert rewrites_target(dnat(harmless, TO_WEB), HERE, "192.0.2.7", "eth0", WEB) == ("10.0.0.5", 8080)


def test_two_chains_that_could_decide() -> None:
    """Which of them is first their priorities say, and an earlier one of iptables' is nft's as well."""
    both = (*dnat(TO_WEB), *parse_native(NFT))
    assert rewrites_target(both, HERE, "192.0.2.7", "eth0", WEB) == ("", 0)


@pytest.mark.parametrize(
    ("words", "sources", "expected"),
    [
        ("-s 198.51.100.4/32 ", HERE, True),
        ("-s 198.51.100.4/32 ", (), False),
        ("-s 198.51.100.4/32 ", (*HERE, "198.51.100.5"), False),
        ("-o eth9 ", HERE, False),
        ("", (), True),
    ],
)
def test_what_begins_here(words: str, sources: tuple[str, ...], *, expected: bool) -> None:
    rules = dnat(TO_WEB.replace("PREROUTING ", f"OUTPUT {words}"))
    assert (rewrites_target(rules, sources, "192.0.2.7", "", WEB) == ("10.0.0.5", 8080)) is expected


def test_a_rule_for_echo_requests_is_for_what_is_sent() -> None:
    (rule,) = dnat("-A PREROUTING -d 192.0.2.7/32 -p icmp -m icmp --icmp-type 8 -j DNAT --to-destination 10.0.0.5")
    assert rewrites_target((rule,), HERE, "192.0.2.7", "eth0") == ("10.0.0.5", 0)


def test_what_is_let_through_before_is_not_masqueraded() -> None:
    rules = dnat("-A POSTROUTING -s 10.244.0.0/16 -d 10.0.0.0/8 -j ACCEPT", "-A POSTROUTING -j MASQUERADE")
    assert rewrites_source(rules, ("10.244.1.5",), "10.244.2.6", "eth0", "192.0.2.1") == ()
    assert rewrites_source(rules, ("10.244.1.5",), "198.51.100.7", "eth0", "192.0.2.1") == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.5", ("10.0.0.5", 0)),
        ("10.0.0.5-10.0.0.9:80-90", ("", 0)),
        ("[2001:db8::9]:80", ("2001:db8::9", 80)),
        ("2001:db8::9", ("2001:db8::9", 0)),
        (":80", ("", 0)),
    ],
)
def test_new_targets_of_iptables(text: str, expected: tuple[str, int]) -> None:
    (rule,) = dnat(f"-A PREROUTING -d 192.0.2.7/32 -j DNAT --to-destination {text}")
    assert (rule.address, rule.port) == expected


ODD = recorded("nft-nat-odd")


def test_rules_of_the_other_ip_in_a_table_for_both() -> None:
    four, six = parse_native(ODD), parse_native(ODD, 6)
    assert rewrites_source(four, ("10.9.9.9",), "192.0.2.1", "wan", "192.0.2.99") == ("192.0.2.99",)
    assert rewrites_source(six, ("2001:db8:9::1",), "2001:db8:7::1", "wan", "2001:db8::2") == ("2001:db8::1",)


@pytest.mark.parametrize(
    ("source", "out", "expected"),
    [("10.2.0.1", "cc", True), ("10.1.0.1", "cc", False), ("10.2.0.1", "aa", False), ("10.2.0.1", "bb", False)],
)
def test_more_conditions_on_one_field(source: str, out: str, *, expected: bool) -> None:
    found = rewrites_source(parse_native(ODD), (source,), "192.0.2.1", out, "192.0.2.99")
    assert found == (("192.0.2.99",) if expected else ())


def test_conditions_that_nobody_here_knows_translate_no_target() -> None:
    rules = parse_native(ODD)
    assert rewrites_target(rules, HERE, "192.0.2.7", "eth0", PINGS) == ("", 0), "it is for TCP alone"
    assert rewrites_target(rules, HERE, "192.0.2.7", "eth0", WEB) == ("10.0.0.5", 0)
    assert rewrites_target(rules, HERE, "192.0.2.8", "eth0", WEB) == ("", 0), "by the sender's MAC, too"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nftables": 3}', '{"nftables": [{"rule": 3}]}'])
def test_an_answer_of_nft_that_is_none_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_native(text)


class _Told:
    """A host that says these."""

    target = "host:h"

    def __init__(self, replies: dict[str, Reply]) -> None:
        self._replies = replies

    async def run(self, command: Command) -> Reply:
        return next((one for words, one in self._replies.items() if words in command.text), MISSING)

    async def close(self) -> None:
        """Nothing is open."""


MISSING = Reply(127, "", "not found")
BESIDE = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them"
CHAINS = Reply(0, recorded("nft-chains-nat"), "")


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"list chains": CHAINS, "list table": Reply(0, NFT, "")}, True),
        ({"list chains": CHAINS, "list table": Reply(1, "", "Killed")}, False),
        ({"save": Reply(0, "", ""), "list chains": Reply(1, "", "Operation not permitted")}, False),
        ({"save": Reply(0, "", "")}, True),
        (
            {
                "save": Reply(
                    0, "", "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them"
                )
            },
            False,
        ),
        ({}, False),
    ],
    ids=["nft alone", "no such table", "nft refuses", "iptables alone", "another beside it", "neither"],
)
async def test_what_cannot_be_read_may_translate(replies: dict[str, Reply], *, expected: bool) -> None:
    found = await read_nat(_Told(replies))
    assert (found is not None) is expected
