"""A short capture of our own packets as they come in: the source address after NAT, and who brought them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.path.send import MARK

COMMANDS = tuple(f"timeout {seconds} tcpdump -pnlei any -c" for seconds in range(1, 10))
_ENOUGH = 4
"""Lines: a packet shows once on each layer it passes (NIC, bridge, bond), we want the one with addresses."""
_LINE = re.compile(
    r"\S+ +(?:(?P<interface>\S+) +)?(?P<direction>In|P|B|M) +(?:ifindex \d+ )?(?:(?P<mac>[0-9a-f:]{17}) )?"
    r"ethertype IPv[46] [^:]*: (?P<source>\d+(?:\.\d+){3}|[0-9a-f:]+)(?:\.\d+)? > "
)
_ICMP_HEADER, _IPV4_HEADER = 8, 20


@dataclass(frozen=True, slots=True)
class Sighting:
    source: str
    interface: str
    """Empty before tcpdump 4.99."""
    mac: str
    """Of whoever brought it; empty on links without."""
    ours: bool
    """Addressed to this machine, not overheard on a bridge port."""


NOTHING = Sighting("", "", "", False)


def packet_filter(target: str, port: int = 0) -> str:
    """Our pings by their size (a DNAT on the way may have changed the address), or SYNs to the port."""
    six = ipaddress.ip_address(target).version == 6
    if port:
        syn = "" if six else " and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn"
        return f"inbound and tcp dst port {port} and dst host {target}{syn}"
    if six:
        return f"inbound and icmp6 and ip6[40] = 128 and ip6[4:2] = {_ICMP_HEADER + MARK}"
    return f"inbound and icmp[icmptype] = icmp-echo and ip[2:2] = {_IPV4_HEADER + _ICMP_HEADER + MARK}"


async def capture(
    connection: Connection, target: str, seconds: int, layer3: Collection[str], port: int = 0
) -> Sighting:
    """Looks for at most so many seconds; NOTHING when nothing came or when capturing is not possible there."""
    argv = ("timeout", str(seconds), "tcpdump", "-pnlei", "any", "-c", str(_ENOUGH), packet_filter(target, port))
    try:
        seen = await ask(connection, *argv, sudo=True, ok=None, alone=True)
    except ProbeError:
        return NOTHING
    return best(parse_capture(seen), layer3)


def parse_capture(text: str) -> tuple[Sighting, ...]:
    """Incoming packets of `tcpdump -ne -i any`, SLL and SLL2."""
    found = (_LINE.match(line) for line in text.splitlines())
    return tuple(
        Sighting(line["source"], line["interface"] or "", line["mac"] or "", line["direction"] == "In")
        for line in found
        if line
    )


def best(sightings: tuple[Sighting, ...], layer3: Collection[str]) -> Sighting:
    """The one on an interface with addresses, else one addressed to us, else the first."""
    ranked = sorted(sightings, key=lambda one: (not (one.ours and one.interface in layer3), not one.ours))
    return ranked[0] if ranked else NOTHING
