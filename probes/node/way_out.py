"""node.way_out: how a node and its pods come out of the cluster, and which resolvers they find there."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import CommandMissing
from probes.linux import iptables
from probes.linux.ask import ask
from probes.linux.fields import is_address
from probes.linux.ip import parse_routes
from probes.node.dns_message import FRESH, question
from probes.node.tries import COMMANDS, Try, outcomes
from probes.probe import Toolbox, probe
from probes.site import target_of

_KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
_REAL = "/run/systemd/resolve/resolv.conf"
"""systemd-resolved's list of real resolvers; its /etc/resolv.conf names only itself."""
_PLAIN = "/etc/resolv.conf"
_FORWARD = "/proc/sys/net/ipv4/ip_forward"
_SET_ROUTER = ("/run/systemd/netif/leases", "/etc/netplan", "/etc/network/interfaces", "/etc/network/interfaces.d")
# Never `^\s*`: it runs over line ends, and a file of empty lines takes the square of its length.
_ROUTER = re.compile(r"^[ \t]*(?:ROUTER=|gateway4?:?[ \t]+|-?[ \t]*via:[ \t]*)[\"']?([0-9.]+)", re.MULTILINE)
_RESOLV_CONF = re.compile(r"^resolvConf:\s*[\"']?(/[^\s\"']+)", re.MULTILINE)
_NAMESERVER = re.compile(r"^[ \t]*nameserver[ \t]+(\S+)", re.MULTILINE)
_ANY = (0, 1, 2)
_MOST = 3
_PORT = 53


@dataclass(frozen=True, slots=True)
class WayOut:
    host: str
    resolv_conf: str
    """The file that the kubelet gives to pods which want the node's resolvers, as CoreDNS does."""
    upstreams: tuple[str, ...]
    """Resolvers in it."""
    loops: bool
    """They are the pod's own address for whoever asks them in a pod: 127.…, ::1."""
    real_conf: str
    """Another file of the node with resolvers that are none of those; empty when there is none."""
    from_node: tuple[str, ...]
    """Of each upstream, what the node got from it: answered, nxdomain, servfail, refused, timeout, …"""
    from_pod: tuple[str, ...]
    """The same out of the pod's network; empty when no pod was given."""
    forwards: bool
    """net.ipv4.ip_forward"""
    default_route: bool
    gateway: str
    """Its gateway; without a default route the one that the node's own configuration or lease names."""
    masquerades: bool
    """A rule gives the node's address to packets of that pod which leave the cluster."""


@probe(
    "node.way_out",
    commands=("grep -hs", "grep -rhsE", "cat --", "cat /proc/", "ip -j route show", "iptables-save", *COMMANDS),
    timeout=25.0,
    pod="address",
    servers="words",
)
async def way_out(host: str, toolbox: Toolbox, pod: str = "", servers: tuple[str, ...] = ()) -> WayOut:
    """Whether resolvers outside answer the node, and a pod on it; and what stands in between on the node. `servers`
    are asked instead of those in the node's file."""
    connection = toolbox.connection(target_of(host))
    config, forward, routes, router, nat, real = await asyncio.gather(
        ask(connection, "grep", "-hs", "^resolvConf:", _KUBELET_CONFIG, sudo=True, ok=_ANY),
        ask(connection, "cat", _FORWARD),
        ask(connection, "ip", "-j", "route", "show", "table", "all"),
        ask(
            connection,
            "grep",
            "-rhsE",
            "^[[:space:]]*(ROUTER=|gateway4?|-? *via:)",
            *_SET_ROUTER,
            ok=_ANY,
            sudo=True,
        ),
        _nat(connection),
        ask(connection, "cat", "--", _REAL, ok=_ANY),
    )
    path = parse_resolv_conf(config)
    listed = parse_nameservers(await ask(connection, "cat", "--", path, ok=_ANY))
    upstreams = tuple(one for one in servers if is_address(one))[:_MOST] or listed[:_MOST]
    tries = [Try("udp", one, _PORT, question(f"deadhop-{FRESH}.invalid")) for one in upstreams]
    from_node, from_pod = await asyncio.gather(
        outcomes(connection, tries), outcomes(connection, tries, pod) if pod else _nothing()
    )
    gateway = next(
        (r.gateway for r in parse_routes(routes) if r.destination == "default" and r.table == "main"), ""
    )
    return WayOut(
        host=host,
        resolv_conf=path,
        upstreams=upstreams,
        loops=bool(upstreams) and all(_is_loopback(one) for one in upstreams),
        real_conf=_REAL if path != _REAL and _is_usable(real) else "",
        from_node=from_node,
        from_pod=from_pod,
        forwards=forward.strip() == "1",
        default_route=has_default(routes),
        gateway=gateway or next(iter(_ROUTER.findall(router)), ""),
        masquerades=bool(pod) and masquerades(nat, pod),
    )


async def _nothing() -> tuple[str, ...]:
    return ()


async def _nat(connection: Connection) -> str:
    try:
        return await ask(connection, "iptables-save", "-t", "nat", sudo=True)
    except CommandMissing:
        return ""


def parse_resolv_conf(config: str) -> str:
    found = _RESOLV_CONF.search(config)
    return found[1] if found else _PLAIN


def parse_nameservers(text: str) -> tuple[str, ...]:
    return tuple(one for one in _NAMESERVER.findall(text) if is_address(one))


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _is_usable(text: str) -> bool:
    return any(not _is_loopback(one) for one in parse_nameservers(text))


def has_default(routes: str) -> bool:
    return any(one.destination == "default" and one.table == "main" for one in parse_routes(routes))


def masquerades(nat: str, pod: str) -> bool:
    """By rules of iptables; those of kube-proxy are for Services alone."""
    for line in nat.splitlines():
        words = tuple(line.split())
        target = iptables.option(words, "-j")
        if target in ("MASQUERADE", "SNAT") and "KUBE-POSTROUTING" not in words and _is_for(words, pod):
            return True
    return False


def _is_for(words: tuple[str, ...], pod: str) -> bool:
    """Its source holds the pod; `! -s` is for others. Calico has its pools in a set."""
    if "-s" not in words:
        return "cali40masq-ipam-pools" in words
    place = words.index("-s")
    network = ipaddress.ip_network(words[place + 1], strict=False)
    return words[place - 1] != "!" and ipaddress.ip_address(pod) in network
