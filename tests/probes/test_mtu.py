"""Sizes of packets: what pings with DF say, where the search goes on, and who should have said something."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from probes.errors import UnreadableOutput
from probes.linux.facts import Firewall, FirewallRule, Link
from probes.linux.iptables import words_of
from probes.path import burst
from probes.path.burst import parse_burst
from probes.path.facts import Hit, Hop
from probes.path.ladder import among, between, headers, lost_of, parse_rung, told, vanished
from probes.path.mtu import (
    Neighbour,
    dropping,
    drops_the_answer,
    first_missing,
    gap,
    odd_one,
    silent,
    station,
)
from probes.path.mtu_facts import PathLink, PathMtu, Rung
from probes.path.tunnel_mtus import Tunnel, far_ends, needed, parse_tunnels
from tests.probes.test_path_replayed import replayed

LOST = "2 packets transmitted, 0 received, 100% packet loss, time 201ms\n"
FRAG = "From 192.168.100.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n"
OWN = "ping: local error: message too long, mtu=1400\n"
TOO_BIG = "From 2001:db8::1 icmp_seq=1 Packet too big: mtu=1400\n"


def rung(size: int, received: int = 0, by: str = "", mtu: int = 0, *, refused: bool = False) -> Rung:
    return Rung(size, 2, received, by, mtu, refused)


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"),
    [
        ("2 packets transmitted, 2 received, 0% packet loss\n", "", rung(1500, 2)),
        (LOST, "", rung(1500)),
        (FRAG + LOST, "", rung(1500, 0, "192.168.100.1", 1400)),
        (FRAG + LOST, OWN, rung(1500, 0, "192.168.100.1", 1400)),
        (LOST, OWN, rung(1500, 0, "", 1400)),
        (OWN + LOST, "", rung(1500, 0, "", 1400)),
        ("", "ping: local error: Message too long, mtu: 1400\n", rung(1500, 0, "", 1400)),
        (TOO_BIG + LOST, "", rung(1500, 0, "2001:db8::1", 1400)),
        ("From gw.example (10.0.0.1): icmp_seq=1 Frag needed and DF set\n" + LOST, "", rung(1500, 0, "10.0.0.1")),
        (
            "From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n" + LOST,
            "",
            rung(1500, refused=True),
        ),
        ("", "ping: connect: Network is unreachable\n", rung(1500, refused=True)),
    ],
)
def test_one_size(stdout: str, stderr: str, expected: Rung) -> None:
    assert parse_rung(stdout, stderr, 1500) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = " + "9" * 5000 + ")\n",
        "From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = -1)\n",
        "From 999.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n",
        "\x1b]0;x\x07From : icmp_seq=1 Frag needed and DF set (mtu = 1400)\n",
    ],
)
def test_what_is_no_answer_names_no_mtu(hostile: str) -> None:
    assert parse_rung(hostile + LOST, "", 1500).told_mtu == 0


def test_unknown_words_are_refused() -> None:
    with pytest.raises(UnreadableOutput):
        parse_rung("", "BusyBox v1.36 multi-call binary\n", 1500)


def test_headers_of_both_families() -> None:
    assert (headers("10.0.0.1"), headers("2001:db8::1")) == (28, 48)


@pytest.mark.parametrize(
    ("rungs", "largest", "lost", "by", "mtu"),
    [
        ([rung(1500, 2), rung(576, 2)], 1500, 0, "", 0),
        ([rung(1500), rung(576, 2)], 576, 1500, "", 0),
        ([rung(1500), rung(1450, 1), rung(1451), rung(576, 2)], 1450, 1451, "", 0),
        ([rung(1500), rung(576)], 0, 0, "", 0),  # it answers no ping at all
        ([rung(1500, 0, "10.0.0.1", 1400), rung(1400, 2), rung(576, 2)], 1400, 0, "10.0.0.1", 1400),
        (
            [rung(1500, 0, "10.0.0.1", 1400), rung(1400, 0, "10.0.0.2", 1300), rung(1300, 2)],
            1300,
            0,
            "10.0.0.2",
            1300,
        ),
        ([rung(1500, 0, "10.0.0.1", 1400), rung(1400), rung(576, 2)], 576, 1400, "10.0.0.1", 1400),
        ([rung(1500, 0, "10.0.0.1", 0), rung(576, 2)], 576, 0, "10.0.0.1", 0),
        ([rung(1500), rung(1500, 5), rung(1450), rung(576, 2)], 1500, 0, "", 0),  # two packets lost by chance
        ([rung(1500, refused=True), rung(576, refused=True)], 0, 0, "", 0),
        # a router says so only now and then: what it did not answer is explained by what it did
        ([rung(1500, 0, "10.0.0.1", 1400), rung(1480), rung(1400, 2), rung(576, 2)], 1400, 0, "10.0.0.1", 1400),
        ([rung(1500, 0, "10.0.0.1", 1450), rung(1480), rung(1420), rung(576, 2)], 576, 1420, "10.0.0.1", 1450),
    ],
)
def test_a_ladder(rungs: list[Rung], largest: int, lost: int, by: str, mtu: int) -> None:
    found = told("a", "10.0.0.9", 1500, rungs)
    assert (found.largest, found.lost, found.told_by, found.told_mtu) == (largest, lost, by, mtu)
    assert found.answers == (largest > 0)
    assert [one.size for one in found.rungs] == sorted((one.size for one in rungs), reverse=True)


def test_the_search_takes_usual_sizes_first_and_ends() -> None:
    assert between(576, 1500, (1450, 1400, 9000, 576, 1500)) == (1450, 1400)
    assert between(1450, 1453) == (1451, 1452)
    assert between(1450, 1451) == ()
    assert 1451 in between(1450, 1476), "mostly the next one is lost, and all is known"
    for mtu in (577, 1404, 1450, 1499, 8950):
        low, high, rounds = 576, 9000, 0
        hints: tuple[int, ...] = (1500, 1450, 1400)
        while sizes := between(low, high, hints):
            low = max((size for size in sizes if size <= mtu), default=low)
            high = min((size for size in sizes if size > mtu), default=high)
            hints, rounds = (), rounds + 1
        assert (low, high) == (mtu, mtu + 1)
        assert rounds <= 6


def test_one_exec_tries_all_that_lie_between_where_they_are_few() -> None:
    assert among(1400, 1420) == tuple(range(1401, 1420))
    assert among(1450, 1451) == ()
    wide = among(576, 1280, (1000, 1500))
    assert (1000 in wide, 1001 in wide, len(wide) <= 24) == (True, True, True)
    assert min(b - a for a, b in zip(sorted(wide), sorted(wide)[1:], strict=False)) >= 1
    assert lost_of(told("a", "10.0.0.9", 1500, [rung(1500), rung(1400, 2), rung(1450, 0, "10.0.0.1", 1400)])) == 2


@pytest.mark.parametrize("uncut", [True, False])
def test_pings_side_by_side_are_told_apart(tmp_path: Path, uncut: bool) -> None:
    """The program itself, with a ping that says what it was asked."""
    fake = tmp_path / "ping"
    fake.write_text("#!/bin/sh\nsleep 0.$(($$ % 3))\necho $*; echo complains >&2\n")
    fake.chmod(0o755)
    script = burst.UNCUT if uncut else burst.BURST
    pings = [word for size in range(20) for word in ("2", str(size), "10.0.0.9")]
    done = subprocess.run(
        ["sh", "-c", script, "sh", *pings],
        capture_output=True,
        text=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    said = parse_burst(done.stdout)
    assert sorted(said) == list(range(20))
    assert all(f"-s {number} 10.0.0.9" in one and ("-M do" in one) is uncut for number, one in said.items())


def hop(host: str, in_interface: str, out_interface: str) -> Hop:
    return Hop(host, in_interface, out_interface, "", True, 0, True, "")


def link(name: str, mtu: int, kind: str = "") -> Link:
    return Link(name, "UP", True, mtu, "", "", kind, *(0,) * 6)


def test_a_station_says_what_it_knows_of_its_links() -> None:
    links = {"eth0": link("eth0", 1500), "wg0": link("wg0", 1420, "wireguard")}
    assert station(hop("gate", "eth0", "wg0"), "10.0.0.1", links) == PathLink(
        "gate", "10.0.0.1", "eth0", 1500, "wg0", 1420, "wireguard", "unknown"
    )
    assert station(hop("gate", "eth0", "wg0"), "10.0.0.1", {}).out_mtu == 0


def way(*stations: tuple[str, int, int, str]) -> tuple[PathLink, ...]:
    """Host, MTU where packets come in, where they leave, and whether large ones arrive."""
    return tuple(
        PathLink(host, "10.0.0.1" if at else "", f"in{at}", came, f"out{at}", leaves, "", arrives)
        for at, (host, came, leaves, arrives) in enumerate(stations)
    )


NARROW = way(("a", 0, 1500, "yes"), ("gate", 1500, 1400, "yes"), ("b", 1400, 1500, "no"), ("c", 1500, 0, "no"))
MISMATCH = way(("a", 0, 1500, "yes"), ("gate", 1500, 1500, "yes"), ("b", 1400, 1500, "no"), ("c", 1500, 0, "no"))


def test_the_router_with_the_narrow_link_should_have_said_so() -> None:
    assert silent(NARROW, 1401) == 1
    assert silent(NARROW, 1400) == -1
    assert silent(MISMATCH, 1401) == -1
    own = way(("a", 0, 1400, "yes"), ("b", 1500, 0, "no"))
    assert silent(own, 1401) == -1, "its own kernel says that to the source"
    assert silent(own, 1401, routers_from=0) == 0, "but of a pod it is the first router"
    behind = way(("a", 0, 1500, "yes"), ("b", 1500, 1500, "no"), ("c", 1500, 1300, "no"))
    assert silent(behind, 1401) == -1, "large packets do not come as far"
    unknown = way(("a", 0, 1500, "yes"), ("b", 1500, 1400, "unknown"), ("c", 1400, 0, "no"))
    assert silent(unknown, 1401) == 1


TOLD = PathMtu("a", "10.0.0.9", 1500, True, 1400, 1401, "", 0)


def test_they_vanish_before_the_first_that_does_not_get_them() -> None:
    assert first_missing(MISMATCH) == 2
    found = gap(replace(TOLD, links=MISMATCH), 2)
    assert (found.before_host, found.before_interface, found.before_mtu) == ("gate", "out1", 1500)
    assert (found.after_host, found.after_interface, found.after_mtu) == ("b", "in2", 1400)
    outside = way(("a", 0, 1500, "yes"), ("gate", 1500, 1500, "yes"))
    assert first_missing(outside) == 2
    found = gap(replace(TOLD, links=outside), 2)
    assert (found.before_host, found.after_host, found.after_mtu) == ("gate", "", 0)


@pytest.mark.parametrize(
    ("others", "host", "common"),
    [
        ((1500, 1500), "b", 1500),
        ((1400, 1400, 1500), "gate", 1400),
        ((), "b", 1500),
        ((1400, 1500), "b", 1500),
        ((9000,), "b", 1500),
    ],
)
def test_the_odd_one_is_not_like_its_neighbours(others: tuple[int, ...], host: str, common: int) -> None:
    named = gap(replace(TOLD, links=MISMATCH), 2)
    found = odd_one(named, [Neighbour(f"n{at}", mtu) for at, mtu in enumerate(others)])
    assert (found.odd_host, found.common_mtu) == (host, common)
    assert found.odd_mtu == (1400 if host == "b" else 1500)


def hit(text: str, verdict: str = "DROP", table: str = "filter") -> Hit:
    spec = words_of(text)
    return Hit(table, "OUTPUT", 1, text, spec, verdict, 10, False)


@pytest.mark.parametrize(
    ("text", "verdict", "drops"),
    [
        ("-p icmp -m icmp --icmp-type 3/4 -j DROP", "DROP", True),
        ("-p icmp -m icmp --icmp-type 3 -j REJECT", "REJECT", True),
        ("-p icmp -m icmp --icmp-type any -j DROP", "DROP", True),
        ("-p icmp -j DROP", "DROP", True),
        ("-j DROP", "DROP", True),
        ("-p icmp -m icmp --icmp-type 8 -j DROP", "DROP", False),
        ("-m length --length 1401:65535 -j DROP", "DROP", False),
        ("-p icmp -m icmp --icmp-type 3/4 -j ACCEPT", "ACCEPT", False),
    ],
)
def test_which_rules_drop_the_answer(text: str, verdict: str, drops: bool) -> None:
    assert drops_the_answer(hit(text, verdict)) is drops


def firewall(host: str, packets: int) -> Firewall:
    text = "-A OUTPUT -p icmp -m icmp --icmp-type 3/4 -j DROP"
    spec = words_of(text)[2:]
    return Firewall(
        host, "iptables-nft", (FirewallRule("filter", "OUTPUT", 1, text, spec, "DROP", packets, 0),), ()
    )


def test_the_first_on_the_way_back_that_counted_them() -> None:
    before = {host: firewall(host, 0) for host in ("a", "gate")}
    after = {"a": firewall("a", 20), "gate": firewall("gate", 2)}
    assert dropping(["gate", "a"], before, after, 20)[0] == "a"
    assert dropping(["gate", "a"], before, {**after, "gate": firewall("gate", 19)}, 20)[0] == "gate"
    assert dropping(["gate", "a"], before, {"gate": firewall("gate", 2)}, 20) == ("", ())
    assert not vanished(rung(1500, 0, "10.0.0.1"))


LINKS = """[{"ifname":"eth0","flags":["UP"],"mtu":1500},
{"ifname":"flannel.1","flags":["UP"],"mtu":1450,"linkinfo":{"info_kind":"vxlan","info_data":{"id":1}}},
{"ifname":"gnv0","flags":["UP"],"mtu":1430,"linkinfo":{"info_kind":"geneve","info_data":{"remote6":"2001:db8::9"}}},
{"ifname":"vxlan9","flags":[],"mtu":1450,"linkinfo":{"info_kind":"vxlan","info_data":{"remote":"10.0.0.9"}}}]"""
TABLE = """[{"mac":"0a:f4:02:00:00:01","dst":"10.0.0.34"},{"mac":"33:33:00:00:00:01","dst":"239.1.1.1"},
{"mac":"00:00:00:00:00:00","dst":"10.0.0.34"},{"mac":"33:33:00:00:00:01","flags":["self"]}]"""


def test_tunnels_and_their_far_ends() -> None:
    flannel, geneve = parse_tunnels(LINKS)
    assert (flannel, geneve) == (
        Tunnel("flannel.1", "vxlan", 1450, ""),
        Tunnel("gnv0", "geneve", 1430, "2001:db8::9"),
    )
    assert far_ends(flannel, TABLE) == ("10.0.0.34",)
    assert far_ends(geneve, "[]") == ("2001:db8::9",)
    assert (needed(flannel, "10.0.0.34"), needed(geneve, "2001:db8::9")) == (1500, 1500)
    with pytest.raises(UnreadableOutput):
        parse_tunnels('[{"ifname":"a","flags":["UP"],"linkinfo":{"info_kind":"vxlan"},"mtu":1e99}]')
    with pytest.raises(UnreadableOutput):
        far_ends(flannel, '[{"dst":7}]')


# ------------------------------------------------------------------ recorded on the lab


async def mtu(fault: str) -> PathMtu:
    facts = (await replayed(fault, "path.mtu")).facts
    assert isinstance(facts, PathMtu)
    return facts


async def test_a_narrower_network_that_says_so_is_no_fault() -> None:
    facts = await mtu("")
    assert (facts.largest, facts.lost, facts.told_by, facts.told_mtu) == (1450, 0, "192.168.200.106", 1450)
    assert facts.links == ()


async def test_the_rule_that_drops_what_a_router_says() -> None:
    facts = await mtu("mtu-icmp-dropped")
    assert (facts.largest, facts.lost, facts.silent_at, facts.silent_mtu) == (1400, 1401, "openstack-host", 1400)
    assert (facts.hits_host, facts.hits[0].chain, facts.hits[0].position) == ("openstack-host", "OUTPUT", 1)
    assert [one.host for one in facts.links] == ["controller", "openstack-host", "kubernetes-host", "master"]
    assert [one.large_arrive for one in facts.links] == ["yes", "yes", "no", "no"]
    assert [one.out_mtu for one in facts.links] == [1500, 1400, 1500, 0]


async def test_two_ends_of_a_network_that_do_not_agree() -> None:
    facts = await mtu("mtu-mismatch")
    assert (facts.silent_at, facts.odd_host, facts.odd_mtu, facts.common_mtu) == ("", "kubernetes-host", 1400, 1500)
    assert (facts.before_host, facts.after_host) == ("openstack-host", "kubernetes-host")


async def test_a_tunnel_over_a_network_that_takes_less() -> None:
    facts = await mtu("mtu-blackhole")
    assert (facts.largest, facts.before_interface, facts.before_kind) == (1400, "flannel.1", "vxlan")
    assert (facts.odd_host, facts.silent_at, facts.after_host) == ("", "", "k8s-worker-2")
    evidence = await replayed("mtu-blackhole", "path.tunnel_mtus")
    assert evidence.facts is not None
    (tunnel,) = evidence.facts.tunnels  # type: ignore[attr-defined]
    assert (tunnel.needs, tunnel.remote, tunnel.largest, tunnel.lost) == (1500, "10.0.0.34", 1450, 1451)
