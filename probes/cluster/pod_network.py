"""k8s.pod_network: which program makes the pods network, and its settings: flannel's DaemonSet, Calico's pools"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

import msgspec

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.groups import CALICO, may_know
from probes.cluster.objects import CACHED
from probes.errors import Forbidden, NotFound, NotRecorded, ProbeError
from probes.linux.fields import json_of
from probes.probe import Toolbox, probe

_ENFORCING = ("calico", "cilium", "kube-router", "weave", "antrea", "canal", "ovn", "kube-network-policies")
_PROGRAMS = ("flannel", *_ENFORCING)
_MANAGED_BY, _OPERATOR = "app.kubernetes.io/managed-by", "tigera-operator"
_MASQUERADE = "--ip-masq"


@dataclass(frozen=True, slots=True)
class IpPool:
    name: str
    cidr: str
    ipip: str
    """Never, Always or CrossSubnet."""
    vxlan: str
    nat_outgoing: bool
    disabled: bool
    managed: bool = False
    """Tigera's operator keeps it, and puts back what others change."""
    holds: bool = False
    """The pod that was asked for has its address from it."""


@dataclass(frozen=True, slots=True)
class PodNetwork:
    cluster: str
    programs: tuple[str, ...]
    """flannel, calico, cilium, …, by the names of DaemonSets."""
    enforces: bool
    """One of them makes NetworkPolicies come true; flannel alone does not."""
    namespace: str
    """Of flannel's DaemonSet; empty without one."""
    daemon_set: str
    container: int
    """Place of flanneld among its containers."""
    arguments: int
    masquerades: bool
    """flanneld was started with --ip-masq; true without flannel."""
    backend: str
    """Of flannel: vxlan, host-gw, …"""
    pools: tuple[IpPool, ...]
    """Of Calico."""
    pods: str = ""
    """Flannel's network of all pods."""


class _Program(shapes.Shape):
    name: str = ""
    command: list[str] | None = None
    args: list[str] | None = None


class _PodSpec(shapes.Shape):
    containers: list[_Program] | None = None


class _Template(shapes.Shape):
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class _Spec(shapes.Shape):
    template: _Template = msgspec.field(default_factory=_Template)


class DaemonSet(shapes.Shape):
    metadata: shapes.Meta
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _DaemonSets(shapes.Shape):
    items: list[DaemonSet] | None


class _PoolSpec(shapes.Shape):
    cidr: str = ""
    ipip_mode: str = "Never"
    vxlan_mode: str = "Never"
    nat_outgoing: bool = False
    disabled: bool = False


class _Pool(shapes.Shape):
    metadata: shapes.Meta
    spec: _PoolSpec = msgspec.field(default_factory=_PoolSpec)


class Pools(shapes.Shape):
    items: list[_Pool] | None


class _ConfigMap(shapes.Shape):
    data: dict[str, str] | None = None


_SETS = ApiRequest(("apis", "apps", "v1", "daemonsets"), (CACHED,), shape=_DaemonSets)
_POOLS = ApiRequest((*CALICO, "ippools"), shape=Pools)


@probe(
    "k8s.pod_network",
    commands=("GET /apis/apps/v1/daemonsets", "GET /apis/crd.projectcalico.org/", "GET /api/v1/namespaces/"),
    timeout=15.0,
    on="cluster",
    pod="address",
)
async def pod_network(cluster: str, toolbox: Toolbox, pod: str = "") -> PodNetwork:
    """What makes the pods' network; Calico's pools are read from its own resources: which of them has that pod."""
    api = await toolbox.api(f"cluster:{cluster}")
    sets, pools = await asyncio.gather(fetch(api, _SETS, _DaemonSets), _pools(api))
    found = sets.items or []
    named = [one for one in found if any(program in one.metadata.name for program in _PROGRAMS)]
    programs = tuple(p for p in _PROGRAMS if any(p in one.metadata.name for one in named))
    flannel = next((one for one in named if "flannel" in one.metadata.name), None)
    namespace = flannel.metadata.namespace if flannel else ""
    backend, pods = await _settings(api, namespace) if flannel else ("", "")
    place, arguments = flanneld(flannel) if flannel else (0, ["--ip-masq"])
    return PodNetwork(
        cluster=cluster,
        programs=programs,
        enforces=any(one in _ENFORCING for one in programs),
        namespace=namespace,
        daemon_set=flannel.metadata.name if flannel else "",
        container=place,
        arguments=len(arguments) if flannel else 0,
        masquerades=any(one == _MASQUERADE or one == f"{_MASQUERADE}=true" for one in arguments),
        backend=backend,
        pools=holding(tuple(map(_pool, pools.items or ())), pod),
        pods=pods,
    )


async def _pools(api: Api) -> Pools:
    """None where Calico's resources are not known, also to who may not read them."""
    try:
        return await fetch(api, _POOLS, Pools)
    except NotFound:
        return Pools(None)
    except Forbidden:
        if await may_know(api, CALICO):
            raise
        return Pools(None)


def _pool(one: _Pool) -> IpPool:
    spec = one.spec
    managed = (one.metadata.labels or {}).get(_MANAGED_BY) == _OPERATOR
    modes = (spec.ipip_mode, spec.vxlan_mode)
    return IpPool(one.metadata.name, spec.cidr, *modes, spec.nat_outgoing, spec.disabled, managed)


def holding(pools: tuple[IpPool, ...], pod: str) -> tuple[IpPool, ...]:
    """Marks the narrowest pool with that address. One that is disabled gives out no more, its pods keep theirs."""
    if not pod:
        return pools
    around = [(ip_network(one.cidr, strict=False).prefixlen, one) for one in pools if _contains(one.cidr, pod)]
    found = max(around, key=lambda pair: pair[0])[1] if around else None
    return tuple(replace(one, holds=one is found) for one in pools)


def _contains(cidr: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(cidr, strict=False)
    except ValueError:
        return False


def flanneld(one: DaemonSet) -> tuple[int, list[str]]:
    """Its place among the containers, and its arguments."""
    for place, container in enumerate(one.spec.template.spec.containers or ()):
        if any("flanneld" in word for word in container.command or ()) or "flannel" in container.name:
            return place, container.args or []
    return 0, []


async def _settings(api: Api, namespace: str) -> tuple[str, str]:
    """Backend and network of flannel, each empty where its ConfigMap does not say it."""
    request = ApiRequest(("api", "v1", "namespaces", namespace, "configmaps", "kube-flannel-cfg"), shape=_ConfigMap)
    try:
        text = ((await fetch(api, request, _ConfigMap)).data or {}).get("net-conf.json", "")
        said = json_of(text)
        return str(said["Backend"]["Type"]), str(said.get("Network", ""))
    except NotRecorded:
        raise
    except (ProbeError, ValueError, KeyError, TypeError):
        return "", ""
