"""aiohttp's exceptions and HTTP's refusals as ours, in one place."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from urllib.parse import urlsplit

import aiohttp
import msgspec

from base.text import clip, inert
from probes.api import ApiRequest
from probes.cluster.kubeconfig import Login
from probes.decoding import decoded
from probes.errors import (
    AccessDenied,
    CertificateRefused,
    CommandFailed,
    Forbidden,
    HostUnreachable,
    NotFound,
    ProbeError,
    ProbeTimeout,
    Unavailable,
    UnreadableOutput,
)

_NO_ROUTE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH})
_DENIED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) (?:resource "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?'
    r'|path "(?P<path>[^"]*)")(?: in the namespace "(?P<namespace>[^"]*)")?'
)


# ------------------------------------------------------------------ no answer


class NoWay(Exception):
    """There was no answer: the layer at which it ended, and the error."""

    def __init__(self, layer: str, error: ProbeError) -> None:
        super().__init__(error.message)
        self.layer, self.error = layer, error


class Refused(Exception):
    """There was an answer, and it is not what was asked for."""

    def __init__(self, error: ProbeError, status: int, said: str = "") -> None:
        super().__init__(error.message)
        self.error, self.status, self.said = error, status, said


def no_way(error: Exception, login: Login, proxy: str) -> NoWay:
    """What an exception of aiohttp means. Certificates that are not accepted are looked at in `tls.why_theirs`."""
    where = login.server.at
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return NoWay("proxy", HostUnreachable(_of_proxy(error, proxy), hint=_OF_PROXY))
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        message = f"the name {login.server.host} is not known: {_system(error.os_error)}"
        return NoWay(
            "name", HostUnreachable(message, hint="/etc/hosts, /etc/resolv.conf, or `server` in the kubeconfig")
        )
    if isinstance(error, aiohttp.ClientSSLError):
        return NoWay("tls", _of_tls(error.os_error, where))
    if isinstance(error, aiohttp.ClientConnectorError):
        return _of_connecting(error.os_error, where)
    if isinstance(error, aiohttp.ClientResponseError):
        what = clip(inert(error.message.replace("\n", " ")), 120)
        return NoWay("http", UnreadableOutput(f"{where} does not answer in HTTP: {what}", hint=_IS_IT))
    if isinstance(error, aiohttp.ClientPayloadError):
        return NoWay("http", HostUnreachable(f"{where} closed amid its answer", hint="look again"))
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return NoWay("http", HostUnreachable(f"{where} closed without an answer", hint=_IS_IT))
    if isinstance(error, ssl.SSLError) or (isinstance(error, aiohttp.ClientOSError) and error.errno == 1):
        return NoWay("tls", _of_tls(error, where))
    if isinstance(error, OSError):
        return NoWay(
            "http", HostUnreachable(f"{where}: the connection was lost: {_system(error)}", hint="look again")
        )
    return NoWay("http", HostUnreachable(f"{where}: {clip(inert(str(error)), 200)}", hint=_IS_IT))


_IS_IT = "is it the API server? `server` in the kubeconfig names it"
_OF_PROXY = "`proxy-url` in the kubeconfig, or HTTPS_PROXY"


def _system(error: OSError) -> str:
    """In the kernel's words: asyncio's ("Connect call failed ('10.0.0.1', 6443)") hide them."""
    if isinstance(error, socket.gaierror | ssl.SSLError):
        return clip(inert(error.strerror or str(error)), 120)
    numbers = [str(error.errno)] if error.errno else _NUMBERS.findall(str(error))
    words = ", ".join(dict.fromkeys(os.strerror(int(number)) for number in numbers))
    return clip(inert(words or error.strerror or str(error)), 120)


_NUMBERS = re.compile(r"\[Errno (\d{1,4})\]")
"""Of several addresses, each with its own error."""


def _of_proxy(error: Exception, proxy: str) -> str:
    """Without the proxy's password."""
    parts = urlsplit(proxy)
    where = f"{parts.hostname or ''}:{parts.port or 80}"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy {where} refuses to connect: {error.status} {clip(inert(error.message), 100)}"
    assert isinstance(error, aiohttp.ClientProxyConnectionError)
    return f"the proxy {where} does not answer: {_system(error.os_error)}"


def _of_connecting(error: OSError, where: str) -> NoWay:
    if isinstance(error, socket.gaierror):
        return NoWay("name", HostUnreachable(f"{where}: {_system(error)}", hint=_NAMES))
    if error.errno == errno.ECONNREFUSED:
        hint = "does the API server run? `crictl ps -a` on a control node"
        return NoWay("port", HostUnreachable(f"{where} refuses connections", hint=hint))
    if error.errno in _NO_ROUTE:
        return NoWay(
            "route", HostUnreachable(f"there is no route to {where}: {_system(error)}", hint="`ip route get`")
        )
    if error.errno == errno.ETIMEDOUT:
        return NoWay("port", HostUnreachable(f"no answer from {where}", hint=_FIREWALL))
    return NoWay("port", HostUnreachable(f"no connection to {where}: {_system(error)}", hint=_FIREWALL))


_FIREWALL = "a firewall that drops, or a machine that is down"


def _of_tls(error: OSError, where: str) -> ProbeError:
    reason = str(getattr(error, "reason", "") or error)
    if any(word in reason for word in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")):
        return CertificateRefused(f"{where} does not speak TLS", hint=_IS_IT)
    return CertificateRefused(f"the TLS handshake with {where} fails: {clip(inert(reason), 120)}", hint=_IS_IT)


def too_late(login: Login, stage: str, seconds: float, proxy: str) -> NoWay:
    """The time limit, by the stage at which it struck."""
    where, limit = login.server.at, f"{seconds:g}"
    if proxy and stage in ("port", "tls"):
        parts = urlsplit(proxy)
        message = f"no answer through the proxy {parts.hostname}:{parts.port or 80} within {limit} s"
        return NoWay("proxy", ProbeTimeout(message, hint=_OF_PROXY))
    layer, error = {
        "login": ("plugin", ProbeTimeout(f"the exec plugin gave nothing within {limit} s", hint=_BY_HAND)),
        "name": ("name", ProbeTimeout(f"no answer from the name servers for {login.server.host}", hint=_NAMES)),
        "port": ("port", ProbeTimeout(f"no answer from {where} within {limit} s", hint=_FIREWALL)),
        "tls": ("tls", ProbeTimeout(f"{where} is open, but no TLS handshake comes within {limit} s", hint=_FROZEN)),
        "queue": ("http", ProbeTimeout(f"{where} had no time for this question within {limit} s", hint=_SLOW)),
        "http": (
            "http",
            ProbeTimeout(f"{where} took the question and did not answer within {limit} s", hint=_SLOW),
        ),
        "body": ("http", ProbeTimeout(f"{where} did not end its answer within {limit} s", hint=_SLOW)),
    }[stage]
    return NoWay(layer, error)


_BY_HAND = "run kubectl once by hand"
_NAMES = "/etc/hosts or /etc/resolv.conf"
_FROZEN = "is the API server frozen, or out of file descriptors?"
_SLOW = "is etcd slow? its disk decides"


# ------------------------------------------------------------------ an answer that is none


class Details(msgspec.Struct, frozen=True):
    name: str = ""
    kind: str = ""


class Status(msgspec.Struct, frozen=True):
    """What the API server answers instead of an object."""

    message: str = ""
    reason: str = ""
    details: Details | None = None


def read_status(body: bytes | bytearray) -> Status:
    """Empty when it is none."""
    try:
        return decoded(body[:100_000], Status)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Status()


def refusal(status: int, said: Status, request: ApiRequest, place: str) -> ProbeError:
    """An HTTP status that is no 2xx."""
    if status == 401:
        return AccessDenied(
            "the API does not accept our credentials (401)", hint=f"are they expired? {place} names them"
        )
    if status == 403:
        return forbidden(said.message, request)
    if status == 404:
        return missing(said, request)
    words = clip(inert(said.message.strip().replace("\n", " ")), 200)
    if status in (409, 410):
        return Unavailable(f"what was asked for changed meanwhile ({status}): {words}", hint="look again")
    if status == 429 or status >= 500:
        return Unavailable(
            f"the API answers {status}: {words or request.path}", hint="see /readyz and the API server's log"
        )
    return CommandFailed(f"the API answers {status}: {words or request.path}")


def forbidden(message: str, request: ApiRequest) -> Forbidden:
    """Says which verb on which resource."""
    found = _DENIED.search(message)
    if found is None:
        words = clip(inert(message.strip()), 200)
        return Forbidden(f"not allowed to read {request.path} (403): {words}", hint="`kubectl auth can-i --list`")
    user, verb, resource, group, path, namespace = (inert(found[key] or "") for key in _GROUPS)
    what = path or (f"{resource}.{group}" if group else resource)
    who, verb, what, namespace = clip(user, 100), clip(verb, 20), clip(what, 150), clip(namespace, 63)
    if namespace:
        hint = f"`kubectl auth can-i {verb} {what} -n {namespace}`"
        return Forbidden(f"{who} may not {verb} {what} in the namespace {namespace} (403)", hint=hint)
    return Forbidden(
        f"{who} may not {verb} {what} in the whole cluster (403)", hint=f"`kubectl auth can-i {verb} {what} -A`"
    )


_GROUPS = ("user", "verb", "resource", "group", "path", "namespace")


def missing(said: Status, request: ApiRequest) -> NotFound:
    if said.details and said.details.name:
        kind, name = clip(inert(said.details.kind), 100), clip(inert(said.details.name), 253)
        return NotFound(f"there is no {name} among {kind} (404)", hint="is it in another namespace?")
    return NotFound(
        f"the API does not know {request.path} (404)", hint="is the CRD or the aggregated API installed?"
    )


def redirected(status: int, place: str) -> ProbeError:
    """Never followed: credentials stay here."""
    where = clip(inert(place), 200)
    return UnreadableOutput(
        f"the API sends us elsewhere ({status}): {where}", hint="not followed; is `server` in the kubeconfig right?"
    )
