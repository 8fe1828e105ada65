"""The networks that a cluster takes for its pods and its Services."""

from __future__ import annotations

import asyncio
import ipaddress
import re

from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.errors import NotRecorded, ProbeError
from probes.probe import Toolbox

COMMANDS = ("GET /api/v1/nodes", "GET /api/v1/namespaces/")
_NODES = ApiRequest(("api", "v1", "nodes"), (CACHED,), shape=shapes.NodeList, limit=LIST_LIMIT)
_SUBNET = re.compile(r"^[ \t]*(pod|service)Subnet:[ \t]*[\"']?([0-9A-Fa-f:./,]+)", re.MULTILINE)


class _ConfigMap(shapes.Shape):
    data: dict[str, str] | None = None


_KUBEADM = ApiRequest(("api", "v1", "namespaces", "kube-system", "configmaps", "kubeadm-config"), shape=_ConfigMap)


async def networks_of(toolbox: Toolbox, cluster: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of pods and of Services: as kubeadm was told; else of pods what the nodes have been given."""
    api = await toolbox.api(f"cluster:{cluster}")
    nodes, told = await asyncio.gather(fetch(api, _NODES, shapes.NodeList), _told(toolbox, cluster))
    given = tuple(node.spec.pod_cidr for node in nodes.items or () if node.spec.pod_cidr)
    pods, services = parse_subnets(told)
    return pods or given, services


async def _told(toolbox: Toolbox, cluster: str) -> str:
    """Nothing where kubeadm did not make the cluster, or its ConfigMap may not be read."""
    try:
        found = await fetch(await toolbox.api(f"cluster:{cluster}"), _KUBEADM, _ConfigMap)
    except NotRecorded:
        raise
    except ProbeError:
        return ""
    return (found.data or {}).get("ClusterConfiguration", "")


def parse_subnets(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """podSubnet and serviceSubnet of a ClusterConfiguration; each may be two, with a comma."""
    found = {kind: tuple(filter(_is_network, names.split(","))) for kind, names in _SUBNET.findall(text)}
    return found.get("pod", ()), found.get("service", ())


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
