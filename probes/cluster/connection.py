"""The way to a cluster's API: GETs over one pool of connections, with the login of a kubeconfig."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import aiohttp
import msgspec

from base.errors import ConfigError
from base.tasks import end_all
from probes.api import Api, ApiRequest, of_patience, pause
from probes.cluster import tls
from probes.cluster.answers import cut
from probes.cluster.credentials import Credentials
from probes.cluster.in_pod import pod_login
from probes.cluster.kubeconfig import Login, Pem, login_of, read_kubeconfig
from probes.cluster.stage import STAGE, Stage
from probes.cluster.through_host import HostApi, OrThroughHost
from probes.cluster.way import Way
from probes.cluster.wire import Answer, Client, exchange, proxy_of, wait_of, without_login
from probes.cluster.wrong import NoWay, Refused, no_way, read_status, redirected, refusal, too_late
from probes.errors import ProbeError
from probes.exchange import Reply
from probes.execution import failed
from probes.site import Cluster
from probes.toolbox import LiveToolbox

_KEPT = 4000
"""Characters of the body of a refusal."""


def open_api(name: str, toolbox: LiveToolbox) -> Api:
    """Of a cluster of the site, or of the pod deadhop runs in. Nothing is read or run before the first question."""
    found = [cluster for cluster in toolbox.site.clusters if cluster.name == name]
    cluster = found[0] if found else Cluster(name)
    through = HostApi(cluster, toolbox.connection) if cluster.host else None
    if through and not cluster.kubeconfig:
        return through
    direct = HttpApi(name, lambda: login(cluster))
    return OrThroughHost(direct, through) if through else direct


def login(cluster: Cluster) -> Login:
    """ConfigError when there is none."""
    if cluster.kubeconfig:
        return login_of(read_kubeconfig(cluster.kubeconfig), cluster.context or cluster.name)
    found = pod_login()
    if found is None:
        raise ConfigError(
            f"{cluster.name}: no kubeconfig is known",
            hint="KUBECONFIG, ~/.kube/config, or `clusters:` in site.yaml",
        )
    return found


class HttpApi:
    """Asks from this machine."""

    def __init__(self, name: str, login: Callable[[], Login]) -> None:
        self.target = f"cluster:{name}"
        self._read_login = login
        self._held: _Held | None = None
        self._retired: list[_Held] = []

    async def get(self, request: ApiRequest, knock: float = math.inf) -> Reply:
        """Of its time the request has so many seconds to come through to the server."""
        begun, stage, way, held = time.monotonic(), Stage(), Way(layer="kubeconfig"), None
        try:
            held = self._ready(way)
            held.busy += 1
            answer = await self._within(request, held, stage, knock)
            way.layer = "http"
            reply = _judged(request, answer, held)
            way.layer = ""
        except NoWay as stopped:
            way.layer, reply = stopped.layer, failed(stopped.error)
        except ConfigError as error:
            reply = failed(ProbeError(error.message, hint=error.hint))
        except Refused as refused:
            way.layer = "http"
            reply = replace(failed(refused.error), status=refused.status, stdout=refused.said)
        finally:
            if held:
                held.busy -= 1
        await self._doubt(reply, held)
        way.address = stage.address
        said = msgspec.json.encode(way).decode()
        return replace(reply, stderr=said, seconds=round(time.monotonic() - begun, 3))

    async def close(self) -> None:
        self._retired += [self._held] if self._held else []
        self._held = None
        for one in self._retired:
            await one.close()
        self._retired.clear()

    def _ready(self, way: Way) -> _Held:
        """The login, read when the first question comes, and again after it was refused."""
        if self._held is None:
            login = self._read_login()
            self._held = _Held(login, Credentials(login.user, login.server), proxy_of(login.server))
        server = self._held.login.server
        way.server, way.insecure, way.via = server.url, server.insecure, without_login(self._held.proxy)
        return self._held

    async def _doubt(self, reply: Reply, held: _Held | None) -> None:
        """A login that was refused is read afresh the next time: its certificates may be new then. What others
        still use is closed when the last of them is done."""
        if reply.failure in _STALE and held is not None and held is self._held:
            self._held = None
            self._retired.append(held)
        for one in [one for one in self._retired if not one.busy]:
            self._retired.remove(one)
            await one.close()

    async def _within(self, request: ApiRequest, held: _Held, stage: Stage, knock: float) -> Answer:
        """The time limit looks where the request is before it ends it."""
        begun, limit = asyncio.get_running_loop().time(), min(knock, request.timeout)
        held.stages.append(stage)
        asking = asyncio.ensure_future(self._asked(request, held, stage, begun + request.timeout))
        try:
            await asyncio.wait({asking}, timeout=limit)
            if not asking.done() and limit < request.timeout and _goes_on(stage, held):
                limit = request.timeout
                await asyncio.wait({asking}, timeout=begun + limit - asyncio.get_running_loop().time())
            if asking.done():
                return asking.result()
            raise _with_ours(too_late(held.login, _looked(stage, held), limit, held.proxy), held)
        finally:
            held.stages.remove(stage)
            await end_all([asking])

    async def _asked(self, request: ApiRequest, held: _Held, stage: Stage, end: float) -> Answer:
        """Once more with new credentials of a plugin, and as often as the server asks for it within the time."""
        STAGE.set(stage)
        renewed, times = False, 0
        while True:
            answer = await self._once(request, held, stage)
            if answer.status == _NOT_YOU and not renewed and held.credentials.refused():
                renewed = True
                continue
            asked = wait_of(answer)
            if asked is None or asyncio.get_running_loop().time() + pause(asked, times) >= end:
                return answer
            await asyncio.sleep(pause(asked, times))
            times += 1

    async def _once(self, request: ApiRequest, held: _Held, stage: Stage) -> Answer:
        stage.at = "login"
        try:
            client, header = await self._client(held), await held.credentials.header()
        except (ConfigError, ProbeError) as error:
            raise _no_login(error) from error
        stage.at = "http"
        try:
            return await exchange(client.session(), request, held.login.server, held.proxy, header, stage)
        except aiohttp.ClientConnectorCertificateError as error:
            certificate = error.certificate_error
            assert isinstance(certificate, ssl.SSLCertVerificationError)
            raise NoWay("tls", await tls.why_theirs(certificate, held.login, held.proxy)) from error
        except (aiohttp.ClientError, OSError) as error:
            stopped = no_way(error, held.login, held.proxy)
            ours = tls.why_ours(held.pair[0]) if stopped.layer in ("tls", "http") else None
            raise (NoWay("tls", ours) if ours else _with_ours(stopped, held)) from error

    async def _client(self, held: _Held) -> Client:
        """Another one when a plugin has given another certificate; requests on the old one come to their end."""
        pair = await held.credentials.pair()
        if held.client is None or pair != held.pair:
            held.before += [held.client] if held.client else []
            held.client, held.pair = tls.client_of(held.login, *pair, kind=Client), pair
        return held.client


_NOT_YOU = 401
_STALE = frozenset({"denied", "certificate"})


@dataclass(slots=True, eq=False)
class _Held:
    """A login in use."""

    login: Login
    credentials: Credentials
    proxy: str
    client: Client | None = None
    pair: tuple[Pem, Pem] = (Pem(), Pem())
    before: list[Client] = field(default_factory=list)
    """Those with certificates a plugin gave earlier."""
    busy: int = 0
    stages: list[Stage] = field(default_factory=list)
    """Of the questions that are on their way now."""

    async def close(self) -> None:
        for client in (*self.before, *((self.client,) if self.client else ())):
            await client.close()


def _goes_on(stage: Stage, held: _Held) -> bool:
    """It has come through, or has not left: a plugin takes its time."""
    return stage.at == "login" or _is_there(stage, held)


def _is_there(stage: Stage, held: _Held) -> bool:
    """Who waits for a connection does so because others have theirs."""
    return any(one.there for one in (held.stages if stage.at == "queue" else [stage]))


def _looked(stage: Stage, held: _Held) -> str:
    """A server that accepts nothing takes as many connections as its queue holds: where another question's is open,
    the port is, and no firewall drops. Who waits for a connection is as far as those that are before."""
    at = stage.look()
    if at == "queue" and not _is_there(stage, held):
        before = [one for one in held.stages if one.at != "queue"]
        return _looked(before[0], held) if before else at
    open_there = (one.look() in ("tls", "http") and one.address == stage.address for one in held.stages)
    return "tls" if at == "port" and any(open_there) else at


def _with_ours(stopped: NoWay, held: _Held) -> NoWay:
    """Our certificate lies here: that it is out of its time is seen with the port closed, too."""
    return NoWay(stopped.layer, tls.also_out_of_time(stopped.error, held.pair[0]))


def _judged(request: ApiRequest, answer: Answer, held: _Held) -> Reply:
    if 200 <= answer.status < 300:
        try:
            return Reply(answer.status, cut(request, answer.kind, answer.body))
        except ProbeError as error:
            raise Refused(error, answer.status) from error
    raise Refused(_refusal(request, answer, held), answer.status, _kept(request, answer.body))


def _refusal(request: ApiRequest, answer: Answer, held: _Held) -> ProbeError:
    if 300 <= answer.status < 400:
        return redirected(answer.status, answer.elsewhere)
    ours = tls.why_ours(held.pair[0]) if answer.status == _NOT_YOU else None
    error = ours or refusal(answer.status, read_status(answer.body), request, held.login.user.place)
    wait = wait_of(answer)
    if wait is not None:
        error.hint = of_patience(wait)
    return error


def _kept(request: ApiRequest, body: bytearray) -> str:
    """Of a refusal: its words, when it is an object of the API, or text was asked for (`/readyz`)."""
    said = read_status(body)
    if said.reason or said.message:
        return msgspec.json.encode(said).decode()[:_KEPT]
    return "" if request.accept.startswith("application/json") else body[:_KEPT].decode("utf-8", "replace")


def _no_login(error: ConfigError | ProbeError) -> NoWay:
    if isinstance(error, ProbeError):
        return NoWay("plugin", error)
    return NoWay("kubeconfig", ProbeError(error.message, hint=error.hint))
