"""linux.*: one host's links, addresses, neighbours, routes, sysctls and counters."""

from __future__ import annotations

import asyncio

from base.text import clip, inert
from probes.errors import CommandFailed, ProbeError
from probes.exchange import Reply
from probes.linux import ip, proc
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Addresses, DropCounters, Links, Neighbours, RouteGet, Routes, Sysctls
from probes.probe import Toolbox, probe
from probes.site import OPERATOR, target_of

_IP_FAILED = 2


async def _ip(host: str, toolbox: Toolbox, netlink: str, *argv: str) -> str:
    """The JSON of `ip`; on the operator's own machine of netlink, which needs no tool."""
    connection = toolbox.connection(target_of(host))
    return await ask(connection, *(("netlink", netlink) if host == OPERATOR else argv))


@probe("linux.addresses", commands=("ip -j addr", "netlink addresses"))
async def addresses(host: str, toolbox: Toolbox) -> Addresses:
    """Every address with its interface."""
    return Addresses(host, ip.parse_addresses(await _ip(host, toolbox, "addresses", "ip", "-j", "addr")))


@probe("linux.links", commands=("ip -j -s -d link", "netlink links"))
async def links(host: str, toolbox: Toolbox) -> Links:
    """Every interface with its state, MTU and counters."""
    return Links(host, ip.parse_links(await _ip(host, toolbox, "links", "ip", "-j", "-s", "-d", "link")))


@probe("linux.neighbours", commands=("ip -j neigh", "netlink neighbours"))
async def neighbours(host: str, toolbox: Toolbox) -> Neighbours:
    """Who answered ARP and neighbour discovery, and who did not."""
    return Neighbours(host, ip.parse_neighbours(await _ip(host, toolbox, "neighbours", "ip", "-j", "neigh")))


@probe("linux.routes", commands=("ip -j route show table all", "ip -j rule", "netlink routes", "netlink rules"))
async def routes(host: str, toolbox: Toolbox) -> Routes:
    """Routes of all tables but `local`, and the rules that choose a table."""
    found, rules = await asyncio.gather(
        _ip(host, toolbox, "routes", "ip", "-j", "route", "show", "table", "all"),
        _ip(host, toolbox, "rules", "ip", "-j", "rule"),
    )
    return Routes(host, ip.parse_routes(found), ip.parse_rules(rules))


@probe("linux.route_get", commands=("ip -j route get",), target="address", source="address", interface="interface")
async def route_get(host: str, toolbox: Toolbox, target: str, source: str = "", interface: str = "") -> RouteGet:
    """What the kernel would do with a packet to the target (from that source, coming in on that interface)."""
    connection = toolbox.connection(target_of(host))
    question = route_question(target, source, interface)
    return read_route_get(host, target, await reply_to(connection, *question, ok=(0, _IP_FAILED)))


def route_question(target: str, source: str = "", interface: str = "") -> tuple[str, ...]:
    """`ip -j route get TARGET [from SOURCE [iif INTERFACE]]`."""
    origin = ("from", source) if source else ()
    return ("ip", "-j", "route", "get", target, *origin, *(("iif", interface) if interface else ()))


def read_route_get(host: str, target: str, reply: Reply) -> RouteGet:
    """The kernel's answer; CommandFailed when it was not the kernel that said no."""
    if "Cannot find device" in reply.stderr:
        raise CommandFailed(
            f"{host}: {clip(inert(reply.stderr.strip()), 200)}", hint="`ip link` lists the interfaces there"
        )
    return ip.parse_route_get(host, target, reply.stdout, reply.stderr)


@probe("linux.sysctl", commands=("grep -Hs '' /proc/sys/",), names="sysctl[]")
async def sysctl(host: str, toolbox: Toolbox, names: tuple[str, ...]) -> Sysctls:
    """Values of the named sysctls; those the kernel does not have are left out."""
    connection = toolbox.connection(target_of(host))
    held = await ask(connection, *proc.sysctl_question(names), ok=(0, 1, 2))
    return Sysctls(host, proc.parse_sysctls(names, held))


@probe("linux.drop_counters", commands=("cat /proc/net/snmp /proc/net/netstat", "cat /proc/net/stat/rt_cache"))
async def drop_counters(host: str, toolbox: Toolbox) -> DropCounters:
    """The kernel's counters, absolute, by nstat's names, and the martians it counts apart."""
    counters, martians = await asyncio.gather(read_counters(host, toolbox), _martians(host, toolbox))
    return DropCounters(host, {**counters, **martians})


async def _martians(host: str, toolbox: Toolbox) -> dict[str, int]:
    """Empty on kernels that do not count them."""
    try:
        return proc.parse_martians(await ask(toolbox.connection(target_of(host)), "cat", proc.MARTIANS_FILE))
    except ProbeError:
        return {}


async def read_counters(host: str, toolbox: Toolbox) -> dict[str, int]:
    return proc.parse_counters(await ask(toolbox.connection(target_of(host)), "cat", *proc.COUNTER_FILES))
