"""One try of one request, in a thread: how far it came, when it must end, and how it is ended from elsewhere."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from base.text import clip, inert
from probes.cloud.where import Where
from probes.errors import HostUnreachable, OutputTooLong, ProbeError, ProbeTimeout

CONNECT_SECONDS = 4.0
"""More than the 3 s after which Linux gives up on a neighbour that does not answer ARP."""
_ADDRESSES_TRIED = 3
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})
_TO_PROXY = frozenset({"name", "route", "port", "proxy"})
"""Layers that are the proxy's, where there is one: whether the API lives is not known then."""
_OF_PROXY = "HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this machine's environment"


class Stopped(Exception):
    """The way to the API ends here. Not an OSError: the libraries in between must not touch it."""

    def __init__(self, kind: type[ProbeError], where: Where, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.kind, self.where, self.message, self.hint = kind, where, message, hint


@dataclass(slots=True)
class Attempt:
    """`stop` may be called from any thread: blocking calls on its sockets then end at once."""

    deadline: float
    """By `time.monotonic`."""
    limit: int
    layer: str = "name"
    url: str = ""
    address: str = ""
    port: int = 0
    via: str = ""
    """Address and port of the proxy that the environment names for this URL."""
    stopped: bool = False
    reused: bool = False
    """The connection was kept from an earlier request; the other side may have closed it meanwhile."""
    logging_in: bool = False
    _handles: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def left(self) -> float:
        """Seconds; never zero, which would mean "without blocking" to a socket."""
        return max(self.deadline - time.monotonic(), 0.001)

    def watch(self, handle: socket.socket) -> None:
        with self._lock:
            self._handles.append(handle)
        if self.stopped:
            shut(handle)

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            handles = tuple(self._handles)
        for handle in handles:
            shut(handle)

    def where(self, state: str = "") -> Where:
        return Where("proxy" if self._at_proxy else self.layer, state, self.url, self.address)

    @property
    def _at_proxy(self) -> bool:
        return bool(self.via) and self.layer in _TO_PROXY

    def overdue(self) -> Stopped:
        """Why there is no answer in time, by how far it came."""
        hint = _OF_PROXY if self._at_proxy else ""
        return Stopped(ProbeTimeout, self.where("silent"), f"{self.url}: {self._waits_for()}", hint=hint)

    def no_way(self, state: str, said: str, hint: str = "") -> Stopped:
        """The name, the route or the port, of the API or of the proxy before it."""
        if self._at_proxy:
            return self.proxy_failed(state, f"the proxy {self.via} does not answer: {said}")
        return Stopped(HostUnreachable, self.where(state), f"{self.url}: {said}", hint=hint)

    def proxy_failed(self, state: str, said: str) -> Stopped:
        where = Where("proxy", state, self.url, self.address)
        return Stopped(HostUnreachable, where, f"{self.url}: {said}", hint=_OF_PROXY)

    def _waits_for(self) -> str:
        if self._at_proxy:
            return f"no answer through the proxy {self.via}"
        if self.layer == "name":
            return f"no answer from the name servers for {self.address}"
        if self.layer in ("route", "port"):
            return f"no answer from {self.address} port {self.port}"
        if self.layer == "tls":
            return "the port is open, but the TLS handshake does not come to its end"
        return "the port is open, but no whole answer comes in time"

    def too_long(self) -> Stopped:
        message = f"{self.url}: answers with more than {self.limit >> 20} MiB"
        return Stopped(OutputTooLong, self.where(), message, hint="is it the right address?")


CURRENT = threading.local()
"""`attempt` of the thread; the adapter's connections are called by libraries that know nothing of it."""


def current() -> Attempt:
    attempt: Attempt = CURRENT.attempt
    return attempt


def shut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


# ------------------------------------------------------------------ name, route, port


def connected(host: str, port: int, options: Iterable[Any]) -> tuple[socket.socket, socket.socket]:
    """A socket that is connected, and a handle to shut it by; Stopped with the layer that failed."""
    attempt = current()
    if attempt.stopped:  # a library tries again what we have ended
        raise attempt.overdue()
    attempt.layer, attempt.address, attempt.port, attempt.reused = "name", host, port, False
    found = _addresses(host, port)
    attempt.layer = "port"
    failed: Stopped | None = None
    for family, kind, protocol, _, address in found[:_ADDRESSES_TRIED]:
        attempt.address = str(address[0])
        try:
            return _connect(socket.socket(family, kind, protocol), address, options)
        except OSError as error:
            failed = _no_way(attempt, error)
    assert failed is not None
    raise failed


def _addresses(host: str, port: int) -> list[Any]:
    attempt = current()
    try:
        return socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = inert(error.strerror if isinstance(error, OSError) and error.strerror else str(error))
        hint = "is the name right in clouds.yaml and in the catalogue?"
        raise attempt.no_way("", said, hint) from error


def _connect(sock: socket.socket, address: Any, options: Iterable[Any]) -> tuple[socket.socket, socket.socket]:
    attempt = current()
    handle = sock.dup()
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(min(attempt.left, CONNECT_SECONDS))
        attempt.watch(handle)
        sock.connect(address)
        if attempt.stopped:
            raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))
        sock.settimeout(attempt.left)
        return sock, handle
    except BaseException:
        sock.close()
        handle.close()
        raise


def _no_way(attempt: Attempt, error: OSError) -> Stopped:
    if attempt.stopped:
        return attempt.overdue()
    if isinstance(error, TimeoutError):
        seconds = f"{CONNECT_SECONDS:g}"
        said = f"no answer from {attempt.address} port {attempt.port} within {seconds} s"
        return attempt.no_way("silent", said)
    state = "refused" if error.errno == errno.ECONNREFUSED else "unreachable"
    attempt.layer = "route" if error.errno in _NO_ROUTE else "port"
    said = clip(inert(os.strerror(error.errno) if error.errno else str(error)), 200)
    return attempt.no_way(state, said if attempt.via else f"{attempt.address} port {attempt.port}: {said}")
