"""What of a cluster or a cloud is in trouble, by its own lists: each such node, pod, Service or server is worth a
tree. Pure.

As with pairs the number is bounded: it grows with what is broken, and not with the cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from probes.cloud.facts import Servers
from probes.cluster.facts import Node, Nodes, Pod, Pods
from probes.cluster.places import ServicePlaces

if TYPE_CHECKING:
    from probes.probe import Evidence

MOST = 40
NODES = "k8s.nodes"
_FEW_NODES = 16
"""So many are asked for their kubelets although they are Ready."""
_MOST_PODS = 16
"""Of different makers or reasons: forty pods of one Deployment that wait for one image are one tree."""
_MOST_SERVICES = 8
_ENDED = ("Succeeded", "Failed")
_CALM = ("", "ContainerCreating", "PodInitializing", "Completed")

_FAILED = frozenset({"cluster.waiting-pods", "cloud.failed-servers"})
"""Lists of what does not work; the others are of what is worth a try."""

Member = Mapping[str, str]
"""`each` → what it is this time."""
Here = Callable[[str], bool]
"""Whether a node, or a host of Nova, of that name is one of those that the sweep is about."""


def anywhere(name: str) -> bool:
    return True


def _not_ready(facts: object, here: Here) -> Iterator[Member]:
    """Those in trouble first. A cluster takes 40 s to say that a kubelet says nothing, and longer where it goes on
    to beat; each look at one costs a list of all nodes, so the Ready ones of large clusters are left alone."""
    if not isinstance(facts, Nodes):
        return
    nodes = [node for node in facts.nodes if here(node.name)]
    troubled = [node for node in nodes if node.ready != "True" or _has_pressure(node)]
    others = [node for node in nodes if node not in troubled] if len(nodes) <= _FEW_NODES else []
    for node in (*troubled, *others):
        yield {"cluster.nodes-in-trouble": node.name}


def _has_pressure(node: Node) -> bool:
    return any(one.kind.endswith("Pressure") and one.status == "True" for one in node.conditions)


def _without_range(facts: object, here: Here) -> Iterator[Member]:
    """Only where another node has one: a network may give out addresses by itself."""
    if isinstance(facts, Nodes) and any(node.pod_cidrs for node in facts.nodes):
        for node in facts.nodes:
            if not node.pod_cidrs and here(node.name):
                yield {"cluster.nodes-without-range": node.name}


def _waiting(facts: object, here: Here) -> Iterator[Member]:
    """One for each maker and reason."""
    if not isinstance(facts, Pods):
        return
    seen: set[tuple[str, str]] = set()
    for pod in facts.pods:
        if pod.ready or pod.deleting or pod.phase in _ENDED or not (reason := _reason(pod)) or not here(pod.node):
            continue
        key = (f"{pod.namespace}/{pod.owner or pod.name}", reason)
        if key not in seen:
            seen.add(key)
            yield {"cluster.waiting-pods": pod.name, "cluster.waiting-pods.namespace": pod.namespace}


def _reason(pod: Pod) -> str:
    """Why it does not start; empty for one that may just be starting. A scheduler that runs says something of each
    pod within moments."""
    if pod.unschedulable:
        return "unschedulable"
    said = (one.reason for one in pod.containers if one.state != "running" and one.reason not in _CALM)
    return next(said, {"Running": "not ready", "Pending": "Pending"}.get(pod.phase, ""))


def _services(facts: object, here: Here) -> Iterator[Member]:
    """Those with nobody behind them first; of some hosts, those with somebody there."""
    if not isinstance(facts, ServicePlaces):
        return
    reached = [one for one in facts.services if one.addresses and any("/TCP" in port for port in one.ports)]
    reached.sort(key=lambda one: any(end.ready for end in one.endpoints))
    for service in reached:
        if here is anywhere or any(here(end.node) for end in service.endpoints):
            yield {"cluster.services": service.addresses[0]}


def _failed(facts: object, here: Here) -> Iterator[Member]:
    """One for each message: forty servers that found no host are one tree. What is in BUILD may be starting. Of
    whom nobody may see where it is, it is everywhere."""
    if not isinstance(facts, Servers):
        return
    seen: set[str] = set()
    for server in facts.servers:
        near = here(server.host) or not server.placed_known
        if server.status == "ERROR" and near and server.fault_message not in seen:
            seen.add(server.fault_message)
            yield {"cloud.failed-servers": server.id}


_LISTS: tuple[tuple[str, str, Callable[[object, Here], Iterator[Member]], int], ...] = (
    ("cluster.nodes-in-trouble", NODES, _not_ready, MOST),
    ("cluster.nodes-without-range", NODES, _without_range, MOST),
    ("cluster.waiting-pods", "k8s.pods", _waiting, _MOST_PODS),
    ("cloud.failed-servers", "cloud.servers", _failed, MOST),
    ("cluster.services", "k8s.service_places", _services, _MOST_SERVICES),
)
"""`each`, the probe that lists them, which of them, and how many at most."""


def probe_for(each: str) -> str:
    """Empty for what the site itself knows."""
    return next((probe for name, probe, _, _ in _LISTS if each == name or each.startswith(f"{name}.")), "")


def is_of_failed(eaches: Iterable[str]) -> bool:
    """A tree with such inputs is walked for somebody who suffers, whatever its cause was meant for."""
    return not _FAILED.isdisjoint(eaches)


def members_of(evidence: Evidence, here: Here = anywhere) -> tuple[Member, ...]:
    """None where it could not be listed: that the API does not answer is another tree's business, and nodes are
    looked for among the hosts (`unlisted`)."""
    return tuple(member for found, most in _finding(evidence, here) for member in islice(found, most))


def beyond(evidence: Evidence, here: Here = anywhere) -> tuple[Member, ...]:
    """Those that are one too many: a sweep says so and does not look at them."""
    return tuple(member for found, most in _finding(evidence, here) for member in islice(found, most, None))


def _finding(evidence: Evidence, here: Here) -> Iterator[tuple[Iterator[Member], int]]:
    return ((find(evidence.facts, here), most) for _, probe, find, most in _LISTS if probe == evidence.probe)
