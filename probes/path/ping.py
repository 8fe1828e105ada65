"""path.ping, and the parser of what iputils (2021 to 2024) and busybox print."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import AccessDenied, CommandFailed, HostUnreachable, UnreadableOutput
from probes.exchange import Reply
from probes.linux.fields import is_address
from probes.node.tries import reply_from
from probes.path.facts import Ping
from probes.path.networks import plain
from probes.probe import Toolbox, probe
from probes.site import target_of

INTERVAL = 0.2
"""Seconds between packets; what every ping allows a plain user."""
_WAIT = 1
_STATISTICS = re.compile(r"([0-9]{1,9}) packets transmitted, ([0-9]{1,9}) (?:packets )?received")
_RTT = re.compile(r"(?:rtt|round-trip) min/avg/max(?:/mdev)? = [\d.]+/([0-9]{1,9}(?:\.[0-9]{1,9})?)/")
_FROM = re.compile(r"From (?:\S+ \()?(?P<sender>[0-9A-Fa-f.:]+?)\)?:? icmp_seq=\d+ (?P<words>.+)")
NO_SOCKET = re.compile(r"socket: |missing cap_net_raw|are you root")
PINGS_OTHERWISE = "invalid number"
_BUSYBOX_ERROR = re.compile(r"warning: got ICMP (?P<type>\d+)")

_ERRORS = (  # what a router says, in the words of iputils
    ("Port Unreachable", "port-unreachable"),
    ("Port unreachable", "port-unreachable"),
    ("Packet filtered", "prohibited"),
    ("Prohibited", "prohibited"),
    ("prohibited", "prohibited"),
    ("Frag needed", "frag-needed"),
    ("Packet too big", "frag-needed"),
    ("Time to live exceeded", "ttl-exceeded"),
    ("Time exceeded", "ttl-exceeded"),
    ("Host Un", "host-unreachable"),
    ("Address unreachable", "host-unreachable"),
    ("Destination Net Un", "net-unreachable"),
    ("Destination unreachable: No route", "net-unreachable"),
    ("Destination", "host-unreachable"),
)
_OWN_ERRORS = (  # what the source's own kernel says
    ("Network is unreachable", "no-route"),
    ("No route to host", "no-route"),
    ("Invalid argument", "no-route"),  # a blackhole route
    ("essage too long", "frag-needed"),
    ("Operation not permitted", "prohibited"),  # dropped on the way out by its own firewall
    ("Do you want to ping broadcast", "prohibited"),  # iputils' guess at a `prohibit` route
    ("Permission denied", "prohibited"),
)


@dataclass(frozen=True, slots=True)
class PingOutput:
    sent: int
    received: int
    error: str
    error_from: str
    """Whoever sent the error, the source itself included."""
    rtt_ms: float


@probe("path.ping", commands=("ping -n -c",), timeout=15.0, target="address", count="count")
async def ping(host: str, toolbox: Toolbox, target: str, count: int = 5) -> Ping:
    """Sends echo requests and says who answered, or who refused."""
    result = await send_ping(toolbox, host, target, min(max(count, 1), 50))
    own = result.error_from and result.error_from in await toolbox.addresses_of(host)
    error_from = "" if own else result.error_from
    return Ping(host, target, result.sent, result.received, result.error, error_from, result.rtt_ms)


async def send_ping(
    toolbox: Toolbox, source: str, target: str, count: int, size: int = 56, pod: str = "", *, uncut: bool = False
) -> PingOutput:
    """One ping run of at most `count` packets of `size` bytes; takes (count - 1) / 5 + 1 s when nobody answers.
    `pod` is the address of a pod on the source, out of whose network they are sent; `uncut` sets DF."""
    reply = await run_ping(toolbox.connection(target_of(source)), target, count, size, uncut=uncut, pod=pod)
    return parse_ping(reply.stdout, reply.stderr, count)


async def run_ping(
    connection: Connection, target: str, count: int, size: int, *, uncut: bool = False, pod: str = ""
) -> Reply:
    """What ping says. `uncut` sets DF, which busybox cannot. AccessDenied when it may not send."""
    reply = await _ping(connection, target, count, size, str(INTERVAL), uncut=uncut, pod=pod)
    if PINGS_OTHERWISE in reply.stderr:  # busybox before 1.34 knows whole seconds only
        reply = await _ping(connection, target, count, size, "1", uncut=uncut, pod=pod)
    refuse_without_socket(connection.target.removeprefix("host:"), reply.stderr)
    return reply


def refuse_without_socket(source: str, said: str) -> None:
    """AccessDenied when ping says that it may not send."""
    if NO_SOCKET.search(said):
        raise AccessDenied(f"{source}: ping may not open its socket", hint="give ping cap_net_raw, or use sudo")


async def _ping(
    connection: Connection, target: str, count: int, size: int, interval: str, *, uncut: bool, pod: str
) -> Reply:
    """Without -w: with it iputils goes on past `count` until the deadline as long as errors come."""
    whole = ("-M", "do") if uncut else ()
    argv = ("ping", "-n", *whole, "-c", str(count), "-i", interval, "-W", str(_WAIT), "-s", str(size), target)
    return await reply_from(connection, pod, *argv, ok=(0, 1, 2), seconds=count * float(interval) + _WAIT + 3)


def parse_ping(stdout: str, stderr: str, count: int) -> PingOutput:
    """Both streams of a ping that wanted to send `count` packets. UnreadableOutput when they say nothing known."""
    statistics = _STATISTICS.search(stdout)
    error, sender = _refusal(stdout, stderr)
    if statistics is None:
        if "Cannot assign requested address" in stderr:
            raise CommandFailed("the host has no address that it could send there from", hint="is IPv6 off there?")
        if not error:
            raise UnreadableOutput(
                f"ping said neither statistics nor a known error: {(stderr or stdout).strip()[:120]!r}",
                hint="iputils' or busybox' ping is needed there",
            )
        return PingOutput(count, 0, error, sender, 0.0)
    sent, received = int(statistics[1]), int(statistics[2])
    rtt = _RTT.search(stdout)
    return PingOutput(sent, received, error, sender, float(rtt[1]) if rtt else 0.0)


def _refusal(stdout: str, stderr: str) -> tuple[str, str]:
    """The first error and its sender. Redirects are advice, not errors."""
    for line in stdout.splitlines():
        found = _FROM.match(line)
        found = found if found and is_address(found["sender"]) else None
        error = _named(found["words"], _ERRORS) if found else ""
        if found and error:
            return error, found["sender"]
    own = _named(stderr, _OWN_ERRORS) or _named(stdout, (("local error", "frag-needed"),))
    if not own and (found := _BUSYBOX_ERROR.search(stderr)):
        own = {"3": "host-unreachable", "11": "ttl-exceeded"}.get(found["type"], "")
    return own, ""


def _named(words: str, names: tuple[tuple[str, str], ...]) -> str:
    if "Redirect" in words:
        return ""
    return next((name for part, name in names if part in words), "")


@probe("path.ping_host", commands=("ping -n -c",), timeout=15.0, peer="host", count="count")
async def ping_host(host: str, toolbox: Toolbox, peer: str, count: int = 5) -> Ping:
    """The same towards another host of the site, by the address the site knows it under."""
    usable = plain(await toolbox.addresses_of(peer))
    if not usable:
        raise HostUnreachable(f"no address of {peer} is known", hint="give it `addresses` in site.yaml")
    return await ping(host, toolbox, usable[0], count)
