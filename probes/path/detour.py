"""path.detour: nobody answers for an address on the wire where it is looked for, and a neighbour reaches it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from probes.errors import ProbeError
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Address, Neighbour, RouteGet
from probes.linux.host import route_question
from probes.linux.ip import parse_addresses, parse_neighbours, parse_route_get
from probes.linux.proc import parse_sysctls, sysctl_question
from probes.path.facts import Detour, Hop, RouteWalk
from probes.path.nat_rules import COMMANDS as NAT
from probes.path.networks import connected
from probes.path.ping import send_ping
from probes.path.route_walk import walk
from probes.probe import Toolbox, probe
from probes.site import target_of

_PATIENCE = 4.0
"""Seconds for each other host: one that hangs must not hold up what the rest say."""
_MOST = 32
"""Other hosts that are asked."""
_IP_FAILED = 2
_UNANSWERED = ("FAILED", "INCOMPLETE")


@dataclass(frozen=True, slots=True)
class Way:
    """How another host would send to the address."""

    host: str
    addresses: tuple[Address, ...]
    route: RouteGet
    forwards: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    host: str
    gateway: str
    """Its address on a network that it shares with the host that asks."""
    interface: str
    """The host's own, on that network."""


@probe(
    "path.detour",
    commands=(
        "ip -j addr",
        "ip -j route get",
        "ip -j neigh",
        "grep -Hs '' /proc/sys/net/",
        *NAT,
        "ping -n -c",
    ),
    timeout=20.0,
    target="address",
)
async def detour(host: str, toolbox: Toolbox, target: str) -> Detour:
    """Where nobody answers for an address on the last wire of the way: which neighbour there has it answer."""
    last = last_router(await walk(toolbox, host, target))
    if last is None:
        return Detour(host, target, "")
    await _answers(toolbox, last.host, target)  # so that it asks there now, whatever it has forgotten
    known = parse_neighbours(await ask(toolbox.connection(target_of(last.host)), "ip", "-j", "neigh"))
    told = Detour(host, target, last.host, last.out_interface, unanswered(known, target, last.out_interface))
    if not told.unanswered:
        return told
    found = await _reaching(toolbox, last, target)
    if found is None:
        return told
    return replace(told, found=True, neighbour=found.host, gateway=found.gateway, gateway_interface=found.interface)


def last_router(way: RouteWalk) -> Hop | None:
    """Who sends to the address itself, by no further gateway."""
    sending = [hop for hop in way.hops if hop.out_interface]
    return sending[-1] if sending and not sending[-1].gateway and not way.blocked_by else None


def unanswered(neighbours: Iterable[Neighbour], target: str, interface: str) -> bool:
    return any(
        one.address == target and one.interface == interface and one.state in _UNANSWERED for one in neighbours
    )


async def _reaching(toolbox: Toolbox, last: Hop, target: str) -> Candidate | None:
    own = await _addresses(toolbox, last.host)
    others = [one.name for one in toolbox.site.hosts if one.name != last.host][:_MOST]
    ways = await asyncio.gather(*(_way(toolbox, other, target) for other in others))
    fitting = [found for way in ways if way is not None and (found := candidate(own, last.out_interface, way))]
    answered = await asyncio.gather(*(_answers(toolbox, one.host, target) for one in fitting))
    return next((one for one, answers in zip(fitting, answered, strict=True) if answers), None)


def candidate(own: Iterable[Address], asked_on: str, way: Way) -> Candidate | None:
    """A neighbour that forwards and has its own way to the address, which does not lead back."""
    own = tuple(own)
    held = {one.address for one in own}
    if way.route.error or way.route.gateway in held or not (way.forwards or way.route.local):
        return None
    for theirs in way.addresses:
        mine = connected(own, theirs.address)
        if mine is not None and theirs.address not in held and mine.interface != asked_on:
            return Candidate(way.host, theirs.address, mine.interface)
    return None


async def _way(toolbox: Toolbox, host: str, target: str) -> Way | None:
    """None when it cannot be asked in time."""
    name = "net/ipv6/conf/all/forwarding" if ":" in target else "net/ipv4/ip_forward"
    connection = toolbox.connection(target_of(host))
    try:
        async with asyncio.timeout(_PATIENCE):
            addresses, route, held = await asyncio.gather(
                _addresses(toolbox, host),
                _route(toolbox, host, target),
                ask(connection, *sysctl_question([name]), ok=None),
            )
    except (ProbeError, TimeoutError):
        return None
    return Way(host, addresses, route, parse_sysctls([name], held).get(name) == "1")


async def _addresses(toolbox: Toolbox, host: str) -> tuple[Address, ...]:
    return parse_addresses(await ask(toolbox.connection(target_of(host)), "ip", "-j", "addr"))


async def _route(toolbox: Toolbox, host: str, target: str) -> RouteGet:
    reply = await reply_to(toolbox.connection(target_of(host)), *route_question(target), ok=(0, _IP_FAILED))
    return parse_route_get(host, target, reply.stdout, reply.stderr)


async def _answers(toolbox: Toolbox, host: str, target: str) -> bool:
    try:
        return (await send_ping(toolbox, host, target, 3)).received > 0
    except ProbeError:
        return False
