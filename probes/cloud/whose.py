"""cloud.whose: which cloud of the site has a server with an address, fixed or floating."""

from __future__ import annotations

import asyncio

from probes.cloud.ask import Cloud
from probes.cloud.network_facts import Whose
from probes.cloud.ports import ports_with
from probes.errors import HostUnreachable, ProbeError
from probes.probe import Toolbox, probe


@probe(
    "cloud.whose",
    commands=("GET network /v2.0/ports", "GET network /v2.0/floatingips", "GET identity /v3/auth/"),
    timeout=30.0,
    address="address",
)
async def whose(host: str, toolbox: Toolbox, address: str) -> Whose:
    """Asks all clouds of the site for a server that has an address; put to `operator`."""
    names = [cloud.name for cloud in toolbox.site.clouds]
    answers = await asyncio.gather(*(_servers(toolbox, name, address) for name in names))
    found = [(name, servers) for name, servers in zip(names, answers, strict=True) if servers]
    unseen = tuple(name for name, servers in zip(names, answers, strict=True) if servers is None)
    if names and len(unseen) == len(names):
        raise HostUnreachable("no cloud of the site can be asked", hint="`deadhop site check`")
    if len(found) != 1 or len(found[0][1]) != 1:
        return Whose(address, "", "", unseen)
    return Whose(address, found[0][0], found[0][1][0], unseen)


async def _servers(toolbox: Toolbox, cloud: str, address: str) -> list[str] | None:
    """Their ids; None where the cloud could not be asked."""
    try:
        ports, _ = await ports_with(Cloud(cloud, toolbox), address)
    except ProbeError:
        return None
    return [port.device_id for port in ports if port.device_owner.startswith("compute:")]
