"""The same tries in a pod that was started for them. Its image is a plain busybox or has bash: sh, and either bash
with coreutils or nc and nslookup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from probes.errors import CommandMissing, UnreadableOutput
from probes.node.dns_message import FRESH, asked_name
from probes.node.tries import TRY_SCRIPT, Try, outcome_of, said_of

_SCRIPT = r"""
set -f
one() {
  IFS=, read -r kind address port bytes name <<EOF
$2
EOF
  case $kind in
    tcp) said=$(timeout 4 nc $zero -w 2 "$address" "$port" 2>&1 </dev/null); status=$?
      case $status.$said in 124.|137.|143.|143.Terminated) status=0; said=open ;; esac ;;
    udp) name=$(echo "$name" | sed "s/FRESH/${HOSTNAME##*-}$1/")
      said=$(timeout 5 nslookup -timeout=2 -retry=1 "$name." "$address" 2>&1); status=$? ;;
  esac
  echo "$1 $status "$said
}
has() { for program; do command -v "$program" >/dev/null 2>&1 || return 1; done; }
bash_tries=$1; shift
if has bash od dd timeout env; then
  for each; do set -- "$@" "${each%,*}"; shift; done
  bash -c "$bash_tries" try "$@"
elif has nc nslookup timeout sed; then
  nc -h 2>&1 | grep -q -e '-z' && zero='-v -z'
  n=0
  for each; do one $n "$each" & n=$((n + 1)); done
  wait
else
  echo no-program
fi
echo end
"""
SCRIPT = _SCRIPT.strip().replace("FRESH", FRESH)
NEEDED = "bash with coreutils, or nc, nslookup, timeout and sed"
_HEX = re.compile(r"(?:[0-9a-f]{2}(?: |$))+")
_NSLOOKUP = (
    ("NXDOMAIN", "nxdomain"),
    ("SERVFAIL", "servfail"),
    ("REFUSED", "refused-by-server"),
    ("Name:", "answered"),
    ("No answer", "nxdomain"),
)
"""The first that is said counts; of nslookup of busybox and of BIND."""
_ENDED = (124, 137, 143)
"""Statuses of what `timeout` ended."""
_SILENT = ("no servers could be reached", "timed out", "Terminated")


def command(tries: Sequence[Try]) -> list[str]:
    """Of the container."""
    words = [f"{one.text},{asked_name(one.message)}" for one in tries]
    return ["sh", "-c", SCRIPT, "look", TRY_SCRIPT, *words]


def parse_log(log: str, tries: Sequence[Try]) -> tuple[str, ...]:
    """The outcome of each try. CommandMissing when the image has no programs for it, UnreadableOutput when the log
    does not come to its end."""
    lines = log.split("\n")
    if "no-program" in lines:
        raise CommandMissing("the image has no programs to try anything with", hint=f"it wants {NEEDED}")
    if "end" not in lines:
        raise UnreadableOutput("the pod did not come to the end of its tries")
    said = said_of(log)
    return tuple(_outcome(one, *said.get(number, (1, ""))) for number, one in enumerate(tries))


def _outcome(one: Try, status: int, said: str) -> str:
    if one.kind == "udp" and not _HEX.fullmatch(said.strip()):
        return _of_nslookup(one, status, said)
    return outcome_of(one, status, said)


def _of_nslookup(one: Try, status: int, said: str) -> str:
    named = next((name for part, name in _NSLOOKUP if part in said), "") or outcome_of(one, status or 1, said)
    silent = status in _ENDED or any(words in said for words in _SILENT)
    return "timeout" if named == "failed" and silent else named
