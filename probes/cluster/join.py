"""k8s.join: with what a machine may join a cluster now. Of bootstrap tokens only their public halves are read."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from base.text import inert
from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.probe import Toolbox, probe

_SIGNED = re.compile(r"jws-kubeconfig-([a-z0-9]{6})")
_MINOR = re.compile(r"v?\d+\.(\d+)")
_INFO = ("api", "v1", "namespaces", "kube-public", "configmaps", "cluster-info")


@dataclass(frozen=True, slots=True)
class Join:
    cluster: str
    ids: tuple[str, ...]
    """Public halves of the bootstrap tokens that cluster-info is signed with: those that a join can use."""
    version: str
    minor: int
    """35 of v1.35.4; 0 when it cannot be told."""


class _ConfigMap(shapes.Shape):
    data: dict[str, str] | None = None


@probe("k8s.join", commands=("GET /api/v1/namespaces/", "GET /version"), on="cluster")
async def join(cluster: str, toolbox: Toolbox) -> Join:
    """Which bootstrap tokens a join can use now, and the control plane's version."""
    api = await toolbox.api(f"cluster:{cluster}")
    info, version = await asyncio.gather(
        fetch(api, ApiRequest(_INFO, shape=_ConfigMap), _ConfigMap),
        fetch(api, ApiRequest(("version",), shape=shapes.Version), shapes.Version),
    )
    ids = (match[1] for match in map(_SIGNED.fullmatch, info.data or {}) if match)
    return Join(cluster, tuple(sorted(ids)), inert(version.git_version), minor_of(version.git_version))


def minor_of(version: str) -> int:
    found = _MINOR.match(version)
    return int(found[1]) if found else 0
