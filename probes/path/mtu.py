"""path.mtu: the largest packet that arrives, and where larger ones vanish without a word.

A path may narrow: whoever's next link is too small for a packet with DF says so, and the sender takes smaller ones.
Packets vanish where that answer is not sent or does not come back, or where no router but a network between two of
them takes less than both believe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from probes.errors import ProbeError
from probes.linux import firewall
from probes.linux.ask import ask
from probes.linux.facts import Firewall, Link
from probes.linux.ip import parse_addresses, parse_links
from probes.linux.iptables import option
from probes.path import ladder as ladders
from probes.path.facts import Hit, Hop, RouteWalk
from probes.path.firewall_along import read_all
from probes.path.firewall_hits import grown
from probes.path.mtu_facts import Ladder, PathLink, PathMtu
from probes.path.nat_rules import COMMANDS as NAT
from probes.path.networks import connected
from probes.path.route_walk import walk
from probes.probe import Toolbox, probe
from probes.site import target_of

_PATIENCE = 3.0
"""Seconds for each neighbour: one that hangs must not hold up what the rest say."""
_NEIGHBOURS = 16
_ANSWERS = ("", "any", "3", "3/4", "fragmentation-needed", "destination-unreachable")
"""Types of ICMP, as rules name them, that "fragmentation needed" is one of."""


@probe(
    "path.mtu",
    commands=(
        *ladders.COMMANDS,
        *firewall.COMMANDS,
        "ip -j addr",
        "grep -Hs '' /proc/sys/net/",
        *NAT,
    ),
    timeout=25.0,
    target="address",
)
async def mtu(host: str, toolbox: Toolbox, target: str) -> PathMtu:
    """Sends packets of several sizes that may not be cut, and says where the larger ones vanish."""
    return await followed(toolbox, await ladders.first_rungs(toolbox, host, target))


async def followed(toolbox: Toolbox, found: Ladder) -> PathMtu:
    """Where a size vanishes that was tried first: what still arrives, and who should have said something."""
    host, target = found.source, found.target
    if not found.lost:
        return plain(found)
    way = await walk(toolbox, host, target)
    stations, firewalls = await asyncio.gather(_stations(toolbox, way), read_all(toolbox, _names(way)))
    more, arrive = await asyncio.gather(
        ladders.search(toolbox, found, hints(stations)),
        asyncio.gather(*(_arrives(toolbox, host, target, one, found.lost) for one in stations)),
    )
    told = along(more, way, stations, arrive)
    if not more.lost:
        return told
    sent = ladders.lost_of(more) - 2  # of which the first went out before
    return await located(toolbox, told, firewalls, sent)


def hints(stations: Sequence[PathLink]) -> set[int]:
    return {link for one in stations for link in (one.in_mtu, one.out_mtu)}


def along(found: Ladder, way: RouteWalk, stations: Sequence[PathLink], arrive: Sequence[str]) -> PathMtu:
    links = tuple(replace(one, large_arrive=said) for one, said in zip(stations, arrive, strict=True))
    return replace(plain(found), links=links, unseen=way.unseen, left_site_at=way.left_site_at)


def plain(found: Ladder) -> PathMtu:
    return PathMtu(
        found.source,
        found.target,
        found.first_mtu,
        found.answers,
        found.largest,
        found.lost,
        found.told_by,
        found.told_mtu,
    )


def _names(way: RouteWalk) -> list[str]:
    return list(dict.fromkeys(hop.host for hop in way.hops))


# ------------------------------------------------------------------ the links on the way


async def _stations(toolbox: Toolbox, way: RouteWalk) -> tuple[PathLink, ...]:
    """The hops with the MTUs of their links."""
    links = await asyncio.gather(*(_links(toolbox, hop.host) for hop in way.hops))
    return stations_of(way, links)


def stations_of(way: RouteWalk, links: Sequence[Mapping[str, Link]]) -> tuple[PathLink, ...]:
    towards = ["", *(hop.gateway or way.target for hop in way.hops)]
    return tuple(
        station(hop, address, own) for hop, address, own in zip(way.hops, towards[:-1], links, strict=True)
    )


async def _links(toolbox: Toolbox, host: str) -> Mapping[str, Link]:
    """By name; none where they cannot be read."""
    try:
        said = await ask(toolbox.connection(target_of(host)), "ip", "-j", "-s", "-d", "link")
        return {link.name: link for link in parse_links(said)}
    except ProbeError:
        return {}


def station(hop: Hop, address: str, links: Mapping[str, Link]) -> PathLink:
    incoming, outgoing = links.get(hop.in_interface), links.get(hop.out_interface)
    return PathLink(
        hop.host,
        address,
        hop.in_interface,
        incoming.mtu if incoming else 0,
        hop.out_interface,
        outgoing.mtu if outgoing else 0,
        outgoing.kind if outgoing else "",
        "unknown",
    )


async def _arrives(toolbox: Toolbox, source: str, target: str, one: PathLink, size: int) -> str:
    """From the source they leave, and at the target they do not arrive: nobody has to try that again."""
    if one.address in ("", target):
        return "no" if one.address else "yes"
    return await ladders.arrives(toolbox.connection(target_of(source)), source, one.address, size)


# ------------------------------------------------------------------ where they vanish


async def located(
    toolbox: Toolbox,
    told: PathMtu,
    before: Mapping[str, Firewall],
    sent: int,
    after: Mapping[str, Firewall] | None = None,
    *,
    from_pod: bool = False,
) -> PathMtu:
    """`after` is read now where nobody has done so. To a pod of the source's it is a router as any other."""
    at = silent(told.links, told.lost, routers_from=0 if from_pod else 1)
    if at >= 0:
        one = told.links[at]
        named = replace(gap(told, at + 1), silent_at=one.host, silent_interface=one.out_interface)
        hosts = [link.host for link in told.links[: at + 1]]
        if after is None:
            after = await read_all(toolbox, [host for host in hosts if host in before])
        host, hits = dropping(hosts[::-1], before, after, sent)
        return replace(named, silent_mtu=one.out_mtu, hits_host=host, hits=hits)
    missing = first_missing(told.links)
    if missing > 1 and told.links[missing - 1].large_arrive == "unknown":
        return told  # it may be before that one as well
    named = gap(told, missing)
    if not 0 < named.after_mtu < named.lost:
        return named
    others = await _others(toolbox, named)
    return odd_one(named, others)


def silent(links: Sequence[PathLink], lost: int, routers_from: int = 1) -> int:
    """Index of the first router whose next link is too narrow, as far as large packets come; -1: none. Of its own
    link the source's kernel tells the source."""
    for at, one in enumerate(links[routers_from:], routers_from):
        if one.large_arrive == "no":
            return -1
        if 0 < one.out_mtu < lost:
            return at
    return -1


def first_missing(links: Sequence[PathLink]) -> int:
    """Index of the first machine where large packets do not arrive; one past the end when it is none of these."""
    return next((at for at, one in enumerate(links) if one.large_arrive == "no"), len(links))


def gap(told: PathMtu, at: int) -> PathMtu:
    """Between the machine before and the one at `at`."""
    last = told.links[at - 1]
    missing = told.links[at] if at < len(told.links) else None
    return replace(
        told,
        before_host=last.host,
        before_interface=last.out_interface,
        before_mtu=last.out_mtu,
        before_kind=last.out_kind,
        after_host=missing.host if missing else "",
        after_interface=missing.in_interface if missing else "",
        after_mtu=missing.in_mtu if missing else 0,
    )


def dropping(
    hosts: Sequence[str], before: Mapping[str, Firewall], after: Mapping[str, Firewall], sent: int
) -> tuple[str, tuple[Hit, ...]]:
    """The host whose rule drops the answers "fragmentation needed", the first on their way back, and its rules."""
    for host in hosts:
        if host not in after or host not in before:
            continue
        hits = [hit for hit in grown(before[host], after[host], sent, "icmp") if drops_the_answer(hit)]
        if hits:
            return host, tuple(hits)
    return "", ()


def drops_the_answer(hit: Hit) -> bool:
    """A rule for large packets, or for another ICMP, is none."""
    sizes = {"length", "connbytes"} & set(hit.spec)
    kind = option(hit.spec, "--icmp-type")
    return hit.verdict in firewall.BLOCKING and not sizes and kind in _ANSWERS


# ------------------------------------------------------------------ two that do not agree


@dataclass(frozen=True, slots=True)
class Neighbour:
    host: str
    mtu: int


async def _others(toolbox: Toolbox, named: PathMtu) -> tuple[Neighbour, ...]:
    """Machines of the site on the network between the two."""
    names = [one.name for one in toolbox.site.hosts if one.name not in (named.before_host, named.after_host)]
    towards = next(one.address for one in named.links if one.host == named.after_host)
    found = await asyncio.gather(*(_on_network(toolbox, name, towards) for name in names[:_NEIGHBOURS]))
    return tuple(one for one in found if one is not None)


async def _on_network(toolbox: Toolbox, host: str, address: str) -> Neighbour | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            said = await ask(toolbox.connection(target_of(host)), "ip", "-j", "addr")
        own = connected(parse_addresses(said), address)
        mtus = {link.name: link.mtu for link in parse_links(said)}
    except (ProbeError, TimeoutError):
        return None
    return Neighbour(host, mtus[own.interface]) if own else None


def odd_one(named: PathMtu, others: Sequence[Neighbour]) -> PathMtu:
    """The one that fewer neighbours are like; with as many on both sides the one that takes less."""
    like_before = sum(one.mtu == named.before_mtu for one in others)
    like_after = sum(one.mtu == named.after_mtu for one in others)
    if like_after > like_before:
        odd, common = (named.before_host, named.before_interface, named.before_mtu), named.after_mtu
    else:
        odd, common = (named.after_host, named.after_interface, named.after_mtu), named.before_mtu
    return replace(named, odd_host=odd[0], odd_interface=odd[1], odd_mtu=odd[2], common_mtu=common)
