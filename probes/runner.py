"""The script that runs commands on the far side, and the reading of what it says.

The exec request is one line of constant shape that every login shell understands; the script follows on stdin, so
there is no size limit and no quoting for the login shell. After it stdin stays open as a lifeline: when it ends
(cancel, lost link, killed client) a watcher in the script kills the whole process group.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from probes.connection import Command
from probes.errors import UnreadableOutput
from probes.exchange import Reply

_PROLOGUE = """\
exec 3<&0 </dev/null
LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
export LC_ALL PATH
unset LANGUAGE
N={nonce} T={limits} S={power}
{{ trap '' HUP INT TERM
read -r _
kill -s TERM -- -$$
{as_root}sleep 1
kill -s KILL -- -$$; }} <&3 >/dev/null 2>&1 &
W=$!
exec 3<&-
m() {{ {{ read -r u _ </proc/uptime; }} 2>/dev/null || u=0
printf '%s %s %s %s\\n' $N $1 $2 $u
printf '%s %s %s %s\\n' $N $1 $2 $u >&2; }}
l() {{ if [ $T = yes ]; then timeout --foreground -k 1 "$@"; else shift; "$@"; fi; }}
s() {{ case $S in
root) l "$@";;
all) sudo -n -- timeout --foreground -k 1 "$@";;
some) shift; sudo -n -- "$@";;
*) echo 'sudo: not found' >&2; return 1;; esac; }}
"""
# A root child of a plain login does not hear its kill. sudo ignores TERM from its own group, never KILL.
_KILL_AS_ROOT = """\
sudo -n kill -s TERM -- -$$
sleep 1
sudo -n kill -s KILL -- -$$
"""
_LOOK_FOR_TIMEOUT = "if timeout --foreground -k 1 1 true 2>/dev/null; then T=yes; else T=no; fi\n"
_LOOK_FOR_POWER = """\
if [ "$(id -u)" = 0 ]; then S=root
elif ! command -v sudo >/dev/null 2>&1; then S=missing
elif [ $T = yes ] && sudo -n -l timeout >/dev/null 2>&1; then S=all
else S=some; fi
"""
_GENTLY = "{ renice -n 10 -p $$; ionice -c 2 -n 7 -p $$; } >/dev/null 2>&1\n"
_EPILOGUE = "kill -s KILL $W 2>/dev/null\nexit 0\n"

_REFUSED = re.compile(
    r"^(?:sudo(?:-rs)?: (?:.*password is required|.*authentication is required|a terminal is required"
    r"|not found|no valid sudoers|.*may not run sudo|.*must have a tty|sorry,|I'm sorry|effective uid is not 0"
    r"|.*must be owned by uid 0)|Sorry, user |.* is not in the sudoers file|.* is not allowed to )",
    re.MULTILINE,
)
_NOT_FOUND_BY_SUDO = re.compile(r"^sudo(?:-rs)?: .*command not found", re.MULTILINE)


class Power(StrEnum):
    """What the login may do as root."""

    UNKNOWN = "unknown"
    ROOT = "root"
    ALL = "all"
    """sudo without a password runs anything, so the time limit can run inside it."""
    SOME = "some"
    """sudo is there; what it permits shows when it is asked."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Far:
    """What one connection has learned about its far side; asked in the first script, said in later ones."""

    power: Power = Power.UNKNOWN
    limits: str = ""
    """`yes` or `no`: GNU timeout is there; empty while unknown."""


def launch(size: int) -> str:
    """The exec request: reads `size` bytes of script from stdin and becomes it."""
    return f"exec /bin/sh -c '{_read(size)}'"


def launch_in_own_session(size: int) -> str:
    """The same for a shell that may share its process group with others (consoles)."""
    inner = f"/bin/sh -c '{_read(size)}'"
    return f"if command -v setsid >/dev/null 2>&1; then exec setsid {inner}; else exec {inner}; fi"


def _read(size: int) -> str:
    return f'eval "$(head -c {size})"'


def new_nonce() -> str:
    """Begins with a byte that no text ends with: what may be a mark's beginning is held back until more comes."""
    return f"\x1e{secrets.token_hex(12)}"


def script(commands: Sequence[Command], nonce: str, far: Far) -> bytes:
    """What the far side's `sh` runs: each command between markers on both streams, one after the other."""
    needs_root = any(command.sudo and not command.script for command in commands)
    may_use_sudo = far.power is not Power.ROOT and any(command.sudo or command.script for command in commands)
    parts = [
        _PROLOGUE.format(
            nonce=nonce,
            limits=far.limits or "unknown",
            power=far.power.value,
            as_root=_KILL_AS_ROOT if may_use_sudo else "",
        )
    ]
    if all(command.gentle for command in commands):
        parts.append(_GENTLY)
    if not far.limits and any(map(limits_itself, commands)):
        parts.append(_LOOK_FOR_TIMEOUT)
    if needs_root and far.power not in (Power.ROOT, Power.ALL):
        parts.append(_LOOK_FOR_POWER)
    parts.append("m p $S:$T\n")
    parts += [f"m {index} -\n{_line(command)}\nm {index} $?\n" for index, command in enumerate(commands)]
    return "".join([*parts, _EPILOGUE]).encode()


def limits_itself(command: Command) -> bool:
    """Its time limit runs on the far side too: for what takes long or is root's. The rest is timed from here
    alone and ended with its exec, which costs no process more a command."""
    return command.alone or command.sudo or bool(command.script) or command.on_output is not None


def _line(command: Command) -> str:
    """`script` is given to `sh` byte for byte and says `sudo` itself where it wants it."""
    if command.script:
        return f"l {command.timeout:g} sh -c {shlex.quote(command.script)}"
    words = shlex.join(command.argv)
    if not limits_itself(command):
        return f"command {words}"  # past the script's own functions and the shell's keywords
    return f"{'s' if command.sudo else 'l'} {command.timeout:g} {words}"


@dataclass(frozen=True, slots=True)
class Marker:
    word: str
    """`p` for the prologue, else the command's index."""
    value: str
    """`-` at the beginning, the exit status at the end."""
    uptime: float


_LONGEST_MARKER = 120
_LONGEST_UPTIME = 1e10
_FORGED = "is the host what you take it for? `deadhop site check` shows its key"


class Frames:
    """One stream cut at its markers. What comes before the first marker is login noise. UnreadableOutput for
    what begins as a marker and is none: only a far side that has read its script can write that."""

    def __init__(self, nonce: str, on_data: Callable[[bytes], None], on_marker: Callable[[Marker], None]) -> None:
        self._nonce, self._on_data, self._on_marker = nonce.encode(), on_data, on_marker
        self._held = b""

    def feed(self, data: bytes) -> None:
        held = self._held + data
        while (at := held.find(self._nonce)) >= 0 and (end := held.find(b"\n", at, at + _LONGEST_MARKER)) >= 0:
            self._say(held[:at])
            self._on_marker(_marker(held[at:end]))
            held = held[end + 1 :]
        if at >= 0 and len(held) - at >= _LONGEST_MARKER:
            raise UnreadableOutput("the far side forges the marks between the answers", hint=_FORGED)
        keep = len(held) - at if at >= 0 else _beginning(held, self._nonce)
        self._held = held[len(held) - keep :]
        self._say(held[: len(held) - keep])

    def _say(self, data: bytes) -> None:
        if data:
            self._on_data(data)


def _beginning(data: bytes, nonce: bytes) -> int:
    """How many of the last bytes may be the beginning of a marker."""
    longest = min(len(data), len(nonce) - 1)
    return next((size for size in range(longest, 0, -1) if data.endswith(nonce[:size])), 0)


def _marker(line: bytes) -> Marker:
    words = line.decode("ascii", "replace").split()
    try:
        return Marker(words[1], words[2], _seconds(words[3]))
    except (IndexError, ValueError):
        return Marker(words[1] if len(words) > 1 else "", words[2] if len(words) > 2 else "", 0.0)


def _seconds(text: str) -> float:
    """ValueError too for what no clock says."""
    seconds = float(text)
    if not 0 <= seconds < _LONGEST_UPTIME:
        raise ValueError(text)
    return seconds


def far_from(marker: Marker) -> Far:
    power, _, limits = marker.value.partition(":")
    # Only what cannot get better is kept: a repaired sudo is seen at the next question.
    known = Power(power) if power in (Power.ROOT, Power.ALL) else Power.UNKNOWN
    return Far(known, "" if limits == "unknown" else limits)


def judged(command: Command, reply: Reply) -> Reply:
    """The reply with what its exit status means: time limit, missing program, refused sudo."""
    if reply.failure or reply.status == 0 or reply.status is None:
        return reply
    if reply.status in (124, 137) and reply.seconds >= command.timeout - 0.1:
        return timed_out(command, reply)
    if command.script:
        return reply
    program = command.argv[0]
    if reply.status == 127 or (command.sudo and _NOT_FOUND_BY_SUDO.search(reply.stderr)):
        return _failed(reply, "missing-command", f"`{program}` is not installed there", f"install `{program}`")
    if command.sudo and reply.status == 1 and _REFUSED.search(reply.stderr):
        return _refused(program, reply)
    return reply


def timed_out(command: Command, reply: Reply) -> Reply:
    return replace(
        _failed(reply, "timeout", f"`{command.text}`: no end within {command.timeout:g} s", ""), status=None
    )


def too_long(command: Command, reply: Reply) -> Reply:
    return replace(
        _failed(reply, "too-long", f"`{command.text}` printed more than {command.limit} bytes", ""), status=None
    )


def _refused(program: str, reply: Reply) -> Reply:
    why = next((line for line in reply.stderr.splitlines() if _REFUSED.search(line)), "sudo refused")
    if why == "sudo: not found":
        hint = "log in as root, or install sudo and permit the login to use it without a password"
    else:
        hint = "permit it without a password, in a file of /etc/sudoers.d: `USER ALL=(root) NOPASSWD: ALL`"
    return _failed(reply, "denied", f"`{program}` needs root: {why.strip()}", hint)


def _failed(reply: Reply, failure: str, message: str, hint: str) -> Reply:
    return replace(reply, failure=failure, message=message, hint=hint)
