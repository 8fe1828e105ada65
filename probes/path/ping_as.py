"""path.ping_as_pods: an echo as pods' packets go out, with an address of the pods' network as its source."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from probes.errors import NotFound
from probes.linux.ask import reply_to
from probes.linux.facts import Address
from probes.linux.host import addresses
from probes.path.ping import INTERVAL, parse_ping, refuse_without_socket
from probes.probe import Toolbox, probe
from probes.site import target_of

_ENDS = ("flannel", "tun", "vxlan", "wireguard", "cilium")
"""Interfaces of tunnels: they have addresses of the pods' network too, which packets without a tunnel have not."""
_COUNT = 3


@dataclass(frozen=True, slots=True)
class PodsPing:
    source: str
    own: str
    """The address that the packets had."""
    target: str
    sent: int
    received: int
    error: str
    """As in Ping."""


@probe(
    "path.ping_as_pods",
    commands=("ping -n -I", "ip -j addr", "netlink addresses"),
    timeout=15.0,
    target="address",
    pods="cidr",
)
async def ping_as_pods(host: str, toolbox: Toolbox, target: str, pods: str) -> PodsPing:
    """Sends echo requests with the machine's own address in the pods' network, which a filter of senders takes for
    a pod's."""
    own = own_of((await addresses(host, toolbox)).addresses, pods)
    if not own:
        raise NotFound(f"{host} has no address in {pods}", hint="try it from a pod there")
    words = ("ping", "-n", "-I", own, "-c", str(_COUNT), "-i", str(INTERVAL), "-W", "1", "-s", "56", target)
    reply = await reply_to(toolbox.connection(target_of(host)), *words, ok=(0, 1, 2))
    refuse_without_socket(host, reply.stderr)
    said = parse_ping(reply.stdout, reply.stderr, _COUNT)
    return PodsPing(host, own, target, said.sent, said.received, said.error)


def own_of(found: tuple[Address, ...], pods: str) -> str:
    """That of the pods' bridge before those of tunnels; empty where there is none."""
    network = ip_network(pods)
    inside = [one for one in found if one.up and ip_address(one.address) in network]
    inside.sort(key=lambda one: one.interface.startswith(_ENDS))
    return inside[0].address if inside else ""
