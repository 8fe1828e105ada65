"""Policies of the kinds that Calico and Cilium have of their own: read and named, with whom they may select. What
their rules say together is not judged."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from base.text import clip, inert
from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.groups import CALICO, CILIUM, Group, may_know
from probes.cluster.objects import CACHED
from probes.cluster.selectors import by_expression, by_labels
from probes.errors import NotFound, NotRecorded, ProbeError

_DNS = 53
_NAMED = 5
_OF_NETWORK_POLICIES = 1000.0
"""Their order among Calico's."""
_KUBE_DNS = shapes.Meta("coredns", "kube-system", {"k8s-app": "kube-dns"})


@dataclass(frozen=True, slots=True)
class Direction:
    """What a policy says of packets that pods send, or are sent."""

    word: str
    actions: tuple[str, ...] = ()
    """Of its rules, each once; none: it has no rule, and denies what no other policy allows."""
    dns: bool = False
    """One of them lets questions to name servers pass for certain."""
    none: bool = False
    """The first of them denies everything."""


@dataclass(frozen=True, slots=True)
class ProgramPolicy:
    kind: str
    """`Calico GlobalNetworkPolicy`, `CiliumNetworkPolicy`, …"""
    namespace: str
    """Empty: of the whole cluster."""
    name: str
    selector: str
    """As it is written; empty: all pods."""
    out: Direction | None
    """None: it does not limit what pods send."""
    into: Direction | None
    order: float | None = None
    """Calico's: the lowest is heard first, one without an order last."""
    tier: str = ""
    """Calico's; empty is its default."""
    labels: Any = field(default=None, compare=False)
    """Cilium's selector, whose labels are a mapping."""
    unsure: bool = False
    """It selects by more than labels of pods: by those of namespaces, by accounts."""

    @property
    def text(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        said = [
            f"selector {clip(self.selector, 80) or 'all()'}",
            *([] if self.order is None else [f"order {self.order:g}"]),
        ]
        both = [one for one in (self.out, self.into) if one]
        said += [f"{one.word}: {' '.join(one.actions) or 'no rule'}" for one in both]
        return f"{self.kind} {place} ({', '.join(said)})"

    def may_select(self, pod: shapes.Meta) -> bool:
        """True also where that cannot be told."""
        if self.namespace and self.namespace != pod.namespace:
            return False
        if self.labels is not None:
            return by_labels(self.labels, pod) is not False
        return by_expression(self.selector, pod) is not False

    @property
    def selects_all(self) -> bool:
        return not (self.unsure or self.namespace) and self.selector in ("", "all()", "{}")


@dataclass(frozen=True, slots=True)
class ProgramPolicies:
    found: tuple[ProgramPolicy, ...] = ()
    unread: tuple[str, ...] = ()
    """Why some kinds could not be read, that the cluster has."""


NO_POLICIES = ProgramPolicies()


# ------------------------------------------------------------------ Calico


Rule = dict[str, Any]
"""As it was sent: what is not known here narrows it as well."""
_READ = frozenset({"action", "protocol", "notProtocol", "source", "destination"})


class _CalicoSpec(shapes.Shape):
    selector: str = ""
    namespace_selector: str = ""
    service_account_selector: str = ""
    order: float | None = None
    tier: str = ""
    types: list[str] | None = None
    ingress: list[Rule] | None = None
    egress: list[Rule] | None = None
    do_not_track: bool = False
    pre_dnat: bool = msgspec.field(name="preDNAT", default=False)


class _Calico(shapes.Shape):
    metadata: shapes.Meta
    spec: _CalicoSpec = msgspec.field(default_factory=_CalicoSpec)


class CalicoPolicies(shapes.Shape):
    items: list[_Calico] | None


def of_calico(kind: str, one: _Calico) -> ProgramPolicy:
    spec = one.spec
    types = spec.types or [
        *(["Ingress"] if spec.ingress or not spec.egress else []),
        *(["Egress"] * bool(spec.egress)),
    ]
    of_hosts = spec.do_not_track or spec.pre_dnat
    return ProgramPolicy(
        kind=f"Calico {kind}",
        namespace=one.metadata.namespace,
        name=inert(one.metadata.name),
        selector=_in_line(spec.selector),
        out=_direction("egress", spec.egress) if "Egress" in types and not of_hosts else None,
        into=_direction("ingress", spec.ingress) if "Ingress" in types and not of_hosts else None,
        order=spec.order,
        tier="" if spec.tier == "default" else inert(spec.tier),
        unsure=bool(spec.namespace_selector.strip() or spec.service_account_selector.strip()),
    )


def _direction(word: str, rules: Sequence[Rule] | None) -> Direction:
    found = [_said(one) for one in rules or ()]
    actions = tuple(dict.fromkeys(inert(str(one.get("action", ""))) for one in found))
    first = next((one for one in found if one.get("action") != "Log"), {})
    return Direction(word, actions, dns=_calico_lets_dns(found), none=first == {"action": "Deny"})


def _said(of: Rule) -> Rule:
    """Without what Calico's programs write into a rule that says nothing: `source: {}`."""
    return {key: said for key, said in of.items() if key != "metadata" and said not in (None, {})}


def _calico_lets_dns(rules: Iterable[Rule]) -> bool:
    """By the first rule that all questions to name servers meet."""
    for rule in rules:
        meets, action = _meets_dns(rule), rule.get("action")
        if action == "Log" or meets is None or (action == "Allow" and not meets):
            continue
        return action == "Allow"
    return False


def _meets_dns(rule: Rule) -> bool | None:
    """True: all of them. None: none of them. False: some."""
    if str(rule.get("protocol", "UDP")).upper() not in ("UDP", "17"):
        return None
    to = rule.get("destination", {})
    ports = (to.get("ports") or []) if isinstance(to, dict) else None
    if rule.keys() - _READ or not isinstance(ports, list):
        return False
    if ports:
        return True if any(map(_has_dns, ports)) else None
    return not (rule.keys() & {"source", "notProtocol"} or to.keys() - {"ports"})


def _has_dns(port: int | str) -> bool:
    low, _, high = str(port).partition(":")
    return low.isdigit() and int(low) <= _DNS <= int(high if high.isdigit() else low)


# ------------------------------------------------------------------ Cilium


class _CiliumPort(shapes.Shape):
    port: int | str = ""
    protocol: str = "ANY"


class _CiliumPorts(shapes.Shape):
    ports: list[_CiliumPort] | None = None


class _CiliumRule(shapes.Shape):
    to_entities: list[str] | None = None
    to_ports: list[_CiliumPorts] | None = None


class _CiliumSpec(shapes.Shape):
    endpoint_selector: dict[str, Any] | None = None
    ingress: list[_CiliumRule] | None = None
    ingress_deny: list[_CiliumRule] | None = None
    egress: list[_CiliumRule] | None = None
    egress_deny: list[_CiliumRule] | None = None


class _Cilium(shapes.Shape):
    metadata: shapes.Meta
    spec: _CiliumSpec | None = None
    specs: list[_CiliumSpec] | None = None


class CiliumPolicies(shapes.Shape):
    items: list[_Cilium] | None


def of_cilium(kind: str, one: _Cilium) -> list[ProgramPolicy]:
    """One for each of its parts that select pods; those for nodes are left out."""
    parts = [spec for spec in (one.spec, *(one.specs or ())) if spec and spec.endpoint_selector is not None]
    return [_of_part(kind, one.metadata, part) for part in parts]


def _of_part(kind: str, metadata: shapes.Meta, spec: _CiliumSpec) -> ProgramPolicy:
    denies = spec.egress_deny is not None
    return ProgramPolicy(
        kind=kind,
        namespace=metadata.namespace,
        name=inert(metadata.name),
        selector=_in_line(json.dumps(spec.endpoint_selector, separators=(",", ":"))),
        out=_sides("egress", spec.egress, spec.egress_deny, not denies and _cilium_lets_dns(spec.egress or ())),
        into=_sides("ingress", spec.ingress, spec.ingress_deny, False),
        labels=spec.endpoint_selector,
    )


def _sides(
    word: str, allow: Sequence[_CiliumRule] | None, deny: Sequence[_CiliumRule] | None, dns: bool
) -> Direction | None:
    if allow is None and deny is None:
        return None
    return Direction(word, ("Allow",) * bool(allow) + ("Deny",) * bool(deny), dns)


def _cilium_lets_dns(rules: Iterable[_CiliumRule]) -> bool:
    ports = [port for rule in rules for each in rule.to_ports or () for port in each.ports or ()]
    open_ = any(not rule.to_ports and {"all", "cluster"} & set(rule.to_entities or ()) for rule in rules)
    return open_ or any(port.protocol in ("ANY", "UDP") and str(port.port) in ("0", str(_DNS)) for port in ports)


def _in_line(selector: str) -> str:
    return inert(" ".join(selector.split()))


# ------------------------------------------------------------------ read


@dataclass(frozen=True, slots=True)
class _Program:
    group: Group
    kinds: Mapping[str, str]
    """And how each is called in a path."""
    shape: type[CalicoPolicies | CiliumPolicies]
    parts: Callable[[str, Any], list[ProgramPolicy]]


_CALICO = _Program(
    CALICO,
    {"NetworkPolicy": "networkpolicies", "GlobalNetworkPolicy": "globalnetworkpolicies"},
    CalicoPolicies,
    lambda kind, one: [of_calico(kind, one)],
)
_CILIUM = _Program(
    CILIUM,
    {
        "CiliumNetworkPolicy": "ciliumnetworkpolicies",
        "CiliumClusterwideNetworkPolicy": "ciliumclusterwidenetworkpolicies",
    },
    CiliumPolicies,
    of_cilium,
)
COMMANDS = ("GET /apis/crd.projectcalico.org/", "GET /apis/cilium.io/")
"""For the probes that read them."""


async def program_policies(api: Api) -> ProgramPolicies:
    """None where the cluster does not know these kinds."""
    both = await asyncio.gather(_read(api, _CALICO), _read(api, _CILIUM))
    each = [one for kinds in both for one in kinds]
    found = [one for kind in each if not isinstance(kind, str) for one in kind]
    return ProgramPolicies(tuple(found), tuple(dict.fromkeys(why for why in each if isinstance(why, str))))


async def _read(api: Api, program: _Program) -> list[list[ProgramPolicy] | str]:
    """Of each kind its policies, or why there are none to be seen."""
    if not await may_know(api, program.group):
        return []
    return list(await asyncio.gather(*(_kind(api, program, *pair) for pair in program.kinds.items())))


async def _kind(api: Api, program: _Program, kind: str, plural: str) -> list[ProgramPolicy] | str:
    request = ApiRequest((*program.group, plural), (CACHED,), shape=program.shape, steady=True)
    try:
        listed = await fetch(api, request, program.shape)
    except NotRecorded:
        raise
    except NotFound:
        return []
    except ProbeError as error:
        return error.message
    return [part for one in listed.items or () for part in program.parts(kind, one)]


# ------------------------------------------------------------------ said


def may_deny_dns(found: Sequence[ProgramPolicy]) -> list[ProgramPolicy]:
    """Those that limit what pods send and do not let name servers be asked for certain, and those that limit what
    comes to kube-dns. Where one lets all pods ask, only those that say Deny are left."""
    all_may = any(one.out and one.out.dns and one.selects_all for one in found)
    out = [one for one in found if one.out and not one.out.dns and not (all_may and "Deny" not in one.out.actions)]
    return out + [one for one in found if one not in out and one.into and one.may_select(_KUBE_DNS)]


def denies_all(found: Sequence[ProgramPolicy]) -> str:
    """The policy of Calico that lets no pod send anything, whatever others say: for all pods, heard before
    NetworkPolicies and before each that lets something out, without tiers. Empty where there is none."""
    if any(one.tier for one in found):
        return ""
    letting = [_heard(one) for one in found if one.out and {"Allow", "Pass"} & set(one.out.actions)]
    before = min((_OF_NETWORK_POLICIES, *letting))
    denying = (one for one in found if one.selects_all and one.out and one.out.none and _heard(one) < before)
    return next((one.name for one in denying), "")


def _heard(one: ProgramPolicy) -> float:
    return math.inf if one.order is None else one.order


def texts(found: Iterable[ProgramPolicy]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.text for one in found))


def named(found: Sequence[str]) -> str:
    """The first ones by name."""
    more = len(found) - _NAMED
    return "; ".join(found[:_NAMED]) + (f"; + {more}" if more > 0 else "")
