"""Many pings side by side in one exec: each says for itself what came back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import CommandMissing
from probes.exchange import Reply
from probes.node.tries import reply_from
from probes.path.ping import INTERVAL, PINGS_OTHERWISE, refuse_without_socket

_SCRIPT = """\
export LC_ALL=C
n=0
while [ $# -gt 2 ]; do
  {{ said=$(ping -n{uncut} -c "$1" -i 0.2 -W 1 -s "$2" "$3" 2>&1); printf '= %s\\n%s\\n' "$n" "$said"; }} &
  n=$((n + 1)); shift 3
done
wait"""
BURST, UNCUT = _SCRIPT.format(uncut=""), _SCRIPT.format(uncut=" -M do")
COMMANDS = (shlex.join(("sh", "-c", BURST)), shlex.join(("sh", "-c", UNCUT)))
"""First words of everything that is run here: whole programs."""
MOST = 40
"""Pings at once."""
_SLACK = 4.0
_MISSING = re.compile(r"ping: (?:command )?not found")
_OF = re.compile(r"^= ([0-9]{1,3})\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pinging:
    address: str
    size: int
    """Bytes of payload."""
    count: int = 2


async def burst(
    connection: Connection, pings: Sequence[Pinging], *, uncut: bool = False, pod: str = ""
) -> tuple[str, ...]:
    """What each of them said, both streams together; empty for one that said nothing. `uncut` sets DF, `pod` is as
    in `reply_from`. AccessDenied when ping may not send, CommandMissing where there is none."""
    words = [word for one in pings[:MOST] for word in (str(one.count), str(one.size), one.address)]
    longest = max((one.count for one in pings), default=1) * INTERVAL
    script = UNCUT if uncut else BURST
    argv = ("sh", "-c", script, "sh", *words)
    reply: Reply = await reply_from(connection, pod, *argv, seconds=longest + _SLACK)
    said = parse_burst(reply.stdout)
    _refuse(connection.target.removeprefix("host:"), said.get(0, ""))
    return tuple(said.get(number, "") for number in range(len(pings)))


def _refuse(source: str, said: str) -> None:
    """One stands for all."""
    refuse_without_socket(source, said)
    if _MISSING.search(said):
        raise CommandMissing(f"{source}: `ping` is not there", hint="install the package that has `ping`")


def parse_burst(text: str) -> dict[int, str]:
    """Number of a ping → what it said."""
    parts = _OF.split(text)
    return {int(number): said for number, said in zip(parts[1::2], parts[2::2], strict=True)}


def is_older(said: Sequence[str]) -> bool:
    """busybox before 1.34: it knows whole seconds only, and is asked otherwise."""
    return any(PINGS_OTHERWISE in one for one in said)
