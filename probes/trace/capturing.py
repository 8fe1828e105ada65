"""A short capture that counts our packets at every interface of a host, both ways. Only ever a second witness."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probes.connection import Command, Connection
from probes.errors import NotRecorded
from probes.exchange import LISTENING
from probes.linux.ask import why_no_answer
from probes.trace.marks import Mark

_MOST_LINES = 2000
_TIMED_OUT = 124
_LINE = re.compile(
    r"\S+ +(?P<interface>\S+) +(?P<side>In|Out|P|B|M) +(?:ifindex \d+ )?(?:[0-9a-f:]{17} )?"
    r"(?:(?:ethertype )?IPv[46][^:]*: )?(?P<source>[0-9A-Fa-f.:]+) > (?P<rest>.*)"
)
# -q and 96 bytes: what others say over these ports is nobody's business, and would stand in the journal.
COMMANDS = tuple(f"timeout {tenths / 10:g} tcpdump -pqnlei any -s 96 -c" for tenths in range(10, 150))

Place = tuple[str, str, str]
"""Interface, side (in or out), direction (there or back)."""


@dataclass(frozen=True, slots=True)
class Sighted:
    counts: Mapping[Place, int]
    able: bool
    """The host could capture: what is not in `counts` was not there."""

    def at(self, interface: str, side: str, direction: str) -> int:
        return self.counts.get((interface, side, direction), 0)


UNABLE = Sighted({}, able=False)


async def capture(
    connection: Connection, mark: Mark, seconds: Sequence[float], listening: asyncio.Event
) -> Sighted:
    """Looks for as many seconds as the first says; a recording may hold one of the others. UNABLE without root,
    without tcpdump, or where it tells no interfaces (before 4.99). `listening` is set once it sees packets."""
    for lasting in seconds:
        command = _command(mark, lasting, listening)
        reply = await connection.run(command)
        if reply.failure == NotRecorded.reason:
            continue
        if why_no_answer(reply, command, connection.target, ok=(0, _TIMED_OUT)):
            return UNABLE
        return parse_sightings(reply.stdout, reply.stderr, mark)
    return UNABLE


def _command(mark: Mark, seconds: float, listening: asyncio.Event) -> Command:
    wanted = f"({mark.there()}) or ({mark.back()})"
    lasting = f"{math.ceil(seconds * 10) / 10:g}"
    argv = ("timeout", lasting, "tcpdump", "-pqnlei", "any", "-s", "96", "-c", str(_MOST_LINES), wanted)

    def heard(text: str) -> None:
        if LISTENING in text:
            listening.set()

    return Command(argv=argv, sudo=True, timeout=seconds + 3, alone=True, on_output=heard)


def parse_sightings(text: str, errors: str, mark: Mark) -> Sighted:
    """Of `tcpdump -nle -i any` (SLL2). Where the kernel dropped some for the capture nothing can be said."""
    if LISTENING not in errors or _lost(errors):
        return UNABLE
    lines = [line for line in text.splitlines() if line.strip()]
    found = [line for line in map(_LINE.match, lines) if line]
    if lines and not found:
        return UNABLE
    return Sighted(Counter(place for line in found for place in _places(line, mark)), able=True)


def _lost(errors: str) -> bool:
    said = re.search(r"([0-9]{1,9}) packets dropped by kernel", errors)
    return bool(said and int(said[1]))


def _places(line: re.Match[str], mark: Mark) -> tuple[Place, ...]:
    side = "out" if line["side"] == "Out" else "in"
    direction = "back" if _is_answer(line, mark) else "there"
    return ((line["interface"], side, direction),)


def _is_answer(line: re.Match[str], mark: Mark) -> bool:
    if mark.protocol != "icmp":
        source, _, port = line["source"].rpartition(".")
        return source in mark.targets and port.isdecimal() and len(port) < 6 and int(port) in mark.ports
    return "echo reply" in line["rest"]
