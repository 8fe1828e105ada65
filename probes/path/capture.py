"""A short capture of our own packets as they come in: the source address after NAT, and who brought them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass

from probes.connection import Command, Connection
from probes.linux.ask import why_no_answer
from probes.linux.fields import is_address
from probes.path.send import MARK, Sent, longest, send
from probes.probe import Toolbox
from probes.site import target_of

COMMANDS = tuple(f"timeout {seconds} tcpdump -pnlei any -c" for seconds in range(1, 10))
_ENOUGH = 4
"""Lines: a packet shows once on each layer it passes (NIC, bridge, bond), we want the one with addresses."""
_LISTENING = "listening on"
_PATIENCE = 1
"""Seconds to wait for a capture to begin: through a console or sudo that takes a while."""
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


def packet_filter(target: str, port: int = 0, *, udp: bool = False) -> str:
    """Our pings by their size (a DNAT on the way may have changed the address), or SYNs to the port."""
    if udp:
        return f"inbound and udp dst port {port} and dst host {target}"
    six = ipaddress.ip_address(target).version == 6
    if port:
        syn = "" if six else " and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn"
        return f"inbound and tcp dst port {port} and dst host {target}{syn}"
    if six:
        return f"inbound and icmp6 and ip6[40] = 128 and ip6[4:2] = {_ICMP_HEADER + MARK}"
    return f"inbound and icmp[icmptype] = icmp-echo and ip[2:2] = {_IPV4_HEADER + _ICMP_HEADER + MARK}"


async def capture(
    connection: Connection,
    target: str,
    seconds: int,
    layer3: Collection[str],
    port: int = 0,
    listening: asyncio.Event | None = None,
    *,
    udp: bool = False,
) -> Sighting:
    """Looks for at most so many seconds; NOTHING when nothing came or when capturing is not possible there.
    `listening` is set as soon as packets are seen, or never will be."""
    wanted = packet_filter(target, port, udp=udp)
    argv = ("timeout", str(seconds), "tcpdump", "-pnlei", "any", "-c", str(_ENOUGH), wanted)
    listening = listening or asyncio.Event()

    def heard(text: str) -> None:
        if _LISTENING in text:
            listening.set()

    command = Command(argv=argv, sudo=True, timeout=seconds + 2, alone=True, on_output=heard)
    try:
        reply = await connection.run(command)
        if why_no_answer(reply, command, connection.target, ok=None):
            return NOTHING
        return best(parse_capture(reply.stdout), layer3)
    finally:
        listening.set()


async def watch_and_send(
    toolbox: Toolbox,
    watchers: Mapping[str, Collection[str]],
    source: str,
    target: str,
    packets: int,
    port: int = 0,
    *,
    udp: bool = False,
) -> tuple[Sent, dict[str, Sighting]]:
    """Sends once every watcher listens (or has had a second to), and tells what each of them saw. `watchers` maps
    hosts to their interfaces with addresses."""
    ears = {host: asyncio.Event() for host in watchers}
    seconds = longest(packets) + _PATIENCE
    seen, sent = await asyncio.gather(
        asyncio.gather(
            *(
                capture(toolbox.connection(target_of(host)), target, seconds, watchers[host], port, ear, udp=udp)
                for host, ear in ears.items()
            )
        ),
        _send_when_heard(ears.values(), send(toolbox, source, target, packets, port, udp=udp)),
    )
    return sent, dict(zip(ears, seen, strict=True))


async def _send_when_heard(ears: Iterable[asyncio.Event], sending: Coroutine[None, None, Sent]) -> Sent:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for ear in ears:
                await ear.wait()
    return await sending


def parse_capture(text: str) -> tuple[Sighting, ...]:
    """Incoming packets of `tcpdump -ne -i any`, SLL and SLL2."""
    found = (_LINE.match(line) for line in text.splitlines())
    return tuple(
        Sighting(line["source"], line["interface"] or "", line["mac"] or "", line["direction"] == "In")
        for line in found
        if line and is_address(line["source"])
    )


def best(sightings: tuple[Sighting, ...], layer3: Collection[str]) -> Sighting:
    """The one on an interface with addresses, else one addressed to us, else the first."""
    ranked = sorted(sightings, key=lambda one: (not (one.ours and one.interface in layer3), not one.ours))
    return ranked[0] if ranked else NOTHING
