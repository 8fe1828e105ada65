"""Tries of our own from a node, or from the network namespace of a pod on it: TCP connections, DNS questions.

`nsenter` enters only the network: programs and files stay the node's, and nothing is started in the pod."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import NotFound
from probes.exchange import Reply
from probes.linux.ask import reply_to
from probes.node.dns_message import outcome

TRY_SCRIPT = """\
export LC_ALL=C
one() {
  IFS=, read -r kind address port bytes seconds <<< "$2"
  bytes=${bytes/zzzz/$(printf %04x $RANDOM)}
  case $kind in
    tcp) said=$(timeout "${seconds:-2}" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>&1) ;;
    udp) said=$(timeout "${seconds:-3}" bash -c 'exec 3<>"/dev/udp/$0/$1" && env printf %b "$2" >&3 &&
      dd bs=4096 count=1 status=none <&3' "$address" "$port" "$bytes" 2>&1 | od -An -v -tx1
      exit ${PIPESTATUS[0]}) ;;
  esac
  echo "$1 $? "$said
}
n=0
for each; do one $n "$each" & n=$((n + 1)); done
wait"""
_IN_POD = """\
of=$1; shift
for pid in $(lsns -t net -nro PID); do
  [ -z "$(nsenter -t "$pid" -n ip -o addr show to "$of" 2>/dev/null)" ] || exec nsenter -t "$pid" -n "$@"
done
exit 65"""
TRY = shlex.join(("bash", "-c", TRY_SCRIPT))
COMMANDS = (TRY, shlex.join(("sh", "-c", _IN_POD)))
"""First words of everything that is run here: whole programs."""
_NO_POD = 65
_TIMED_OUT = 124
_LINE = re.compile(r"^(\d{1,3}) (\d{1,3})(?: (.*))?$", re.MULTILINE)
_WORDS = (
    ("refused", "refused"),
    ("No route to host", "unreachable"),
    ("etwork is unreachable", "unreachable"),
    ("not permitted", "prohibited"),
    ("timed out", "timeout"),
)
ARRIVED = ("opened", "answered", "nxdomain", "servfail", "refused-by-server")


@dataclass(frozen=True, slots=True)
class Try:
    kind: str
    """tcp or udp."""
    address: str
    port: int
    message: str = ""
    """What is sent by UDP, as `printf %b` takes it."""
    seconds: float = 0.0
    """Until it is given up; 0: two by TCP, three by UDP."""

    @property
    def text(self) -> str:
        seconds = [f"{self.seconds:g}"] if self.seconds else []
        return ",".join((self.kind, self.address, str(self.port), self.message, *seconds))


async def outcomes(connection: Connection, tries: Sequence[Try], pod: str = "") -> tuple[str, ...]:
    """Of each try: opened or answered (…), refused, unreachable, prohibited, timeout, failed. `pod` is the address
    of the pod to try from; NotFound when none on this machine has it."""
    argv = ("bash", "-c", TRY_SCRIPT, "try", *(one.text for one in tries))
    return parse_outcomes((await reply_from(connection, pod, *argv, seconds=12.0)).stdout, tries)


async def reply_from(
    connection: Connection, pod: str, *argv: str, seconds: float, ok: tuple[int, ...] = (0,)
) -> Reply:
    """What a command says that runs alone: in the network of the pod that has this address, without one in the
    machine's own. NotFound when none there has it."""
    if not pod:
        return await reply_to(connection, *argv, ok=ok, seconds=seconds, alone=True)
    inside = ("sh", "-c", _IN_POD, "sh", pod, *argv)
    reply = await reply_to(connection, *inside, sudo=True, ok=(*ok, _NO_POD), seconds=seconds, alone=True)
    if reply.status == _NO_POD:
        raise NotFound(f"{connection.target}: no network namespace there has {pod}", hint="is the pod gone since?")
    return reply


def parse_outcomes(text: str, tries: Sequence[Try]) -> tuple[str, ...]:
    said = said_of(text)
    return tuple(outcome_of(one, *said.get(number, (1, ""))) for number, one in enumerate(tries))


def said_of(text: str) -> dict[int, tuple[int, str]]:
    """Number of a try → exit status, and what its program said."""
    return {int(found[1]): (int(found[2]), found[3] or "") for found in _LINE.finditer(text)}


def outcome_of(one: Try, status: int, said: str) -> str:
    message = _bytes(said) if one.kind == "udp" else b""
    words = message.decode("latin-1") if message else said
    named = next((name for part, name in _WORDS if part in words), "")
    if status == _TIMED_OUT:
        return named or "timeout"
    if status != 0 or named:
        return named or "failed"
    return outcome(message) if one.kind == "udp" else "opened"


def _bytes(said: str) -> bytes:
    """Of `od -tx1`: the answer, or what dd complained of."""
    try:
        return bytes.fromhex(said.replace(" ", ""))
    except ValueError:
        return b""
