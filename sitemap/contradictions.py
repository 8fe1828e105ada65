"""Where those who look at the same thing say different things of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from probes.cloud.facts import Server
from probes.cloud.network_facts import Port
from probes.cloud.plugs import NO_TAG, Plug
from probes.cluster.facts import Node
from probes.cluster.places import PodPlace
from sitemap import sentences
from sitemap.index import OVS_AGENT, CloudIndex
from sitemap.matching import addresses_of
from sitemap.model import Contradiction

_UNBOUND = ("unbound", "binding_failed")
_DROPS_ALL = 4095
ENDED = ("Succeeded", "Failed")


def of_node(node: Node, cluster: str, cloud: CloudIndex, server: str) -> Iterator[Contradiction]:
    """The cluster's word against the cloud's."""
    known = cloud.servers.get(server)
    ports = cloud.ports_of.get(server, ())
    held = list(_addresses(cloud, known, ports))
    allowed = [pair.address for port in ports for pair in port.allowed]
    for address in addresses_of(node):
        if held and address not in held and not any(_inside(address, network) for network in allowed):
            yield sentences.of_node(address, held, cluster, cloud.seen.name)
    if known and node.ready == "True" and known.status not in ("ACTIVE", ""):
        yield sentences.not_active(known, cluster, cloud.seen.name)


def _addresses(cloud: CloudIndex, server: Server | None, ports: Sequence[Port]) -> Iterator[str]:
    for port in ports:
        yield from port.addresses
        yield from (one.address for one in cloud.floating_of.get(port.id, ()))
    if not ports and server:
        yield from (at.address for at in server.addresses)


@lru_cache(maxsize=4096)
def _inside(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def of_server(cloud: CloudIndex, server: Server, ports: Sequence[Port]) -> Iterator[Contradiction]:
    """Nova's word against Neutron's."""
    nova = {at.address for at in server.addresses if at.kind != "floating"}
    neutron = {address for port in ports for address in port.addresses}
    if ports and nova and nova != neutron:
        yield sentences.nova_address(sorted(nova), sorted(neutron), cloud.seen.name)
    for port in ports:
        if port.host and server.host and port.host != server.host:
            yield sentences.other_host(server, port, cloud.seen.name)
        if server.status == "ACTIVE" and port.vif_type in _UNBOUND:
            yield sentences.not_bound(port, cloud.seen.name)


def of_host(cloud: CloudIndex, port: Port, host: str) -> Iterator[Contradiction]:
    agent = cloud.agents.get(host)
    if agent and not agent.alive and port.status == "ACTIVE":
        yield sentences.dead_agent(host, port, cloud.seen.name)


def of_plug(cloud: CloudIndex, port: Port, plug: Plug, host: str) -> Iterator[Contradiction]:
    """Neutron's word against Open vSwitch."""
    name = cloud.seen.name
    if plug.mac and port.mac and plug.mac.lower() != port.mac.lower():
        yield sentences.other_mac(port, plug, host, name)
    if plug.server and port.device and plug.server != port.device:
        yield sentences.other_owner(port, plug, host, name)
    if plug.error or plug.link == "down":
        yield sentences.broken_plug(port, plug, host, name)
    elif port.status == "ACTIVE" and (plug.tag == _DROPS_ALL or (plug.tag == NO_TAG and _gives_tags(cloud, host))):
        yield sentences.not_wired(port, plug, host, name)


def _gives_tags(cloud: CloudIndex, host: str) -> bool:
    """The Open vSwitch agent gives a VLAN to every port that it wired; OVN has none."""
    agent = cloud.agents.get(host)
    return bool(agent and agent.kind == OVS_AGENT)


def of_shared_servers(found: Iterable[tuple[str, str, CloudIndex, str]]) -> Iterator[Contradiction]:
    """Of nodes that lead to one server: cluster, node, cloud, server."""
    nodes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for cluster, node, cloud, server in found:
        nodes.setdefault((cloud.seen.name, server), []).append((cluster, node))
    for (cloud_name, server), several in nodes.items():
        if len(several) > 1:
            names, clusters = [node for _, node in several], [cluster for cluster, _ in several]
            yield sentences.one_server(names, server, cloud_name, clusters)


def of_addresses(cluster: str, nodes: Sequence[Node], pods: Sequence[PodPlace]) -> Iterator[Contradiction]:
    """An address that two nodes or two pods have."""
    holders: dict[str, list[str]] = {}
    for node in nodes:
        for address in addresses_of(node):
            holders.setdefault(address, []).append(node.name)
    for pod in pods:
        if not pod.host_network and pod.phase not in ENDED:
            for address in pod.addresses:
                holders.setdefault(address, []).append(f"{pod.namespace}/{pod.name}")
    yield from _twice(holders, f"cluster:{cluster}")


def _twice(holders: Mapping[str, Sequence[str]], target: str) -> Iterator[Contradiction]:
    for address, several in holders.items():
        if len(several) > 1:
            yield sentences.one_address(address, several, target)
