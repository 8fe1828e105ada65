"""cloud.agents, cloud.compute_services, cloud.hypervisors: who works for the cloud, and who does not any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from probes.cloud import shapes
from probes.cloud.ask import Cloud
from probes.cloud.facts import Agent, Agents, ComputeService, ComputeServices, Hypervisor, Hypervisors
from probes.probe import Toolbox, probe


@probe("cloud.agents", commands=("GET network /v2.0/agents", "GET identity /v3/auth/"), timeout=30.0, on="cloud")
async def agents(cloud: str, toolbox: Toolbox) -> Agents:
    """Neutron's agents: host, alive, bridge mappings, tunnels."""
    asked = Cloud(cloud, toolbox)
    page, date = await asked.dated("network", "v2.0", "agents", shape=shapes.Agents)
    if not page.items:
        await asked.sees_all("agents")
    facts = tuple(sorted((_agent(one, date) for one in page.items), key=lambda one: (one.kind, one.host)))
    return Agents(cloud, facts, tuple(one for one in facts if not one.alive))


def _agent(one: shapes.Agent, date: str) -> Agent:
    says = one.configurations
    tunnels = says.get("tunnel_types")
    return Agent(
        id=one.id,
        kind=one.agent_type,
        binary=one.binary,
        host=one.host,
        alive=one.alive,
        admin_up=one.admin_state_up,
        zone=one.availability_zone or "",
        heartbeat=one.heartbeat_timestamp or "",
        age=_age(one.heartbeat_timestamp, date),
        bridge_mappings=_words(says.get("bridge_mappings")),
        tunnel_types=tuple(map(str, tunnels)) if isinstance(tunnels, list) else (),
        tunneling_ip=str(says.get("tunneling_ip") or says.get("ovn-encap-ip") or ""),
    )


def _words(value: Any) -> dict[str, str]:
    """OVN spells mappings in one text: `physnet1:br-ex,physnet2:br-2`."""
    if isinstance(value, str):
        return dict(pair.split(":", 1) for pair in value.split(",") if ":" in pair)
    return {str(key): str(inner) for key, inner in value.items()} if isinstance(value, Mapping) else {}


def _age(moment: str | None, date: str) -> int:
    """Seconds between two moments; services mean UTC where they do not say."""
    try:
        seen, now = (datetime.fromisoformat(text) for text in ((moment or "").replace("Z", "+00:00"), date))
    except ValueError:
        return -1
    seen, now = (one if one.tzinfo else one.replace(tzinfo=UTC) for one in (seen, now))
    return max(int((now - seen).total_seconds()), 0)


@probe("cloud.compute_services", commands=("GET compute /v2.1/os-services",), timeout=30.0, on="cloud")
async def compute_services(cloud: str, toolbox: Toolbox) -> ComputeServices:
    """Nova's services: which are up, and which somebody has disabled."""
    found, date = await Cloud(cloud, toolbox).dated("compute", "v2.1", "os-services", shape=shapes.Services)
    facts = tuple(sorted((_service(one, date) for one in found.services), key=lambda one: (one.binary, one.host)))
    down = tuple(one for one in facts if not one.up)
    return ComputeServices(cloud, facts, down, tuple(one for one in facts if not one.enabled))


def _service(one: shapes.Service, date: str) -> ComputeService:
    return ComputeService(
        str(one.id),
        one.binary,
        one.host,
        one.zone,
        enabled=one.status == "enabled",
        up=one.state == "up",
        forced_down=one.forced_down,
        updated=one.updated_at or "",
        age=_age(one.updated_at, date),
        disabled_reason=one.disabled_reason or "",
    )


@probe("cloud.hypervisors", commands=("GET compute /v2.1/os-hypervisors",), timeout=30.0, on="cloud")
async def hypervisors(cloud: str, toolbox: Toolbox) -> Hypervisors:
    """The machines that servers run on, and nova-compute's name for each."""
    path = ("v2.1", "os-hypervisors", "detail")
    found = await Cloud(cloud, toolbox).get("compute", *path, shape=shapes.Hypervisors)
    return Hypervisors(cloud, tuple(map(_hypervisor, found.hypervisors)))


def _hypervisor(one: shapes.Hypervisor) -> Hypervisor:
    return Hypervisor(
        str(one.id),
        one.hypervisor_hostname,
        one.service.host,
        one.host_ip,
        one.hypervisor_type,
        up=one.state == "up",
        enabled=one.status == "enabled",
    )
