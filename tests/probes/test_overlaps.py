"""Which networks cannot both be reached, and which only look so."""

from __future__ import annotations

import pytest

from probes.cluster.networks import parse_subnets
from probes.linux.facts import Address, Link
from probes.path.facts import Held
from probes.path.overlaps import clash, held_by, overlapping


def held(kind: str, network: str, where: str = "a", name: str = "x", *, idle: bool = False) -> Held:
    return Held(network, kind, where, name, "", idle)


def address(interface: str, text: str, up: bool = True) -> Address:
    ip, _, prefix = text.partition("/")
    return Address(interface, ip, int(prefix), "global", "inet", up)


def link(name: str, master: str = "") -> Link:
    return Link(name, "UP", True, 1500, "", master, "", 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (held("docker", "192.168.200.0/25"), held("subnet", "192.168.200.0/24", "lab")),
        (held("docker", "10.0.0.0/24"), held("host", "10.0.0.0/24", "b")),
        (held("docker", "172.17.0.0/16"), held("host", "172.17.5.0/24")),
        (held("libvirt", "192.168.122.0/24", idle=True), held("subnet", "192.168.122.0/24", "lab")),
        (held("libvirt", "192.168.0.0/16"), held("host", "192.168.7.0/24", "b")),
        (held("pods", "10.0.0.0/16", "k"), held("subnet", "10.0.0.0/24", "lab")),
        (held("pods", "10.0.0.0/8", "k"), held("services", "10.96.0.0/12", "k")),
        (held("services", "10.96.0.0/12", "k"), held("host", "10.100.0.0/16")),
        (held("host", "10.0.0.0/16"), held("subnet", "10.0.0.0/24", "lab")),
    ],
)
def test_networks_that_hide_each_other(one: Held, other: Held) -> None:
    assert clash(one, other)
    assert clash(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (held("docker", "172.17.0.0/16"), held("docker", "172.17.0.0/16", "b")),
        (held("docker", "172.17.0.0/16"), held("libvirt", "172.17.0.0/16", "b")),
        (held("libvirt", "192.168.100.0/24"), held("host", "192.168.100.0/24", "guest")),
        (held("host", "10.0.0.0/24"), held("subnet", "10.0.0.0/24", "lab")),
        (held("host", "10.0.0.0/24"), held("host", "10.0.0.0/24", "b")),
        (held("subnet", "10.0.0.0/24", "lab"), held("subnet", "10.0.0.0/16", "lab")),
        (held("pods", "10.244.0.0/16", "k"), held("pods", "10.244.0.0/16", "other")),
        (held("pods", "10.244.0.0/16", "k"), held("services", "10.96.0.0/12", "k")),
        (held("docker", "172.17.0.0/16"), held("host", "fd00::/64")),
    ],
)
def test_networks_that_do_not(one: Held, other: Held) -> None:
    assert not clash(one, other)
    assert not clash(other, one)


def test_what_can_be_changed_is_named_first() -> None:
    subnet = held("subnet", "10.0.0.0/24", "lab")
    found = overlapping([subnet, held("pods", "10.0.0.0/16", "k"), held("docker", "10.0.0.0/25")])
    assert [(pair.one.kind, pair.other.kind) for pair in found] == [
        ("docker", "subnet"),
        ("docker", "pods"),
        ("pods", "subnet"),
    ]


def test_what_a_host_is_on() -> None:
    own = [
        address("lo", "127.0.0.1/8"),
        address("eth0", "10.0.0.5/24"),
        address("eth0", "192.168.200.106/32"),
        address("docker0", "172.17.0.1/16"),
        address("br-0123456789ab", "172.18.0.1/16"),
        address("virbr0", "192.168.122.1/24"),
        address("cni0", "10.244.1.1/24"),
        address("eth1", "10.9.0.5/24", up=False),
    ]
    cards = [link("eth0"), link("docker0"), link("virbr0"), link("vnet0", "virbr0")]
    assert [(one.network, one.kind, one.name, one.idle) for one in held_by("a", own, cards)] == [
        ("10.0.0.0/24", "host", "eth0", True),
        ("172.17.0.0/16", "docker", "docker0", True),
        ("172.18.0.0/16", "docker", "br-0123456789ab", True),
        ("192.168.122.0/24", "libvirt", "virbr0", False),
    ]


def test_what_kubeadm_was_told() -> None:
    text = "networking:\n  podSubnet: 10.244.0.0/16,fd00::/56\n  serviceSubnet: 10.96.0.0/12\n"
    assert parse_subnets(text) == (("10.244.0.0/16", "fd00::/56"), ("10.96.0.0/12",))
    assert parse_subnets("podSubnet: none\n") == ((), ())
