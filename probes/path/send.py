"""Sends our own packets: pings of an unusual size, or TCP connection attempts."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import CommandFailed, CommandMissing
from probes.linux.ask import ask
from probes.node.dns_message import FRESH, question
from probes.node.tries import ARRIVED, TRY, Try, outcomes
from probes.path.ping import send_ping
from probes.probe import Toolbox
from probes.site import target_of

MARK = 61
"""Payload bytes of our echo requests: nobody else's ping has this size by default, so captures can tell."""
MOST = 100
_LANES = 4
"""Pings at the same time: 20 packets leave in 0.8 s though each ping keeps to 0.2 s between packets."""

_PYTHON = """\
import errno, select, socket, sys, time
family, _, _, _, place = socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_STREAM)[0]
waiting = []
for _ in range(int(sys.argv[3])):
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setblocking(False)
    if one.connect_ex(place) in (0, errno.EINPROGRESS):
        waiting.append(one)
opened, end = 0, time.monotonic() + 1
while waiting and time.monotonic() < end:
    for one in select.select([], waiting, [], max(end - time.monotonic(), 0))[1]:
        opened += not one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        waiting.remove(one)
        one.close()
print(opened)"""
_BASH = """\
for _ in $(seq "$2"); do
  timeout 1 bash -c ': <>"/dev/tcp/$0/$1"' "$0" "$1" 2>/dev/null && echo opened &
done
wait"""
COMMANDS = (
    "ping -n -c",
    shlex.join(("python3", "-c", _PYTHON)),
    shlex.join(("bash", "-c", _BASH)),
    "nc -z -w 1",
    TRY,
)
"""First words of everything `send` may run."""


@dataclass(frozen=True, slots=True)
class Sent:
    sent: int
    received: int
    """Echo replies, or connections that opened."""


async def send(
    toolbox: Toolbox, source: str, target: str, packets: int, port: int = 0, *, udp: bool = False
) -> Sent:
    """Sends about `packets` packets within a second; a second more for the last answer, with `udp` three."""
    packets = min(max(packets, 1), MOST)
    if udp:
        return await _ask_names(toolbox.connection(target_of(source)), target, port, packets)
    if port:
        return await _connect(toolbox.connection(target_of(source)), target, port, max(packets, 5))
    lanes = [len(range(lane, packets, _LANES)) for lane in range(min(_LANES, packets))]
    pings = await asyncio.gather(*(send_ping(toolbox, source, target, count, MARK) for count in lanes))
    return Sent(sum(ping.sent for ping in pings), sum(ping.received for ping in pings))


async def _ask_names(connection: Connection, target: str, port: int, packets: int) -> Sent:
    """DNS questions, the one thing by UDP that nearly every answer of use comes to."""
    tries = [Try("udp", target, port, question(f"deadhop-{FRESH}.invalid"))] * packets
    said = await outcomes(connection, tries)
    return Sent(packets, sum(one in ARRIVED for one in said))


def longest(packets: int) -> int:
    """Whole seconds after which `send` is done, whatever happens to the packets."""
    per_lane = -(-min(packets, MOST) // _LANES)
    return -(-((per_lane - 1) * 2 + 10) // 10)


async def _connect(connection: Connection, target: str, port: int, attempts: int) -> Sent:
    """With whichever program is there; python3 and bash need a single exec."""
    words = (target, str(port), str(attempts))
    try:
        opened = await ask(connection, "python3", "-c", _PYTHON, *words, alone=True)
        return Sent(attempts, int(opened))
    except (CommandMissing, CommandFailed, ValueError):  # none, too old, or chatty: the next one will do
        pass
    try:
        opened = await ask(connection, "bash", "-c", _BASH, *words, alone=True)
        return Sent(attempts, opened.count("opened"))
    except CommandMissing:
        return await _netcat(connection, target, port)


async def _netcat(connection: Connection, target: str, port: int) -> Sent:
    attempts = 5
    command = ("nc", "-z", "-w", "1", target, str(port))
    tries = (ask(connection, *command, ok=(0,), alone=True) for _ in range(attempts))
    done = await asyncio.gather(*tries, return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, CommandMissing):
            raise outcome
    return Sent(attempts, sum(isinstance(outcome, str) for outcome in done))
