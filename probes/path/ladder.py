"""Echo requests with DF set, of several sizes: which of them arrive, and who says that one is too large.

iputils' ping is needed: busybox has no `-M do`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence

from probes.connection import Connection
from probes.errors import CommandFailed, ProbeError
from probes.exchange import Reply
from probes.linux.ask import reply_to
from probes.linux.fields import is_address
from probes.linux.host import route_question
from probes.linux.ip import parse_links, parse_route_get
from probes.node.tries import reply_from
from probes.path import burst
from probes.path.burst import Pinging
from probes.path.mtu_facts import Ladder, Rung
from probes.path.ping import parse_ping, run_ping
from probes.probe import Toolbox
from probes.site import target_of

COMMANDS = ("ping -n -M do -c", "ip -j route get", "ip -j -s -d link")
SMALL = 576
"""Bytes that every network carries (RFC 791)."""
SMALL_6 = 1280
SURE = 5
"""Packets of the size that vanishes, before anybody believes it."""
_WIDTH = 7
"""Sizes at the same time, beside that one: what a connection has channels for."""
_WIDE = 24
"""Sizes in one exec."""
_ROUNDS = 3
_TOLD = 4
"""Routers on one way that may each name a smaller MTU."""
_MOST = 65_535
USUAL = (9000, 8950, 1500, 1492, 1480, 1476, 1450, 1430, 1420, 1400, 1380, 1280)
"""What links and tunnels have: a search that tries them first is mostly over in two rounds."""
_FRAG = re.compile(r"From (?:\S+ \()?(?P<sender>[0-9A-Fa-f.:]+?)\)?:? icmp_seq=\d+ (?:Frag needed|Packet too big)")
_NAMED = re.compile(r"(?:mtu ?[=:] ?)([0-9]{1,6})\b")
_OWN = re.compile(r"[Mm]essage too long(?:, mtu ?[=:] ?([0-9]{1,6})\b)?")


async def ladder(toolbox: Toolbox, source: str, target: str, largest: int = 0, hints: Iterable[int] = ()) -> Ladder:
    """Finds the largest packet that arrives. `largest` is where to begin, the MTU of the source's own link if it is
    0; `hints` are sizes to try first. Takes a fifth of a second where the largest arrives or somebody names an MTU,
    and at most five seconds where packets vanish."""
    return await search(toolbox, await first_rungs(toolbox, source, target, largest), hints)


async def first_rungs(toolbox: Toolbox, source: str, target: str, largest: int = 0) -> Ladder:
    """The largest, smaller ones as long as somebody names an MTU, and a small one beside them."""
    connection = toolbox.connection(target_of(source))
    mtu = await link_mtu(connection, source, target)
    floor = SMALL_6 if ":" in target else SMALL
    size = min(largest or mtu or 1500, _MOST)
    rungs = list(
        await asyncio.gather(*(rung(connection, source, target, one) for one in dict.fromkeys((size, floor))))
    )
    for _ in range(_TOLD):
        last = min((one for one in rungs if one.size > floor), key=lambda one: one.size, default=rungs[0])
        if last.received or not floor <= last.told_mtu < last.size:
            break
        rungs.append(await rung(connection, source, target, last.told_mtu))
    return told(source, target, mtu, rungs)


async def search(toolbox: Toolbox, found: Ladder, hints: Iterable[int] = ()) -> Ladder:
    """Narrows the gap between what arrives and what vanishes down, where anything vanishes and does so again."""
    connection = toolbox.connection(target_of(found.source))
    sure = sum(one.sent for one in found.rungs if one.size == found.lost) >= SURE
    again: list[tuple[int, int]] = [] if sure else [(found.lost, SURE)]
    known = (*hints, *USUAL)
    for _ in range(_ROUNDS):
        sizes = between(found.largest, found.lost, known) if found.lost else ()
        tries = [*again, *((size, 2) for size in sizes)] if found.lost else []
        if not tries:
            break
        tried = await asyncio.gather(*(rung(connection, found.source, found.target, *one) for one in tries))
        found = told(found.source, found.target, found.first_mtu, [*found.rungs, *tried])
        again, known = [], ()
    return found


async def wide_rungs(toolbox: Toolbox, source: str, target: str, largest: int = 0, pod: str = "") -> Ladder:
    """As `first_rungs`, with every usual size between them, all in one exec: where the largest vanishes nobody has
    to wait twice. `pod` is the address of a pod there that sends."""
    connection = toolbox.connection(target_of(source))
    mtu = await link_mtu(connection, source, target, pod)
    floor = SMALL_6 if ":" in target else SMALL
    size = min(largest or mtu or 1500, _MOST)
    wanted: Iterable[int] = dict.fromkeys((size, *(one for one in USUAL if floor < one < size), floor))
    rungs: list[Rung] = []
    for _ in range(_TOLD):
        rungs += await rungs_of(connection, source, [(target, one, 2) for one in wanted], pod)
        wanted = {one.told_mtu for one in rungs if floor <= one.told_mtu < one.size} - {one.size for one in rungs}
        if not wanted:
            break
    return told(source, target, mtu, rungs)


async def narrowed(
    toolbox: Toolbox, found: Ladder, hints: Iterable[int], addresses: Sequence[str], pod: str = ""
) -> tuple[Ladder, list[str]]:
    """The gap that a wide ladder leaves tried in one exec, the size that vanishes three times more, and whether it
    comes to each of these addresses."""
    connection = toolbox.connection(target_of(found.source))
    floor = min(one.size for one in found.rungs)
    sizes = [*[found.lost] * (SURE // 2 + 1), *among(found.largest, found.lost, hints)]
    asked = addresses[: (burst.MOST - len(sizes)) // 2]
    places = [(address, size, 2) for address in asked for size in (found.lost, floor)]
    tries = [*((found.target, size, 2) for size in sizes), *places]
    tried = await rungs_of(connection, found.source, tries, pod)
    here, there = tried[: len(sizes)], tried[len(sizes) :]
    more = told(found.source, found.target, found.first_mtu, [*found.rungs, *here])
    arrived = [_arrived(large, small) for large, small in zip(there[::2], there[1::2], strict=True)]
    return more, [*arrived, *["unknown"] * (len(addresses) - len(asked))]


def among(arrives: int, lost: int, hints: Iterable[int] = ()) -> tuple[int, ...]:
    """As `between`, of one exec: every size where they are few; else the hints, the ones just above them, and the
    rest spread evenly."""
    room = lost - arrives - 1
    if room <= _WIDE:
        return tuple(range(arrives + 1, lost))
    near = [size for one in hints for size in (one, one + 1) if arrives < size < lost]
    spread = [arrives + 1 + room * part // _WIDE for part in range(_WIDE)]
    return tuple(dict.fromkeys((*near[:_WIDTH], *spread)))[:_WIDE]


async def rungs_of(
    connection: Connection, source: str, tries: Sequence[tuple[str, int, int]], pod: str = ""
) -> list[Rung]:
    """Address, size and count of each, in one exec. ProbeError where ping cannot try them."""
    pings = [Pinging(to, max(size - headers(to), 0), count) for to, size, count in tries]
    said = await burst.burst(connection, pings, uncut=True, pod=pod)
    _refuse_older(source, "".join(said))
    return [parse_rung(text, text, size, count) for text, (_, size, count) in zip(said, tries, strict=True)]


async def link_mtu(connection: Connection, source: str, target: str, pod: str = "") -> int:
    """Of the link by which the source, or a pod on it, sends to the target; 0 without a route."""
    way, links = await asyncio.gather(
        _asked(connection, pod, *route_question(target)), _asked(connection, pod, "ip", "-j", "-s", "-d", "link")
    )
    interface = parse_route_get(source, target, way.stdout, way.stderr).interface
    return next((link.mtu for link in parse_links(links.stdout) if link.name == interface), 0)


async def _asked(connection: Connection, pod: str, *argv: str) -> Reply:
    """Of ip, which fails with 2 where it has no route."""
    if pod:
        return await reply_from(connection, pod, *argv, seconds=10.0, ok=(0, 2))
    return await reply_to(connection, *argv, ok=(0, 2))


async def rung(connection: Connection, source: str, target: str, size: int, count: int = 2) -> Rung:
    """One size. ProbeError where ping cannot try it."""
    reply = await run_ping(connection, target, count, max(size - headers(target), 0), uncut=True)
    _refuse_older(source, reply.stderr)
    return parse_rung(reply.stdout, reply.stderr, size, count)


def _refuse_older(source: str, said: str) -> None:
    if "invalid option" in said or "unrecognized option" in said:
        raise CommandFailed(f"{source}: its ping knows no `-M do`", hint="install iputils' ping there")


def headers(target: str) -> int:
    """Bytes of an echo request besides its payload."""
    return 48 if ":" in target else 28


def parse_rung(stdout: str, stderr: str, size: int, count: int = 2) -> Rung:
    """Both streams of one `ping -M do`. UnreadableOutput when they say nothing known."""
    said = parse_ping(stdout, stderr, count)
    by, mtu = _router(stdout)
    own = _OWN.search(stderr) or _OWN.search(stdout)
    if own:
        mtu = int(own[1] or 0) or mtu
    too_large = bool(own or by)
    return Rung(size, said.sent, said.received, by, mtu, bool(said.error) and not too_large)


def _router(stdout: str) -> tuple[str, int]:
    """Who said first that it is too large, and the MTU of the same line."""
    for line in stdout.splitlines():
        found = _FRAG.match(line)
        if found and is_address(found["sender"]):
            named = _NAMED.search(line)
            return found["sender"], int(named[1]) if named else 0
    return "", 0


def told(source: str, target: str, first_mtu: int, rungs: Iterable[Rung]) -> Ladder:
    """What the rungs say together. A size above one that vanished may be answered by chance: it did not vanish. Nor
    did one above an MTU that somebody named: routers say so a few times a second, and no more."""
    ordered = sorted(rungs, key=lambda one: -one.size)
    largest = max((one.size for one in ordered if one.received), default=0)
    named = [one for one in ordered if one.told_by or one.told_mtu]
    least = min((one.told_mtu for one in named if one.told_mtu), default=_MOST)
    lost = min((one.size for one in ordered if vanished(one) and largest < one.size <= least), default=0)
    by = next((one.told_by for one in reversed(named) if one.told_by), "")
    mtu = named[-1].told_mtu if named else 0
    return Ladder(source, target, first_mtu, largest > 0, largest, lost if largest else 0, by, mtu, tuple(ordered))


def vanished(one: Rung) -> bool:
    return not (one.received or one.told_by or one.told_mtu or one.refused)


def lost_of(found: Ladder) -> int:
    """Packets that vanished."""
    return sum(one.sent for one in found.rungs if vanished(one))


def between(arrives: int, lost: int, hints: Iterable[int] = ()) -> tuple[int, ...]:
    """Sizes to try next: known ones first, then the one just above what arrives, and the rest spread evenly."""
    known = sorted({size for size in hints if arrives < size < lost}, reverse=True)[:_WIDTH]
    if known:
        return tuple(known)
    room = lost - arrives - 1
    if room <= _WIDTH:
        return tuple(range(arrives + 1, lost))
    return tuple(dict.fromkeys(arrives + 1 + room * part // _WIDTH for part in range(_WIDTH)))


async def arrives(connection: Connection, source: str, target: str, size: int) -> str:
    """Whether a packet of that size comes to an address on the way: yes, no or unknown."""
    floor = SMALL_6 if ":" in target else SMALL
    try:
        large, small = await asyncio.gather(
            rung(connection, source, target, size), rung(connection, source, target, floor)
        )
    except ProbeError:
        return "unknown"
    return _arrived(large, small)


def _arrived(large: Rung, small: Rung) -> str:
    if large.received:
        return "yes"
    return "no" if vanished(large) and small.received else "unknown"
