"""k8s.pod_start: everything that tells why one pod does not start, in one look."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import msgspec

from base.text import inert
from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch, fetch_text
from probes.cluster.details import events as events_of
from probes.cluster.rollout import Rollout, rollout_of
from probes.errors import NotFound, NotRecorded, ProbeError
from probes.linux.journal import complaints
from probes.probe import Toolbox, probe

_MOST_CLAIMS = 8
_LAST_WORDS = 5
_NO_REASON = ("", "ContainerCreating", "PodInitializing")


@dataclass(frozen=True, slots=True)
class PodStart:
    """One pod on its way to Running: how far it came, and what was said on the way."""

    cluster: str
    namespace: str
    name: str
    """Of the pod that was looked at: of one that is gone its successor, one that is not well first."""
    found: bool
    phase: str
    node: str
    """Empty while no node was chosen."""
    owner: str
    ready: bool
    unschedulable: str
    """Why no node takes it."""
    claim: str
    """The first volume claim that is not bound, while the pod has no node."""
    claim_class: str
    claim_said: str
    container: str
    """The one that holds it up, init containers first; empty when all run."""
    image: str
    waiting: str
    """Its reason to wait: CrashLoopBackOff, ImagePullBackOff, ContainerCreating …; empty while it runs."""
    message: str
    restarts: int
    ended: str
    """How it ended the last time: Error, OOMKilled, Completed; empty when it never did."""
    exit_code: int
    last_run: int
    """Seconds that run lasted."""
    runs_for: int
    """Seconds it runs now, by the cluster's clock; 0 when it does not run or nobody can say."""
    said: tuple[str, ...]
    """The last words of the run that ended: what it complained of, else its last lines."""
    events: tuple[str, ...]
    """`Reason: message`, each once, the latest last."""
    deployment: str = ""
    """That made it; empty where none did."""
    revision: int = 0
    """Of the Deployment that it is of."""
    earlier: int = 0
    """An earlier revision that has pods that are ready, where this is the latest; 0 where there is none."""


# ------------------------------------------------------------------ what is read of a pod beyond `shapes`


class _Ran(shapes.Shape):
    exit_code: int = 0
    reason: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class _Runs(shapes.Shape):
    started_at: str | None = None


class _State(shapes.Shape):
    waiting: shapes.Waiting | None = None
    running: _Runs | None = None
    terminated: _Ran | None = None


class _Container(shapes.Shape):
    name: str = ""
    image: str = ""
    ready: bool = False
    restart_count: int = 0
    state: _State = msgspec.field(default_factory=_State)
    last_state: _State = msgspec.field(default_factory=_State)


class _ClaimOfVolume(shapes.Shape):
    claim_name: str = ""


class _Volume(shapes.Shape):
    persistent_volume_claim: _ClaimOfVolume | None = None


class _Spec(shapes.Shape):
    node_name: str = ""
    volumes: list[_Volume] | None = None


class _Status(shapes.Shape):
    phase: str = ""
    conditions: list[shapes.Condition] | None = None
    init_container_statuses: list[_Container] | None = None
    container_statuses: list[_Container] | None = None


class _Pod(shapes.Shape):
    metadata: shapes.Meta
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class PodList(shapes.Shape):
    items: list[_Pod] | None


class _ClaimSpec(shapes.Shape):
    storage_class_name: str | None = None


class _ClaimStatus(shapes.Shape):
    phase: str = ""


class _Claim(shapes.Shape):
    metadata: shapes.Meta
    spec: _ClaimSpec = msgspec.field(default_factory=_ClaimSpec)
    status: _ClaimStatus = msgspec.field(default_factory=_ClaimStatus)


class _LeaseSpec(shapes.Shape):
    renew_time: str | None = None


class _Lease(shapes.Shape):
    spec: _LeaseSpec = msgspec.field(default_factory=_LeaseSpec)


# ------------------------------------------------------------------ the look


@probe(
    "k8s.pod_start",
    commands=(
        "GET /api/v1/namespaces/",
        "GET /apis/apps/v1/namespaces/",
        "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/",
    ),
    timeout=25.0,
    on="cluster",
    namespace="k8s-name",
    name="k8s-name",
)
async def pod_start(cluster: str, toolbox: Toolbox, name: str, namespace: str = "default") -> PodStart:
    """Why a pod does not start: where it was scheduled, its containers, events, claims, and its last words."""
    api = await toolbox.api(f"cluster:{cluster}")
    pod = await _find(api, namespace, name)
    if pod is None:
        return _facts(cluster, _Pod(shapes.Meta(name, namespace)), found=False)
    said, events, claim, clock, rolled = await asyncio.gather(
        _last_words(api, pod),
        events_of(cluster, toolbox, kind="Pod", name=pod.metadata.name, namespace=namespace),
        _unbound(api, pod),
        _clock(api, pod),
        rollout_of(api, pod.metadata.namespace, _owner(pod)),
    )
    told = tuple(dict.fromkeys(f"{one.reason}: {one.message}" for one in events.events if one.reason))
    claim_said = ""
    if claim is not None:
        of_claim = await events_of(
            cluster, toolbox, kind="PersistentVolumeClaim", name=claim.metadata.name, namespace=namespace
        )
        claim_said = of_claim.events[-1].message if of_claim.events else ""
    return _facts(cluster, pod, True, said, told, claim, claim_said, clock, rolled)


def _path(namespace: str, *rest: str) -> tuple[str, ...]:
    return ("api", "v1", "namespaces", namespace, *rest)


async def _find(api: Api, namespace: str, name: str) -> _Pod | None:
    """The pod, or of its owner the one that took its place."""
    try:
        return await fetch(api, ApiRequest(_path(namespace, "pods", name), shape=_Pod), _Pod)
    except NotFound:
        found = await fetch(api, ApiRequest(_path(namespace, "pods"), shape=PodList), PodList)
    return successor(name, found.items or [])


def successor(name: str, pods: list[_Pod]) -> _Pod | None:
    """By the name without its generated ends: first among equals is one that is not ready."""
    for parts in (1, 2):
        stem = name.split("-")[:-parts]
        alike = [pod for pod in pods if stem and pod.metadata.name.split("-")[:-parts] == stem]
        if alike:
            return min(alike, key=_is_ready)
    return None


def _owner(pod: _Pod) -> shapes.Owner | None:
    return next(iter(pod.metadata.owner_references or ()), None)


def _is_ready(pod: _Pod) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or ())


# ------------------------------------------------------------------ its containers


def held_up(pod: _Pod) -> _Container | None:
    """The container that keeps it from being ready."""
    inits = [one for one in pod.status.init_container_statuses or () if not _is_through(one)]
    others = pod.status.container_statuses or []
    waiting = [one for one in others if one.state.waiting and one.state.waiting.reason not in _NO_REASON]
    failing = [one for one in others if not one.ready and (one.state.terminated or one.restart_count)]
    again = [one for one in others if one.restart_count and one.last_state.terminated]
    unready = [one for one in others if not one.ready]
    return next(iter((*inits[:1], *waiting, *failing, *again, *unready)), None)


def _is_through(init: _Container) -> bool:
    """Ended well, or one that runs beside the others."""
    ended = init.state.terminated
    return (ended is not None and ended.exit_code == 0) or (init.ready and ended is None)


def _last_run(one: _Container) -> _Ran | None:
    return one.state.terminated or one.last_state.terminated


async def _last_words(api: Api, pod: _Pod) -> tuple[str, ...]:
    """Of the run that ended: while another runs that is the one before it; what is there no more is left out."""
    one = held_up(pod)
    if one is None or _last_run(one) is None:
        return ()
    before = one.state.running is not None
    text = await _log(api, pod, one.name, previous=before) or await _log(api, pod, one.name, previous=not before)
    lines = [inert(line) for line in text.splitlines() if line.strip()]
    return tuple((complaints("\n".join(lines)) or tuple(lines))[-_LAST_WORDS:])


async def _log(api: Api, pod: _Pod, container: str, *, previous: bool) -> str:
    query = [("tailLines", "40"), ("limitBytes", "16384"), ("container", container)]
    query += [("previous", "true")] if previous else []
    path = _path(pod.metadata.namespace, "pods", pod.metadata.name, "log")
    try:
        return await fetch_text(api, ApiRequest(path, tuple(query), accept="text/plain, */*"))
    except NotRecorded:
        raise
    except ProbeError:
        return ""


async def _unbound(api: Api, pod: _Pod) -> _Claim | None:
    names = [v.persistent_volume_claim.claim_name for v in pod.spec.volumes or () if v.persistent_volume_claim]
    if pod.spec.node_name or not names:
        return None
    path = [_path(pod.metadata.namespace, "persistentvolumeclaims", name) for name in names[:_MOST_CLAIMS]]
    claims = await asyncio.gather(*(_claim(api, one) for one in path))
    return next((claim for claim in claims if claim.status.phase != "Bound"), None)


async def _claim(api: Api, path: tuple[str, ...]) -> _Claim:
    """One that is missing is not bound either."""
    try:
        return await fetch(api, ApiRequest(path, shape=_Claim), _Claim)
    except NotFound:
        return _Claim(shapes.Meta(path[-1], path[3]), status=_ClaimStatus("Missing"))


async def _clock(api: Api, pod: _Pod) -> str | None:
    """The cluster's time, ten seconds old at most: when the pod's node renewed its lease."""
    path = ("apis", "coordination.k8s.io", "v1", "namespaces", "kube-node-lease", "leases", pod.spec.node_name)
    try:
        lease = await fetch(api, ApiRequest(path, shape=_Lease), _Lease) if pod.spec.node_name else _Lease()
    except NotRecorded:
        raise
    except ProbeError:
        return None
    return lease.spec.renew_time


def seconds_between(begin: str | None, end: str | None) -> int:
    """0 where one of them is not known."""
    if not begin or not end:
        return 0
    return max(0, int((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()))


def _facts(
    cluster: str,
    pod: _Pod,
    found: bool,
    said: tuple[str, ...] = (),
    events: tuple[str, ...] = (),
    claim: _Claim | None = None,
    claim_said: str = "",
    clock: str | None = None,
    rolled: Rollout | None = None,
) -> PodStart:
    conditions = {one.type: one for one in pod.status.conditions or ()}
    scheduled = conditions.get("PodScheduled", shapes.Condition(status="True"))
    owner, rolled = _owner(pod), rolled or Rollout()
    held = held_up(pod) or _Container()
    waits, ended, runs = held.state.waiting or shapes.Waiting(), _last_run(held), held.state.running
    return PodStart(
        cluster=cluster,
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        found=found,
        phase=pod.status.phase,
        node=pod.spec.node_name,
        owner=f"{owner.kind}/{owner.name}" if owner else "",
        ready=_is_ready(pod),
        unschedulable="" if scheduled.status == "True" else scheduled.message or scheduled.reason,
        claim=claim.metadata.name if claim else "",
        claim_class=(claim.spec.storage_class_name or "") if claim else "",
        claim_said=claim_said,
        container=held.name,
        image=held.image,
        waiting=waits.reason,
        message=waits.message,
        restarts=held.restart_count,
        ended=ended.reason if ended else "",
        exit_code=ended.exit_code if ended else 0,
        last_run=seconds_between(ended.started_at, ended.finished_at) if ended else 0,
        runs_for=seconds_between(runs.started_at, clock) if runs else 0,
        said=said,
        events=events,
        deployment=rolled.deployment,
        revision=rolled.revision,
        earlier=rolled.earlier,
    )
