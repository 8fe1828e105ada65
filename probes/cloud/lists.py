"""cloud.floating_ips, cloud.security_groups: short lists of Neutron, to be joined with its ports."""

from __future__ import annotations

from probes.cloud import shapes
from probes.cloud.ask import Cloud
from probes.cloud.network_facts import FloatingAddress, FloatingAddresses, GroupNames
from probes.probe import Toolbox, probe

_NAMES = (("fields", "id"), ("fields", "name"))


@probe("cloud.floating_ips", commands=("GET network /v2.0/floatingips",), timeout=30.0, on="cloud")
async def floating_ips(cloud: str, toolbox: Toolbox) -> FloatingAddresses:
    """All floating addresses that the role may see, and the ports they lead to."""
    found = await Cloud(cloud, toolbox).list("network", "v2.0", "floatingips", shape=shapes.Floatings)
    return FloatingAddresses(cloud, tuple(map(_floating, found)))


def _floating(one: shapes.Floating) -> FloatingAddress:
    return FloatingAddress(
        one.id, one.floating_ip_address, one.fixed_ip_address or "", one.port_id or "", one.status
    )


@probe("cloud.security_groups", commands=("GET network /v2.0/security-groups",), timeout=30.0, on="cloud")
async def security_groups(cloud: str, toolbox: Toolbox) -> GroupNames:
    """What the security groups are called."""
    asked = Cloud(cloud, toolbox)
    found = await asked.list("network", "v2.0", "security-groups", shape=shapes.Groups, query=_NAMES)
    return GroupNames(cloud, {one.id: one.name for one in found})
