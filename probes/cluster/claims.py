"""k8s.claim: a volume claim that somebody has deleted, and what keeps it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.api import Api, ApiRequest
from probes.cluster.answers import fetch
from probes.cluster.leftovers import Claim, ClaimingPod, pods_in, policy_of, uses
from probes.errors import NotFound, NotRecorded, ProbeError
from probes.probe import Toolbox, probe

PROTECTION = "kubernetes.io/pvc-protection"
"""Kubernetes' own finalizer: removed when no pod uses the claim any more."""
_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class ClaimKept:
    cluster: str
    namespace: str
    claim: str
    there: bool
    phase: str
    """Pending, Bound, Lost."""
    deleted: bool
    """Somebody has deleted it; it is there until its finalizers are gone."""
    others: tuple[str, ...]
    """Finalizers that are not Kubernetes' own."""
    users: tuple[str, ...]
    """Pods of the namespace that have not ended and use it."""
    owners: tuple[str, ...]
    """`KIND/NAME` of the controllers that would make those pods again; empty when they stand alone."""
    volume: str
    policy: str
    """What becomes of the volume: Retain, Delete; empty when it may not be read."""


@probe(
    "k8s.claim",
    commands=("GET /api/v1/",),
    timeout=15.0,
    on="cluster",
    namespace="k8s-name",
    name="k8s-name",
)
async def claim(cluster: str, toolbox: Toolbox, namespace: str, name: str) -> ClaimKept:
    """A claim with its finalizers and volume, and the pods that use it."""
    api = await toolbox.api(f"cluster:{cluster}")
    path = ("api", "v1", "namespaces", namespace, "persistentvolumeclaims", name)
    try:
        found = await fetch(api, ApiRequest(path, shape=Claim), Claim)
    except NotFound:
        return ClaimKept(cluster, namespace, name, False, "", False, (), (), (), "", "")
    pods, policy = await asyncio.gather(pods_in(api, namespace), _policy(api, found.spec.volume_name))
    using = [one for one in pods if uses(one, name) and one.status.phase not in _ENDED]
    return ClaimKept(
        cluster=cluster,
        namespace=namespace,
        claim=name,
        there=True,
        phase=found.status.phase,
        deleted=found.metadata.deletion_timestamp is not None,
        others=tuple(one for one in found.metadata.finalizers or () if one != PROTECTION),
        users=tuple(one.metadata.name for one in using),
        owners=tuple(dict.fromkeys(owner for one in using if (owner := _owner(one)))),
        volume=found.spec.volume_name,
        policy=policy,
    )


def _owner(pod: ClaimingPod) -> str:
    return next((f"{one.kind}/{one.name}" for one in pod.metadata.owner_references or ()), "")


async def _policy(api: Api, volume: str) -> str:
    """A role of one namespace may not read volumes."""
    if not volume:
        return ""
    try:
        return await policy_of(api, volume)
    except NotRecorded:
        raise
    except ProbeError:
        return ""
