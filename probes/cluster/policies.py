"""k8s.dns_policies: policies that keep pods from the cluster's name service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED
from probes.cluster.program_policies import (
    COMMANDS,
    NO_POLICIES,
    ProgramPolicies,
    denies_all,
    may_deny_dns,
    named,
    program_policies,
    texts,
)
from probes.errors import NotRecorded, ProbeError
from probes.probe import Toolbox, probe

_DNS = 53


@dataclass(frozen=True, slots=True)
class DnsPolicy:
    namespace: str
    name: str
    rules: int
    """Egress rules that it has; none of them lets DNS pass."""


class Unjudged:
    """A base of facts: policies that nobody could read, or that are read and not judged."""

    __slots__ = ()
    unread: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def untold(self) -> tuple[str, ...]:
        """What cannot be told for want of them."""
        return tuple(unseen_policies(self.unread, self.others))


@dataclass(frozen=True, slots=True)
class DnsPolicies(Unjudged):
    cluster: str
    all: int
    """NetworkPolicies in the cluster."""
    denying: tuple[DnsPolicy, ...]
    """Those that select pods for egress, where no policy for the same pods lets DNS pass: policies add up."""
    others: tuple[str, ...] = ()
    """Policies of Calico's and Cilium's own kinds that may keep pods from it: with whom they select."""
    letting: tuple[str, ...] = ()
    """Of these kinds, those that let pods ask it: what a NetworkPolicy denies may pass by them."""
    unread: tuple[str, ...] = ()
    """Why policies of these kinds could not be read, where the cluster has them."""
    denying_all: str = ""
    """Calico's GlobalNetworkPolicy that lets no pod send anything, before any other is heard."""


@dataclass(frozen=True, slots=True)
class Held:
    """Policies that select a pod: its packets may be meant to be dropped."""

    out: tuple[str, ...] = ()
    """NetworkPolicies, as `NAMESPACE/NAME`, for what it sends."""
    into: tuple[str, ...] = ()
    """For what it is sent."""
    others_out: tuple[str, ...] = ()
    """Of Calico's and Cilium's own kinds, that may select it."""
    others_into: tuple[str, ...] = ()


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


_LIST = ApiRequest(("apis", "networking.k8s.io", "v1", "networkpolicies"), (CACHED,), shape=Policies, steady=True)


@dataclass(frozen=True, slots=True)
class Known:
    """All policies that could be read, and why others could not."""

    network: tuple[Policy, ...] = ()
    programs: ProgramPolicies = NO_POLICIES
    why: str = ""
    """NetworkPolicies could not be read; empty where they could."""

    @property
    def unread(self) -> tuple[str, ...]:
        return (*((self.why,) if self.why else ()), *self.programs.unread)


NONE_KNOWN = Known()


@probe(
    "k8s.dns_policies",
    commands=("GET /apis/networking.k8s.io/v1/networkpolicies", *COMMANDS),
    timeout=18.0,
    on="cluster",
)
async def dns_policies(cluster: str, toolbox: Toolbox) -> DnsPolicies:
    """Which policies let pods send, but not to the cluster's name service."""
    api = await toolbox.api(f"cluster:{cluster}")
    listed, programs = await asyncio.gather(fetch(api, _LIST, Policies), program_policies(api))
    found = listed.items or []
    return DnsPolicies(
        cluster,
        len(found),
        tuple(denying(found)),
        others=texts(may_deny_dns(programs.found)),
        letting=texts(one for one in programs.found if one.out and one.out.dns),
        unread=programs.unread,
        denying_all="" if programs.unread else denies_all(programs.found),
    )


def denying(policies: list[Policy]) -> Iterator[DnsPolicy]:
    """One policy for each set of pods that may send to some places, none of which is a name service."""
    limiting = sorted((one for one in policies if _limits_egress(one)), key=_pods_of)
    everybody = {one.metadata.namespace for one in limiting if _lets_dns(one) and not _pods_of(one)[1]}
    for (namespace, _), group in groupby(limiting, key=_pods_of):
        same = list(group)
        if namespace not in everybody and not any(map(_lets_dns, same)):
            yield DnsPolicy(namespace, same[0].metadata.name, len(same[0].spec.egress or ()))


async def all_policies(api: Api) -> Known:
    """Where they may not be listed, what is tried is tried from any pod, and that is said."""
    (network, why), programs = await asyncio.gather(_network(api), program_policies(api))
    return Known(network, programs, why)


async def _network(api: Api) -> tuple[tuple[Policy, ...], str]:
    try:
        return tuple((await fetch(api, _LIST, Policies)).items or ()), ""
    except NotRecorded:
        raise
    except ProbeError as error:
        return (), error.message


def held(policies: Known, pod: shapes.Meta) -> Held:
    own = [one for one in policies.network if one.metadata.namespace == pod.namespace]
    own = [one for one in own if _selects(one, pod.labels or {})]
    others = [one for one in policies.programs.found if one.may_select(pod)]
    return Held(
        tuple(f"{pod.namespace}/{one.metadata.name}" for one in own if _limits_egress(one)),
        tuple(f"{pod.namespace}/{one.metadata.name}" for one in own if _limits_ingress(one)),
        texts(one for one in others if one.out),
        texts(one for one in others if one.into),
    )


def unseen_policies(unread: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    """In words: what was not read, and what was not judged."""
    for why in unread:
        yield f"policies could not be read, whether one of them denies it cannot be told: {why}"
    if others:
        yield f"policies of Calico or Cilium may apply and are not judged here ({len(others)}): {named(others)}"


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
