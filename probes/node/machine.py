"""node.machine: the machine behind a node's name, by its cluster if that answers, else by the site."""

from __future__ import annotations

from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.errors import NotRecorded, ProbeError
from probes.linux.ask import ask
from probes.node.facts import NodeMachine
from probes.probe import Toolbox, probe
from probes.site import Site, target_of

_KUBELET = ("systemctl", "show", "kubelet.service", "-p", "ActiveState")
_NODES = ApiRequest(("api", "v1", "nodes"), (CACHED,), shape=shapes.NodeList, timeout=8.0, limit=LIST_LIMIT)
_NOBODY = shapes.Node(shapes.Meta())


@probe(
    "node.machine",
    commands=("GET /api/v1/nodes", "systemctl show"),
    timeout=25.0,
    on="cluster",
    node="k8s-name",
)
async def machine(cluster: str, toolbox: Toolbox, node: str) -> NodeMachine:
    """Which host a node is, what its cluster says of it, and whether its kubelet runs. An API that does not
    answer is an answer here: the machine is asked all the same."""
    nodes, error, hint = await _nodes(toolbox, cluster)
    found = next((one for one in nodes if one.metadata.name == node), _NOBODY)
    host = await host_of_node(toolbox, node, found)
    ready = _conditions(found).pop("Ready", shapes.Condition())
    return NodeMachine(
        cluster=cluster,
        node=node,
        host=host,
        answered=not error,
        error=error,
        hint=hint,
        registered=found is not _NOBODY,
        ready=ready.status,
        reason=ready.reason,
        message=ready.message,
        pressures=tuple(name for name, one in _conditions(found).items() if _presses(one)),
        pod_cidr=found.spec.pod_cidr,
        others_not_ready=tuple(one.metadata.name for one in nodes if one is not found and not _is_ready(one)),
        kubelet=await _kubelet(toolbox, host),
    )


async def _nodes(toolbox: Toolbox, cluster: str) -> tuple[list[shapes.Node], str, str]:
    """All nodes; or why nobody tells, and a hint."""
    try:
        found = await fetch(await toolbox.api(f"cluster:{cluster}"), _NODES, shapes.NodeList)
    except NotRecorded:
        raise
    except ProbeError as error:
        return [], error.message, error.hint
    return found.items or [], "", ""


def _conditions(node: shapes.Node) -> dict[str, shapes.Condition]:
    return {one.type: one for one in node.status.conditions or ()}


def _presses(condition: shapes.Condition) -> bool:
    return condition.status == "True" and condition.type != "Ready"


def _is_ready(node: shapes.Node) -> bool:
    return _conditions(node).get("Ready", shapes.Condition()).status == "True"


async def host_of_node(toolbox: Toolbox, node: str, found: shapes.Node) -> str:
    """By its addresses, else by its name."""
    for address in found.status.addresses or ():
        if address.type != "Hostname" and (host := await toolbox.host_of(address.address)):
            return host
    return host_named(node, toolbox.site)


def host_named(node: str, site: Site) -> str:
    """The host of that name, with or without a domain; empty when there is none."""
    short = {host.name.partition(".")[0].lower(): host.name for host in site.hosts}
    return node if node in site.by_name else short.get(node.partition(".")[0], "")


async def _kubelet(toolbox: Toolbox, host: str) -> str:
    """Empty when nobody could look."""
    try:
        said = await ask(toolbox.connection(target_of(host)), *_KUBELET) if host else ""
    except NotRecorded:
        raise
    except ProbeError:
        return ""
    return said.strip().removeprefix("ActiveState=")
