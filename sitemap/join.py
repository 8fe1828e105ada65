"""The join: pure, from what was seen to the map. Dictionaries only, for sites of thousands of nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from base.text import Text
from probes.cluster.answers import no_collecting
from probes.cluster.facts import Node
from probes.cluster.places import PodPlace
from sitemap import contradictions, matching
from sitemap.index import CloudIndex, index_of
from sitemap.machines import Machines
from sitemap.matching import Matched
from sitemap.model import Cell, Contradiction, Kind, ServiceHere, SiteMap, State, Strip, Unseen
from sitemap.seen import ClusterSeen, Gathered, Seen, said
from sitemap.ways import Down, source, unseen

NO_CLUSTER = Text("no cluster is configured", "설정된 클러스터가 없다")
NO_NODE = Text("no node of a cluster", "클러스터의 노드가 아니다")
NOTHING = Cell(Kind.PODS, State.NONE), Cell(Kind.SERVICES, State.NONE)


def joined(gathered: Gathered) -> SiteMap:
    with no_collecting():
        return _Join(gathered).map()


class _Join:
    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._clouds = [index_of(cloud) for cloud in gathered.clouds]
        self._machines = Machines(gathered.hosts)
        self._down = Down(gathered, self._machines)
        self._taken: list[tuple[str, str, CloudIndex, str]] = []
        """Cluster, node, cloud, server."""

    def map(self) -> SiteMap:
        nodes = [strip for cluster in self._gathered.clusters for strip in self._of_cluster(cluster)]
        nodes.sort(
            key=lambda strip: (
                not strip.contradictions,
                strip.node.source and strip.node.source.target,
                strip.title,
            )
        )
        servers = sorted(self._other_servers(), key=lambda strip: (not strip.contradictions, strip.title))
        alone = (*contradictions.of_shared_servers(self._taken), *self._of_addresses())
        return SiteMap((*nodes, *servers), alone, tuple(_missed(self._gathered)))

    def _of_addresses(self) -> Iterator[Contradiction]:
        for cluster in self._gathered.clusters:
            nodes = cluster.nodes.facts.nodes if cluster.nodes.facts else ()
            pods = cluster.pods.facts.pods if cluster.pods.facts else ()
            yield from contradictions.of_addresses(cluster.name, nodes, pods)

    # ------------------------------------------------------------ nodes

    def _of_cluster(self, cluster: ClusterSeen) -> Iterator[Strip]:
        pods, services = _pods_by_node(cluster), _services_by_node(cluster)
        for node in cluster.nodes.facts.nodes if cluster.nodes.facts else ():
            yield self._of_node(cluster, node, pods.get(node.name, ()), services.get(node.name, ()))

    def _of_node(
        self, cluster: ClusterSeen, node: Node, pods: Sequence[PodPlace], services: Sequence[ServiceHere]
    ) -> Strip:
        found = matching.matched(node, cluster.name, self._clouds)
        said = list(found.said)
        if match := found.match:
            self._taken.append((cluster.name, node.name, match.cloud, match.server))
            said += contradictions.of_node(node, cluster.name, match.cloud, match.server)
            below = self._down.of_server(match.cloud, match.server, match.by)
        else:
            below = self._down.nothing(self._no_server(node, found))
        return Strip(
            node=self._node_cell(cluster, node),
            server=below.server,
            ways=below.ways,
            pods_cell=_below(Kind.PODS, cluster.pods),
            pods=tuple(pods),
            services_cell=_below(Kind.SERVICES, cluster.services),
            services=tuple(services),
            by=found.match.by if found.match else None,
            contradictions=(*said, *below.said),
        )

    def _node_cell(self, cluster: ClusterSeen, node: Node) -> Cell:
        ready = "" if node.ready == "True" else node.ready or "?"
        addresses = matching.addresses_of(node)
        details = (
            ("ready", ready),
            ("address", ", ".join(addresses)),
            ("pod-cidr", ", ".join(node.pod_cidrs)),
            ("provider-id", node.provider_id),
            ("machine", self._machines.find(node.name, addresses)),
        )
        kept = tuple((word, value) for word, value in details if value)
        return Cell(Kind.NODE, State.SEEN, node.name, "", kept, source(cluster.nodes))

    def _no_server(self, node: Node, found: Matched) -> Cell:
        """Why there is none: nobody could look, several fit, or it is none of a cloud."""
        wanted = matching.provider_server(node)
        blind = next((_why_blind(cloud) for cloud in self._clouds if _why_blind(cloud)), None)
        why = found.why
        if why is None and (blind or not self._clouds):
            why = blind or matching.NO_CLOUD
        if why is None and not all(cloud.everywhere for cloud in self._clouds):
            why = matching.OWN_PROJECT
        if why is not None:
            details = (("id", wanted),) if wanted else ()
            return Cell(Kind.SERVER, State.UNKNOWN, id=wanted, details=details, why=why)
        return Cell(Kind.SERVER, State.NONE, source=source(self._clouds[0].seen.servers), why=matching.NO_SERVER)

    # ------------------------------------------------------------ servers that are no nodes

    def _other_servers(self) -> Iterator[Strip]:
        taken = {(cloud.seen.name, server) for _, _, cloud, server in self._taken}
        for cloud in self._clouds:
            for server in dict.fromkeys((*cloud.servers, *cloud.ports_of)):
                if (cloud.seen.name, server) not in taken:
                    below = self._down.of_server(cloud, server, None)
                    node = Cell(Kind.NODE, *self._no_node())
                    yield Strip(node, below.server, below.ways, *_no_pods(), contradictions=below.said)

    def _no_node(self) -> tuple[State, str, str, tuple[()], None, Text]:
        blind = next((one.nodes.why for one in self._gathered.clusters if one.nodes.why), None)
        if not self._gathered.clusters or blind:
            return State.UNKNOWN, "", "", (), None, blind or NO_CLUSTER
        return State.NONE, "", "", (), None, NO_NODE


def _missed(gathered: Gathered) -> Iterator[Unseen]:
    """Looks that told nothing, or only a part."""
    for seen in gathered.all:
        if seen.why:
            yield Unseen(seen.target, seen.what, seen.why)
    for cloud in gathered.clouds:
        servers = cloud.servers
        if servers.facts and servers.facts.partial:
            yield Unseen(servers.target, servers.what, said(servers.facts.partial))
    for cluster in gathered.clusters:
        services = cluster.services
        if services.facts and services.facts.endpoints_error:
            yield Unseen(services.target, services.what, said(services.facts.endpoints_error))


def _no_pods() -> tuple[Cell, tuple[()], Cell, tuple[()]]:
    pods, services = NOTHING
    return pods, (), services, ()


def _why_blind(cloud: CloudIndex) -> Text | None:
    """Neither Nova nor Neutron said which servers there are."""
    seen = cloud.seen
    return seen.servers.why if seen.servers.facts is None and seen.ports.facts is None else None


def _below(kind: Kind, seen: Seen[object]) -> Cell:
    return unseen(kind, seen) if seen.why else Cell(kind, State.SEEN, source=source(seen))


def _pods_by_node(cluster: ClusterSeen) -> Mapping[str, list[PodPlace]]:
    found: dict[str, list[PodPlace]] = {}
    for pod in cluster.pods.facts.pods if cluster.pods.facts else ():
        found.setdefault(pod.node, []).append(pod)
    for pods in found.values():
        pods.sort(key=lambda pod: (pod.namespace, pod.name))
    return found


def _services_by_node(cluster: ClusterSeen) -> Mapping[str, list[ServiceHere]]:
    found: dict[str, list[ServiceHere]] = {}
    for one in cluster.services.facts.services if cluster.services.facts else ():
        ready: dict[str, int] = {}
        for endpoint in one.endpoints:
            ready[endpoint.node] = ready.get(endpoint.node, 0) + endpoint.ready
        addresses = (*one.addresses, *one.external)
        for node, here in ready.items():
            found.setdefault(node, []).append(
                ServiceHere(one.namespace, one.name, one.kind, addresses, one.ports, here, len(one.endpoints))
            )
    return found
