"""A cluster's API asked by kubectl on a control node, over SSH: where this machine has no kubeconfig, or no way
there. The credentials stay where they are."""

from __future__ import annotations

import math
import re
import shlex
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from base.text import clip, inert
from probes.api import ApiRequest
from probes.cluster.answers import cut
from probes.cluster.way import Way
from probes.cluster.wrong import Status, forbidden, missing, refusal
from probes.connection import Command, Connection
from probes.control_node import KUBECONFIGS
from probes.decoding import decoded
from probes.errors import (
    AccessDenied,
    CertificateRefused,
    CommandFailed,
    HostUnreachable,
    NotFound,
    ProbeError,
    ProbeTimeout,
)
from probes.exchange import Reply
from probes.execution import failed
from probes.linux.ask import why_no_answer
from probes.site import Cluster

if TYPE_CHECKING:
    from probes.cluster.connection import HttpApi

_NO_FILE = 78


def asking(files: tuple[str, ...]) -> str:
    """The first of the files that is there is kubectl's; path and time limit are arguments."""
    return (
        f'for f in {shlex.join(files)}; do test -r "$f" && exec kubectl --kubeconfig="$f" --request-timeout="$2" '
        f'get --raw "$1"; done; exit {_NO_FILE}'
    )


_ASK = asking(KUBECONFIGS)
_KEPT = 4000
"""Characters of a refusal."""
_SPARE = 1.0
"""Seconds kubectl has less than its request, to say why there is no answer."""
_SERVER = re.compile(r"^Error from server \((?P<reason>\w+)\): (?P<message>.*)", re.DOTALL)
_UNREACHED: tuple[tuple[str, str, type[ProbeError]], ...] = (
    ("no route to host", "route", HostUnreachable),
    ("network is unreachable", "route", HostUnreachable),
    ("connection refused", "port", HostUnreachable),
    ("was refused", "port", HostUnreachable),
    ("no such host", "name", HostUnreachable),
    ("i/o timeout", "port", ProbeTimeout),
    ("TLS handshake timeout", "tls", ProbeTimeout),
    ("Client.Timeout", "http", ProbeTimeout),
    ("context deadline", "http", ProbeTimeout),
    ("x509: ", "tls", CertificateRefused),
    ("tls: ", "tls", CertificateRefused),
    ("EOF", "http", HostUnreachable),
)


class HostApi:
    """The same questions, each a `kubectl get --raw` on the host."""

    def __init__(self, cluster: Cluster, connection: Callable[[str], Connection]) -> None:
        self.target = f"cluster:{cluster.name}"
        self._host, self._connection = cluster.host, connection

    async def get(self, request: ApiRequest) -> Reply:
        query = f"?{urlencode(request.query)}" if request.query else ""
        seconds = f"{max(request.timeout - _SPARE, 1):.0f}s"
        command = Command(
            argv=("sh", "-c", _ASK, "sh", request.path + query, seconds),
            sudo=True,
            timeout=request.timeout,
            limit=request.limit,
            alone=True,
            private=True,  # the exchange of the API holds the answer, cut to what was wanted
        )
        reply = await self._connection(f"host:{self._host}").run(command)
        way = Way(via=self._host)
        answer = self._judged(request, reply, command, way)
        return replace(answer, stderr=msgspec.json.encode(way).decode(), seconds=reply.seconds)

    async def close(self) -> None:
        """The toolbox owns the connection."""

    def _judged(self, request: ApiRequest, reply: Reply, command: Command, way: Way) -> Reply:
        error = why_no_answer(reply, command, f"host:{self._host}", ok=None)
        if error is not None:
            way.layer = "host"
            return failed(error)
        if reply.status == 0:
            return _answer(request, reply, way)
        return _failed(request, reply, self._host, way)


def _answer(request: ApiRequest, reply: Reply, way: Way) -> Reply:
    try:
        return Reply(200, cut(request, "", reply.stdout.encode("utf-8", "replace")))
    except ProbeError as error:
        way.layer = "http"
        return failed(error)


def _failed(request: ApiRequest, reply: Reply, host: str, way: Way) -> Reply:
    if reply.status == _NO_FILE:
        way.layer = "kubeconfig"
        message = f"{host} has none of {', '.join(KUBECONFIGS)}"
        return failed(NotFound(message, hint="is it a control node? `host:` of the cluster names it"))
    way.layer, error, status = _meant(request, reply.stderr.strip())
    error.hint = error.hint or f"kubectl on {host} said so"
    return replace(failed(error), status=status, stdout=reply.stderr[:_KEPT] if status else "")


def _meant(request: ApiRequest, said: str) -> tuple[str, ProbeError, int | None]:
    """What kubectl wrote to standard error: layer, error, HTTP status."""
    found = _SERVER.search(said)
    reason, message = (found["reason"], found["message"]) if found else ("", said)
    words = clip(inert(" ".join(message.split())), 300)
    if reason == "Forbidden":
        return "http", forbidden(message, request), 403
    if reason == "NotFound":
        return "http", missing(Status(), request), 404
    if reason in ("TooManyRequests", "ServiceUnavailable", "InternalError", "Timeout"):
        return "http", refusal(503, Status(words), request, ""), 503
    if "Unauthorized" in said or "must be logged in" in said:
        return "http", AccessDenied("the API does not accept the credentials of the control node (401)"), 401
    for sign, layer, kind in _UNREACHED:
        if sign in said:
            return layer, kind(words), None
    return "http", CommandFailed(words or "kubectl failed without a word"), None


class OrThroughHost:
    """From this machine; through the control node where there is no way from here."""

    def __init__(self, direct: HttpApi, through: HostApi) -> None:
        self.target = direct.target
        self._direct, self._through = direct, through
        self._works: bool | None = None

    async def get(self, request: ApiRequest) -> Reply:
        if self._works is False:
            return await self._through.get(request)
        begun = time.monotonic()
        knock = math.inf if self._works else request.timeout / 2
        reply = await self._direct.get(request, knock)
        way = decoded(reply.stderr, Way)
        if way.layer not in ("name", "route", "port", "proxy"):
            self._works = True
            return reply
        left = request.timeout - (time.monotonic() - begun)
        if left < request.timeout / 4:  # it had worked, and took the whole time: the next one only knocks
            self._works = None
            return reply
        other = await self._through.get(replace(request, timeout=left))
        if other.failure and other.status is None:
            return reply
        self._works = False
        return other

    async def close(self) -> None:
        await self._direct.close()
