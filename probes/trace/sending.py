"""Sends our packets, from a host or from the network namespace of a pod on it, and says what came back."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from probes.errors import CommandFailed
from probes.node.dns_message import FRESH, question
from probes.node.tries import ARRIVED, Try, outcomes
from probes.path import burst
from probes.path.burst import Pinging
from probes.path.ping import INTERVAL, PingOutput, parse_ping, send_ping
from probes.probe import Toolbox
from probes.site import target_of
from probes.trace.marks import Mark

_LANES = 10
"""Pings at the same time: 20 packets leave in 0.2 s, and so short is the silence before them as well."""
LINGER = 0.3
"""Seconds after the last packet left until it is counted everywhere."""
_SPREAD = 0.4
"""Seconds in which connections and questions leave: each is a process of its own, on a machine that may be busy."""
_CONNECTING = 1.3
"""Seconds a connection has: its kernel asks a second time after one."""
COMMANDS = (*burst.COMMANDS, "ping -n -c", "ping -n -M do -c")


@dataclass(frozen=True, slots=True)
class Answered:
    sent: int
    received: int
    refused: int
    """Of the received: the target said that nobody listens."""
    error: str
    """What most of the others ended with, as in Ping."""
    error_from: str


def seconds_to_send(mark: Mark, packets: int) -> float:
    """Until the last packet has left and been counted."""
    if mark.protocol != "icmp":
        return _SPREAD + LINGER
    return (math.ceil(packets / _LANES) - 1) * INTERVAL + LINGER


async def send(toolbox: Toolbox, source: str, target: str, mark: Mark, packets: int, pod: str = "") -> Answered:
    """`pod` is the address of the pod that sends. ProbeError when nothing can be sent from there."""
    if mark.protocol == "icmp":
        return pinged(await _ping(toolbox, source, target, mark, packets, pod))
    connection = toolbox.connection(target_of(source))
    message = question(f"deadhop-{FRESH}.invalid") if mark.protocol == "udp" else ""
    one = Try(mark.protocol, target, mark.port, message, _CONNECTING if mark.protocol == "tcp" else 0.0)
    ends = await outcomes(connection, [one] * packets, pod)
    if set(ends) == {"failed"}:
        hint = "has it an IPv6 address? `ip -6 addr`" if ":" in target else "bash is needed there"
        raise CommandFailed(f"{connection.target}: nothing could be sent from there", hint=hint)
    return tried(ends)


async def _ping(
    toolbox: Toolbox, source: str, target: str, mark: Mark, packets: int, pod: str
) -> Sequence[PingOutput]:
    lanes = [len(range(lane, packets, _LANES)) for lane in range(min(_LANES, packets))]
    pings = [Pinging(target, mark.size, count) for count in lanes]
    said = await burst.burst(toolbox.connection(target_of(source)), pings, uncut=mark.uncut, pod=pod)
    if not burst.is_older(said):
        return [parse_ping(text, text, count) for text, count in zip(said, lanes, strict=True)]
    ones = (send_ping(toolbox, source, target, count, mark.size, pod, uncut=mark.uncut) for count in lanes)
    return await asyncio.gather(*ones)


def pinged(lanes: Sequence[PingOutput]) -> Answered:
    said = Counter((one.error, one.error_from) for one in lanes if one.error)
    error, sender = said.most_common(1)[0][0] if said else ("", "")
    return Answered(sum(one.sent for one in lanes), sum(one.received for one in lanes), 0, error, sender)


_ERRORS = {"unreachable": "host-unreachable", "prohibited": "prohibited", "failed": "failed"}


def tried(ends: Sequence[str]) -> Answered:
    """Of connections and questions. A refusal is an answer of the target: it arrives."""
    refused = sum(end == "refused" for end in ends)
    arrived = refused + sum(end in ARRIVED for end in ends)
    said = Counter(_ERRORS[end] for end in ends if end in _ERRORS)
    return Answered(len(ends), arrived, refused, said.most_common(1)[0][0] if said else "", "")
