"""k8s.reach: how far the way to a cluster's API leads, layer by layer."""

from __future__ import annotations

import re

import msgspec

from base.text import clip, inert
from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import answered
from probes.cluster.facts import ClusterReach
from probes.cluster.way import Way
from probes.decoding import decoded
from probes.errors import Forbidden, NotRecorded, ProbeError, UnreadableOutput
from probes.exchange import Reply
from probes.probe import Toolbox, probe

_UNAUTHORIZED = 401
_FAILED = re.compile(r"\[-\]([\w./-]{1,200}) failed")
_VERSION = ApiRequest(("version",), shape=shapes.Version, timeout=8.0)
_READY = ApiRequest(("readyz",), (("verbose", ""),), accept="text/plain, */*", timeout=10.0)
"""Its checks of etcd wait for seconds each."""


@probe("k8s.reach", commands=("GET /version", "GET /readyz"), timeout=20.0, on="cluster")
async def reach(cluster: str, toolbox: Toolbox) -> ClusterReach:
    """How far the way to the API leads: kubeconfig, name, route, port, TLS, login, answer, readiness."""
    api = await toolbox.api(f"cluster:{cluster}")
    reply = await api.get(_VERSION)
    way = read_way(reply)
    try:
        version = _version(answered(reply, api.target))
    except Forbidden:
        version = ""  # who asks is known there, and may not read that
    except NotRecorded:
        raise
    except ProbeError as error:
        return _stopped(cluster, way, reply, error)
    ready = await api.get(_READY)
    return _ready(cluster, way, version, ready, min(reply.seconds, ready.seconds))


def _version(reply: Reply) -> str:
    try:
        return inert(decoded(reply.stdout, shapes.Version).git_version)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableOutput("what answers there is no API server", hint="`server` in the kubeconfig") from error


def read_way(reply: Reply) -> Way:
    """Empty for replies that say nothing of it."""
    try:
        return decoded(reply.stderr or "{}", Way)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Way()


def _stopped(cluster: str, way: Way, reply: Reply, error: ProbeError) -> ClusterReach:
    layer = "login" if reply.status == _UNAUTHORIZED else way.layer or "http"
    return _facts(cluster, way, layer, error=error)


def _ready(cluster: str, way: Way, version: str, reply: Reply, seconds: float) -> ClusterReach:
    failing = tuple(dict.fromkeys(_FAILED.findall(reply.stdout)))
    try:
        answered(reply, f"cluster:{cluster}")
    except (Forbidden, NotRecorded):
        return _facts(cluster, way, "", version, seconds=seconds)
    except ProbeError as error:
        if failing:
            names = clip(", ".join(failing), 200)
            error = type(error)(f"the API is not ready: {names}", hint="etcd comes first: without it nothing works")
        return _facts(cluster, way, "ready", version, failing, error)
    return _facts(cluster, way, "", version, failing, seconds=seconds)


def _facts(
    cluster: str,
    way: Way,
    layer: str,
    version: str = "",
    failing: tuple[str, ...] = (),
    error: ProbeError | None = None,
    seconds: float = 0.0,
) -> ClusterReach:
    return ClusterReach(
        cluster=cluster,
        server=inert(way.server),
        address=inert(way.address),
        via=inert(way.via),
        stopped_at=layer,
        reason=error.reason if error else "",
        error=error.message if error else "",
        hint=error.hint if error else "",
        version=version,
        not_ready=failing,
        insecure=way.insecure,
        seconds=seconds,
    )
