"""HTTP under the session: bounded answers, sockets that can be shut from elsewhere, no redirect elsewhere."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from base.text import clip, inert
from probes.cloud.attempt import Attempt, Stopped, connected, current
from probes.cloud.tls import Refused, refused
from probes.cloud.where import Where
from probes.errors import CertificateRefused, HostUnreachable, ProbeError, UnreadableOutput

_PIECE = 1 << 16
_LOGIN = "/auth/tokens"
_CUT = (http.client.IncompleteRead, urllib3.exceptions.IncompleteRead, urllib3.exceptions.InvalidChunkLength)
_REDIRECTS = frozenset({301, 302, 303, 305, 307, 308})
_PROXY_LOGIN = 407
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


class _Handled:
    """A connection whose socket the attempt of the moment can shut, pooled or new."""

    handle: socket.socket | None = None

    def _open(self, host: str, port: int, options: Iterable[Any] | None) -> socket.socket:
        sock, self.handle = connected(host, port, options or ())
        return sock

    def _begin(self) -> None:
        if self.handle is not None:
            current().watch(self.handle)
            current().layer, current().reused = "answer", True

    def _drop(self) -> None:
        handle, self.handle = self.handle, None
        if handle is not None:
            handle.close()


class _Http(_Handled, HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return self._open(self._dns_host, self.port or 80, self.socket_options)

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._begin()
        super().request(*args, **kwargs)

    def connect(self) -> None:
        super().connect()
        current().layer = "answer"

    def close(self) -> None:
        super().close()
        self._drop()


class _Https(_Handled, HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        sock = self._open(self._dns_host, self.port or 443, self.socket_options)
        current().layer = "proxy" if current().via else "tls"
        return sock

    def _tunnel(self) -> None:
        super()._tunnel()
        current().layer = "tls"

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._begin()
        super().request(*args, **kwargs)

    def connect(self) -> None:
        try:
            super().connect()
        except (ssl.SSLError, HTTPError, ConnectionError, TimeoutError) as error:
            raise _tls_failed(current(), self, error) from error
        except (OSError, http.client.HTTPException) as error:
            if current().layer != "proxy":
                raise
            raise _not_through(current(), error) from error
        current().layer = "answer"

    def close(self) -> None:
        super().close()
        self._drop()


def _tls_failed(attempt: Attempt, connection: _Https, error: Exception) -> Stopped:
    if attempt.stopped or isinstance(error, TimeoutError):
        return attempt.overdue()
    if attempt.layer == "proxy":
        return _not_through(attempt, error)
    if not isinstance(error, ssl.SSLError | HTTPError):
        message = f"{attempt.url}: the other side closed the connection during the TLS handshake"
        return Stopped(HostUnreachable, attempt.where(), message)
    address = "" if attempt.via else attempt.address
    why: Refused = refused(connection.host, address, attempt.port, error, attempt.left)
    where = Where("tls", why.state, attempt.url, attempt.address, why.not_before, why.not_after)
    return Stopped(CertificateRefused, where, f"{attempt.url}: {why.message}", hint=why.hint)


def _not_through(attempt: Attempt, error: Exception) -> Stopped:
    """It takes the connection and makes no tunnel of it."""
    said = clip(inert(str(error)), 200)
    return attempt.proxy_failed("", f"the proxy {attempt.via} refuses to connect: {said}")


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


_POOLS = {"http": _HttpPool, "https": _HttpsPool}


class Adapter(HTTPAdapter):
    """`login` is the origin of the cloud's `auth_url`: passwords go there and nowhere else."""

    def __init__(self, login: str) -> None:
        self._login = login
        super().__init__(pool_connections=16, pool_maxsize=8)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        attempt, url = current(), str(request.url)
        attempt.url, attempt.via = plain(url), ""
        attempt.via = _via(attempt, select_proxy(url, kwargs.get("proxies")))
        if request.method == "POST" and urlsplit(url).path.endswith(_LOGIN) and origin(url) != self._login:
            raise _elsewhere(attempt, f"sends logins to {origin(url)}")
        kwargs.update(stream=True, timeout=(attempt.left, attempt.left))
        response = super().send(request, *args, **kwargs)
        _read(response, attempt)
        if response.status_code == _PROXY_LOGIN and attempt.via:
            raise attempt.proxy_failed(str(_PROXY_LOGIN), f"the proxy {attempt.via} wants a login (407)")
        _stay(response, url, attempt)
        return response


def _via(attempt: Attempt, proxy: str | None) -> str:
    """Without its password; Stopped for one that is of no use."""
    if not proxy:
        return ""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    port = origin(parts.geturl()).rpartition(":")[2]
    attempt.address = parts.hostname or ""
    if parts.scheme not in _POOLS or not parts.hostname or port == "0":
        raise attempt.proxy_failed("", f"{_without_login(proxy)} is no HTTP proxy")
    return f"[{parts.hostname}]:{port}" if ":" in parts.hostname else f"{parts.hostname}:{port}"


def _without_login(proxy: str) -> str:
    """Of one that may be in any form: all up to the last `@` may be a password."""
    scheme, mark, rest = proxy.partition("://")
    known = mark and _SCHEME.fullmatch(scheme)
    shown = f"{scheme}://{rest.rpartition('@')[2]}" if known else proxy.rpartition("@")[2]
    return clip(inert(shown), 200)


def _read(response: requests.Response, attempt: Attempt) -> None:
    """The whole body, here and bounded: the libraries above would read without end."""
    body = bytearray()
    try:
        for piece in response.raw.stream(_PIECE, decode_content=True):
            body += piece
            if attempt.stopped:
                raise attempt.overdue()
            if len(body) > attempt.limit:
                raise attempt.too_long()
    except BaseException:
        response.raw.close()  # what is still to come must not meet the next request
        raise
    response.raw.release_conn()
    response._content = bytes(body)
    response._content_consumed = True


def _stay(response: requests.Response, url: str, attempt: Attempt) -> None:
    """keystoneauth would follow with the token in its hand."""
    if response.status_code not in _REDIRECTS or "location" not in response.headers:
        return
    target = urljoin(url, response.headers["location"])
    if origin(target) != origin(url):
        raise _elsewhere(attempt, f"redirects to {origin(target)}")
    response.headers["location"] = target


def _elsewhere(attempt: Attempt, does: str) -> Stopped:
    message = f"{attempt.url}: {does}, which is another place: nothing was sent there"
    return Stopped(
        UnreadableOutput, attempt.where(), message, hint="give that address in clouds.yaml if it is the right one"
    )


def origin(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        port = 0
    return f"{parts.scheme}://{parts.hostname or ''}:{port}"


def plain(url: str) -> str:
    """Without user, password and query: for people."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class _Nothing(AuthBase):
    """Stands in place of ~/.netrc, whose passwords requests would send to hosts by their name."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _NoCookies(RequestsCookieJar):
    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        """An API of ours needs none, and a load balancer's would make answers differ."""


def tame(session: requests.Session, login_url: str) -> None:
    """The session goes through this module from now on."""
    session.auth = _Nothing()
    session.cookies = _NoCookies()
    adapter = Adapter(origin(login_url))
    session.mount("http://", adapter)
    session.mount("https://", adapter)


def was_idle(error: BaseException) -> bool:
    """The other side had closed a kept connection before our request came: it may be sent again."""
    return current().reused and _has(error, (http.client.RemoteDisconnected, ConnectionError))


def broken(error: BaseException) -> tuple[type[ProbeError], str]:
    """What went wrong below, in words, from the error that libraries have wrapped."""
    said = " ".join(map(str, chain(error)))
    if _has(error, (http.client.LineTooLong,)) or "got more than" in said:
        return UnreadableOutput, "answers with headers of no reasonable size"
    if _has(error, _CUT) or "ended prematurely" in said:
        return HostUnreachable, "the other side closed the connection in the middle of its answer"
    if _has(error, (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError)):
        return HostUnreachable, "the other side closed the connection before it answered"
    if _has(error, (http.client.HTTPException, HTTPError)):
        return UnreadableOutput, "answers in a form that is not HTTP"
    return HostUnreachable, "the connection failed"


def _has(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    return any(isinstance(one, kinds) for one in chain(error))


def chain(error: BaseException) -> list[BaseException]:
    """The error and all it wraps. Libraries wrap without saying `from`, and in arguments."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and not any(one is seen for seen in found):
            found.append(one)
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found
