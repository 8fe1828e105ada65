"""One deadhop at a time changes a host: a lock file there says who, in which session and since when."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import socket
from dataclasses import dataclass

PATH = "/run/deadhop.lock"
TAKEN = 75
"""Exit status when somebody else holds it (EX_TEMPFAIL)."""

_TAKE = (
    'set -C; { echo "$1" > "$2"; } 2>/dev/null && exit 0; '
    '[ "$(cat "$2" 2>/dev/null)" = "$1" ] && exit 0; '
    'echo "$(($(date +%s) - $(stat -c %Y "$2" 2>/dev/null || date +%s))) $(cat "$2")"; exit 75'
)
_RELEASE = '[ "$(cat "$2" 2>/dev/null)" = "$1" ] && rm -f "$2"; exit 0'
_HELD = re.compile(r"(?P<age>\d{1,12}) (?P<owner>.*)")


@dataclass(frozen=True, slots=True)
class Holder:
    owner: str
    age: int
    """Seconds since it was taken, by the host's clock."""


def owner_of(session: str) -> str:
    """Who we are, for whoever meets our lock. The same session may enter again, as after a crash."""
    return f"{_user()}@{socket.gethostname()} session {session}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a uid without a name
        return str(os.getuid())


def take(owner: str, *, sudo: bool, path: str = PATH) -> str:
    """The command that takes the lock: status 0 it is ours, TAKEN somebody else's."""
    return _command(_TAKE, owner, path, sudo)


def release(owner: str, *, sudo: bool, path: str = PATH) -> str:
    """The command that gives it back; leaves another's alone."""
    return _command(_RELEASE, owner, path, sudo)


def steal(*, sudo: bool, path: str = PATH) -> str:
    """The command that removes it, whoever holds it."""
    return ("sudo -n " if sudo else "") + shlex.join(["rm", "-f", path])


def holder_in(output: str) -> Holder:
    """Of what `take` printed with status TAKEN."""
    found = _HELD.search(output)
    if found is None:
        return Holder("somebody", 0)
    return Holder(found["owner"], int(found["age"]))


def _command(script: str, owner: str, path: str, sudo: bool) -> str:
    return ("sudo -n " if sudo else "") + shlex.join(["sh", "-c", script, "deadhop", owner, path])
