"""One GET on the wire: kubernetes.aio's session, told how to connect, and what comes back, within bounds."""

from __future__ import annotations

import email.utils
import ipaddress
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from kubernetes.aio.client.rest import RESTClientObject
from yarl import URL

from probes.api import ApiRequest
from probes.cluster.answers import bounded
from probes.cluster.kubeconfig import Server
from probes.cluster.stage import STAGE, Resolver, Stage, new_socket
from probes.cluster.wrong import Refused
from probes.errors import ProbeError, UnreadableOutput

_CHANNELS = 8
"""Requests at a time."""
_HEADER_BYTES = 16 << 10
"""Of one line of a response's head; there are 128 at most."""
_LATER = frozenset({429, 500, 502, 503, 504})


class Client(RESTClientObject):
    """kubernetes.aio's client, told how to connect; its session is used as it is."""

    def _create_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(
            limit=_CHANNELS, ssl=self.ssl_context, resolver=Resolver(), socket_factory=new_socket
        )

    def session(self) -> aiohttp.ClientSession:
        if self.pool_manager is None:
            options = {**_SESSION, "trace_configs": _traces(), "cookie_jar": aiohttp.DummyCookieJar()}
            self.configuration.client_session_kwargs = options
            self.pool_manager = self._create_pool_manager()
        return self.pool_manager


async def _connected(*_: object) -> None:
    stage = STAGE.get(None)
    if stage is not None:
        stage.at, stage.there = "http", True


async def _queued(*_: object) -> None:
    stage = STAGE.get(None)
    if stage is not None:
        stage.at = "queue"


def _traces() -> list[aiohttp.TraceConfig]:
    trace = aiohttp.TraceConfig()
    trace.on_connection_queued_start.append(_queued)
    for connected in (trace.on_connection_create_end, trace.on_connection_reuseconn):
        connected.append(_connected)
    return [trace]


_SESSION: dict[str, Any] = {
    "trust_env": False,  # no password of a .netrc; proxies of the environment are read here
    "auto_decompress": False,
    "max_line_size": _HEADER_BYTES,
    "max_field_size": _HEADER_BYTES,
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    kind: str
    """Content-Type."""
    body: bytearray
    again: str
    """Retry-After."""
    elsewhere: str
    """Location."""


async def exchange(
    session: aiohttp.ClientSession, request: ApiRequest, server: Server, proxy: str, header: str, stage: Stage
) -> Answer:
    query = f"?{urlencode(request.query)}" if request.query else ""
    async with session.get(
        URL(f"{server.url}{request.path}{query}", encoded=True),
        headers={"Accept": request.accept, "Accept-Encoding": "gzip"}
        | ({"Authorization": header} if header else {}),
        allow_redirects=False,
        proxy=proxy or None,
        server_hostname=server.tls_name or None,
        timeout=aiohttp.ClientTimeout(total=None),  # the limit of the whole is ours
    ) as response:
        stage.at = "body"
        try:
            return await _read(response, request.limit)
        except BaseException:
            response.close()  # not kept for the next one: the rest of the body is still to come
            raise


async def _read(response: aiohttp.ClientResponse, limit: int) -> Answer:
    head = response.headers
    coding = head.get("Content-Encoding", "identity").lower()
    if coding not in ("gzip", "identity"):
        raise Refused(UnreadableOutput("the answer is packed in a way nobody asked for"), response.status)
    good = 200 <= response.status < 300
    try:
        body = await bounded(response.content.iter_chunked(1 << 16), coding == "gzip", limit if good else _MOST)
    except ProbeError as error:
        raise Refused(error, response.status) from error
    again, elsewhere = head.get("Retry-After", ""), head.get("Location", "")
    return Answer(response.status, head.get("Content-Type", ""), body, again, elsewhere)


_MOST = 1 << 20
"""Bytes of a refusal."""


def wait_of(answer: Answer) -> float | None:
    """Seconds the server asks us to wait before we ask again; None when it does not."""
    if answer.status not in _LATER or not answer.again:
        return None
    if answer.again.isascii() and answer.again.isdigit():
        return float(answer.again[:9])
    with suppress(ValueError, TypeError, OverflowError):
        moment = email.utils.parsedate_to_datetime(answer.again)
        return max((moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.1)
    return None


def proxy_of(server: Server) -> str:
    """`proxy-url`, else what the environment says, as for kubectl."""
    if server.proxy:
        return server.proxy
    found = urllib.request.getproxies_environment().get(urlsplit(server.url).scheme, "")
    at_home = server.host == "localhost" or server.host.startswith("127.") or server.host == "::1"
    return "" if at_home or _is_bypassed(server) or not found.startswith(("http://", "https://")) else found


def _is_bypassed(server: Server) -> bool:
    """NO_PROXY as kubectl reads it: names and domains, addresses, each with a port or without, and networks."""
    if any(urllib.request.proxy_bypass(one) for one in (server.host, server.at)):
        return True
    words = urllib.request.getproxies_environment().get("no", "").split(",")
    try:
        address = ipaddress.ip_address(server.host)
    except ValueError:
        return False
    return any(address in network for network in _networks(words))


def _networks(words: Iterable[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for word in words:
        with suppress(ValueError):
            yield ipaddress.ip_network(word.strip(), strict=False)


def without_login(proxy: str) -> str:
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or 80}" if proxy else ""
