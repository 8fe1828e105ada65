"""cloud.reach: how far the way to a cloud's APIs leads."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from probes.cloud import shapes
from probes.cloud.ask import NO_CATALOGUE, Cloud, OneToken, Token, read
from probes.cloud.facts import CloudReach, ServiceReach
from probes.cloud.where import Where
from probes.errors import (
    CertificateRefused,
    HostUnreachable,
    NotFound,
    ProbeError,
    ProbeTimeout,
    Unavailable,
)
from probes.exchange import Reply
from probes.probe import Toolbox, probe

_SILENT = (HostUnreachable, CertificateRefused, ProbeTimeout, Unavailable, NotFound)
_NO_ANSWER = frozenset(kind.reason for kind in _SILENT)
"""A service that refuses for want of a role does answer. `not-found` counts only where it is the catalogue's."""
_NOT_IN_TIME = (ProbeTimeout.reason, Unavailable.reason)
_WITHOUT_ENDPOINT, _PROXY = "catalogue", "proxy"
_LOGIN_SECONDS, _CATALOGUE_SECONDS, _SERVICE_SECONDS = 20.0, 10.0, 12.0
"""Shares of the probe's time: what one of them does not answer takes nothing from what is known already. The login
asks three times, a service waits for its turn."""
_QUICK_SECONDS = 6.0
"""For a service, while Keystone answers at once."""
_SLOW = 2.0
_PORTS = {"http": 80, "https": 443}


@probe("cloud.reach", commands=("GET identity /v3/auth/", "GET /"), timeout=44.0, on="cloud")
async def reach(cloud: str, toolbox: Toolbox) -> CloudReach:
    """How far the way to the cloud leads: config, name, route, port, proxy, TLS, login, catalogue, each service."""
    asked = Cloud(cloud, toolbox)
    own = ("v3", "auth", "tokens")
    reply = await asked.reply("identity", *own, query=NO_CATALOGUE, shape=OneToken, seconds=_LOGIN_SECONDS)
    if reply.failure or reply.status is None:
        return _stopped(cloud, reply)
    token = read(reply, OneToken).token
    catalog = ("v3", "auth", "catalog")
    listed = await asked.reply("identity", *catalog, shape=shapes.Catalogue, seconds=_CATALOGUE_SECONDS)
    if listed.failure or listed.status is None:
        return _stopped(cloud, listed, token, "answer" if listed.failure in _NOT_IN_TIME else _WITHOUT_ENDPOINT)
    types = dict.fromkeys(entry.type for entry in read(listed, shapes.Catalogue).catalog if entry.type)
    seconds = _SERVICE_SECONDS if listed.seconds > _SLOW else _QUICK_SECONDS
    found = await asyncio.gather(*(_service(asked, kind, seconds) for kind in types))
    fastest = min([listed.seconds, *(took for service, _, took in found if service.answers)])
    at_proxy = {service.type for service, layer, _ in found if layer == _PROXY}
    services = [service for service, *_ in found]
    return _answered(cloud, Where.of(reply.stderr).url, token, services, at_proxy, fastest)


async def _service(cloud: Cloud, kind: str, seconds: float) -> tuple[ServiceReach, str, float]:
    """Its root, a list of versions, without login for most; the layer where that ended, and how long it took."""
    reply = await cloud.reply(kind, seconds=seconds)
    where = Where.of(reply.stderr)
    silent = reply.failure in _NO_ANSWER and not _some_answer(reply)
    state = where.state if reply.failure else ""
    service = ServiceReach(kind, where.url, not silent, state, reply.message, reply.hint)
    return service, where.layer if silent else "", reply.seconds


def _some_answer(reply: Reply) -> bool:
    return reply.failure == NotFound.reason and reply.status is not None


def _answered(
    cloud: str, url: str, token: Token, services: list[ServiceReach], at_proxy: set[str], seconds: float
) -> CloudReach:
    """Those that only a proxy keeps from us are named where no other is silent."""
    silent = sorted((one for one in services if not one.answers), key=lambda one: one.type in at_proxy)
    first = silent[0] if silent else None
    return CloudReach(
        cloud,
        stopped_at="" if first is None else _PROXY if first.type in at_proxy else "service",
        state=first.state if first else "",
        url=first.url if first else url,
        address="",
        not_before="",
        not_after="",
        user=token.user.name,
        project=token.project.name,
        roles=tuple(role.name for role in token.roles),
        services=tuple(services),
        silent=tuple(one.type for one in silent),
        error=first.error if first else "",
        hint=first.hint if first else "",
        seconds=seconds,
    )


def _stopped(cloud: str, reply: Reply, token: Token | None = None, layer: str = "") -> CloudReach:
    where = Where.of(reply.stderr)
    if not where.layer and not layer:
        raise ProbeError(reply.message or "the cloud gave no answer", hint=reply.hint)
    return CloudReach(
        cloud,
        stopped_at=layer or where.layer,
        state=where.state,
        url=where.url,
        address=where.address,
        not_before=where.not_before,
        not_after=where.not_after,
        user=token.user.name if token else "",
        project=token.project.name if token else "",
        roles=tuple(role.name for role in token.roles) if token else (),
        services=(),
        silent=(),
        error=reply.message,
        hint=reply.hint,
        seconds=0.0,
        port=port_of(where.url),
    )


def port_of(url: str) -> int:
    """As the URL has it, or its scheme; 0 where it has none."""
    try:
        parts = urlsplit(url)
        return parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return 0
