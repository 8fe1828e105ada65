"""path.tunnels: which firewall drops the packets of tunnels (VXLAN, Geneve) between this host and others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from probes.errors import ProbeError
from probes.linux import firewall
from probes.linux.ask import ask
from probes.linux.facts import Firewall
from probes.linux.host import route_question
from probes.linux.ip import parse_route_get
from probes.path import datagrams
from probes.path.facts import TunnelBlock, Tunnels
from probes.path.firewall_along import hosts_between, read_all
from probes.path.firewall_hits import grown
from probes.path.nat_rules import COMMANDS as NAT
from probes.probe import Toolbox, probe
from probes.site import target_of

_MOST = 6
"""Tunnels that are tried: one after the other, so that it is known whose packets were counted."""
_QUIET = 1.0
"""Seconds in which is seen what the rules count anyway, about as long as sending takes."""
_FAR = "198.51.100.1"
"""No machine's (RFC 5737): the way there is the way by default."""
Firewalls = Mapping[str, Firewall]
Rule = tuple[str, str, str, str]
"""Host, table, chain and text."""


@probe(
    "path.tunnels",
    commands=(
        *firewall.COMMANDS,
        *datagrams.COMMANDS,
        "ip -j addr",
        "ip -j route get",
        "grep -Hs '' /proc/sys/net/",
        *NAT,
    ),
    timeout=60.0,
    local="address",
    remotes="address[]",
    port="port",
    packets="count",
)
async def tunnels(
    host: str, toolbox: Toolbox, local: str, remotes: tuple[str, ...], port: int, packets: int = 60
) -> Tunnels:
    """Sends UDP to a tunnel's port from both ends, and sees which firewall on the way counts it."""
    tried = remotes[:_MOST]
    found = await asyncio.gather(*(_way(toolbox, host, local, remote) for remote in tried))
    ways = {remote: hosts for remote, (hosts, _) in zip(tried, found, strict=True)}
    names = list(dict.fromkeys(name for hosts in ways.values() for name in hosts))
    latest = await read_all(toolbox, names)
    blocks: list[TunnelBlock] = []
    for remote, hosts in ways.items():
        await _send_both_ways(toolbox, host, local, remote, port, packets)
        before, latest = latest, await read_all(toolbox, names)
        blocks += dropping(remote, hosts, before, latest, packets)
    noise = await _noise(toolbox, latest) if blocks else {}
    missed = [name for _, unseen in found for name in unseen]
    return Tunnels(
        host=host,
        local=local,
        port=port,
        remotes=tried,
        asked=tuple(name for name in names if name in latest),
        unseen=tuple(dict.fromkeys((*missed, *(name for name in names if name not in latest)))),
        blocks=joined(ours(blocks, noise, packets)),
    )


async def _way(toolbox: Toolbox, host: str, local: str, remote: str) -> tuple[list[str], tuple[str, ...]]:
    """Hosts on the way there and back, and the gateways of both ends: a machine that bridges its guests' frames may
    filter them too, and is no hop."""
    hosts, missed = await hosts_between(toolbox, host, remote)
    ends = [host, await toolbox.host_of(remote)]
    gateways = await asyncio.gather(*(gateway_of(toolbox, end) for end in ends if end))
    return list(dict.fromkeys((*hosts, *(one for one in gateways if one)))), missed


async def gateway_of(toolbox: Toolbox, host: str) -> str:
    """The host of the site that is this one's gateway to anywhere; empty if none is known to be."""
    try:
        said = await ask(toolbox.connection(target_of(host)), *route_question(_FAR), ok=(0, 2))
        gateway = parse_route_get(host, _FAR, said, "").gateway
    except ProbeError:
        return ""
    return await toolbox.host_of(gateway) if gateway else ""


async def _noise(toolbox: Toolbox, latest: Firewalls) -> dict[Rule, int]:
    """What rules count by themselves."""
    await asyncio.sleep(_QUIET)
    now = await read_all(toolbox, list(latest))
    return {
        (host, hit.table, hit.chain, hit.text): hit.packets
        for host in now
        for hit in grown(latest[host], now[host], 0, "udp")
    }


async def _send_both_ways(toolbox: Toolbox, host: str, local: str, remote: str, port: int, packets: int) -> None:
    far = await toolbox.host_of(remote)
    ends = [(host, remote), *([(far, local)] if far and far != host else [])]
    sent = await asyncio.gather(
        *(datagrams.send_datagrams(toolbox.connection(target_of(end)), to, port, packets) for end, to in ends),
        return_exceptions=True,
    )
    failed = [one for one in sent if isinstance(one, BaseException)]
    if failed and (len(failed) == len(sent) or not isinstance(failed[0], ProbeError)):
        raise failed[0]


def dropping(remote: str, hosts: list[str], before: Firewalls, after: Firewalls, packets: int) -> list[TunnelBlock]:
    """Rules of these hosts that drop, and counted at least half of a direction's packets."""
    return [
        TunnelBlock(host, hit.table, hit.chain, hit.position, hit.text, hit.verdict, hit.packets, (remote,))
        for host in hosts
        if host in before and host in after
        for hit in grown(before[host], after[host], packets, "udp")
        if hit.verdict in firewall.BLOCKING
    ]


def ours(blocks: Iterable[TunnelBlock], noise: Mapping[Rule, int], packets: int) -> Iterator[TunnelBlock]:
    """Those that counted that many more than they do anyway in the time that sending took."""
    for one in blocks:
        more = one.packets - 2 * noise.get(_rule(one), 0)
        if more >= max(1, packets // 2):
            yield replace(one, packets=more)


def joined(blocks: Iterable[TunnelBlock]) -> tuple[TunnelBlock, ...]:
    """One for each rule."""
    rules: dict[Rule, TunnelBlock] = {}
    for one in blocks:
        if known := rules.get(_rule(one)):
            one = replace(known, packets=known.packets + one.packets, peers=(*known.peers, *one.peers))
        rules[_rule(one)] = one
    return tuple(sorted(rules.values(), key=lambda one: (-len(one.peers), -one.packets)))


def _rule(one: TunnelBlock) -> Rule:
    return one.host, one.table, one.chain, one.text
