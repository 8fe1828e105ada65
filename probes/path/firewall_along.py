"""path.firewall_along: one series of packets, and every firewall on the way there and back looked at."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.errors import ProbeError
from probes.linux import firewall
from probes.linux.ask import ask
from probes.linux.facts import Address, Firewall
from probes.linux.ip import parse_addresses
from probes.path import capture, send
from probes.path.capture import Sighting
from probes.path.facts import FirewallAlong, Hit, RouteWalk
from probes.path.firewall_hits import ask_way, grown, source_network
from probes.path.nat_rules import COMMANDS as NAT
from probes.path.networks import alone, plain
from probes.path.route_walk import walk
from probes.probe import Toolbox, probe
from probes.site import target_of


@probe(
    "path.firewall_along",
    commands=(
        *firewall.COMMANDS,
        *send.COMMANDS,
        *capture.COMMANDS,
        "ip -j addr",
        "ip -j route get",
        "grep -Hs '' /proc/sys/net/",
        *NAT,
    ),
    timeout=25.0,
    target="address",
    packets="count",
)
async def firewall_along(host: str, toolbox: Toolbox, target: str, packets: int = 10) -> FirewallAlong:
    """Which firewall between this host and an address counts packets sent now, on the way there or back."""
    hosts, missed = await hosts_between(toolbox, host, target)
    before = await read_all(toolbox, hosts)
    readable = [name for name in hosts if name in before]
    watchers = await _watchers(toolbox, readable)
    sent, sightings = await capture.watch_and_send(toolbox, watchers, host, target, packets)
    after = await read_all(toolbox, readable)
    blocked = blocking(readable, before, after, sent.sent)
    nets = await _nets(toolbox, blocked, target, sightings) if blocked else ("", "")
    return FirewallAlong(
        source=host,
        target=target,
        sent=sent.sent,
        received=sent.received,
        asked=tuple(name for name in readable if name in after),
        unseen=tuple(dict.fromkeys((*missed, *(name for name in hosts if name not in after)))),
        blocking_host=blocked.host if blocked else "",
        hits=blocked.hits if blocked else (),
        source_net=nets[0],
        target_net=nets[1],
    )


async def hosts_between(toolbox: Toolbox, source: str, target: str) -> tuple[list[str], tuple[str, ...]]:
    """Hosts on the way there, its end, and hosts on the way back; then those that could not be asked."""
    there = await walk(toolbox, source, target)
    owner = there.owner or await toolbox.host_of(target)
    ways = [there]
    if owner and owner != source:
        ways.extend(await _ways_back(toolbox, owner, source, there))
    hosts = dict.fromkeys(hop.host for way in ways for hop in way.hops)
    unseen = tuple(way.unseen for way in ways if way.unseen)
    return [*hosts, *([owner] if owner and owner not in hosts else [])], unseen


async def _ways_back(toolbox: Toolbox, owner: str, source: str, there: RouteWalk) -> list[RouteWalk]:
    """Back to the source's own address. Hops that masquerade are on the way there already."""
    same_family = plain(await toolbox.addresses_of(source), there.target)
    try:
        return [await walk(toolbox, owner, same_family[0])] if same_family else []
    except ProbeError:
        return []


async def read_all(toolbox: Toolbox, hosts: list[str]) -> dict[str, Firewall]:
    """Firewalls of the hosts that let us read them."""
    found = await asyncio.gather(*(_read(toolbox, name) for name in hosts))
    return {one.host: one for one in found if one is not None}


async def _read(toolbox: Toolbox, host: str) -> Firewall | None:
    try:
        return await firewall.read_firewall(toolbox.connection(target_of(host)), host)
    except ProbeError:
        return None


async def _watchers(toolbox: Toolbox, hosts: list[str]) -> dict[str, set[str]]:
    """The hosts with their interfaces that have addresses."""
    found = await asyncio.gather(*(_own(toolbox, name) for name in hosts))
    return {name: {one.interface for one in own} for name, own in zip(hosts, found, strict=True)}


async def _own(toolbox: Toolbox, host: str) -> tuple[Address, ...]:
    try:
        return parse_addresses(await ask(toolbox.connection(target_of(host)), "ip", "-j", "addr"))
    except ProbeError:
        return ()


@dataclass(frozen=True, slots=True)
class _Blocked:
    host: str
    hits: tuple[Hit, ...]


def blocking(
    hosts: list[str], before: dict[str, Firewall], after: dict[str, Firewall], sent: int
) -> _Blocked | None:
    """The host whose blocking rule counted most like our packets; of equal ones the first on the way. A rule of
    another host may have counted enough of somebody else's."""
    grew = {host: grown(before[host], after[host], sent, "icmp") for host in hosts if host in after}
    stopping = {host: [hit for hit in hits if hit.verdict in firewall.BLOCKING] for host, hits in grew.items()}
    found = [host for host, hits in stopping.items() if hits]
    if not found:
        return None
    nearest = min(found, key=lambda host: min(abs(hit.packets - sent) for hit in stopping[host]))
    return _Blocked(nearest, grew[nearest])


async def _nets(
    toolbox: Toolbox, blocked: _Blocked, target: str, sightings: dict[str, Sighting]
) -> tuple[str, str]:
    """The two ends as the blocking host sees them, for a rule that lets just them pass."""
    own = await _own(toolbox, blocked.host)
    way = await ask_way(toolbox, blocked.host, target)
    source_net = source_network(own, sightings[blocked.host].source)
    return source_net, way.target_net or alone(target)
