"""path.arrivals: do packets reach the target's host, do answers leave it, and where would they go?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from probes.errors import ProbeError
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Address, Neighbour
from probes.linux.host import read_counters, read_route_get, route_question
from probes.linux.ip import parse_addresses, parse_neighbours
from probes.linux.proc import growth
from probes.path import capture, route_walk, send
from probes.path.facts import Arrivals
from probes.path.firewall_hits import ask_way
from probes.path.networks import alone, connected
from probes.probe import PROBES, Toolbox, probe
from probes.site import target_of


@probe(
    "path.arrivals",
    commands=(
        "cat /proc/net/snmp /proc/net/netstat",
        "ip -j neigh",
        *send.COMMANDS,
        *capture.COMMANDS,
        *PROBES["path.route_walk"].commands,
    ),
    timeout=20.0,
    source="host",
    target="address",
    packets="count",
)
async def arrivals(host: str, toolbox: Toolbox, source: str, target: str, packets: int = 10) -> Arrivals:
    """Echo requests and replies counted on the target's host, and its way back to the source as it arrives."""
    connection = toolbox.connection(target_of(host))
    before, addresses = await asyncio.gather(read_counters(host, toolbox), ask(connection, "ip", "-j", "addr"))
    own = parse_addresses(addresses)
    layer3 = {address.interface for address in own}
    sent, sightings = await capture.watch_and_send(toolbox, {host: layer3}, source, target, packets)
    seen = sightings[host]
    after, neighbours = await asyncio.gather(read_counters(host, toolbox), ask(connection, "ip", "-j", "neigh"))
    gateway = brought_by(parse_neighbours(neighbours), seen.mac, own) if seen.source else ""
    if seen.source and not gateway and not connected(own, seen.source):
        gateway = await _last_router(toolbox, source, target, own)
    return Arrivals(
        host=host,
        source=source,
        target=target,
        sent=sent.sent,
        received=sent.received,
        echo_requests=growth(before, after, "IcmpInEchos"),
        echo_replies=growth(before, after, "IcmpOutEchoReps"),
        no_routes=growth(before, after, "IpOutNoRoutes"),
        seen_source=seen.source,
        in_interface=entered(seen, gateway, own),
        route_back=await _route_back(toolbox, host, seen.source),
        source_net=await _sender_network(toolbox, gateway, seen.source),
        gateway=gateway,
    )


def entered(seen: capture.Sighting, gateway: str, own: tuple[Address, ...]) -> str:
    """The interface with addresses: a burst may fill the capture on the port of a switch, before the switch has
    let the first packet up to its own interface."""
    if not seen.source or any(seen.interface == one.interface for one in own):
        return seen.interface
    carrier = connected(own, gateway or seen.source)
    return carrier.interface if carrier else seen.interface


def brought_by(neighbours: Iterable[Neighbour], mac: str, own: Iterable[Address]) -> str:
    """The neighbour with that hardware address which can be a next hop; empty if there is none."""
    fitting = (one.address for one in neighbours if mac and one.mac == mac)
    return next((address for address in fitting if connected(own, address)), "")


async def _last_router(toolbox: Toolbox, source: str, target: str, own: Iterable[Address]) -> str:
    """By the routing tables: the last forwarding host's address on a network of the target's host."""
    try:
        walk = await route_walk.walk(toolbox, source, target)
    except ProbeError:
        return ""
    if not walk.suspects:
        return ""
    last = await toolbox.addresses_of(walk.suspects[-1])
    held = {one.address for one in own}
    return next((address for address in last if address not in held and connected(own, address)), "")


async def _route_back(toolbox: Toolbox, host: str, seen_source: str) -> str:
    if not seen_source:
        return "unknown"
    connection = toolbox.connection(target_of(host))
    reply = await reply_to(connection, *route_question(seen_source), ok=(0, 2))
    route = read_route_get(host, seen_source, reply)
    return {"": "ok", "unreachable": "unreachable"}.get(route.error, "prohibited")


async def _sender_network(toolbox: Toolbox, gateway: str, seen_source: str) -> str:
    """The network the gateway's host has the source in, else the source alone."""
    if not seen_source:
        return ""
    owner = await toolbox.host_of(gateway) if gateway else ""
    try:
        return (owner and (await ask_way(toolbox, owner, seen_source)).target_net) or alone(seen_source)
    except ProbeError:
        return alone(seen_source)
