"""Every name and address that the map knows, and what has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from base.text import Text
from probes.cloud.network_facts import Port
from probes.cluster.answers import no_collecting
from probes.cluster.places import PodPlace
from sitemap.contradictions import ENDED
from sitemap.join import joined
from sitemap.matching import addresses_of
from sitemap.model import SiteMap, Strip
from sitemap.seen import CloudSeen, ClusterSeen, Gathered
from sitemap.sentences import short

Entry = tuple[str, str, object]
"""Kind, target, and the object; the words are made when somebody asks."""
_CUT = 11
"""Of a port's id, which names its tap."""


@dataclass(frozen=True, slots=True)
class Thing:
    what: Text
    """Empty of what the rest of the sentence says anyhow: a server, a port."""
    source: str
    strip: Strip | None = None
    on_node: Text | None = None
    """Instead of `what` where its server is a node, with `{node}`."""
    port: str = ""
    """Where one of several ports of the server is meant."""

    @property
    def is_node(self) -> bool:
        return self.on_node is None and self.strip is not None


class Lexicon:
    def __init__(self, gathered: Gathered, site_map: SiteMap | None = None) -> None:
        self.map = site_map or joined(gathered)
        self._entries: dict[str, list[Entry]] = {}
        self._nodes: dict[tuple[str, str], Strip] = {}
        self._servers: dict[str, Strip] = {}
        with no_collecting():
            self._fill(gathered)

    def _fill(self, gathered: Gathered) -> None:
        for strip in self.map.strips:
            self._add_strip(strip)
        for cluster in gathered.clusters:
            self._add_cluster(cluster)
        for cloud in gathered.clouds:
            self._add_cloud(cloud)
        for host in gathered.hosts:
            self._add((host.name, *host.addresses), ("host", f"host:{host.name}", host.name))

    # ------------------------------------------------------------ asking

    def find(self, name: str) -> tuple[Thing, ...]:
        """What has this name or address; a node is not said again as its server, its port or its machine."""
        things: list[Thing] = []
        for entry in self._entries.get(name.casefold(), ()):
            thing = self._thing(entry)
            same = thing.strip is not None and any(
                one.strip is thing.strip and _stands(one, thing) for one in things
            )
            if not same and not (entry[0] == "host" and things):
                things.append(thing)
        return tuple(things)

    def strips(self, name: str) -> tuple[Strip, ...]:
        """The strips that it is on."""
        found = {id(thing.strip): thing.strip for thing in self.find(name) if thing.strip}
        return tuple(found.values())

    def _thing(self, entry: Entry) -> Thing:
        kind, target, held = entry
        if isinstance(held, Strip):
            return _of_strip(kind, target, held)
        if isinstance(held, PodPlace):
            name = f"{held.namespace}/{held.name}"
            on_node = Text(f"pod {name} on {{node}}", f"파드 {name} (노드 {{node}})")
            strip = self._nodes.get((target, held.node))
            return Thing(Text(f"pod {name}", f"파드 {name}"), target, strip, on_node)
        if isinstance(held, Port):
            return self._of_port(kind, target, held)
        words = _WORDS[kind]
        return Thing(Text(f"{words.en} {held}", f"{words.ko} {held}"), target)

    def _of_port(self, kind: str, target: str, port: Port) -> Thing:
        words, strip = _WORDS[kind], self._servers.get(port.device)
        if strip is not None:
            return Thing(words, target, strip, _ON_NODE[kind], port.id)
        id_, owner = short(port.id), f" ({port.owner})" if port.owner else ""
        if kind == "port":
            return Thing(Text(f"port {id_}{owner}", f"포트 {id_}{owner}"), target)
        return Thing(Text(f"{words.en} of port {id_}{owner}", f"포트 {id_}{owner} 의 {words.ko}"), target)

    # ------------------------------------------------------------ filling

    def _add(self, keys: Iterable[str], entry: Entry) -> None:
        for key in keys:
            if key:
                self._entries.setdefault(key.casefold(), []).append(entry)

    def _add_strip(self, strip: Strip) -> None:
        node, server = strip.node, strip.server
        if strip.is_node and node.source:
            self._nodes[node.source.target, node.name] = strip
            self._add((node.name,), ("node", node.source.target, strip))
        if server.id and strip.ways:
            self._servers[server.id] = strip
            self._add((server.name, server.id), ("server", server.source.target if server.source else "", strip))

    def _add_cluster(self, cluster: ClusterSeen) -> None:
        target = f"cluster:{cluster.name}"
        for node in cluster.nodes.facts.nodes if cluster.nodes.facts else ():
            self._add(addresses_of(node), ("node", target, self._nodes[target, node.name]))
        for pod in cluster.pods.facts.pods if cluster.pods.facts else ():
            own = () if pod.host_network or pod.phase in ENDED else pod.addresses
            self._add((pod.name, f"{pod.namespace}/{pod.name}", *own), ("pod", target, pod))
        for one in cluster.services.facts.services if cluster.services.facts else ():
            name = f"{one.namespace}/{one.name}"
            names = (name, f"{one.name}.{one.namespace}", f"{one.name}.{one.namespace}.svc")
            full = f"{one.name}.{one.namespace}.svc.cluster.local"
            self._add((*names, full, *one.addresses, *one.external), ("service", target, name))

    def _add_cloud(self, cloud: CloudSeen) -> None:
        target = f"cloud:{cloud.name}"
        ports = {port.id: port for port in (cloud.ports.facts.ports if cloud.ports.facts else ())}
        for port in ports.values():
            if port.owner != "network:floatingip":
                self._add(port.addresses, ("fixed", target, port))
                self._add((port.id, port.id[:_CUT], port.mac), ("port", target, port))
        for one in cloud.floating.facts.floating if cloud.floating.facts else ():
            held = ports.get(one.port)
            self._add((one.address,), ("floating", target, held) if held else ("loose", target, one.status))


def _of_strip(kind: str, target: str, strip: Strip) -> Thing:
    if kind == "node":
        return Thing(Text(f"node {strip.node.name}", f"노드 {strip.node.name}"), target, strip)
    return Thing(_NOTHING, target, strip, _NODE)


def _stands(one: Thing, other: Thing) -> bool:
    """The first says already what the second would."""
    return one.is_node or not other.port or one.port == other.port


_NOTHING = Text("", "")
_NODE = Text("node {node}", "노드 {node}")
_WORDS = {
    "service": Text("Service", "서비스"),
    "host": Text("host", "호스트"),
    "fixed": Text("fixed address", "고정 IP"),
    "floating": Text("floating address", "플로팅 IP"),
    "port": _NOTHING,
    "loose": Text("floating address that leads nowhere,", "연결된 포트가 없는 플로팅 IP,"),
}
_ON_NODE = {
    "fixed": Text("fixed address of node {node}", "노드 {node} 의 고정 IP"),
    "floating": Text("floating address of node {node}", "노드 {node} 의 플로팅 IP"),
    "port": _NODE,
}
