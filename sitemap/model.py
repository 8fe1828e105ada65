"""The map: one strip for each node and server, of cells that say where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from base.text import Text
from probes.cluster.places import PodPlace


class Kind(StrEnum):
    NODE = "node"
    SERVER = "server"
    PORT = "port"
    HOST = "host"
    TAP = "tap"
    BRIDGE = "bridge"
    PODS = "pods"
    SERVICES = "services"


class State(StrEnum):
    SEEN = "seen"
    NONE = "none"
    """Somebody looked, and there is none."""
    UNKNOWN = "unknown"
    """Nobody could look."""


class By(StrEnum):
    """How a node was joined to its server."""

    PROVIDER_ID = "provider-id"
    ADDRESS = "address"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Source:
    target: str
    """`cluster:NAME`, `cloud:NAME` or `host:NAME`."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    kind: Kind
    state: State
    name: str = ""
    id: str = ""
    details: tuple[tuple[str, str], ...] = ()
    """Words of `sitemap.words.DETAILS` and their values, in the order in which they are read."""
    source: Source | None = None
    why: Text | None = None
    """Of one that is not there, or could not be seen."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two that look at one thing and say different things of it."""

    kind: str
    """A stable word: `node-address`, `two-servers`, `not-plugged` …"""
    text: Text
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """From one port of a server down to the bridge."""

    port: Cell
    host: Cell
    tap: Cell
    bridge: Cell

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (self.port, self.host, self.tap, self.bridge)


@dataclass(frozen=True, slots=True)
class ServiceHere:
    """A Service as one node has it."""

    namespace: str
    name: str
    kind: str
    addresses: tuple[str, ...]
    ports: tuple[str, ...]
    here: int
    """Endpoints on this node that are ready."""
    all: int
    """Endpoints anywhere, ready or not."""


@dataclass(frozen=True, slots=True)
class Strip:
    node: Cell
    server: Cell
    ways: tuple[Way, ...]
    pods_cell: Cell
    pods: tuple[PodPlace, ...]
    services_cell: Cell
    services: tuple[ServiceHere, ...]
    by: By | None = None
    """None where the node has no server, or the server no node."""
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def title(self) -> str:
        return self.node.name or self.server.name or self.server.id

    @property
    def is_node(self) -> bool:
        return self.node.state is State.SEEN

    @property
    def cells(self) -> tuple[Cell, ...]:
        down = (cell for way in self.ways for cell in way.cells)
        below = (self.pods_cell, self.services_cell) if self.is_node else ()
        return (self.node, self.server, *down, *below)


@dataclass(frozen=True, slots=True)
class Unseen:
    """A look that told nothing."""

    target: str
    what: str
    why: Text


@dataclass(frozen=True, slots=True)
class SiteMap:
    strips: tuple[Strip, ...] = ()
    """Nodes first, with those that contradict themselves before the others; then servers that are no nodes."""
    contradictions: tuple[Contradiction, ...] = ()
    """Of no single strip."""
    unseen: tuple[Unseen, ...] = ()

    @property
    def nodes(self) -> tuple[Strip, ...]:
        return tuple(strip for strip in self.strips if strip.is_node)

    @property
    def said(self) -> tuple[Contradiction, ...]:
        """Every contradiction."""
        return (*self.contradictions, *(one for strip in self.strips for one in strip.contradictions))
