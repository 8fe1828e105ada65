"""k8s.whose: which cluster of the site has a Service with an address. A ClusterIP looks like any address that does
not answer, and routes say nothing of it: kube-proxy's rules on each node do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.objects import CACHED, LIST_LIMIT
from probes.cluster.service_path import service_with
from probes.errors import HostUnreachable, ProbeError
from probes.probe import Toolbox, probe

_SECONDS = 2.0
"""Every walk of a ping without an answer waits for it."""
_SERVICES = ApiRequest(
    ("api", "v1", "services"), (CACHED,), shape=shapes.ServiceList, limit=LIST_LIMIT, timeout=_SECONDS
)


@dataclass(frozen=True, slots=True)
class WhoseService:
    """The one Service of the site's clusters that has an address."""

    address: str
    cluster: str
    """Empty where none has it, or those of several clusters."""
    namespace: str
    name: str
    unseen: tuple[str, ...]
    """Clusters that could not be asked."""


@probe("k8s.whose", commands=("GET /api/v1/services",), timeout=5.0, address="address")
async def whose(host: str, toolbox: Toolbox, address: str) -> WhoseService:
    """Asks all clusters of the site at once for a Service that has an address; put to `operator`. Nobody is asked
    where there is no cluster, or where the site itself says that a host has the address."""
    if any(address in one.addresses for one in toolbox.site.hosts):
        return WhoseService(address, "", "", "", ())
    names = [cluster.name for cluster in toolbox.site.clusters]
    answers = await asyncio.gather(*(_service(toolbox, name, address) for name in names))
    found = [one for one in answers if one and one[2]]
    unseen = tuple(name for name, one in zip(names, answers, strict=True) if one is None)
    if names and len(unseen) == len(names):
        raise HostUnreachable("no cluster of the site can be asked", hint="`deadhop site check`")
    cluster, namespace, name = found[0] if len(found) == 1 else ("", "", "")
    return WhoseService(address, cluster, namespace, name, unseen)


async def _service(toolbox: Toolbox, cluster: str, address: str) -> tuple[str, str, str] | None:
    """Cluster, namespace and name, the last two empty for none; None where the cluster could not be asked."""
    try:
        async with asyncio.timeout(_SECONDS):
            found = await service_with(await toolbox.api(f"cluster:{cluster}"), address, _SERVICES)
    except (ProbeError, TimeoutError):
        return None
    return (cluster, found.metadata.namespace, found.metadata.name) if found else (cluster, "", "")
