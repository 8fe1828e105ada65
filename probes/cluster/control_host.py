"""k8s.control_host: the machine to ask when a cluster's API does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.reach import read_way
from probes.probe import Toolbox, probe

_VERSION = ApiRequest(("version",), shape=shapes.Version, timeout=8.0)
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class ControlHost:
    cluster: str
    host: str
    """The site's host; empty when none is known to serve this API."""
    address: str
    """Of the API server, as far as the way led; empty when its name is not known."""
    port: int


@probe("k8s.control_host", commands=("GET /version",), timeout=14.0, on="cluster")
async def control_host(cluster: str, toolbox: Toolbox) -> ControlHost:
    """Which host of the site serves this API: the one that has the address, else the site's control node."""
    api = await toolbox.api(f"cluster:{cluster}")
    way = read_way(await api.get(_VERSION))
    host = await toolbox.host_of(way.address) if way.address else ""
    named = next((one.host for one in toolbox.site.clusters if one.name == cluster), "")
    return ControlHost(cluster, host or named, way.address, port_of(way.server))


def port_of(url: str) -> int:
    """0 when the URL is none."""
    try:
        return urlsplit(url).port or (_HTTPS if url.startswith("https:") else 0)
    except ValueError:
        return 0
