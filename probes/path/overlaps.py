"""site.overlaps: networks of hosts, clouds and clusters that have addresses in common."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Iterable
from itertools import combinations

from probes.cloud import shapes
from probes.cloud.ask import Cloud
from probes.cluster import networks as cluster_networks
from probes.errors import HostUnreachable, ProbeError
from probes.linux.facts import Address, Link
from probes.linux.host import addresses, links
from probes.path.facts import Held, Overlap, Overlaps
from probes.path.networks import network_of, usable
from probes.probe import Toolbox, probe
from probes.site import OPERATOR

_BRIDGES = {
    "docker": re.compile(r"docker\d+|docker_gwbridge|br-[0-9a-f]{12}|podman\d+|cni-podman\d+|lxcbr\d+|lxdbr\d+"),
    "libvirt": re.compile(r"virbr.*"),
    "pod-network": re.compile(
        r"cni\d+|flannel.*|cali.*|tunl\d+|vxlan[.-]calico|cilium.*|kube-.*|nodelocaldns|weave"
    ),
}
"""Kind → interfaces of one host that others are not on."""


@probe(
    "site.overlaps",
    commands=(
        "ip -j addr",
        "ip -j -s -d link",
        "netlink addresses",
        "netlink links",
        "GET network /v2.0/subnets",
        *cluster_networks.COMMANDS,
    ),
    timeout=40.0,
)
async def overlaps(host: str, toolbox: Toolbox) -> Overlaps:
    """All networks of the site that are known, and those that overlap; put to `operator`."""
    site = toolbox.site
    asked: dict[str, Awaitable[list[Held]]] = {
        **{name: _of_host(toolbox, name) for name in (OPERATOR, *(one.name for one in site.hosts))},
        **{f"cloud {one.name}": _of_cloud(toolbox, one.name) for one in site.clouds},
        **{f"cluster {one.name}": _of_cluster(toolbox, one.name) for one in site.clusters},
    }
    answers = dict(zip(asked, await asyncio.gather(*map(_tried, asked.values())), strict=True))
    unseen = tuple(name for name, held in answers.items() if held is None)
    if len(unseen) == len(asked):
        raise HostUnreachable("no host of the site can be asked", hint="`deadhop site check`")
    held = tuple(one for some in answers.values() for one in some or ())
    return Overlaps(held, tuple(overlapping(held)), unseen)


async def _tried(asked: Awaitable[list[Held]]) -> list[Held] | None:
    try:
        return await asked
    except ProbeError:
        return None


async def _of_host(toolbox: Toolbox, host: str) -> list[Held]:
    own, cards = await asyncio.gather(addresses(host, toolbox), links(host, toolbox))
    return held_by(host, own.addresses, cards.links)


def held_by(host: str, own: Iterable[Address], cards: Iterable[Link]) -> list[Held]:
    """Networks that a host is on. A bridge without a port, or whose ports are all down, is idle."""
    busy = {card.master for card in cards if card.master and card.up}
    found = []
    for one in usable(own):
        kind = next((kind for kind, names in _BRIDGES.items() if names.fullmatch(one.interface)), "host")
        network = ipaddress.ip_network(network_of(one))
        if kind != "pod-network" and network.num_addresses > 1:
            address = f"{one.address}/{one.prefix_length}"
            found.append(Held(str(network), kind, host, one.interface, address, one.interface not in busy))
    return found


async def _of_cloud(toolbox: Toolbox, cloud: str) -> list[Held]:
    found = await Cloud(cloud, toolbox).list("network", "v2.0", "subnets", shape=shapes.Subnets)
    return [Held(one.cidr, "subnet", cloud, one.name or one.id, "", False) for one in found if one.cidr]


async def _of_cluster(toolbox: Toolbox, cluster: str) -> list[Held]:
    pods, services = await cluster_networks.networks_of(toolbox, cluster)
    named = (("pods", pods), ("services", services))
    return [Held(network, kind, cluster, kind, "", False) for kind, some in named for network in some]


def overlapping(held: Iterable[Held]) -> list[Overlap]:
    """Pairs that cannot both be reached; those with a bridge that can be changed stand first, and first in their
    pair."""
    found = [_pair(one, other) for one, other in combinations(dict.fromkeys(held), 2) if clash(one, other)]
    return sorted(found, key=lambda pair: _rank(pair.one))


def clash(one: Held, other: Held) -> bool:
    """Equal networks of two hosts are the same wire; so are a subnet and the network of a host that is on it, and a
    libvirt network with guests and the network that these guests are on."""
    first, second = ipaddress.ip_network(one.network), ipaddress.ip_network(other.network)
    if first.version != second.version or not first.overlaps(second):
        return False
    kinds = {one.kind, other.kind}
    if kinds <= {"docker", "libvirt"} and one.where != other.where:
        return False  # what two hosts have each for itself
    if kinds <= {"pods", "services"}:
        return one.where == other.where and one.kind != other.kind
    if kinds & {"docker", "pods", "services"}:
        return len(kinds) > 1
    if "libvirt" in kinds:
        bridge = one if one.kind == "libvirt" else other
        return first != second or bridge.idle
    return "subnet" in kinds and kinds != {"subnet"} and first != second


def _pair(one: Held, other: Held) -> Overlap:
    return Overlap(*sorted((one, other), key=_rank))


def _rank(one: Held) -> int:
    """What is changed most easily is first."""
    return ("docker", "libvirt", "pods", "services", "subnet", "host").index(one.kind)
