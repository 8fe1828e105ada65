"""The way to an API. Like a Connection, but a request is one GET, so nothing is changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import quote, urlencode

from base.errors import UsageError
from base.text import inert
from probes.connection import MEBIBYTE
from probes.exchange import Reply

_UNRESERVED = "-._~:@"
"""Beside letters and digits: what RFC 3986 lets stand in a segment and every API spells so."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One GET. Segments and query are quoted by construction: a value cannot become a path of its own."""

    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    service: str = ""
    """Service type in the catalogue of a cloud (`network`, `compute`, `identity`); empty for a cluster."""
    shape: type | None = None
    """A msgspec Struct: the body is cut to its fields before anybody keeps it. For whole lists, and for objects
    that hold secrets nobody asked for."""
    accept: str = "application/json"
    timeout: float = 10.0
    """Seconds for the request with all its repetitions; then the reply's failure is `timeout`."""
    limit: int = 16 * MEBIBYTE
    """Bytes of body, unpacked; past it the reply's failure is `too-long`."""
    steady: bool = False
    """Many looks need the same answer, and it does not change from one to the next: a sweep asks it once."""

    def __post_init__(self) -> None:
        for segment in self.segments:
            if segment in ("", ".", "..") or not segment.isprintable():
                raise UsageError(f"`{inert(segment)}` cannot be part of an API's path")

    @property
    def path(self) -> str:
        return "/" + "/".join(quote(segment, safe=_UNRESERVED) for segment in self.segments)

    @property
    def text(self) -> str:
        """What the journal and the screen say: `GET network /v2.0/ports?device_id=…`."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return " ".join(word for word in ("GET", self.service, self.path + query) if word)


def pause(asked: float, times: int) -> float:
    """Seconds before a question is put again, after so many repetitions: what the server asks for, and from the
    second time on no less than what grows. Who asks for none and goes on refusing is not asked without end."""
    return max(asked, float(2 ** min(times - 1, 3)) if times else 0.0)


def of_patience(asked: float) -> str:
    seconds = math.ceil(asked)
    if seconds < 1:
        return "it says to ask again at once, and refuses then as well"
    return f"it asks for {seconds} s of patience"


@runtime_checkable
class Api(Protocol):
    """One per cloud or cluster, shared by all probes. Never raises for what the far side does: the reply says it,
    with the HTTP status as `status` and the body as `stdout`. Cancelling `get` ends the request."""

    target: str

    async def get(self, request: ApiRequest) -> Reply: ...

    async def close(self) -> None: ...
