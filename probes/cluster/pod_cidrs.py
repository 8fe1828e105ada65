"""k8s.pod_cidrs: whether nodes are given pod CIDRs, and whether there are enough."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
from dataclasses import dataclass

import msgspec

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.errors import NotRecorded, ProbeError
from probes.probe import Toolbox, probe

_MASK = {4: 24, 6: 64}
_FLAG = re.compile(r"--([a-z-]+)(?:=(.*))?")
_SUBNET = re.compile(r"^[ \t]*podSubnet:[ \t]*[\"']?([0-9A-Fa-f:./]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PodCidrs:
    """What kube-controller-manager gives nodes, by its flags."""

    cluster: str
    managed: bool
    """The cluster shows a kube-controller-manager; a hosted control plane does not."""
    host: str
    """Where it runs; empty when no host of the site is that node."""
    allocate: bool
    """--allocate-node-cidrs"""
    cluster_cidr: str
    mask: int
    """Prefix length of a node's share."""
    room: int
    """Shares that the range has."""
    used: int
    without: tuple[str, ...]
    """Nodes without one."""
    network: str
    """What the pod network was installed for, by flannel's net-conf.json, else kubeadm's podSubnet."""
    wider: str
    """That network, if it holds the range and more; else empty."""


class _Program(shapes.Shape):
    command: list[str] | None = None
    args: list[str] | None = None


class _Spec(shapes.Shape):
    node_name: str = ""
    containers: list[_Program] | None = None


class _Pod(shapes.Shape):
    metadata: shapes.Meta
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _PodList(shapes.Shape):
    items: list[_Pod] | None


class _ConfigMap(shapes.Shape):
    data: dict[str, str] | None = None


_MANAGERS = ApiRequest(
    ("api", "v1", "namespaces", "kube-system", "pods"),
    (("labelSelector", "component=kube-controller-manager"), CACHED),
    shape=_PodList,
)
_NODES = ApiRequest(("api", "v1", "nodes"), (CACHED,), shape=shapes.NodeList, limit=LIST_LIMIT)
_CONFIGS = (
    ("kube-flannel", "kube-flannel-cfg"),
    ("kube-system", "kube-flannel-cfg"),
    ("kube-system", "kubeadm-config"),
)


@probe("k8s.pod_cidrs", commands=("GET /api/v1/nodes", "GET /api/v1/namespaces/"), timeout=20.0, on="cluster")
async def pod_cidrs(cluster: str, toolbox: Toolbox) -> PodCidrs:
    """Whether the cluster gives each node a range of pod addresses, and how many it has left."""
    api = await toolbox.api(f"cluster:{cluster}")
    managers, nodes, configs = await asyncio.gather(
        fetch(api, _MANAGERS, _PodList),
        fetch(api, _NODES, shapes.NodeList),
        asyncio.gather(*(_config(api, *place) for place in _CONFIGS)),
    )
    manager = next(iter(managers.items or ()), None)
    flags = parse_flags(_words(manager)) if manager else {}
    cidr = flags.get("cluster-cidr", "").partition(",")[0]
    mask, room = shares(cidr, flags.get("node-cidr-mask-size", ""))
    network = next((found for found in map(parse_network, configs) if found), "")
    listed = nodes.items or []
    return PodCidrs(
        cluster=cluster,
        managed=manager is not None,
        host=await _host(toolbox, manager, listed) if manager else "",
        allocate=flags.get("allocate-node-cidrs", "false") == "true",
        cluster_cidr=cidr,
        mask=mask,
        room=room,
        used=sum(bool(one.spec.pod_cidr) for one in listed),
        without=tuple(one.metadata.name for one in listed if not one.spec.pod_cidr),
        network=network,
        wider=network if is_wider(network, cidr) else "",
    )


def _words(manager: _Pod) -> list[str]:
    return [word for one in manager.spec.containers or () for word in (*(one.command or ()), *(one.args or ()))]


async def _config(api: Api, namespace: str, name: str) -> dict[str, str]:
    """Of what is missing or forbidden nothing."""
    path = ("api", "v1", "namespaces", namespace, "configmaps", name)
    try:
        return (await fetch(api, ApiRequest(path, shape=_ConfigMap), _ConfigMap)).data or {}
    except NotRecorded:
        raise
    except ProbeError:
        return {}


async def _host(toolbox: Toolbox, manager: _Pod, nodes: list[shapes.Node]) -> str:
    name = manager.spec.node_name
    for node in nodes:
        for address in (node.status.addresses or ()) if node.metadata.name == name else ():
            if address.type != "Hostname" and (host := await toolbox.host_of(address.address)):
                return host
    return name if name in toolbox.site.by_name else ""


def parse_flags(words: list[str]) -> dict[str, str]:
    """`--name=value` and `--name`, which is true."""
    found = (_FLAG.fullmatch(word) for word in words)
    return {match[1]: match[2] if match[2] is not None else "true" for match in found if match}


def shares(cidr: str, mask: str) -> tuple[int, int]:
    """Prefix length of a node's share, and how many of them the range has."""
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        return 0, 0
    size = int(mask) if mask.isdigit() else _MASK[network.version]
    return size, 2 ** max(0, size - network.prefixlen) if size >= network.prefixlen else 0


def parse_network(data: dict[str, str]) -> str:
    """Of flannel's or kubeadm's ConfigMap."""
    try:
        if "net-conf.json" in data:
            return str(ipaddress.ip_network(json.loads(data["net-conf.json"])["Network"]))
        found = _SUBNET.search(data.get("ClusterConfiguration", ""))
        return str(ipaddress.ip_network(found[1])) if found else ""
    except (ValueError, KeyError, TypeError):
        return ""


def is_wider(network: str, cidr: str) -> bool:
    try:
        wide, narrow = ipaddress.ip_network(network), ipaddress.ip_network(cidr)
    except ValueError:
        return False
    if isinstance(wide, ipaddress.IPv4Network):
        return isinstance(narrow, ipaddress.IPv4Network) and wide != narrow and narrow.subnet_of(wide)
    return isinstance(narrow, ipaddress.IPv6Network) and wide != narrow and narrow.subnet_of(wide)
