"""What ping, traceroute and tcpdump print. Recordings: iputils 20221126, traceroute 2.1.2, tcpdump 4.99."""

from __future__ import annotations

import pytest

from probes.errors import CommandFailed, UnreadableOutput
from probes.linux.facts import Address
from probes.path.capture import Sighting, best, packet_filter, parse_capture
from probes.path.facts import TraceHop
from probes.path.ping import PingOutput, parse_ping
from probes.path.ping_as import own_of
from probes.path.send import longest
from probes.path.traceroute import parse_tracepath, parse_traceroute
from tests.probes.recorded import recorded


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        ("ping-ok", PingOutput(5, 5, "", "", 0.540)),
        ("ping-port-unreachable", PingOutput(5, 0, "port-unreachable", "10.10.10.1", 0.0)),
        ("ping-net-unreachable", PingOutput(2, 0, "net-unreachable", "172.20.112.1", 0.0)),
        ("ping-host-unreachable", PingOutput(2, 0, "host-unreachable", "172.20.112.1", 0.0)),
        ("ping-ttl", PingOutput(1, 0, "ttl-exceeded", "172.20.112.1", 0.0)),
        ("ping-frag", PingOutput(1, 0, "frag-needed", "", 0.0)),
    ],
)
def test_ping(recording: str, expected: PingOutput) -> None:
    assert parse_ping(recorded(recording), "", expected.sent) == expected


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (recorded("ping-no-route"), "no-route"),
        ("connect: Network is unreachable\n", "no-route"),  # iputils before 2020 says no `ping:`
        ("ping: sendmsg: Operation not permitted\n", "prohibited"),
        ("ping: sendto: Network is unreachable\n", "no-route"),  # busybox
        ("ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n", "prohibited"),
        ("ping: connect: Invalid argument\n", "no-route"),
    ],
)
def test_the_source_itself_refuses(said: str, error: str) -> None:
    assert parse_ping("", said, 5) == PingOutput(5, 0, error, "", 0.0)


STATISTICS = "--- 10.0.0.9 ping statistics ---\n3 packets transmitted, 0 received, 100% packet loss, time 402ms\n"


@pytest.mark.parametrize(
    ("line", "error", "sender"),
    [
        ("From 10.0.0.1 icmp_seq=1 Packet filtered", "prohibited", "10.0.0.1"),
        ("From 10.0.0.1 icmp_seq=1 Destination Host Prohibited", "prohibited", "10.0.0.1"),
        ("From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)", "frag-needed", "10.0.0.1"),
        ("From gw.example (10.0.0.1) icmp_seq=1 Destination Net Unreachable", "net-unreachable", "10.0.0.1"),
        (
            "From 2001:db8::1 icmp_seq=1 Destination unreachable: Port unreachable",
            "port-unreachable",
            "2001:db8::1",
        ),
        ("From 2001:db8::1 icmp_seq=1 Destination unreachable: No route", "net-unreachable", "2001:db8::1"),
        (
            "From 2001:db8::1 icmp_seq=1 Destination unreachable: Address unreachable",
            "host-unreachable",
            "2001:db8::1",
        ),
        ("From 2001:db8::1 icmp_seq=1 Packet too big: mtu=1400", "frag-needed", "2001:db8::1"),
        ("From 10.0.0.1: icmp_seq=1 Redirect Host(New nexthop: 10.0.0.2)", "", ""),
    ],
)
def test_what_routers_say(line: str, error: str, sender: str) -> None:
    assert parse_ping(f"{line}\n{STATISTICS}", "", 3) == PingOutput(3, 0, error, sender, 0.0)


def test_duplicates_and_late_errors_do_not_confuse_the_numbers() -> None:
    text = (
        "64 bytes from 10.0.0.9: icmp_seq=1 ttl=64 time=0.1 ms\n"
        "64 bytes from 10.0.0.9: icmp_seq=1 ttl=64 time=0.2 ms (DUP!)\n"
        "From 10.0.0.1 icmp_seq=2 Destination Host Unreachable\n"
        "3 packets transmitted, 2 received, +1 duplicates, +1 errors, 33.3333% packet loss, time 402ms\n"
        "rtt min/avg/max/mdev = 0.100/0.150/0.200/0.050 ms, pipe 2\n"
    )
    assert parse_ping(text, "", 3) == PingOutput(3, 2, "host-unreachable", "10.0.0.1", 0.150)


def test_busybox() -> None:
    text = (
        "PING 10.0.0.9 (10.0.0.9): 56 data bytes\n64 bytes from 10.0.0.9: seq=0 ttl=64 time=0.070 ms\n\n"
        "--- 10.0.0.9 ping statistics ---\n2 packets transmitted, 2 packets received, 0% packet loss\n"
        "round-trip min/avg/max = 0.070/0.080/0.090 ms\n"
    )
    assert parse_ping(text, "", 2) == PingOutput(2, 2, "", "", 0.080)


@pytest.mark.parametrize("text", ["", "ping: unknown host\n", "BusyBox v1.36 multi-call binary\n"])
def test_unknown_words_are_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_ping("", text, 5)


def test_traceroute() -> None:
    hops = parse_traceroute(recorded("traceroute"))
    assert hops == (
        TraceHop(1, "172.20.112.1", 0.448, ""),
        TraceHop(2, "10.10.10.1", 0.383, ""),
        TraceHop(3, "192.168.100.101", 0.692, ""),
    )
    assert parse_traceroute(recorded("traceroute-unreachable")) == (TraceHop(1, "172.20.112.1", 0.057, "!N"),)
    silent = "traceroute to 10.9.9.9 (10.9.9.9), 16 hops max\n 1  10.0.0.1  0.1 ms\n 2  *\n 3  *\n"
    assert parse_traceroute(silent) == (TraceHop(1, "10.0.0.1", 0.1, ""), TraceHop(2, "", 0.0, ""))


def test_tracepath() -> None:
    hops = parse_tracepath(recorded("tracepath"))
    assert [(hop.ttl, hop.address, hop.rtt_ms) for hop in hops] == [
        (1, "172.20.112.1", 0.153),
        (2, "10.10.10.1", 0.222),
        (3, "192.168.100.101", 3.246),
    ]
    again = (
        " 1?: [LOCALHOST]   pmtu 1500\n 1:  10.0.0.1   0.2ms pmtu 1400\n 1:  10.0.0.1   0.3ms !H\n 2:  no reply\n"
    )
    assert parse_tracepath(again) == (TraceHop(1, "10.0.0.1", 0.3, "!H"), TraceHop(2, "", 0.0, ""))


def test_capture_prefers_the_interface_with_addresses() -> None:
    seen = parse_capture(recorded("tcpdump"))
    assert len(seen) == 4
    assert seen[0] == Sighting("10.10.10.2", "enp1s0", "52:54:00:c0:a8:01", False)
    assert best(seen, {"br-ex"}) == Sighting("10.10.10.2", "br-ex", "52:54:00:c0:a8:01", True)
    assert best((), {"br-ex"}).source == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (  # before 4.99 `any` is cooked v1: no interface (RHEL 8)
            "03:48:19.1  In 7e:ea:91:fa:ec:37 ethertype IPv4 (0x0800), length 105: 10.10.10.2 > 10.0.0.9: ICMP",
            Sighting("10.10.10.2", "", "7e:ea:91:fa:ec:37", True),
        ),
        (
            "03:48:19.1 wg0   In  ifindex 9 ethertype IPv4 (0x0800), length 80: 10.8.0.2.401 > 10.0.0.9.22: Fl",
            Sighting("10.8.0.2", "wg0", "", True),
        ),
        (
            "03:48:19.1 eth0  In  02:00:00:00:00:01 ethertype IPv6 (0x86dd), length 9: 2001:db8::2 > ::9",
            Sighting("2001:db8::2", "eth0", "02:00:00:00:00:01", True),
        ),
    ],
)
def test_capture_of_other_links(line: str, expected: Sighting) -> None:
    assert parse_capture(line) == (expected,)


def test_filters_name_only_our_packets() -> None:
    assert packet_filter("10.0.0.9") == "inbound and icmp[icmptype] = icmp-echo and ip[2:2] = 89"
    assert packet_filter("2001:db8::9") == "inbound and icmp6 and ip6[40] = 128 and ip6[4:2] = 69"
    assert packet_filter("10.0.0.9", 22).startswith("inbound and tcp dst port 22 and dst host 10.0.0.9 and tcp[")


def test_sending_is_over_soon() -> None:
    assert (longest(1), longest(10), longest(20), longest(100)) == (1, 2, 2, 6)


def test_the_address_that_pods_packets_would_have() -> None:
    def has(interface: str, address: str, up: bool = True) -> Address:
        return Address(interface, address, 24, "global", "inet6" if ":" in address else "inet", up)

    found = (
        has("eth0", "10.0.0.205"),
        has("flannel.1", "10.244.1.0"),
        has("old0", "10.244.9.1", up=False),
        has("cni0", "10.244.1.1"),
        has("cni0", "fe80::1"),
    )
    assert own_of(found, "10.244.0.0/16") == "10.244.1.1"
    assert own_of(found[:2], "10.244.0.0/16") == "10.244.1.0"
    assert own_of(found, "10.245.0.0/16") == ""


def test_a_host_without_an_address_to_send_from() -> None:
    said = "ping: connect: Cannot assign requested address\n"
    with pytest.raises(CommandFailed, match="no address that it could send there from"):
        parse_ping("", said, 3)
