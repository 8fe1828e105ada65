"""k8s.leftovers: claims of a release that was installed into another namespace, and hold what the new one needs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.cluster.objects import CACHED, LIST_LIMIT, METADATA
from probes.errors import NotRecorded, ProbeError
from probes.probe import Toolbox, probe

_RELEASE = ("app.kubernetes.io/instance", "release")
_JOBSERVICE = "jobservice"
_ANNOTATION = "meta.helm.sh/release-name"


@dataclass(frozen=True, slots=True)
class Leftovers:
    cluster: str
    namespace: str
    claim: str
    """One there that waits for a volume; empty when none does."""
    release: str
    """Helm's, by the labels of the claim."""
    left_in: str
    """Another namespace with a bound claim of the same name, release and storage class; empty when there is none,
    or several have one."""
    volume: str
    """What that one holds."""
    policy: str
    """Of the volume: Retain, Delete."""
    users: tuple[str, ...]
    """Pods in that namespace which use the claim."""
    stateful_sets: tuple[str, ...]
    """Of the same release, in that namespace, as Helm installed them."""
    kept_by: tuple[str, ...]
    """Likewise, but put there by something else than Helm, which keeps no record of it: they may come back."""
    installed: bool
    """Helm has a release of that name in that namespace; false too where its Secrets may not be listed."""
    releases_seen: bool
    """Its Secrets there could be listed, so `installed` is no guess."""
    take: str
    """Merge patch of the volume that gives it to the claim which waits."""
    back: str
    """And the one that gives it back."""
    stuck_pod: str
    """A pod of the namespace that is not ready and has not ended: those with a volume first, jobservice last."""
    pods: int
    """Of the namespace; 0 too where there is no such namespace."""
    core_ready: bool
    """A pod of Harbor's core is there and ready."""
    others_ready: bool
    """All pods but jobservice's are ready."""
    jobservice: str
    """Deployment of that name; empty when there is none."""
    jobservice_ready: bool


class _Meta(shapes.Meta):
    annotations: dict[str, str] | None = None
    uid: str = ""
    finalizers: list[str] | None = None


class _ClaimSpec(shapes.Shape):
    volume_name: str = ""
    storage_class_name: str | None = None


class _Phase(shapes.Shape):
    phase: str = ""


class Claim(shapes.Shape):
    metadata: _Meta
    spec: _ClaimSpec = msgspec.field(default_factory=_ClaimSpec)
    status: _Phase = msgspec.field(default_factory=_Phase)


class _Claims(shapes.Shape):
    items: list[Claim] | None


class _VolumeSpec(shapes.Shape):
    persistent_volume_reclaim_policy: str = ""


class _Volume(shapes.Shape):
    metadata: shapes.Meta
    spec: _VolumeSpec = msgspec.field(default_factory=_VolumeSpec)


class _ClaimName(shapes.Shape):
    claim_name: str = ""


class _PodVolume(shapes.Shape):
    persistent_volume_claim: _ClaimName | None = None


class _PodSpec(shapes.Shape):
    volumes: list[_PodVolume] | None = None


class _PodStatus(shapes.Shape):
    phase: str = ""
    conditions: list[shapes.Condition] | None = None


class ClaimingPod(shapes.Shape):
    metadata: shapes.Meta
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


class _Pods(shapes.Shape):
    items: list[ClaimingPod] | None


class _Named(shapes.Shape):
    metadata: _Meta


class _NamedList(shapes.Shape):
    items: list[_Named] | None


_CLAIMS = ApiRequest(("api", "v1", "persistentvolumeclaims"), (CACHED,), shape=_Claims, limit=LIST_LIMIT)


@probe(
    "k8s.leftovers",
    commands=("GET /api/v1/", "GET /apis/apps/v1/namespaces/"),
    timeout=15.0,
    on="cluster",
    namespace="k8s-name",
)
async def leftovers(cluster: str, toolbox: Toolbox, namespace: str) -> Leftovers:
    """A claim of the namespace that waits, and its twin elsewhere that has the volume."""
    api = await toolbox.api(f"cluster:{cluster}")
    claims, pods, deployments = await asyncio.gather(
        fetch(api, _CLAIMS, _Claims), pods_in(api, namespace), _named(api, namespace, "deployments")
    )
    waiting, twin = twins(claims.items or [], namespace)
    release = release_of(waiting) if waiting else ""
    left_in = twin.metadata.namespace if twin else ""
    others, sets, releases, policy = await _there(api, left_in, release, twin.spec.volume_name if twin else "")
    jobservice = next((one.metadata.name for one in deployments if _JOBSERVICE in one.metadata.name), "")
    unready = sorted((one for one in pods if not _is_ready(one)), key=_last_those_that_ask)
    cores = [one for one in pods if is_core(one.metadata.name)]
    return Leftovers(
        cluster=cluster,
        namespace=namespace,
        claim=waiting.metadata.name if waiting else "",
        release=release,
        left_in=left_in,
        volume=twin.spec.volume_name if twin else "",
        policy=policy,
        users=tuple(one.metadata.name for one in others if twin and uses(one, twin.metadata.name)),
        stateful_sets=tuple(one.metadata.name for one in sets if _is_helms(one)),
        kept_by=tuple(one.metadata.name for one in sets if not _is_helms(one)),
        installed=bool(releases),
        releases_seen=releases is not None,
        take=_patch(namespace, waiting.metadata.name, waiting.metadata.uid) if waiting else "",
        back=_patch(left_in, twin.metadata.name, twin.metadata.uid) if twin else "",
        stuck_pod=unready[0].metadata.name if unready else "",
        pods=len(pods),
        core_ready=any(_is_ready(one) for one in cores),
        others_ready=all(_JOBSERVICE in one.metadata.name for one in unready),
        jobservice=jobservice,
        jobservice_ready=bool(jobservice) and not any(one.metadata.name.startswith(jobservice) for one in unready),
    )


def twins(claims: list[Claim], namespace: str) -> tuple[Claim | None, Claim | None]:
    """The one that waits, if any, and its twin that is bound; those with a twin first. A name alone makes no twins:
    every environment calls its claim `data`."""
    waiting = [one for one in claims if one.metadata.namespace == namespace and one.status.phase != "Bound"]
    others = [one for one in claims if one.metadata.namespace != namespace and one.status.phase == "Bound"]
    known = [(one, [other for other in others if _are_twins(one, other)]) for one in waiting]
    known.sort(key=lambda pair: len(pair[1]) != 1)
    return (known[0][0], known[0][1][0] if len(known[0][1]) == 1 else None) if known else (None, None)


def _are_twins(one: Claim, other: Claim) -> bool:
    """Of one release, and one could be bound to the volume of the other."""
    classes = {claim.spec.storage_class_name for claim in (one, other)} - {None}
    release = release_of(one)
    same = one.metadata.name == other.metadata.name and release == release_of(other)
    return same and bool(release) and len(classes) < 2


def release_of(one: Claim | _Named) -> str:
    """By Helm's annotation, else by the labels that charts give."""
    labels = one.metadata.labels or {}
    named = (one.metadata.annotations or {}).get(_ANNOTATION, "")
    return named or next((labels[key] for key in _RELEASE if key in labels), "")


def _is_helms(one: _Named) -> bool:
    """`helm template` gives the labels alone."""
    return _ANNOTATION in (one.metadata.annotations or {})


def _patch(namespace: str, name: str, uid: str) -> str:
    ref = {"namespace": namespace, "name": name, "uid": uid, "resourceVersion": None}
    return msgspec.json.encode({"spec": {"claimRef": ref}}).decode()


def _is_ready(pod: ClaimingPod) -> bool:
    """One of a job that has ended is as ready as it gets."""
    ready = any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or ())
    return ready or pod.status.phase == "Succeeded"


def is_core(name: str) -> bool:
    """As charts name it: `RELEASE-core-…`, or `core-…`."""
    return name.startswith("core-") or "-core-" in name


def _last_those_that_ask(pod: ClaimingPod) -> tuple[bool, bool, str]:
    waits = any(one.persistent_volume_claim for one in pod.spec.volumes or ())
    return _JOBSERVICE in pod.metadata.name, not waits, pod.metadata.name


def uses(pod: ClaimingPod, claim: str) -> bool:
    return any(
        one.persistent_volume_claim is not None and one.persistent_volume_claim.claim_name == claim
        for one in pod.spec.volumes or ()
    )


async def pods_in(api: Api, namespace: str) -> list[ClaimingPod]:
    path = ("api", "v1", "namespaces", namespace, "pods")
    return (await fetch(api, ApiRequest(path, (CACHED,), shape=_Pods, limit=LIST_LIMIT), _Pods)).items or []


async def _named(api: Api, namespace: str, what: str) -> list[_Named]:
    path = ("apis", "apps", "v1", "namespaces", namespace, what)
    return (
        await fetch(api, ApiRequest(path, (CACHED,), shape=_NamedList, accept=METADATA), _NamedList)
    ).items or []


async def _there(
    api: Api, namespace: str, release: str, volume: str
) -> tuple[list[ClaimingPod], list[_Named], list[_Named] | None, str]:
    if not namespace:
        return [], [], None, ""
    pods, sets, releases, policy = await asyncio.gather(
        pods_in(api, namespace),
        _named(api, namespace, "statefulsets"),
        _releases(api, namespace, release),
        policy_of(api, volume),
    )
    return pods, [one for one in sets if release_of(one) == release], releases, policy


async def _releases(api: Api, namespace: str, release: str) -> list[_Named] | None:
    """Of that name, as Helm keeps them; nothing where they may not be listed."""
    try:
        return (await fetch(api, helm_secrets(namespace, release), _NamedList)).items or []
    except NotRecorded:
        raise
    except ProbeError:
        return None


def helm_secrets(namespace: str, release: str) -> ApiRequest:
    """Of Helm's Secrets only the names are read, and only they cross the wire."""
    path = ("api", "v1", "namespaces", namespace, "secrets")
    query = (("labelSelector", f"owner=helm,name={release}"),)
    return ApiRequest(path, query, shape=_NamedList, accept=METADATA)


async def policy_of(api: Api, volume: str) -> str:
    """Its reclaim policy: Retain, Delete."""
    request = ApiRequest(("api", "v1", "persistentvolumes", volume), shape=_Volume)
    return (await fetch(api, request, _Volume)).spec.persistent_volume_reclaim_policy
