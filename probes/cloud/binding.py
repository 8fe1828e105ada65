"""cloud.binding, openstack.refused_ports: whether ports can be bound on a host, and which ones were refused."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta

from probes.cloud import shapes
from probes.cloud.agents import agents as ask_agents
from probes.cloud.ask import Cloud
from probes.cloud.facts import Agent
from probes.cloud.host_facts import HostBinding, RefusedPort, RefusedPorts, Unmapped
from probes.connection import MEBIBYTE, Connection
from probes.errors import NotFound, ProbeError
from probes.linux.ask import ask, reply_to
from probes.linux.fields import reading
from probes.probe import Toolbox, probe
from probes.site import OPERATOR, target_of

_BINDING = ("Open vSwitch agent", "Linux bridge agent", "OVN Controller agent", "OVN Controller Gateway agent")
"""Kinds of agents that bind ports."""
_SERVERS = ("neutron-api", "neutron-server", "neutron-rpc-server")
_LAST = ("--no-pager", "-o", "cat", "--since", "-1d", "-n", "3000")
_FAILED = re.compile(r"Failed to bind port (?P<port>[0-9a-f-]{36}) on host (?P<host>[A-Za-z0-9_.-]+) ")
_DEAD = re.compile(r"Refusing to bind port (?P<port>[0-9a-f-]{36}) (?:to dead agent|on dead agent)")
_KIND = re.compile(r"'network_type': '([a-z]+)'")
_PHYSICAL = re.compile(r"'physical_network': '([A-Za-z0-9_.-]+)'")
_MOST = 20
_TUNNELS = ("vxlan", "gre", "geneve")
_FOLDERS = ("/var/log/kolla/neutron", "/var/log/neutron")
_LOG_FILE = re.compile(r"/var/log/(?:kolla/)?neutron/neutron-(?:api|server|rpc-server)\.log")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_STAMP_LONG = len("2026-11-21 15:16:02")
_MUCH = 16 * MEBIBYTE


@probe(
    "cloud.binding",
    commands=(
        "GET network /v2.0/agents",
        "GET network /v2.0/networks",
        "GET network /v2.0/ports",
        "GET identity /v3/auth/",
    ),
    timeout=20.0,
    on="cloud",
    host="name",
)
async def binding(cloud: str, toolbox: Toolbox, host: str) -> HostBinding:
    """The agent that binds ports on a host: alive, which physical networks it has no bridge for, and the tunnels
    that it makes, or should."""
    asked = Cloud(cloud, toolbox)
    found, networks = await asyncio.gather(ask_agents(cloud, toolbox), _networks(asked))
    every = [one for one in found.agents if one.kind in _BINDING]
    own = next((one for one in every if one.host == host), None)
    if own is None:
        return HostBinding(cloud, host, "", "", "", False, False, {}, "", ())
    return HostBinding(
        cloud,
        host,
        own.id,
        own.kind,
        own.binary,
        own.alive,
        own.admin_up,
        own.bridge_mappings,
        own.tunneling_ip,
        unmapped(own, every, networks),
        own.tunnel_types,
        () if own.tunnel_types or own.kind != _BINDING[0] else stranded(networks, await _ports(asked, host)),
    )


async def _ports(cloud: Cloud, host: str) -> tuple[shapes.Port, ...]:
    """Who may not ask for those of one host gets none."""
    query = (("binding:host_id", host), ("fields", "id"), ("fields", "network_id"))
    return await cloud.list("network", "v2.0", "ports", shape=shapes.Ports, query=query)


def stranded(networks: Sequence[shapes.Network], ports: Sequence[shapes.Port]) -> tuple[str, ...]:
    """Ports on tunnel networks, which reach nobody elsewhere without a tunnel."""
    tunnelled = {
        network.id
        for network in networks
        if any(one.network_type in _TUNNELS for one in (network, *network.segments))
    }
    return tuple(sorted(port.id for port in ports if port.network_id in tunnelled))


async def _networks(cloud: Cloud) -> tuple[shapes.Network, ...]:
    return await cloud.list("network", "v2.0", "networks", shape=shapes.Networks)


def unmapped(own: Agent, agents: Sequence[Agent], networks: Sequence[shapes.Network]) -> tuple[Unmapped, ...]:
    """Physical networks that somebody uses, without those that this agent has a bridge for."""
    names: dict[str, list[str]] = {}
    for network in networks:
        for segment in (network, *network.segments):
            if segment.physical_network:
                names.setdefault(segment.physical_network, []).append(network.name)
    return tuple(
        Unmapped(physical, tuple(sorted(set(on_it))), *_elsewhere(physical, agents))
        for physical, on_it in sorted(names.items())
        if physical not in own.bridge_mappings
    )


def _elsewhere(physical: str, agents: Sequence[Agent]) -> tuple[str, tuple[str, ...]]:
    having = {one.host: one.bridge_mappings[physical] for one in agents if physical in one.bridge_mappings}
    common = Counter(having.values()).most_common(1)
    return (common[0][0] if common else ""), tuple(sorted(having))


# ------------------------------------------------------------------ without the API


@probe(
    "openstack.refused_ports",
    commands=("journalctl -u", "find /var/log/kolla/neutron /var/log/neutron", "tail", "grep -ahE"),
    timeout=25.0,
)
async def refused_ports(host: str, toolbox: Toolbox) -> RefusedPorts:
    """Which ports Neutron's server could not bind in the last day, on which host and network: by journal or log."""
    names = tuple(one.name for one in toolbox.site.hosts) if host == OPERATOR else (host,)
    answers = dict(zip(names, await asyncio.gather(*(_log(toolbox, name) for name in names)), strict=True))
    asked = tuple(name for name, text in answers.items() if text is not None)
    if not asked:
        raise NotFound(
            "no host of the site has a journal of Neutron's server that may be read",
            hint="a controller in `hosts:`, and a login that may read journals",
        )
    return RefusedPorts(asked, tuple(one for text in answers.values() for one in parse_refused(text or ""))[:_MOST])


async def _log(toolbox: Toolbox, host: str) -> str | None:
    """Where the server has files of its own, systemd's `Started` is all that the journal has. None for neither."""
    connection = toolbox.connection(target_of(host))
    journal = await _if_told(_journal(connection))
    if journal and parse_refused(journal):
        return journal
    written = await _if_told(_written(connection))
    return journal if written is None else written


async def _if_told(look: Awaitable[str | None]) -> str | None:
    """The other place may be readable all the same."""
    try:
        return await look
    except ProbeError:
        return None


async def _journal(connection: Connection) -> str | None:
    units = [word for name in _SERVERS for word in ("-u", name)]
    text = await ask(connection, "journalctl", *units, *_LAST, sudo=True, ok=(0, 1))
    return text if text.strip() and not text.startswith("-- No entries") else None


async def _written(connection: Connection) -> str | None:
    """As kolla and many packages have it: files of its own instead of the journal. Their last lines say until when,
    by the clock they are written with; a busy server writes more between two refusals than anybody would take."""
    found = await ask(connection, "find", *_FOLDERS, "-name", "neutron-*.log", "-mtime", "-1", sudo=True, ok=(0, 1))
    files = sorted(path for path in found.splitlines() if _LOG_FILE.fullmatch(path))
    if not files:
        return None
    last = last_stamp(await ask(connection, "tail", "-q", "-n", "100", *files, sudo=True, ok=(0, 1)))
    if not last:
        return None
    pattern = f"^({days(last)}) .*(Failed to bind port|Refusing to bind port) "
    reply = await reply_to(connection, "grep", "-ahE", pattern, *files, sudo=True, ok=(0, 1), limit=_MUCH)
    return last_day(reply.stdout, last)


def last_stamp(text: str) -> str:
    return max((line[:_STAMP_LONG] for line in text.split("\n") if _STAMP.match(line)), default="")


@reading("tail")
def days(last: str) -> str:
    """That day and the one before."""
    day = datetime.fromisoformat(last).date()
    return f"{day - timedelta(days=1)}|{day}"


@reading("grep")
def last_day(text: str, last: str) -> str:
    """Of several files: their lines by time, from a day before the last."""
    since = (datetime.fromisoformat(last) - timedelta(days=1)).isoformat(" ")
    lines = sorted((line for line in text.split("\n") if _STAMP.match(line)), key=lambda line: line[:_STAMP_LONG])
    return "\n".join(line for line in lines if line[:_STAMP_LONG] >= since)


def parse_refused(text: str) -> tuple[RefusedPort, ...]:
    """Newest first, each port and host once."""
    dead: set[str] = set()
    found: dict[tuple[str, str], RefusedPort] = {}
    for line in reversed(text.splitlines()):
        if refusing := _DEAD.search(line):
            dead.add(refusing["port"])
        if failed := _FAILED.search(line):
            kind, physical = _KIND.search(line), _PHYSICAL.search(line)
            one = RefusedPort(
                failed["port"], failed["host"], kind[1] if kind else "", physical[1] if physical else "", False
            )
            found.setdefault((one.port, one.host), one)
    return tuple(
        RefusedPort(one.port, one.host, one.network, one.physical, one.port in dead) for one in found.values()
    )
