"""openstack.units: services and agents as systemd and the kernel see them, without any API."""

from __future__ import annotations

import asyncio

from probes.cloud.host_facts import StackUnits
from probes.errors import HostUnreachable, ProbeError
from probes.linux.facts import Unit
from probes.linux.unit import COMMANDS, is_wrong, units_of
from probes.probe import Toolbox, probe
from probes.site import OPERATOR, target_of

_WANTED = (
    *("rabbitmq-server", "mariadb", "mysql", "memcached", "keystone", "placement-api", "glance-api"),
    *("neutron-server", "neutron-api", "neutron-rpc-server", "neutron-openvswitch-agent", "neutron-l3-agent"),
    *("neutron-dhcp-agent", "neutron-metadata-agent", "neutron-linuxbridge-agent", "neutron-ovn-metadata-agent"),
    *("nova-api", "nova-api-metadata", "nova-conductor", "nova-scheduler", "nova-compute"),
    *("ovs-vswitchd", "ovsdb-server", "ovn-controller", "neutron-*", "nova-*", "openstack-*"),
)
"""By name where a stopped one must be seen, which systemd forgets otherwise."""
PATTERNS = tuple(f"{name}.service" for name in _WANTED)


@probe("openstack.units", commands=COMMANDS, timeout=25.0)
async def units(host: str, toolbox: Toolbox) -> StackUnits:
    """OpenStack's services on all hosts of the site: which do not run, hang, or fail again and again."""
    names = tuple(one.name for one in toolbox.site.hosts) if host == OPERATOR else (host,)
    answers = dict(zip(names, await asyncio.gather(*(_on(toolbox, name) for name in names)), strict=True))
    found = tuple(one for some in answers.values() if some for one in some)
    unseen = tuple(name for name, some in answers.items() if some is None)
    if len(unseen) == len(names):
        raise HostUnreachable("no host of the site can be asked", hint="`deadhop site check`")
    wrong = tuple(one for one in found if is_wrong(one))
    return StackUnits(tuple(name for name, some in answers.items() if some), unseen, found, wrong)


async def _on(toolbox: Toolbox, host: str) -> tuple[Unit, ...] | None:
    try:
        return await units_of(toolbox.connection(target_of(host)), host, PATTERNS)
    except ProbeError:
        return None
