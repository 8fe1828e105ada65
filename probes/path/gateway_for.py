"""path.gateway_for: which neighbour leads to an address that a host has no route to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from probes.errors import ProbeError
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Address
from probes.linux.ip import parse_addresses
from probes.linux.proc import parse_sysctls, sysctl_question
from probes.path.facts import Gateway
from probes.path.networks import connected, network_of
from probes.path.ping import send_ping
from probes.probe import Toolbox, probe
from probes.site import target_of

_PATIENCE = 6.0
"""Seconds for each other host: one that hangs must not hold up what the rest say."""
_FORWARDS = "net/ipv4/ip_forward"
_DAEMONS = "bgpd|ospfd|ospf6d|isisd|eigrpd|babeld|ripd|bird|bird6|gobgpd|exabgp|openbgpd"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host that has the target's network and shares a network with the one that asks."""

    owner: str
    near: Address
    """Its address on the target's network."""
    shared: Address
    """Its address on the network it shares with the host."""
    interface: str
    """The host's own interface on that network."""
    forwards: bool


@probe(
    "path.gateway_for",
    commands=("ip -j addr", "grep -Hs '' /proc/sys/net/", "ping -n -c", "pgrep -x"),
    timeout=20.0,
    target="address",
)
async def gateway_for(host: str, toolbox: Toolbox, target: str) -> Gateway:
    """Asks the site's other hosts who has the target's network connected, and a network with this host."""
    others = [one.name for one in toolbox.site.hosts if one.name != host]
    (own, dynamic), answers = await asyncio.gather(
        asyncio.gather(_addresses(toolbox, host), _dynamic(toolbox, host)),
        asyncio.gather(*(_ask(toolbox, other) for other in others)),
    )
    known = [(name, *answer) for name, answer in zip(others, answers, strict=True) if answer is not None]
    candidates = [found for name, theirs, forwards in known if (found := fits(name, theirs, forwards, own, target))]
    chosen = await _choose(toolbox, candidates, target)
    if chosen is None:
        return Gateway(host, target, False, "", "", "", "", dynamic)
    net = network_of(chosen.near)
    return Gateway(host, target, True, chosen.owner, net, chosen.shared.address, chosen.interface, dynamic)


async def _addresses(toolbox: Toolbox, host: str) -> tuple[Address, ...]:
    return parse_addresses(await ask(toolbox.connection(target_of(host)), "ip", "-j", "addr"))


async def _ask(toolbox: Toolbox, host: str) -> tuple[tuple[Address, ...], bool] | None:
    """Addresses, and whether it forwards. None when it cannot be asked in time."""
    connection = toolbox.connection(target_of(host))
    try:
        async with asyncio.timeout(_PATIENCE):
            addresses, held = await asyncio.gather(
                _addresses(toolbox, host), ask(connection, *sysctl_question([_FORWARDS]), ok=None)
            )
            return addresses, parse_sysctls([_FORWARDS], held).get(_FORWARDS) == "1"
    except (ProbeError, TimeoutError):
        return None


async def _dynamic(toolbox: Toolbox, host: str) -> bool:
    reply = await reply_to(toolbox.connection(target_of(host)), "pgrep", "-x", _DAEMONS, ok=None)
    return reply.status == 0


def fits(
    name: str, theirs: tuple[Address, ...], forwards: bool, own: Iterable[Address], target: str
) -> Candidate | None:
    """The other host as a way to the target; the target's own host is none, nor one without a shared network."""
    near = connected(theirs, target)
    if near is None or any(one.address == target for one in theirs):
        return None
    own = tuple(own)
    held = {one.address for one in own}
    for shared in theirs:
        mine = connected(own, shared.address)
        # The target's network may exist on both sides (every libvirt host has 192.168.122.0/24).
        if mine is not None and shared.address not in held and network_of(mine) != network_of(near):
            return Candidate(name, near, shared, mine.interface, forwards)
    return None


async def _choose(toolbox: Toolbox, candidates: list[Candidate], target: str) -> Candidate | None:
    """The one that forwards and has the smallest network; of several equals, the one the target answers."""
    ranked = sorted(candidates, key=_rank)
    best = [one for one in ranked if _rank(one) == _rank(ranked[0])]
    if len(best) < 2:
        return next(iter(best), None)
    answering = await asyncio.gather(*(_answers(toolbox, one.owner, target) for one in best))
    return next((one for one, answers in zip(best, answering, strict=True) if answers), best[0])


def _rank(candidate: Candidate) -> tuple[bool, int]:
    return (not candidate.forwards, -candidate.near.prefix_length)


async def _answers(toolbox: Toolbox, host: str, target: str) -> bool:
    try:
        return (await send_ping(toolbox, host, target, 1)).received > 0
    except ProbeError:
        return False
