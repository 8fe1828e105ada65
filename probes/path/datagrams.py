"""Sends UDP datagrams that say nothing."""

from __future__ import annotations

import shlex

from probes.connection import Connection
from probes.errors import CommandFailed, CommandMissing
from probes.linux.ask import ask

_MOST = 100
_PYTHON = """\
import socket, sys, time
family, kind, _, _, place = socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_DGRAM)[0]
one = socket.socket(family, kind)
for _ in range(int(sys.argv[3])):
    try:
        one.sendto(b"", place)
    except OSError:
        pass
    time.sleep(0.02)"""
_BASH = """\
for _ in $(seq "$2"); do
  printf x 2>/dev/null >"/dev/udp/$0/$1"
done
:"""
COMMANDS = (shlex.join(("python3", "-c", _PYTHON)), shlex.join(("bash", "-c", _BASH)))
"""First words of everything that may run: the programs' whole texts."""


async def send_datagrams(connection: Connection, target: str, port: int, count: int) -> None:
    """Too short for any tunnel or protocol to mean something; whether they arrive, others must see."""
    words = (target, str(port), str(min(count, _MOST)))
    try:
        await ask(connection, "python3", "-c", _PYTHON, *words, alone=True)
    except (CommandMissing, CommandFailed):
        await ask(connection, "bash", "-c", _BASH, *words, alone=True)
