"""cloud.server, cloud.servers, cloud.server_actions: what Nova says of a server, and why it failed on each host."""

from __future__ import annotations

import asyncio
import re

from base.values import KINDS
from probes.cloud import shapes
from probes.cloud.ask import Cloud, Query
from probes.cloud.facts import (
    ActionEvent,
    CloudServer,
    HostReason,
    Server,
    ServerAction,
    ServerActions,
    ServerAddress,
    Servers,
)
from probes.cloud.ports import ports_with
from probes.errors import Forbidden, NotFound, Unavailable
from probes.linux.fields import is_address
from probes.probe import Toolbox, probe

_EVERYWHERE: Query = (("all_tenants", "1"),)
_NAMES = ("v2.1", "servers")
_POWER = {1: "running", 3: "paused", 4: "shutdown", 6: "crashed", 7: "suspended"}
_MOST_ACTIONS = 10
_MOST_NEAR = 10
_LONGEST = 4000
_FAILED = "Error"


@probe(
    "cloud.server",
    commands=(
        "GET compute /v2.1/servers",
        "GET network /v2.0/ports",
        "GET network /v2.0/floatingips",
        "GET identity /v3/auth/",
    ),
    timeout=30.0,
    on="cloud",
    server="line",
)
async def server(cloud: str, toolbox: Toolbox, server: str) -> CloudServer:
    """A server by its name, id or address: status, fault, host, addresses."""
    asked, everywhere = Cloud(cloud, toolbox), True
    near: tuple[str, ...] = ()
    if _is_id(server):
        found = await _by_id(asked, server)
    elif is_address(server):
        found = await _by_address(asked, server)
    else:
        found, near, everywhere = await _by_name(asked, server)
    if not found:
        await asked.sees_all(server)
    facts = tuple(map(_server, found))
    return CloudServer(cloud, server, len(facts), facts[0] if facts else Server(), facts, everywhere, near)


@probe(
    "cloud.servers",
    commands=("GET compute /v2.1/servers", "GET identity /v3/auth/"),
    timeout=60.0,
    on="cloud",
)
async def servers(cloud: str, toolbox: Toolbox) -> Servers:
    """All servers that the role may see: status, host, addresses."""
    asked, partial = Cloud(cloud, toolbox), ""
    try:
        found, everywhere = await _listed(asked, ())
    except Unavailable as error:
        found, everywhere = await _listed(asked, (), _NAMES)
        partial = error.message
    if not found:
        await asked.sees_all("servers")
    return Servers(cloud, len(found), tuple(map(_server, found)), everywhere, partial)


def _is_id(text: str) -> bool:
    try:
        return bool(KINDS["uuid"](text))
    except ValueError:
        return False


async def _by_id(cloud: Cloud, server: str) -> tuple[shapes.Server, ...]:
    try:
        return ((await cloud.get("compute", "v2.1", "servers", server, shape=shapes.OneServer)).server,)
    except NotFound:
        return ()


async def _by_name(cloud: Cloud, name: str) -> tuple[tuple[shapes.Server, ...], tuple[str, ...], bool]:
    """Servers of that name; without one, names that begin with it. Nova takes a name for a regular expression."""
    found, everywhere = await _listed(cloud, (("name", f"^{re.escape(name)}"),))
    exact = tuple(one for one in found if one.name == name)
    near = () if exact else tuple(one.name for one in found)[:_MOST_NEAR]
    return exact, near, everywhere


async def _by_address(cloud: Cloud, address: str) -> tuple[shapes.Server, ...]:
    """Over Neutron: Nova's own filter by address reads all servers of the cloud."""
    ports, _ = await ports_with(cloud, address)
    devices = dict.fromkeys(port.device_id for port in ports if port.device_owner.startswith("compute:"))
    found = await asyncio.gather(*(_by_id(cloud, device) for device in devices if _is_id(device)))
    return tuple(one for some in found for one in some)


async def _listed(
    cloud: Cloud, query: Query, path: tuple[str, ...] = ("v2.1", "servers", "detail")
) -> tuple[tuple[shapes.Server, ...], bool]:
    try:
        return await cloud.list("compute", *path, shape=shapes.Servers, query=(*_EVERYWHERE, *query)), True
    except Forbidden:
        return await cloud.list("compute", *path, shape=shapes.Servers, query=query), False


def _server(one: shapes.Server) -> Server:
    fault = one.fault or shapes.Fault()
    return Server(
        id=one.id,
        name=one.name,
        status=one.status,
        vm_state=one.vm_state or "",
        task_state=one.task_state or "",
        power=_POWER.get(one.power_state, ""),
        fault_code=fault.code,
        fault_message=fault.message[:_LONGEST],
        fault_details=fault.details[-_LONGEST:],
        host=one.host or "",
        hypervisor=one.hypervisor or "",
        instance_name=one.instance_name,
        placed_known=bool(one.instance_name or one.host),
        zone=one.zone or "",
        project=one.tenant_id,
        created=one.created,
        updated=one.updated,
        addresses=tuple(
            ServerAddress(network, at.addr, at.mac, at.kind)
            for network, several in one.addresses.items()
            for at in several
        ),
    )


@probe(
    "cloud.server_actions",
    commands=("GET compute /v2.1/servers",),
    timeout=30.0,
    on="cloud",
    server="uuid",
)
async def server_actions(cloud: str, toolbox: Toolbox, server: str) -> ServerActions:
    """What was done to a server, and why it failed on each host."""
    asked = Cloud(cloud, toolbox)
    path = ("v2.1", "servers", server, "os-instance-actions")
    listed = (await asked.get("compute", *path, shape=shapes.Actions)).actions[:_MOST_ACTIONS]
    whole = await asyncio.gather(
        *(asked.get("compute", *path, one.request_id, shape=shapes.OneAction) for one in listed if one.request_id)
    )
    actions = tuple(sorted((_action(one.action) for one in whole), key=lambda one: one.started, reverse=True))
    failed = _failed(actions[0]) if actions else ()
    hosts = tuple(dict.fromkeys(one.host for one in failed if one.host))
    return ServerActions(cloud, server, actions, failed, hosts)


def _action(one: shapes.Action) -> ServerAction:
    events = sorted((_event(event) for event in one.events), key=lambda event: event.started)
    return ServerAction(one.action, one.request_id, one.message or "", one.start_time, tuple(events))


def _event(one: shapes.Event) -> ActionEvent:
    reason = one.details or _last_line(one.traceback or "")
    return ActionEvent(one.event, one.result or "", one.host or "", reason[:_LONGEST], one.start_time or "")


def _last_line(traceback: str) -> str:
    lines = [line.strip() for line in traceback.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _failed(action: ServerAction) -> tuple[HostReason, ...]:
    return tuple(HostReason(one.host, one.reason) for one in action.events if one.result == _FAILED)
