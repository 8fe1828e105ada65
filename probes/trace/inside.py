"""The inside of a cloud's networks: which ports of Neutron packets pass there, as its API says."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from base.tasks import end_all
from probes.cloud import shapes
from probes.cloud.ask import Cloud
from probes.cloud.networks import ROUTER_PORTS
from probes.cloud.ports import floating_with, one_port
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.node.machine import host_named
from probes.path.hop import Looked
from probes.path.route_walk import Steps
from probes.probe import Toolbox
from probes.site import target_of

COMMANDS = ("ip -j addr", "GET network /v2.0/ports", "GET network /v2.0/floatingips", "GET network /v2.0/subnets")
_PORTS = ("network", "v2.0", "ports")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_GATEWAY = "network:router_gateway"
_SECONDS = 2.0
_TIMES = 3
"""After the way outside is known a cloud is waited for so many seconds, or so many times as long as that way took,
whichever is more: where all is slow it is not given up. Then what lies inside stays unknown."""
Floatings = dict[str, "asyncio.Task[tuple[shapes.Floating, ...]]"]


@dataclass(frozen=True, slots=True)
class Socket:
    """Where a port of Neutron is plugged in."""

    host: str
    """As Neutron calls the hypervisor or network node."""
    port: str
    """Its id."""
    router: str = ""
    """Id of the router whose port it is, with a namespace on that host; empty for a server's."""
    switched: bool = True
    """It belongs into an Open vSwitch: not what a card passes through by itself (SR-IOV)."""


@dataclass(frozen=True, slots=True)
class Leg:
    """From one port to another; None stands for the network outside that a router's own port is on."""

    begins: Socket | None
    ends: Socket | None


@dataclass(frozen=True, slots=True)
class Inside:
    there: tuple[Leg, ...]
    back: tuple[Leg, ...]
    begins_there: bool
    """The source is a server of the cloud; else the target alone is."""
    address: str
    """What the server is called outside: its floating address, or its router's."""
    fixed: str
    """Its own address."""
    gateway: str
    """Next hop of what a router sends outside; empty where nothing leaves."""


class Asking:
    """What the site's clouds are asked while the way outside is learned: to log in alone takes a second."""

    def __init__(self, toolbox: Toolbox, target: str) -> None:
        self._begun, self._toolbox = time.monotonic(), toolbox
        self._clouds = {one.name: Cloud(one.name, toolbox) for one in toolbox.site.clouds}
        self._floating: Floatings = {
            name: asyncio.create_task(floating_with(cloud, target)) for name, cloud in self._clouds.items()
        }

    async def inside(self, there: Steps) -> Inside | None:
        """Of the first cloud that has it. None where no cloud has, or none says so in time."""
        leaving = [one for one in there.walked if not one.arrived and one.hop.out_interface]
        if not leaving or not self._clouds:
            return None
        patience = max(_SECONDS, _TIMES * (time.monotonic() - self._begun))
        try:
            async with asyncio.timeout(patience):
                found = await asyncio.gather(*(self._in(name, leaving[0]) for name in self._clouds))
        except TimeoutError:
            return None
        return next((one for one in found if one is not None), None)

    async def _in(self, name: str, first: Looked) -> Inside | None:
        try:
            own = await ask(self._toolbox.connection(target_of(first.hop.host)), "ip", "-j", "addr")
            cards = frozenset(_MAC.findall(own.lower()))
            return await _of(self._clouds[name], first.out_address, first.towards, cards, self._floating[name])
        except ProbeError:
            return None

    async def close(self) -> None:
        await end_all(self._floating.values())


async def _of(
    cloud: Cloud, own: str, first: str, cards: frozenset[str], asked: asyncio.Task[tuple[shapes.Floating, ...]]
) -> Inside | None:
    """`own` sends what shall come to the target to `first`; `asked` is who has the target as floating address. A
    port is the source's if one of its cards has its MAC: a network of the cloud may have the range of machines."""
    query = tuple(("fixed_ips", f"ip_address={one}") for one in dict.fromkeys((own, first)))
    ports, floating = await asyncio.gather(
        cloud.list(*_PORTS, shape=shapes.Ports, query=query), asyncio.shield(asked)
    )
    source, beside = _with([one for one in ports if one.mac_address.lower() in cards], own), _with(ports, first)
    if source and beside and beside.network_id == source.network_id:
        if beside.device_owner in ROUTER_PORTS:  # from one server to the floating address of another nobody looks
            return None if floating else await _outwards(cloud, source, beside)
        there = Leg(_socket(source), _socket(beside))
        return Inside((there,), (_turned(there),), True, own, own, "")
    if source or not floating or not floating[0].port_id or not floating[0].router_id:
        return None
    return await _inwards(cloud, floating[0])


def _with(ports: Sequence[shapes.Port], address: str) -> shapes.Port | None:
    """One that is bound to a host. Two networks may have the same address: then nobody can tell."""
    own = [one for one in ports if any(fixed.ip_address == address for fixed in one.fixed_ips) and one.host]
    return own[0] if len(own) == 1 else None


def _socket(port: shapes.Port) -> Socket:
    is_router = port.device_owner in (_GATEWAY, *ROUTER_PORTS)
    switched = port.vif_type in (None, "", "ovs", "vhostuser")
    return Socket(port.host or "", port.id, port.device_id if is_router else "", switched)


def _turned(leg: Leg) -> Leg:
    return Leg(leg.ends, leg.begins)


async def _outwards(cloud: Cloud, source: shapes.Port, router: shapes.Port) -> Inside | None:
    ports, floating = await asyncio.gather(
        cloud.list(*_PORTS, shape=shapes.Ports, query=(("device_id", router.device_id),)),
        cloud.list("network", "v2.0", "floatingips", shape=shapes.Floatings, query=(("port_id", source.id),)),
    )
    outer = next((one for one in ports if one.device_owner == _GATEWAY and one.host), None)
    if outer is None or not outer.fixed_ips:
        return None
    there = (Leg(_socket(source), _socket(router)), Leg(_socket(outer), None))
    named = floating[0].floating_ip_address if floating else outer.fixed_ips[0].ip_address
    back = tuple(map(_turned, reversed(there)))
    gateway = await _gateway(cloud, outer.network_id)
    return Inside(there, back, True, named, source.fixed_ips[0].ip_address, gateway)


async def _inwards(cloud: Cloud, floating: shapes.Floating) -> Inside | None:
    target, ports, gateway = await asyncio.gather(
        one_port(cloud, floating.port_id or ""),
        cloud.list(*_PORTS, shape=shapes.Ports, query=(("device_id", floating.router_id or ""),)),
        _gateway(cloud, floating.floating_network_id),
    )
    outer = next((one for one in ports if one.device_owner == _GATEWAY and one.host), None)
    own = [one for one in ports if target and one.network_id == target.network_id and one.host]
    if target is None or outer is None or not own or not target.host:
        return None
    there = (Leg(None, _socket(outer)), Leg(_socket(own[0]), _socket(target)))
    back = tuple(map(_turned, reversed(there)))
    fixed = floating.fixed_ip_address or ""
    return Inside(there, back, False, floating.floating_ip_address, fixed, gateway)


async def _gateway(cloud: Cloud, network: str) -> str:
    subnets = await cloud.list("network", "v2.0", "subnets", shape=shapes.Subnets, query=(("network_id", network),))
    return next((one.gateway_ip for one in subnets if one.gateway_ip and one.ip_version == 4), "")


def site_host(toolbox: Toolbox, socket: Socket) -> str:
    """Empty where the site does not know it."""
    return host_named(socket.host, toolbox.site)
