"""What is read from what a host prints of sizes by TCP and UDP, and the program that prints it on this machine."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from probes.linux.facts import Firewall
from probes.linux.iptables import parse_iptables_save
from probes.node.dns_message import FRESH, padded
from probes.trace.facts import OwnSizes
from probes.trace.own_sizes import SIZED, Sent, by_size, headers, parse_sent, sizes_of

THERE, HERE = "10.0.0.9", "127.0.0.1"
TCP = """\
1 0 before ts mss:1448 pmtu:1500 after ts mss:1448 pmtu:1500 unacked:1 retrans:1/4
0 0 before ts mss:1448 pmtu:1500 after ts mss:1448 pmtu:1500
2 0 before mss:1460 pmtu:1500 after
3 1 bash: connect: Connection refused bash: line 1: /dev/tcp/10.0.0.9/22: Connection refused
4 124
5 0 before after
"""


def test_segments() -> None:
    """Acknowledged, waited for, answered by a reset; no connection, no time, and a socket that ss did not show."""
    found = parse_sent(TCP, "tcp", THERE, [1400, 1500, 1500, 576, 576, 576, 576])
    assert found[:3] == [Sent(1400, True, 1500), Sent(1500, False, 1500), Sent(1488, True, 1500)]
    assert [one.arrived for one in found[3:]] == [None] * 4


def test_a_segment_is_no_larger_than_the_kernels_agreed() -> None:
    (found,) = parse_sent("0 0 before ts mss:1348 after ts unacked:7", "tcp", THERE, [9000])
    assert found == Sent(1400, False, 1400)
    (found,) = parse_sent("0 0 before ts mss:1408 after ts", "tcp", "fd00::9", [1500])
    assert found == Sent(1480, True, 1480)


def test_datagrams() -> None:
    found = parse_sent("0 0\n1 124\n2 1 No route to host\n", "udp", THERE, [1500, 1500, 576])
    assert [one.arrived for one in found] == [True, False, None]


def test_where_a_kernel_refuses_silence_says_nothing() -> None:
    """It refuses six, and then one a second."""
    said = "0 1 dd: error reading 'standard input': Connection refused\n1 124\n2 0\n"
    found = parse_sent(said, "udp", THERE, [576, 1500, 1400])
    assert [one.arrived for one in found] == [True, None, True]


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        ([Sent(1500, True, 1500)], (1500, 0)),
        ([Sent(576, True), Sent(1500, False), Sent(1500, False)], (576, 1500)),
        ([Sent(576, True), Sent(1500, False)], (576, 0)),  # one try is none
        (
            [Sent(576, None), Sent(1500, False), Sent(1500, False)],
            (0, 0),
        ),  # of sizes nothing is known
        ([Sent(1400, True), Sent(1401, False), Sent(1401, False), Sent(1500, True)], (1500, 0)),
        ([], (0, 0)),
    ],
)
def test_what_tries_say_together(tried: list[Sent], expected: tuple[int, int]) -> None:
    found = sizes_of("tcp", 22, tried)
    assert (found.largest, found.lost) == expected


def _firewall(counts: dict[str, int]) -> Firewall:
    lines = "".join(f"[{number}:0] -A FORWARD {rule}\n" for rule, number in counts.items())
    text = f"*filter\n:FORWARD ACCEPT [0:0]\n{lines}COMMIT\n"
    tables = parse_iptables_save(text)
    return Firewall("fw", "iptables-nft", tables.rules, tables.policies)


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("-p tcp -m length --length 1450:65535 -j DROP", True),
        ("-p tcp -m conntrack --ctstate INVALID -j DROP", False),  # counts some on every busy host
        ("-m u32 --u32 0x0&0xffff=0x5aa:0xffff -j DROP", True),
        ("-p udp -m length --length 1450:65535 -j DROP", False),
        ("-p tcp -m length --length 1450:65535 -j ACCEPT", False),
        ("-p tcp -j DROP", False),  # small ones would end there too
    ],
)
def test_the_rule_looks_at_sizes(rule: str, named: bool) -> None:
    before, after = {"fw": _firewall({rule: 3})}, {"fw": _firewall({rule: 12})}
    host, hits = by_size(["gone", "fw"], before, after, "tcp")
    assert (host, len(hits)) == (("fw", 1) if named else ("", 0))
    assert by_size(["fw"], before, before, "tcp") == ("", ())


@pytest.mark.parametrize("size", [524, 1472, 8972])
def test_a_padded_question_is_a_dns_message(size: int) -> None:
    """Its fields as RFC 6891 and 7830 have them, read anew."""
    text, zeros = padded(f"deadhop-{FRESH}.invalid", size)
    message = bytes(
        int(one[2:], 8) if one.startswith("\\") else ord(one) for one in re.findall(r"\\0[0-7]{3}|.", text)
    )
    message += bytes(zeros)
    assert len(message) == size
    assert int.from_bytes(message[4:6]) == int.from_bytes(message[10:12]) == 1
    option = message.index(b"\0\0\x29") + 11
    length = int.from_bytes(message[option - 2 : option])
    assert (message[option : option + 2], len(message) - option) == (b"\0\x0c", length)
    assert int.from_bytes(message[option + 2 : option + 4]) == length - 4 == zeros


# ------------------------------------------------------------------ on this machine


def _tried(*tries: str) -> str:
    done = subprocess.run(["bash", "-c", SIZED, "sized", *tries], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes]]]:
    """Port of TCP that takes one connection and what it said."""
    said: list[bytes] = []
    with closing(socket.create_server((HERE, 0))) as listening:

        def serve() -> None:
            taken, _ = listening.accept()
            with taken:
                while part := taken.recv(65536):
                    said.append(part)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], said
        thread.join(10)


def test_a_request_that_asks_for_nothing(server: tuple[int, list[bytes]]) -> None:
    port, said = server
    text = _tried(f"tcp,{HERE},{port},1000")
    (found,) = parse_sent(text, "tcp", HERE, [1000 + headers("tcp", HERE)])
    assert found.arrived
    assert found.size == 1000 + headers("tcp", HERE)
    request = b"".join(said)
    assert len(request) == 1000
    assert re.fullmatch(rb"OPTIONS \* HTTP/1\.1\r\nHost: deadhop\r\n[^\r]+\r\nX-Padding: 0+\r\n\r\n", request)


def test_a_datagram_of_that_size() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((HERE, 0))
        listening.settimeout(10)
        port = listening.getsockname()[1]
        text, zeros = padded(f"deadhop-{FRESH}.invalid", 1400)
        running = subprocess.Popen(
            ["bash", "-c", SIZED, "sized", f"udp,{HERE},{port},{zeros},{text}"], stdout=subprocess.PIPE, text=True
        )
        message, sender = listening.recvfrom(65536)
        listening.sendto(b"any answer", sender)
        said, _ = running.communicate(timeout=10)
    assert len(message) == 1400
    assert b"deadhop-zzzz" not in message
    assert [one.arrived for one in parse_sent(said, "udp", HERE, [1428])] == [True]


def test_ports_where_nobody_listens() -> None:
    text = _tried(f"tcp,{HERE},1,600", f"udp,{HERE},1,9,x")
    assert [one.arrived for one in parse_sent(text, "tcp", HERE, [652])] == [None]
    assert parse_sent(text, "udp", HERE, [0, 600])[1].arrived
    assert sizes_of("tcp", 1, []) == OwnSizes("tcp", 1, 0, 0, 0)
