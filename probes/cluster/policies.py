"""k8s.dns_policies: NetworkPolicies that keep pods from the cluster's name service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import msgspec

from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED
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


class _Selector(shapes.Shape):
    match_labels: shapes.Labels | None = None
    match_expressions: list[msgspec.Raw] | None = None


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
