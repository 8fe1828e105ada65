"""An Exchange is one request to the outside and its reply: what is recorded is what is replayed."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import datetime

REACH = "reach"
"""Request text of a try of the whole way to a host's shell."""

LISTENING = "listening on"
"""tcpdump says so on stderr as soon as it sees packets."""

LOOK: ContextVar[str] = ContextVar("LOOK", default="")
"""The probe run under way, by its call; what shares a task with others says who asked first."""


@dataclass(frozen=True, slots=True)
class Request:
    target: str
    """`host:NAME` or `operator`."""
    text: str
    """The command line as a shell reads it, or the words of a non-shell question (`netlink addresses`)."""
    sudo: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    status: int | None
    """Exit status; None when the command did not get to its end."""
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    failure: str = ""
    """Empty, or the `reason` of the ProbeError that ended it (`timeout`, `unreachable`, `denied`, …)."""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    request: Request
    reply: Reply
    at: datetime
    """When the request left, UTC."""
    phase: int = 0
    """How many changing commands (fix actions, undos) the session had sent before. Replies of one phase
    are never mixed with another's on replay."""
    look: str = ""
    """The probe run that asked: of several that read the same counters at the same time, each hears its own again.
    Empty where no probe asked, and in what deadhop 0.1 recorded."""


def to_json(exchange: Exchange) -> dict[str, object]:
    return {**asdict(exchange), "at": exchange.at.isoformat()}


def from_json(data: Mapping[str, object]) -> Exchange:
    """The inverse of `to_json`; KeyError or TypeError when it is none."""
    request, reply, phase, look = data["request"], data["reply"], data.get("phase", 0), data.get("look", "")
    if not (isinstance(request, Mapping) and isinstance(reply, Mapping)):
        raise TypeError("not an exchange")
    if not (isinstance(phase, int) and isinstance(look, str)):
        raise TypeError("not an exchange")
    return Exchange(Request(**request), Reply(**reply), datetime.fromisoformat(str(data["at"])), phase, look)
