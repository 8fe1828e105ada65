"""How far a request came: what a time limit then says. Sockets and names are noted where aiohttp makes them."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult


@dataclass(slots=True)
class Stage:
    """Of one request."""

    at: str = "login"
    there: bool = False
    """A connection to the server is its own: the question is asked."""
    address: str = ""
    sockets: list[socket.socket] = field(default_factory=list)

    def look(self) -> str:
        """Before it is cancelled: a socket that is connected already waits for TLS."""
        if self.at == "port":
            for one in self.sockets:
                with suppress(OSError):
                    self.address = str(one.getpeername()[0])
                    self.at = "tls"
        return self.at


STAGE: ContextVar[Stage] = ContextVar("stage")


def new_socket(info: tuple[Any, ...]) -> socket.socket:
    """aiohttp's `socket_factory`."""
    family, kind, protocol, _, address = info
    one = socket.socket(family, kind, protocol)
    stage = STAGE.get(None)
    if stage is not None:
        stage.at, stage.address = "port", str(address[0])
        stage.sockets.append(one)
    return one


class Resolver(AbstractResolver):
    """getaddrinfo in a thread nobody waits for: a dead name server must not hold up the end of the program."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        stage = STAGE.get(None)
        if stage is not None:
            stage.at = "name"
        infos = await _looked_up(host, port, family)
        return [_result(host, info) for info in infos if info[0] in (socket.AF_INET, socket.AF_INET6)]

    async def close(self) -> None:
        """Nothing is open."""


def _result(host: str, info: tuple[Any, ...]) -> ResolveResult:
    family, _, protocol, _, (address, port, *_) = info
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=protocol, flags=socket.AI_NUMERICHOST
    )


async def _looked_up(host: str, port: int, family: int) -> list[tuple[Any, ...]]:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def settle(infos: object) -> None:
        if not answer.done():
            answer.set_result(infos)

    def resolve() -> None:
        try:
            infos: object = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            infos = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, infos)

    threading.Thread(target=resolve, daemon=True, name="asyncio_resolve").start()
    infos = await answer
    if isinstance(infos, UnicodeError):
        raise OSError(None, "is no name") from infos
    if isinstance(infos, OSError):
        raise infos
    return list(infos)
