"""Counters and sysctls as the kernel prints them."""

from __future__ import annotations

import pytest

from probes.errors import UnreadableOutput
from probes.linux import proc
from probes.linux.load import parse_began, parse_table
from tests.probes.recorded import recorded


def test_counters_have_nstats_names() -> None:
    counters = proc.parse_counters(recorded("counters"))
    assert (counters["IpInReceives"], counters["IpForwDatagrams"], counters["IcmpInEchos"]) == (9, 0, 2)
    assert (counters["TcpExtIPReversePathFilter"], counters["TcpMaxConn"]) == (0, -1)
    assert "IpExtInNoRoutes" in counters


def test_growth_adds_up_and_misses_nothing_a_kernel_does_not_have() -> None:
    before, after = {"IpOutNoRoutes": 3, "IpExtInNoRoutes": 1}, {"IpOutNoRoutes": 5, "IpExtInNoRoutes": 2}
    assert proc.growth(before, after, "IpOutNoRoutes", "IpExtInNoRoutes", "TcpExtNotThere") == 3


@pytest.mark.parametrize("text", ["", "Ip: A B\nIp: 1\n", "Ip: A\nTcp: 1\n", "Ip: A\nIp: x\n"])
def test_broken_counters_are_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        proc.parse_counters(text)


def test_sysctls() -> None:
    names = ("net.ipv4.ip_forward", "net.ipv4.conf.virbr10.rp_filter", "net.ipv4.tcp_rmem", "net.ipv4.not_there")
    assert proc.parse_sysctls(names, recorded("sysctls")) == {
        "net.ipv4.ip_forward": "1",
        "net.ipv4.conf.virbr10.rp_filter": "0",
        "net.ipv4.tcp_rmem": "4096 131072 33554432",
    }


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.100/rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
        ("net.ipv4.conf.eth0/100.rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
    ],
)
def test_sysctl_names_are_read_as_sysctl_reads_them(name: str, file: str) -> None:
    assert proc.sysctl_file(name) == file


def test_a_line_without_its_file_is_refused() -> None:
    with pytest.raises(UnreadableOutput):
        proc.parse_sysctls(["net.ipv4.ip_forward"], "1\n")


def test_martians_are_summed_over_processors() -> None:
    names = "entries  in_hit in_slow_tot in_slow_mc in_no_route in_brd   in_martian_dst in_martian_src out_hit"
    rows = "0000004c 00000000 00002e04 0000000a 00001677 00000000 00000001 0000000f 00000155\n" * 2
    assert proc.parse_martians(f"{names}\n{rows}") == {"InMartianSrc": 30, "InMartianDst": 2}


@pytest.mark.parametrize("text", ["entries in_hit\n00 00", "entries in_martian_dst in_martian_src\n00 00"])
def test_other_route_statistics_are_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        proc.parse_martians(text)


TABLE = {"net/netfilter/nf_conntrack_count": "262144", "net/netfilter/nf_conntrack_max": "262144"}
FLOW = "ipv4     2 tcp      6 7190 ESTABLISHED src={} dst=203.0.113.1 sport=1024 dport=443 src=203.0.113.1 dst={}"


def test_the_table_of_connections_and_who_fills_it() -> None:
    assert parse_table(TABLE) == (262144, 262144, 0)
    assert parse_table({}) == (0, 0, 0), "a kernel that tracks nothing"
    flows = [FLOW.format(one, one) for one in ("10.0.0.1", "10.0.0.2", "10.0.0.2", "fd00::3")]
    assert parse_began("\n".join([*flows, "something else"])) == ("10.0.0.2", 50)
    assert parse_began("") == ("", 0)


@pytest.mark.parametrize("count", ["", "many", "1.5"])
def test_a_table_of_another_form_is_refused(count: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_table(TABLE | {"net/netfilter/nf_conntrack_count": count})
