"""k8s.dns_policies: NetworkPolicies that keep pods from the cluster's name service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import msgspec

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED
from probes.errors import NotRecorded, ProbeError
from probes.probe import Toolbox, probe

_DNS = 53


@dataclass(frozen=True, slots=True)
class DnsPolicy:
    namespace: str
    name: str
    rules: int
    """Egress rules that it has; none of them lets DNS pass."""


@dataclass(frozen=True, slots=True)
class DnsPolicies:
    cluster: str
    all: int
    """NetworkPolicies in the cluster."""
    denying: tuple[DnsPolicy, ...]
    """Those that select pods for egress, where no policy for the same pods lets DNS pass: policies add up."""


@dataclass(frozen=True, slots=True)
class Held:
    """NetworkPolicies that select a pod, as `NAMESPACE/NAME`: its packets may be meant to be dropped."""

    out: tuple[str, ...] = ()
    """For what it sends."""
    into: tuple[str, ...] = ()
    """For what it is sent."""


FREE = Held()


class _Expression(shapes.Shape):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class _Selector(shapes.Shape):
    match_labels: shapes.Labels | None = None
    match_expressions: list[_Expression] | None = None


class _Port(shapes.Shape):
    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class _Peer(shapes.Shape):
    pod_selector: _Selector | None = None
    namespace_selector: _Selector | None = None


class _Egress(shapes.Shape):
    ports: list[_Port] | None = None
    to: list[_Peer] | None = None


class _PolicySpec(shapes.Shape):
    pod_selector: _Selector = msgspec.field(default_factory=_Selector)
    policy_types: list[str] | None = None
    egress: list[_Egress] | None = None


class Policy(shapes.Shape):
    metadata: shapes.Meta
    spec: _PolicySpec = msgspec.field(default_factory=_PolicySpec)


class Policies(shapes.Shape):
    items: list[Policy] | None


_LIST = ApiRequest(("apis", "networking.k8s.io", "v1", "networkpolicies"), (CACHED,), shape=Policies)


@probe("k8s.dns_policies", commands=("GET /apis/networking.k8s.io/v1/networkpolicies",), timeout=12.0, on="cluster")
async def dns_policies(cluster: str, toolbox: Toolbox) -> DnsPolicies:
    """Which NetworkPolicies let pods send, but not to the cluster's name service."""
    found = (await fetch(await toolbox.api(f"cluster:{cluster}"), _LIST, Policies)).items or []
    return DnsPolicies(cluster, len(found), tuple(denying(found)))


def denying(policies: list[Policy]) -> Iterator[DnsPolicy]:
    """One policy for each set of pods that may send to some places, none of which is a name service."""
    limiting = sorted((one for one in policies if _limits_egress(one)), key=_pods_of)
    everybody = {one.metadata.namespace for one in limiting if _lets_dns(one) and not _pods_of(one)[1]}
    for (namespace, _), group in groupby(limiting, key=_pods_of):
        same = list(group)
        if namespace not in everybody and not any(map(_lets_dns, same)):
            yield DnsPolicy(namespace, same[0].metadata.name, len(same[0].spec.egress or ()))


async def all_policies(api: Api) -> list[Policy]:
    """None where they may not be listed: what is tried then is tried from any pod."""
    try:
        return (await fetch(api, _LIST, Policies)).items or []
    except NotRecorded:
        raise
    except ProbeError:
        return []


def held(policies: Iterable[Policy], pod: shapes.Meta) -> Held:
    own = [one for one in policies if one.metadata.namespace == pod.namespace and _selects(one, pod.labels or {})]
    return Held(
        tuple(f"{pod.namespace}/{one.metadata.name}" for one in own if _limits_egress(one)),
        tuple(f"{pod.namespace}/{one.metadata.name}" for one in own if _limits_ingress(one)),
    )


def _selects(one: Policy, labels: shapes.Labels) -> bool:
    selector = one.spec.pod_selector
    equal = (labels.get(key) == value for key, value in (selector.match_labels or {}).items())
    return all(equal) and all(_holds(each, labels) for each in selector.match_expressions or ())


def _holds(one: _Expression, labels: shapes.Labels) -> bool:
    match one.operator:
        case "Exists":
            return one.key in labels
        case "DoesNotExist":
            return one.key not in labels
        case "NotIn":
            return labels.get(one.key) not in (one.values or ())
    return labels.get(one.key) in (one.values or ())


def _limits_ingress(one: Policy) -> bool:
    """A policy that does not say what it is for is for this."""
    return one.spec.policy_types is None or "Ingress" in one.spec.policy_types


def _limits_egress(one: Policy) -> bool:
    return "Egress" in (one.spec.policy_types or ()) or (
        one.spec.policy_types is None and one.spec.egress is not None
    )


def _pods_of(one: Policy) -> tuple[str, str]:
    """Namespace and selector, which is empty for all pods there."""
    selector = one.spec.pod_selector
    empty = not selector.match_labels and not selector.match_expressions
    return one.metadata.namespace, "" if empty else msgspec.json.encode(selector, order="sorted").decode()


def _lets_dns(one: Policy) -> bool:
    return any(_is_to_dns(rule) and _is_port_dns(rule) for rule in one.spec.egress or ())


def _is_to_dns(rule: _Egress) -> bool:
    """To anywhere, or to pods of another namespace: name servers are not in the namespace of who asks."""
    return not rule.to or any(peer.namespace_selector is not None for peer in rule.to)


def _is_port_dns(rule: _Egress) -> bool:
    return not rule.ports or any(_has_dns(port) for port in rule.ports if port.protocol == "UDP")


def _has_dns(port: _Port) -> bool:
    if not isinstance(port.port, int):
        return port.port is None or "dns" in port.port
    return port.port <= _DNS <= (port.end_port or port.port)
