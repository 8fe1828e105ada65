"""path.traceroute: routers on the way as they answer, with whichever program is there."""

from __future__ import annotations

import re

from probes.connection import Command
from probes.errors import CommandMissing, ProbeTimeout, UnreadableOutput
from probes.linux.ask import ask, why_no_answer
from probes.linux.fields import is_address
from probes.path.facts import TraceHop, Traceroute
from probes.probe import Toolbox, probe
from probes.site import target_of

_HOPS = "16"
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_TRACEROUTE = re.compile(
    rf"\s*(?P<ttl>[0-9]{{1,3}})\s+(?:(?P<silent>\*)|(?P<address>[0-9A-Fa-f.:]+)\s+(?P<rtt>{_NUMBER}) ms"
    r"(?:\s+(?P<note>!\S*))?)"
)
_TRACEPATH = re.compile(
    rf"\s*(?P<ttl>[0-9]{{1,3}})\??:\s+(?:(?P<silent>no reply|send failed)|"
    rf"(?P<address>[0-9A-Fa-f.:]+)\s+(?P<rtt>{_NUMBER})ms"
    r"(?:\s+pmtu \d+)?(?:\s+(?P<note>!\S+|reached))?)"
)


@probe("path.traceroute", commands=("traceroute -n", "tracepath -n"), timeout=20.0, target="address")
async def traceroute(host: str, toolbox: Toolbox, target: str) -> Traceroute:
    """Which routers answer on the way to the target."""
    connection = toolbox.connection(target_of(host))
    try:
        text = await ask(
            connection, "traceroute", "-n", "-q", "1", "-w", "1", "-m", _HOPS, target, alone=True, seconds=18.0
        )
        hops = parse_traceroute(text)
    except CommandMissing:
        command = Command(argv=("tracepath", "-n", "-m", _HOPS, target), timeout=15.0, alone=True)
        reply = await connection.run(command)
        error = why_no_answer(reply, command, connection.target)
        if error is not None and not (isinstance(error, ProbeTimeout) and reply.stdout.strip()):
            raise error from None  # what it printed before its time was up is an answer
        hops = parse_tracepath(reply.stdout)
    return Traceroute(host, target, hops, any(hop.address == target and not hop.note for hop in hops))


def parse_traceroute(text: str) -> tuple[TraceHop, ...]:
    """Of `traceroute -n -q 1`, Linux and busybox."""
    found = [_TRACEROUTE.match(line) for line in text.splitlines()]
    hops = tuple(_hop(line) for line in found if line and _is_hop(line))
    if not hops:
        raise UnreadableOutput(f"`traceroute` printed no hop: {text.strip()[:80]!r}")
    return _cut(hops)


def parse_tracepath(text: str) -> tuple[TraceHop, ...]:
    """Of `tracepath -n`. A hop may be probed again: its last line counts."""
    found = [_TRACEPATH.match(line) for line in text.splitlines() if "[LOCALHOST]" not in line]
    hops = {int(line["ttl"]): _hop(line) for line in found if line and _is_hop(line)}
    if not hops:
        raise UnreadableOutput(f"`tracepath` printed no hop: {text.strip()[:80]!r}")
    return _cut(tuple(hops.values()))


def _is_hop(line: re.Match[str]) -> bool:
    return line["address"] is None or is_address(line["address"])


def _hop(line: re.Match[str]) -> TraceHop:
    note = line["note"] or ""
    return TraceHop(
        int(line["ttl"]), line["address"] or "", float(line["rtt"] or 0), "" if note == "reached" else note
    )


def _cut(hops: tuple[TraceHop, ...]) -> tuple[TraceHop, ...]:
    """Without the row of silent hops at the end, but for the first of them."""
    last = max((at for at, hop in enumerate(hops) if hop.address), default=-1)
    return hops[: last + 2]
