"""Dictionaries of one cloud, so that five thousand nodes find their servers without a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from probes.cloud.facts import Agent, Hypervisor, Server
from probes.cloud.network_facts import FloatingAddress, Port
from sitemap.seen import CloudSeen

Value = TypeVar("Value")
_OF_SERVERS = "compute:"
OVS_AGENT = "Open vSwitch agent"
_OVS_AGENTS = (OVS_AGENT, "OVN Controller agent", "OVN Controller Gateway agent")


@dataclass(frozen=True, slots=True)
class Held:
    """An address of a server."""

    server: str
    """Its id."""
    port: str
    """Id of the port; empty where only Nova says it."""
    kind: str
    """fixed or floating."""


@dataclass(frozen=True, slots=True)
class CloudIndex:
    seen: CloudSeen
    servers: Mapping[str, Server]
    by_name: Mapping[str, tuple[str, ...]]
    """Ids of the servers of a name, in lower case, and of its first label."""
    ports: Mapping[str, Port]
    ports_of: Mapping[str, tuple[Port, ...]]
    """Server → its ports."""
    floating_of: Mapping[str, tuple[FloatingAddress, ...]]
    """Port → floating addresses that lead to it."""
    held: Mapping[str, tuple[Held, ...]]
    """Address → servers that hold it."""
    groups: Mapping[str, str]
    hypervisors: Mapping[str, Hypervisor]
    """By nova-compute's host."""
    agents: Mapping[str, Agent]
    """The one that wires ports, by host."""

    @property
    def everywhere(self) -> bool:
        """Servers of all projects were seen."""
        return self.seen.servers.facts is not None and self.seen.servers.facts.everywhere


def index_of(cloud: CloudSeen) -> CloudIndex:
    servers = cloud.servers.facts.servers if cloud.servers.facts else ()
    ports = cloud.ports.facts.ports if cloud.ports.facts else ()
    floating = cloud.floating.facts.floating if cloud.floating.facts else ()
    hypervisors = cloud.hypervisors.facts.hypervisors if cloud.hypervisors.facts else ()
    agents = cloud.agents.facts.agents if cloud.agents.facts else ()
    floating_of = _grouped((one.port, one) for one in floating if one.port)
    return CloudIndex(
        cloud,
        servers={one.id: one for one in servers},
        by_name=_grouped((name, one.id) for one in servers for name in _names(one.name)),
        ports={one.id: one for one in ports},
        ports_of=_grouped((one.device, one) for one in ports if of_server(one)),
        floating_of=floating_of,
        held=_held(servers, ports, floating_of),
        groups=cloud.groups.facts.names if cloud.groups.facts else {},
        hypervisors={one.host: one for one in hypervisors},
        agents={one.host: one for one in agents if one.kind in _OVS_AGENTS},
    )


def of_server(port: Port) -> bool:
    return bool(port.device) and port.owner.startswith(_OF_SERVERS)


def _names(name: str) -> set[str]:
    lower = name.casefold()
    return {lower, lower.partition(".")[0]} - {""}


def _held(
    servers: Iterable[Server], ports: Iterable[Port], floating_of: Mapping[str, tuple[FloatingAddress, ...]]
) -> dict[str, tuple[Held, ...]]:
    """By Neutron's ports; by what Nova says where it says more, as it does when Neutron does not answer."""
    pairs = [*_of_ports(ports, floating_of)]
    known = {(address, one.server) for address, one in pairs}
    with_ports = {one.server for _, one in pairs}
    for server in servers:
        if server.id not in with_ports:
            pairs += [
                (at.address, Held(server.id, "", at.kind or "fixed"))
                for at in server.addresses
                if (at.address, server.id) not in known
            ]
    return _grouped(pairs)


def _of_ports(
    ports: Iterable[Port], floating_of: Mapping[str, tuple[FloatingAddress, ...]]
) -> Iterator[tuple[str, Held]]:
    for port in ports:
        if of_server(port):
            yield from ((address, Held(port.device, port.id, "fixed")) for address in port.addresses)
            yield from (
                (one.address, Held(port.device, port.id, "floating")) for one in floating_of.get(port.id, ())
            )


def _grouped(pairs: Iterable[tuple[str, Value]]) -> dict[str, tuple[Value, ...]]:
    found: dict[str, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}
