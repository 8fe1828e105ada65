"""path.firewall_hits: which rules count the packets we send now."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from probes.errors import ProbeError
from probes.exchange import Reply
from probes.linux import firewall, iptables, nft
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Address, Firewall, FirewallRule
from probes.linux.firewall import apart, policies_as_rules
from probes.linux.host import route_question
from probes.linux.ip import parse_addresses, parse_route_get, parse_routes
from probes.path import capture, send
from probes.path.capture import Sighting
from probes.path.facts import FirewallHits, Hit
from probes.path.networks import alone, connected, network_of, plain
from probes.probe import Toolbox, probe
from probes.site import target_of

_IP_FAILED = 2
_FINAL = ("REJECT", "DROP", "ACCEPT")
"""Most suspicious first."""


@probe(
    "path.firewall_hits",
    commands=(*firewall.COMMANDS, *send.COMMANDS, *capture.COMMANDS, "ip -j addr", "ip -j route get"),
    timeout=20.0,
    source="host",
    target="address",
    packets="count",
    port="port",
    udp="yes-no",
)
async def firewall_hits(
    host: str,
    toolbox: Toolbox,
    source: str,
    target: str,
    packets: int = 20,
    port: int = 0,
    udp: bool = False,
) -> FirewallHits:
    """Rule counters on this host before and after packets from source to target: pings, with a port TCP
    connections, with `udp` DNS questions to it."""
    connection = toolbox.connection(target_of(host))
    before, addresses, way = await asyncio.gather(
        firewall.read_firewall(connection, host),
        ask(connection, "ip", "-j", "addr"),
        ask_way(toolbox, host, target),
    )
    own = parse_addresses(addresses)
    layer3 = {address.interface for address in own}
    sent, sightings = await capture.watch_and_send(toolbox, {host: layer3}, source, target, packets, port, udp=udp)
    seen = sightings[host]
    after, back = await asyncio.gather(
        firewall.read_firewall(connection, host), _way_back(toolbox, host, source, seen, way, layer3)
    )
    return FirewallHits(
        host=host,
        source=source,
        target=target,
        sent=sent.sent,
        received=sent.received,
        backend=after.backend,
        hits=grown(before, after, sent.sent, _protocol(port, udp)),
        in_interface=back.in_interface,
        out_interface=way.out_interface,
        seen_source=back.seen_source,
        source_net=source_network(own, back.seen_source),
        target_net=way.target_net,
    )


@dataclass(frozen=True, slots=True)
class Way:
    """How a host would send to the target. Empty when it has no route."""

    out_interface: str
    target_net: str
    own_source: str


async def ask_way(toolbox: Toolbox, host: str, target: str) -> Way:
    """The kernel's choice and the routing table's entry behind it."""
    connection = toolbox.connection(target_of(host))
    plain, entry = await asyncio.gather(
        reply_to(connection, *route_question(target), ok=(0, _IP_FAILED)),
        reply_to(connection, "ip", "-j", "route", "get", "fibmatch", target, ok=None),
    )
    return read_way(host, target, plain, entry)


def read_way(host: str, target: str, plain: Reply, entry: Reply) -> Way:
    chosen = parse_route_get(host, target, plain.stdout, plain.stderr)
    matched = parse_routes(entry.stdout) if entry.status == 0 else ()
    destination = matched[0].destination if matched and not chosen.local else "default"
    net = alone(target) if destination == "default" else destination
    return Way("" if chosen.local else chosen.interface, "" if chosen.error else net, chosen.source)


@dataclass(frozen=True, slots=True)
class _Back:
    seen_source: str
    in_interface: str


async def _way_back(
    toolbox: Toolbox, host: str, source: str, seen: Sighting, way: Way, layer3: Collection[str]
) -> _Back:
    """Where packets of the source come in: as captured on an interface with addresses, else by the way back to
    it (the capture may have been full on the port of a switch), else as captured."""
    if host == source:
        return _Back(way.own_source, "")
    if seen.source and seen.interface in layer3:
        return _Back(seen.source, seen.interface)
    towards = seen.source or next(iter(await _known_addresses(toolbox, source)), "")
    if not towards:
        return _Back(seen.source, "")
    back = await ask_way(toolbox, host, towards)
    return _Back(seen.source, back.out_interface or seen.interface)


async def _known_addresses(toolbox: Toolbox, host: str) -> tuple[str, ...]:
    try:
        known = await toolbox.addresses_of(host)
    except ProbeError:
        return ()
    return tuple(plain(known))


def source_network(addresses: tuple[Address, ...], source: str) -> str:
    """The connected network of the source, else the source alone; empty without a source."""
    if not source:
        return ""
    own = connected(addresses, source)
    return network_of(own) if own else alone(source)


def grown(before: Firewall, after: Firewall, sent: int, protocol: str) -> tuple[Hit, ...]:
    """Rules and policies with a final verdict that counted at least half of our packets. The nat table is left
    out: ACCEPT there only means "no translation"."""
    was, policies = apart(before.rules), apart(policies_as_rules(before.policies))
    hits = [
        _hit(rule, rule.packets - was[key].packets if key in was else rule.packets)
        for key, rule in apart(after.rules).items()
        if can_see(rule, protocol)
    ]
    for key, rule in apart(policies_as_rules(after.policies)).items():
        more = rule.packets - policies[key].packets if key in policies else rule.packets
        hits.append(Hit(rule.table, rule.chain, 0, rule.text, (), rule.verdict, more, True))
    least = max(1, sent // 2)
    enough = [hit for hit in hits if hit.packets >= least and hit.verdict in _FINAL and hit.table != "nat"]
    return tuple(sorted(enough, key=lambda hit: (_FINAL.index(hit.verdict), -hit.packets)))


def _protocol(port: int, udp: bool) -> str:
    if udp:
        return "udp"
    return "tcp" if port else "icmp"


def can_see(rule: FirewallRule, protocol: str) -> bool:
    """Not written for another protocol: background traffic there would look like ours."""
    six = ("ipv6-icmp", "icmpv6") if protocol == "icmp" else ()
    return iptables.option(rule.spec, "-p") in ("", "all", protocol, *six) or "!" in rule.spec


def _hit(rule: FirewallRule, packets: int) -> Hit:
    blanket = iptables.is_blanket(rule.spec) if rule.spec else nft.says_nothing_else(rule.text)
    return Hit(rule.table, rule.chain, rule.position, rule.text, rule.spec, rule.verdict, packets, blanket)
