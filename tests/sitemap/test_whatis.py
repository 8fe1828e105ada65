"""Addresses and names of a paste, told what they are."""

from __future__ import annotations

import pytest

from sitemap.lexicon import Lexicon
from sitemap.whatis import known_in
from tests.sitemap.samples import NODES, P1, PORTS, S1, S2, cloud, cluster, gathered, node, port


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(gathered())


@pytest.mark.parametrize(
    ("token", "means"),
    [
        ("10.244.1.7", "pod default/web-0 on w1 = server k8s-w1, port 3e6cb21a… on compute"),
        ("web-0", "pod default/web-0 on w1 = server k8s-w1, port 3e6cb21a… on compute"),
        ("10.0.0.5", "node w1 = server k8s-w1, port 3e6cb21a… on compute"),
        ("w1", "node w1 = server k8s-w1, port 3e6cb21a… on compute"),
        ("192.0.2.7", "node w2 = server k8s-w2, port 3e6cb21a… on compute2"),
        ("10.0.0.6", "fixed address of node w2 = server k8s-w2, port 3e6cb21a… on compute2"),
        ("172.20.0.9", "node m0"),
        (P1, "node w1 = server k8s-w1, port 3e6cb21a… on compute"),
        (S2, "node w2 = server k8s-w2, port 3e6cb21a… on compute2"),
        (PORTS[1].mac.upper(), "node w2 = server k8s-w2, port 3e6cb21a… on compute2"),
        ("10.0.0.2", "fixed address of port 3e6cb21a… (network:dhcp)"),
        ("192.0.2.8", "floating address that leads nowhere, DOWN"),
        ("10.96.0.7", "Service default/web"),
        ("203.0.113.80", "Service default/web"),
        ("web.default.svc", "Service default/web"),
        ("10.1.0.2", "host hv2"),
    ],
)
def test_what_it_is(lexicon: Lexicon, token: str, means: str) -> None:
    (known,) = known_in(f"error: dial {token}: refused", lexicon)
    assert (known.text, known.means.en) == (token, means)
    assert known.line.ko.startswith(f"{token} = ")


def test_a_paste_with_ports_networks_and_noise(lexicon: Lexicon) -> None:
    text = (
        "\x1b[31mE0101 dial tcp 10.244.1.7:8080->10.96.0.7:80: i/o timeout\x1b[0m (default/web-0) via 10.0.0.6/24"
    )
    assert [one.text for one in known_in(text, lexicon)] == ["10.244.1.7", "10.96.0.7", "default/web-0", "10.0.0.6"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('Get "http://10.96.0.7:80/x": EOF', "10.96.0.7"),
        ("Get https://web.default.svc:443/v2/ failed", "web.default.svc"),
        ("IP 10.244.1.7.54321 > 8.8.8.8.53: UDP", "10.244.1.7"),
        ("inet addr:10.0.0.5  Bcast:10.255.255.255", "10.0.0.5"),
        ("http://user@[10.0.0.6]/", "10.0.0.6"),
        ("tcp://10.96.0.7:6443/10.96.0.70", "10.96.0.7"),
    ],
)
def test_addresses_inside_urls_and_before_dotted_ports(lexicon: Lexicon, text: str, meant: str) -> None:
    assert [one.text for one in known_in(text, lexicon)] == [meant]


@pytest.mark.parametrize("text", ["110.244.1.70", "1.10.244.1.7", "version 10.244.1.77", "10.244.1"])
def test_parts_of_other_numbers_are_no_addresses(lexicon: Lexicon, text: str) -> None:
    assert known_in(text, lexicon) == ()


def test_an_ipv6_address_before_a_dotted_port() -> None:
    held = port(P1, S1, "compute", "fd00::7")
    six = Lexicon(gathered(clusters=(), clouds=(cloud(ports=(held,)),)))
    assert [one.text for one in known_in("IP6 fd00::7.54321 > fd00::9.53: UDP", six)] == ["fd00::7"]


def test_words_of_a_sentence_are_no_names(lexicon: Lexicon) -> None:
    assert known_in("the web of compute does not answer", lexicon) == ()
    assert known_in("203.0.113.99 and 10.0.0 are nothing", lexicon) == ()


def test_what_says_nothing_more_is_not_said(lexicon: Lexicon) -> None:
    assert known_in("the server m0 is host hv2, node m0", lexicon) == ()


def test_the_tap_of_a_port() -> None:
    alone = Lexicon(gathered(clouds=(cloud(ports=PORTS[:1]),), clusters=()))
    for card in ("tap3e6cb21a-00", "qvo3e6cb21a-00"):
        (known,) = known_in(f"{card}: link is down", alone)
        assert known.means.en == "server k8s-w1, port 3e6cb21a… on compute"


def test_two_that_have_one_address_are_both_said() -> None:
    twin = port("77777777-0000-4000-8000-000000000003", S2, "compute2", "10.0.0.5")
    found = known_in("ping 10.0.0.5", Lexicon(gathered(clusters=(), clouds=(cloud(ports=(*PORTS, twin)),))))
    assert [one.means.en for one in found] == [
        "fixed address = server k8s-w1, port 3e6cb21a… on compute",
        "fixed address = server k8s-w2, port 77777777… on compute2",
    ]


def test_who_said_it(lexicon: Lexicon) -> None:
    (known,) = known_in("10.244.1.7", lexicon)
    assert known.sources == ("cluster:k", "cloud:c")


def test_not_more_than_somebody_reads() -> None:
    nodes = [node(f"n-{number}", f"10.9.0.{number}") for number in range(1, 60)]
    many = Lexicon(gathered(clusters=(cluster((*NODES, *nodes)),)))
    assert len(known_in(" ".join(f"10.9.0.{number}" for number in range(1, 60)), many)) == 8


def test_a_name_finds_its_strip(lexicon: Lexicon) -> None:
    assert [strip.title for strip in lexicon.strips("10.244.1.7")] == ["w1"]
    assert lexicon.strips("nothing") == ()
    assert [strip.server.id for strip in lexicon.strips(S1)] == [S1]
