"""Probes: named, typed, read-only questions. One call gives one Evidence, never an exception for the world."""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from base.errors import UsageError
from base.values import Value, check
from probes.api import Api, ApiRequest
from probes.connection import Command, Connection
from probes.errors import ProbeError
from probes.exchange import LOOK, REACH, Exchange, Reply, Request
from probes.manners import limited
from probes.site import OPERATOR, Site

if TYPE_CHECKING:
    from probes.wish import Wish

Facts = object
"""A frozen dataclass of `probes.facts`."""
Asking = TypeVar("Asking", bound=Callable[..., Awaitable[Facts]])


class Toolbox(Protocol):
    """What a probe may use. Live, recording and replaying toolboxes look the same."""

    site: Site

    def connection(self, target: str) -> Connection:
        """`operator`; `host:NAME` (SSH, and the host's console where SSH fails and there is one);
        `console:NAME` (the console alone)."""
        ...

    async def api(self, target: str) -> Api:
        """`cloud:NAME` or `cluster:NAME`."""
        ...

    async def host_of(self, address: str) -> str:
        """Name of the site's host that holds the address; empty if none is known to."""
        ...

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        """All addresses of a host; empty when it cannot be asked."""
        ...

    async def reach(self, host: str) -> Reply:
        """Tries the way to a host's shell afresh, layer by layer; stdout is the JSON that
        `probes.reach.parse_reach` reads. Never raises for what the far side does."""
        ...

    def from_pods(self, wish: Wish) -> Reply | None:
        """What pods said that were started for these tries; its failure, when they could not be; None while nobody
        has agreed to start any. Starts nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a probe could not look."""

    reason: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One probe run: facts or failure, and what was said to whom."""

    id: str
    probe: str
    target: str
    arguments: Mapping[str, Value]
    facts: Facts | None
    failure: Failure | None
    exchanges: tuple[Exchange, ...]
    started: datetime
    seconds: float
    wish: Wish | None = None
    """What it would have tried from pods that nobody has started, or that said nothing."""


@dataclass(frozen=True, slots=True)
class Probe:
    name: str
    run: Callable[..., Awaitable[Facts]]
    """Called as run(host, toolbox, **arguments)."""
    facts: type
    parameters: Mapping[str, str]
    """Parameter → kind of `base.values`."""
    defaults: Mapping[str, Value]
    timeout: float
    """Seconds for the whole probe."""
    commands: tuple[str, ...]
    """First words of every command it may run, for the read-only test: `ip route get`, `iptables-save`."""
    summary: str = ""
    on: str = "host"
    """What it is put to: `host` (or the operator's machine), `cloud` or `cluster`."""

    def target(self, name: str) -> str:
        return name if name == OPERATOR else f"{self.on}:{name}"


PROBES: dict[str, Probe] = {}


def probe(
    name: str, /, *, commands: tuple[str, ...] = (), timeout: float = 10.0, on: str = "host", **kinds: str
) -> Callable[[Asking], Asking]:
    """Registers a probe. `commands` are what it runs on hosts, and `GET …` what it asks APIs for; `kinds`
    gives each keyword parameter its kind; defaults come from the signature."""

    def register(function: Asking) -> Asking:
        signature = inspect.signature(function)
        defaults = {
            key: parameter.default
            for key, parameter in signature.parameters.items()
            if parameter.default is not parameter.empty
        }
        facts = typing.get_type_hints(function)["return"]
        summary = (function.__doc__ or "").strip().partition("\n")[0]
        PROBES[name] = Probe(name, function, facts, kinds, defaults, timeout, commands, summary, on)
        return function

    return register


@dataclass(frozen=True, slots=True)
class ProbeCall:
    """One question: the probe, the host (or `operator`) it is put to, and its arguments, checked."""

    probe: str
    host: str
    arguments: Mapping[str, Value] = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        return (self.probe, self.host, tuple(sorted(self.arguments.items())))

    @property
    def text(self) -> str:
        """The same in one line; it names a run in recordings."""
        return " ".join(
            [self.probe, self.host, *(f"{name}={value}" for name, value in sorted(self.arguments.items()))]
        )


def checked_call(name: str, host: str, arguments: Mapping[str, object]) -> ProbeCall:
    """A call whose every argument is of its kind; UsageError otherwise."""
    wanted = PROBES[name]
    unknown = set(arguments) - set(wanted.parameters)
    if unknown:
        raise UsageError(f"{name} takes no {', '.join(sorted(unknown))}")
    missing = set(wanted.parameters) - set(arguments) - set(wanted.defaults)
    if missing:
        raise UsageError(f"{name} needs {', '.join(sorted(missing))}")
    checked = {key: check(wanted.parameters[key], value, name=key) for key, value in arguments.items()}
    return ProbeCall(name, str(check(wanted.on, host, name=wanted.on)), checked)


class _Listening:
    """A toolbox that notes the exchanges of one probe run."""

    def __init__(self, toolbox: Toolbox, heard: list[Exchange]) -> None:
        self.site, self._toolbox, self._heard = toolbox.site, toolbox, heard
        self.wish: Wish | None = None

    def connection(self, target: str) -> Connection:
        return _Noting(self._toolbox.connection(target), self._heard)

    async def api(self, target: str) -> Api:
        return _NotingApi(await self._toolbox.api(target), self._heard)

    async def host_of(self, address: str) -> str:
        return await self._toolbox.host_of(address)

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        return await self._toolbox.addresses_of(host)

    async def reach(self, host: str) -> Reply:
        at = datetime.now(UTC)
        reply = await self._toolbox.reach(host)
        self._heard.append(Exchange(Request(f"host:{host}", REACH), reply, at))
        return reply

    def from_pods(self, wish: Wish) -> Reply | None:
        reply = self._toolbox.from_pods(wish)
        if reply is None or reply.failure:
            self.wish = wish
        if reply is not None:
            self._heard.append(Exchange(Request(f"cluster:{wish.cluster}", wish.text), reply, datetime.now(UTC)))
        return reply


class _Noting:
    def __init__(self, inner: Connection, heard: list[Exchange]) -> None:
        self.target, self._inner, self._heard = inner.target, inner, heard

    async def run(self, command: Command) -> Reply:
        at = datetime.now(UTC)
        reply = await self._inner.run(command)
        self._heard.append(Exchange(Request(self.target, command.text, command.sudo), reply, at))
        return reply

    async def close(self) -> None:
        """The toolbox owns the connection."""


class _NotingApi:
    def __init__(self, inner: Api, heard: list[Exchange]) -> None:
        self.target, self._inner, self._heard = inner.target, inner, heard

    async def get(self, request: ApiRequest) -> Reply:
        at = datetime.now(UTC)
        reply = await self._inner.get(request)
        self._heard.append(Exchange(Request(self.target, request.text), reply, at))
        return reply

    async def close(self) -> None:
        """The toolbox owns it."""


async def observe(call: ProbeCall, toolbox: Toolbox, evidence_id: str) -> Evidence:
    """Runs one probe. Expected failures become a Failure; bugs and cancellation pass through."""
    wanted = PROBES[call.probe]
    heard: list[Exchange] = []
    started = datetime.now(UTC)
    begun = asyncio.get_running_loop().time()
    facts: Facts | None = None
    failure: Failure | None = None
    listening = _Listening(toolbox, heard)
    before = LOOK.set(call.text)
    try:
        async with asyncio.timeout(wanted.timeout) as limit:
            with limited(limit, wanted.timeout):
                facts = await wanted.run(call.host, listening, **call.arguments)
    except TimeoutError:
        failure = Failure("timeout", f"{call.probe} on {call.host}: no answer in {wanted.timeout:g} s")
    except ProbeError as error:
        failure = Failure(error.reason, error.message, error.hint)
    finally:
        LOOK.reset(before)
    seconds = asyncio.get_running_loop().time() - begun
    return Evidence(
        evidence_id,
        call.probe,
        wanted.target(call.host),
        call.arguments,
        facts,
        failure,
        tuple(heard),
        started,
        seconds,
        listening.wish,
    )
