"""One hop of a route walk: what a host would do with a packet that comes in from the hop before."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from probes.connection import Connection
from probes.errors import UnreadableOutput
from probes.exchange import Reply
from probes.linux import ip, proc
from probes.linux.ask import ask, reply_to
from probes.linux.facts import Address, RouteGet
from probes.linux.host import route_question
from probes.path.facts import Hop
from probes.path.nat import PINGS, Traffic, rewrites_source, rewrites_target
from probes.path.nat_rules import NatRule, read_nat
from probes.path.networks import connected, holds, network_of, usable
from probes.probe import Toolbox
from probes.site import target_of

_IP_FAILED = 2
_SMALL = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Next:
    """Where the packet goes next. On the first hop only `host` and perhaps `sources` are filled."""

    host: str
    address: str
    """The address the hop before sends it to."""
    before: str
    before_address: str
    """The sending address of the hop before, on the shared network."""
    sources: tuple[str, ...]
    """What its source address may be: NAT on the way may have changed it."""
    traffic: Traffic = PINGS


@dataclass(frozen=True, slots=True)
class Looked:
    step: Next
    hop: Hop
    arrived: bool
    """The target is this host's own address."""
    towards: str
    """Address of the next hop."""
    out_address: str
    """This host's address on the network towards it."""
    sources: tuple[str, ...]
    """What the source address may be when it leaves here."""
    aim: str = ""
    """The target's address, as it is routed by."""
    becomes: str = ""
    """The address that the target's is translated to here; empty if it is not."""
    becomes_port: int = 0
    """And the port; 0 where it stays."""


async def look(toolbox: Toolbox, step: Next, target: str) -> Looked:
    """Asks one host. ProbeError when it cannot be asked."""
    connection = toolbox.connection(target_of(step.host))
    addresses, plain, nat, general = await asyncio.gather(
        ask(connection, "ip", "-j", "addr"),
        reply_to(connection, *route_question(target, _origin(step)), ok=(0, _IP_FAILED)),
        read_nat(connection, 6 if ":" in target else 4),
        ask(connection, *proc.sysctl_question(_general(target)), ok=None),
    )
    own = ip.parse_addresses(addresses)
    route = _route(step.host, target, plain)
    sysctls = proc.parse_sysctls(_general(target), general)
    incoming = await _incoming(connection, step, target, own) if step.address else None
    hop = _hop(step, target, route, sysctls, incoming)
    return _looked(step, hop, route, own, nat, target)


def _origin(step: Next) -> str:
    return "" if step.address else next(iter(step.sources), "")


def _route(host: str, target: str, reply: Reply) -> RouteGet:
    return ip.parse_route_get(host, target, reply.stdout, reply.stderr)


@dataclass(frozen=True, slots=True)
class _Incoming:
    """What the host says of the packet on the interface it comes in."""

    interface: str
    sysctls: dict[str, str]
    answers: tuple[RouteGet, ...]
    """One for each possible source."""


async def _incoming(connection: Connection, step: Next, target: str, own: tuple[Address, ...]) -> _Incoming:
    interface = entrance(own, step)
    names = _of_interface(target, interface)
    held, *replies = await asyncio.gather(
        reply_to(connection, *proc.sysctl_question(names), ok=None),
        *(
            reply_to(connection, *route_question(target, source, interface), ok=(0, _IP_FAILED))
            for source in step.sources
        ),
    )
    sysctls = proc.parse_sysctls(names, held.stdout)
    if not any("forwarding" in name for name in sysctls):
        raise UnreadableOutput(f"{step.host}: does not say whether {interface or step.address} forwards")
    return _Incoming(interface, sysctls, tuple(_route(step.host, target, reply) for reply in replies))


def entrance(own: tuple[Address, ...], step: Next) -> str:
    """The interface it comes in on: the one on a network with the hop before, else the addressed one."""
    here = [one for one in own if one.address == step.address]
    shared = [one for one in here if step.before_address and holds(network_of(one), step.before_address)]
    link = connected(own, step.before_address) if step.before_address else None
    chosen = [*shared, *([link] if link else []), *here]
    return chosen[0].interface if chosen else ""


def _family(target: str) -> str:
    return "ipv6" if ":" in target else "ipv4"


def _general(target: str) -> tuple[str, ...]:
    """Names with slashes: interface names may hold dots."""
    if _family(target) == "ipv6":
        return ("net/ipv6/conf/all/forwarding",)
    return ("net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter")


def _of_interface(target: str, interface: str) -> tuple[str, ...]:
    """IPv6 forwards by its general switch and has no reverse path filter."""
    if _family(target) == "ipv6":
        return _general(target)
    return (f"net/ipv4/conf/{interface}/rp_filter", f"net/ipv4/conf/{interface}/forwarding")


def _hop(step: Next, target: str, route: RouteGet, general: dict[str, str], incoming: _Incoming | None) -> Hop:
    every, one = general, incoming.sysctls if incoming else {}
    forwarding = _switch(one, "forwarding") if incoming else _switch(every, "forward")
    rp_filter = max(_number(every, "rp_filter"), _number(one, "rp_filter"))
    return Hop(
        host=step.host,
        in_interface=incoming.interface if incoming else "",
        out_interface="" if route.local else route.interface,
        gateway=route.gateway,
        forwarding=forwarding,
        rp_filter=rp_filter,
        source_ok=incoming is None or not incoming.answers or _source_ok(incoming, route, rp_filter),
        blocked_by=_blocked_by(route, incoming, forwarding, rp_filter),
    )


def _number(sysctls: dict[str, str], part: str) -> int:
    return next((int(value) for name, value in sysctls.items() if part in name and _SMALL.fullmatch(value)), 0)


def _switch(sysctls: dict[str, str], part: str) -> bool:
    return _number(sysctls, part) != 0


def _source_ok(incoming: _Incoming, route: RouteGet, rp_filter: int) -> bool:
    return any(not _spoofed(answer, route, rp_filter) for answer in incoming.answers)


def _spoofed(answer: RouteGet, route: RouteGet, rp_filter: int) -> bool:
    """Refused for its source. Kernels since 6.13 say EINVAL for that, as they do for a blackhole route."""
    if answer.error == "invalid-source":
        return True
    return answer.error == "Invalid argument" and rp_filter > 0 and not route.error


def _blocked_by(route: RouteGet, incoming: _Incoming | None, forwarding: bool, rp_filter: int) -> str:
    if incoming is not None and not route.local and not forwarding:
        return "forwarding-off"
    if incoming is not None and incoming.answers and not _source_ok(incoming, route, rp_filter):
        return "rp-filter"
    errors = {answer.error for answer in incoming.answers} if incoming and incoming.answers else {route.error}
    if not route.local and errors and "" not in errors:
        return "no-route" if errors == {"unreachable"} else "prohibited"
    return ""


def _looked(
    step: Next, hop: Hop, route: RouteGet, own: tuple[Address, ...], nat: Sequence[NatRule] | None, target: str
) -> Looked:
    towards = route.gateway or target
    out = connected([one for one in own if one.interface == hop.out_interface], towards)
    out_address = out.address if out else _first_on(own, hop.out_interface) or route.source
    sources = step.sources or ((route.source,) if route.source else ())
    if sources and out_address and not route.local:
        changed = rewrites_source(nat, sources, target, hop.out_interface, out_address, step.traffic)
        sources = tuple(dict.fromkeys((*changed, *sources)))
    begins = step.sources or ((route.source,) if route.source else ())
    becomes = rewrites_target(nat, begins, target, hop.in_interface, step.traffic)
    return Looked(step, hop, route.local, towards, out_address, sources, target, *becomes)


def _first_on(own: tuple[Address, ...], interface: str) -> str:
    return next((one.address for one in usable(own) if one.interface == interface), "")
