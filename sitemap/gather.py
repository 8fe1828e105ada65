"""Looks at everything the map is made of, all at the same time, each with its limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from base.text import Text
from journal.redact import hushed
from probes.cloud import agents, lists, plugs, ports, servers
from probes.cluster import objects, places
from probes.probe import ProbeCall, Toolbox, observe
from probes.site import Site
from sitemap.index import index_of
from sitemap.machines import Machines
from sitemap.seen import CloudSeen, ClusterSeen, Gathered, Seen, said

LATE = Text("not asked: others took too long", "다른 호스트를 기다리느라 묻지 못했다")
REGISTER = (agents, lists, objects, places, plugs, ports, servers)
PATIENCE = 30.0
"""Seconds for one look, whatever its probe would take."""
WIDTH = 32
"""Hypervisors asked at the same time."""
BELOW = 60.0
"""Seconds for all hypervisors together."""


async def gather(
    toolbox: Toolbox,
    *,
    seconds: float = PATIENCE,
    wanted: Callable[[Gathered], Iterable[str]] | None = None,
    part: Site | None = None,
) -> AsyncIterator[Gathered]:
    """First what the APIs say (of `part` of the site), then with it what `wanted` hosts say: by default all that
    hold a server's port."""
    site = part or toolbox.site
    clusters, clouds = await asyncio.gather(
        asyncio.gather(*(_cluster(one.name, toolbox, seconds) for one in site.clusters)),
        asyncio.gather(*(_cloud(one.name, toolbox, seconds) for one in site.clouds)),
    )
    found = Gathered(site.hosts, tuple(clusters), tuple(clouds))
    yield found
    names = tuple((wanted or hypervisors)(found))
    if names:
        gate, end = asyncio.Semaphore(WIDTH), asyncio.get_running_loop().time() + min(BELOW, 2 * seconds)
        asked = await asyncio.gather(*(_plugs(name, toolbox, seconds, gate, end) for name in names))
        yield replace(found, plugs=dict(zip(names, asked, strict=True)))


def hypervisors(found: Gathered, servers: Collection[str] | None = None) -> Iterable[str]:
    """Hosts of the site that ports of servers are bound to, or servers are on; of all servers, or of these. Where
    Neutron says nothing, every hypervisor."""
    machines, names = Machines(found.hosts), dict[str, None]()
    for cloud in map(index_of, found.clouds):
        bound = [port.host for id_, ports in cloud.ports_of.items() if _meant(id_, servers) for port in ports]
        placed = [server.host for server in cloud.servers.values() if _meant(server.id, servers)]
        blind = () if cloud.seen.ports.facts else tuple(cloud.hypervisors)  # any of them may hold it
        for host in dict.fromkeys((*bound, *placed, *blind)):
            if host and (machine := machines.of_host(host, cloud.hypervisors.get(host))):
                names[machine] = None
    return tuple(names)


def _meant(server: str, servers: Collection[str] | None) -> bool:
    return servers is None or server in servers


async def _cluster(name: str, toolbox: Toolbox, seconds: float) -> ClusterSeen:
    names = ("k8s.nodes", "k8s.pod_places", "k8s.service_places")
    return ClusterSeen(name, *await _looks(names, "cluster", name, toolbox, seconds))


async def _cloud(name: str, toolbox: Toolbox, seconds: float) -> CloudSeen:
    names = ("servers", "ports", "floating_ips", "security_groups", "hypervisors", "agents")
    return CloudSeen(name, *await _looks([f"cloud.{one}" for one in names], "cloud", name, toolbox, seconds))


async def _looks(names: Iterable[str], kind: str, name: str, toolbox: Toolbox, seconds: float) -> list[Seen[Any]]:
    return await asyncio.gather(*(_look(one, f"{kind}:{name}", name, toolbox, seconds) for one in names))


async def _plugs(
    host: str, toolbox: Toolbox, seconds: float, gate: asyncio.Semaphore, end: float
) -> Seen[plugs.Plugs]:
    """Of a thousand dead ones the last are not waited for."""
    asked, target = datetime.now(UTC), f"host:{host}"
    try:
        async with asyncio.timeout_at(end), gate:
            return await _look("ovs.plugs", target, host, toolbox, seconds)
    except TimeoutError:
        return Seen(target, "ovs.plugs", asked, None, LATE)


async def _look(probe: str, target: str, name: str, toolbox: Toolbox, seconds: float) -> Seen[Any]:
    """Whatever happens is an answer; the moment is that of the question, so that an age is never too small."""
    asked = datetime.now(UTC)
    try:
        async with asyncio.timeout(seconds):
            evidence = await observe(ProbeCall(probe, name), toolbox, probe)
    except TimeoutError:
        return Seen(target, probe, asked, None, said(f"{probe} on {name}: no answer in {seconds:g} s"))
    if evidence.failure:
        return Seen(target, probe, asked, None, said(hushed(evidence.failure).message))
    return Seen(target, probe, asked, evidence.facts)
