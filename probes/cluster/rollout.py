"""Of a Deployment's pod: which revision it is of, and an earlier one whose pods run now."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.errors import NotRecorded, ProbeError

_REVISION = "deployment.kubernetes.io/revision"


class _Meta(shapes.Meta):
    annotations: shapes.Labels | None = None


class _Status(shapes.Shape):
    ready_replicas: int = 0


class ReplicaSet(shapes.Shape):
    metadata: _Meta
    status: _Status = msgspec.field(default_factory=_Status)


class ReplicaSets(shapes.Shape):
    items: list[ReplicaSet] | None


@dataclass(frozen=True, slots=True)
class Rollout:
    deployment: str = ""
    revision: int = 0
    earlier: int = 0


async def rollout_of(api: Api, namespace: str, owner: shapes.Owner | None) -> Rollout:
    """Empty for what no Deployment made, and where nobody may read it: who asks goes on without it."""
    if owner is None or owner.kind != "ReplicaSet":
        return Rollout()
    path = ("apis", "apps", "v1", "namespaces", namespace, "replicasets")
    try:
        found = await fetch(api, ApiRequest(path, shape=ReplicaSets), ReplicaSets)
    except NotRecorded:
        raise
    except ProbeError:
        return Rollout()
    return rollout(owner.name, found.items or [])


def rollout(name: str, sets: list[ReplicaSet]) -> Rollout:
    """`earlier` is the latest revision before that of `name` with a pod that is ready now; 0 where `name` is not
    the Deployment's newest."""
    made_by = next((_deployment(one) for one in sets if one.metadata.name == name), "")
    alike = {one.metadata.name: one for one in sets if made_by and _deployment(one) == made_by}
    if name not in alike:
        return Rollout()
    own = _revision(alike[name])
    if own != max(map(_revision, alike.values())):
        return Rollout(made_by, own)
    earlier = (_revision(one) for one in alike.values() if one.status.ready_replicas > 0)
    return Rollout(made_by, own, max((revision for revision in earlier if revision < own), default=0))


def _deployment(one: ReplicaSet) -> str:
    return next((by.name for by in one.metadata.owner_references or () if by.kind == "Deployment"), "")


def _revision(one: ReplicaSet) -> int:
    text = (one.metadata.annotations or {}).get(_REVISION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
