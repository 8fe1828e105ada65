"""Sizes tried by the protocol that is traced, where one was asked for: firewalls treat echo requests otherwise.

TCP: a connection for each size, over which one `OPTIONS *` of HTTP is sent, which asks a server for nothing
(RFC 9110, 9.3.7), padded to that size. Kernels set DF and choose the segments; whether the far kernel acknowledged
them stands in `ss`, whatever the program behind makes of it. UDP: a DNS question, padded by RFC 7830; any answer
arrives, a refusal as well. Kernels set DF on what fits the way they know (`ip_no_pmtu_disc` is off).
"""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from probes.errors import ProbeError
from probes.linux.facts import Firewall
from probes.linux.firewall import BLOCKING
from probes.node.dns_message import FRESH, padded
from probes.node.tries import reply_from
from probes.path.facts import Hit
from probes.path.firewall_hits import grown
from probes.path.ladder import SMALL, SMALL_6, USUAL
from probes.probe import Toolbox
from probes.site import target_of
from probes.trace.facts import OwnSizes

# `ss` must see the connection before and after; a single write() is one datagram, or as few segments as may be.
SIZED = """\
export LC_ALL=C
set -f
write() { dd bs=65536 iflag=fullblock status=none >&3; }
zeros() { head -c "$1" /dev/zero; }
sockets() {
  case $1 in *:*) to="[$1]" ;; *) to=$1 ;; esac
  at=$(readlink /proc/self/fd/3)
  for word in $(ss -tine "dst $to:$2" | grep -A1 " ino:${at//[!0-9]/} "); do
    case $word in ts|mss:*|pmtu:*|unacked:*|notsent:*|retrans:*) echo "$word" ;; esac
  done
}
tcp() {
  exec 3<>"/dev/tcp/$1/$2" || exit
  command -v ss > /dev/null || exit 127
  echo "before" $(sockets "$1" "$2")
  { printf 'OPTIONS * HTTP/1.1\\r\\nHost: deadhop\\r\\nConnection: close\\r\\nX-Padding: '
    zeros $(($3 - 69)) | tr '\\0' 0; printf '\\r\\n\\r\\n'; } | write
  for pause in 0.05 0.25 0.7; do
    sleep "$pause"
    after=$(sockets "$1" "$2")
    case $after in *unacked:*|*notsent:*) ;; *) break ;; esac
  done
  echo "after" $after
}
udp() {
  exec 3<>"/dev/udp/$1/$2" || exit
  { env printf %b "${4/zzzz/$(printf %04x $RANDOM)}"; zeros "$3"; } | write
  timeout 1 dd bs=65536 count=1 status=none <&3 2>&1 > /dev/null
}
export -f write zeros sockets tcp udp
n=0
for each; do
  { IFS=, read -r kind rest <<< "$each"
    IFS=, read -ra words <<< "$rest"
    said=$(timeout 4 bash -c '"$@"' bash "$kind" "${words[@]}" 2>&1)
    echo "$n $? "$said; } &
  n=$((n + 1))
done
wait"""
COMMANDS = (shlex.join(("bash", "-c", SIZED)),)
_HTTP = 69
"""Bytes of the request without its padding."""
_SECONDS = 9.0
_TIMED_OUT = 124
_SURE = 2
"""Tries of a size that vanishes, before anybody believes it: each of TCP sends it three times."""
_AGAIN = 4
_MOST = 8
_PARTS = 4
"""Of a gap that is narrowed down: each try is a connection."""
_LINE = re.compile(r"^(\d{1,3}) (\d{1,3})(?: (.*))?$", re.MULTILINE)
_MSS = re.compile(r"\bmss:(\d{2,5})\b")
_BY_SIZE = ("length", "--length", "u32", "bpf", "connbytes")
"""What a rule must look at that takes large packets and lets small ones pass. Not whether connection tracking takes
them for valid: such rules count some on every busy host."""
_FIREWALLS = Mapping[str, Firewall]


@dataclass(frozen=True, slots=True)
class Sent:
    """One size that was tried. Bytes of a whole IP packet, as all here."""

    size: int
    arrived: bool | None
    """None: that could not be told."""
    chosen: int = 0
    """The largest that both kernels agreed on; 0 where that is not known, and of UDP."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What is tried by what."""

    protocol: str
    port: int
    size: int
    """Bytes of payload; 0: as large as the link takes, and nothing by TCP or UDP."""
    pod: str = ""
    """Address of the pod that sends."""


class OwnSizing:
    """What goes on beside one trace; nothing where no size was asked for. Who starts it ends its tasks."""

    def __init__(self, toolbox: Toolbox, source: str, target: str, tried: Tried) -> None:
        self._toolbox, self._source, self._target, self._tried = toolbox, source, target, tried
        self._protocol, self._port = tried.protocol, tried.port
        self.tasks: list[asyncio.Task[list[Sent]]] = []
        self._hosts: Sequence[str] = ()
        self._before: _FIREWALLS = {}
        self._after: _FIREWALLS = {}

    def start(self) -> None:
        if self._tried.size:
            wanted = self._tried.size + headers(self._protocol, self._target)
            floor = SMALL_6 if ":" in self._target else SMALL
            between = [one for one in USUAL if floor < one < wanted]
            sizes = [wanted, wanted, *between[:_MOST], floor, floor]
            self.tasks.append(asyncio.create_task(self._send(sizes)))

    async def lost(self) -> bool:
        """Whether a size vanishes, and is to be sent again between two readings."""
        return bool(self.tasks) and sizes_of(self._protocol, self._port, await self.tasks[0]).lost > 0

    def begin(self, hosts: Sequence[str], before: _FIREWALLS, hints: Iterable[int]) -> bool:
        """`hosts` on the way, the first one first; `hints` are what their links take."""
        found = sizes_of(self._protocol, self._port, self.tasks[0].result()) if self.tasks else None
        if found is None or not found.lost:
            return False
        self._hosts, self._before = hosts, before
        sizes = [*[found.lost] * _AGAIN, *_tried_next(found.largest, found.lost, hints)]
        self.tasks.append(asyncio.create_task(self._send(sizes)))
        return True

    def counted(self, after: _FIREWALLS) -> None:
        self._after = after

    async def told(self) -> tuple[OwnSizes, ...]:
        """None where no size was asked for, else one."""
        if not self.tasks:
            return ()
        tried = [one for task in self.tasks for one in await task]
        host, hits = by_size(self._hosts, self._before, self._after, self._protocol)
        return (sizes_of(self._protocol, self._port, tried, host, hits),)

    async def _send(self, sizes: Sequence[int]) -> list[Sent]:
        """None where nothing can be sent from there."""
        argv = ("bash", "-c", SIZED, "sized", *(self._try(size) for size in sizes))
        connection = self._toolbox.connection(target_of(self._source))
        try:
            reply = await reply_from(connection, self._tried.pod, *argv, seconds=_SECONDS)
        except ProbeError:
            return []
        return parse_sent(reply.stdout, self._protocol, self._target, sizes)

    def _try(self, size: int) -> str:
        payload = max(size - headers(self._protocol, self._target), 0)
        if self._protocol == "tcp":
            return f"tcp,{self._target},{self._port},{max(payload, _HTTP)}"
        message, zeros = padded(f"deadhop-{FRESH}.invalid", payload)
        return f"udp,{self._target},{self._port},{zeros},{message}"


def headers(protocol: str, target: str) -> int:
    """Bytes of a packet besides its payload. TCP's kernels mostly add timestamps."""
    return (40 if ":" in target else 20) + (32 if protocol == "tcp" else 8)


def parse_sent(text: str, protocol: str, target: str, sizes: Sequence[int]) -> list[Sent]:
    """What `SIZED` printed, of as many tries as there are sizes."""
    said = {int(found[1]): (int(found[2]), found[3] or "") for found in _LINE.finditer(text)}
    one = _segment if protocol == "tcp" else _datagram
    tried = [one(size, target, *said.get(number, (1, ""))) for number, size in enumerate(sizes)]
    if protocol == "tcp" or not any("refused" in words for _, words in said.values()):
        return tried
    # silence says nothing there: a kernel refuses some, and then one a second
    return [one if one.arrived else replace(one, arrived=None) for one in tried]


def _segment(size: int, target: str, status: int, said: str) -> Sent:
    """Larger ones than the kernels agreed on were sent as such."""
    before, found, after = said.removeprefix("before").partition(" after")
    mss = _MSS.search(before)
    if status or not found or not mss:
        return Sent(size, None)
    bare = headers("tcp", target) - (0 if "ts" in before.split() else 12)
    chosen = int(mss[1]) + bare
    payload = max(size - headers("tcp", target), _HTTP)
    waits = "unacked:" in after or "notsent:" in after
    return Sent(min(payload, int(mss[1])) + bare, not waits, chosen)


def _datagram(size: int, target: str, status: int, said: str) -> Sent:
    if status == 0 or "refused" in said:
        return Sent(size, arrived=True)
    return Sent(size, arrived=False if status == _TIMED_OUT and not said else None)


def sizes_of(
    protocol: str, port: int, tried: Iterable[Sent], host: str = "", hits: tuple[Hit, ...] = ()
) -> OwnSizes:
    """What the tries say together. That a size vanishes says nothing where none arrives; nor does a single try."""
    known = [one for one in tried if one.arrived is not None]
    largest = max((one.size for one in known if one.arrived), default=0)
    gone = [one.size for one in known if not one.arrived and one.size > largest]
    lost = min((size for size in gone if gone.count(size) >= _SURE), default=0) if largest else 0
    chosen = max((one.chosen for one in known), default=0)
    return OwnSizes(protocol, port, largest, lost, chosen, host if lost else "", hits if lost else ())


def _tried_next(arrives: int, lost: int, hints: Iterable[int]) -> list[int]:
    """Twice each, so that one which vanishes may be believed: what links take, one byte more, and sizes between."""
    near = sorted({size for one in hints for size in (one, one + 1) if arrives < size < lost})
    spread = [arrives + (lost - arrives) * part // _PARTS for part in range(1, _PARTS)]
    sizes = dict.fromkeys([*near[:_MOST], *(size for size in spread if arrives < size < lost)])
    return [size for one in sizes for size in (one, one)]


def by_size(
    hosts: Iterable[str], before: _FIREWALLS, after: _FIREWALLS, protocol: str
) -> tuple[str, tuple[Hit, ...]]:
    """The first host on the way with rules that took as many as were sent again, and that look at such a thing."""
    for host in hosts:
        if host not in before or host not in after:
            continue
        hits = grown(before[host], after[host], 2 * _AGAIN, protocol)
        told = tuple(one for one in hits if one.verdict in BLOCKING and _looks_at_size(one))
        if told:
            return host, told
    return "", ()


def _looks_at_size(hit: Hit) -> bool:
    words = hit.spec or hit.text.split()
    return any(word in words for word in _BY_SIZE)
