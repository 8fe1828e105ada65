"""What the map is made of: facts with their source and moment, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from base.korean import in_korean
from base.text import Text
from probes.cloud.facts import Agents, Hypervisors, Servers
from probes.cloud.network_facts import FloatingAddresses, GroupNames, Ports
from probes.cloud.plugs import Plugs
from probes.cluster.facts import Nodes
from probes.cluster.places import PodPlaces, ServicePlaces
from probes.site import Host

Facts = TypeVar("Facts", covariant=True)


@dataclass(frozen=True, slots=True)
class Seen(Generic[Facts]):
    target: str
    """`cluster:NAME`, `cloud:NAME` or `host:NAME`."""
    what: str
    """The probe."""
    at: datetime
    facts: Facts | None
    why: Text | None = None
    """Why there are no facts."""


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    name: str
    nodes: Seen[Nodes]
    pods: Seen[PodPlaces]
    services: Seen[ServicePlaces]

    @property
    def all(self) -> tuple[Seen[object], ...]:
        return (self.nodes, self.pods, self.services)


@dataclass(frozen=True, slots=True)
class CloudSeen:
    name: str
    servers: Seen[Servers]
    ports: Seen[Ports]
    floating: Seen[FloatingAddresses]
    groups: Seen[GroupNames]
    hypervisors: Seen[Hypervisors]
    agents: Seen[Agents]

    @property
    def all(self) -> tuple[Seen[object], ...]:
        return (self.servers, self.ports, self.floating, self.groups, self.hypervisors, self.agents)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that was looked at."""

    hosts: tuple[Host, ...] = ()
    """Of the site: those that SSH leads to."""
    clusters: tuple[ClusterSeen, ...] = ()
    clouds: tuple[CloudSeen, ...] = ()
    plugs: Mapping[str, Seen[Plugs]] = field(default_factory=dict)
    """By the site's name of the host."""

    @property
    def all(self) -> tuple[Seen[object], ...]:
        clusters = (seen for one in self.clusters for seen in one.all)
        clouds = (seen for one in self.clouds for seen in one.all)
        return (*clusters, *clouds, *self.plugs.values())


def said(message: str) -> Text:
    """What a room below says, in both languages."""
    return Text(message, in_korean(message))
