"""The first layers of the way to a host: name, route, port. Also what is remembered while looking."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncssh
from asyncssh import SSHKey

from base.text import clip, inert
from probes.ssh_config import is_address
from probes.ssh_way import Leg

NAME_SECONDS = 3.0
PORT_SECONDS = 3.5
"""More than the 3 s after which Linux gives up on a neighbour that does not answer ARP."""
_ADDRESSES_TRIED = 3


@dataclass(slots=True)
class Seen:
    """What has been seen so far; survives the time limit."""

    asked: str
    host: str
    via: str = ""
    leg: Leg | None = None
    address: str = ""
    trying: str = "name"
    """The layer that is being tried."""
    stopped_at: str = ""
    port_state: str = "unknown"
    banner: str = ""
    key_state: str = "unseen"
    key: SSHKey | None = None
    login: str = "untried"
    sudo: str = "untried"
    error: str = ""
    limit: asyncio.Timeout | None = None
    """Of the whole look."""

    def stop(self, layer: str, error: object) -> None:
        self.stopped_at = layer
        self.error = clip(inert(str(error)).replace("\n", " "), 300)


async def _addresses(name: str, port: int) -> list[Any]:
    """getaddrinfo in a thread nobody waits for: a dead name server must not hold up the end of the program."""
    if is_address(name):
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def settle(infos: object) -> None:
        if not answer.done():
            answer.set_result(infos)

    def resolve() -> None:
        try:
            infos: object = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            infos = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, infos)

    threading.Thread(target=resolve, daemon=True).start()
    infos = await answer
    if isinstance(infos, Exception):
        raise infos
    return list(infos)


async def open_port(leg: Leg, seen: Seen) -> socket.socket | None:
    try:
        async with asyncio.timeout(NAME_SECONDS):
            infos = await _addresses(leg.address, leg.port)
    except TimeoutError:
        seen.stop("name", f"no answer from the name servers for {leg.address}")
        return None
    except (OSError, UnicodeError) as error:
        seen.stop("name", f"{leg.address}: {getattr(error, 'strerror', None) or error}")
        return None
    seen.trying = "port"
    try:
        async with asyncio.timeout(PORT_SECONDS):
            return await _first_open(infos[:_ADDRESSES_TRIED], seen)
    except TimeoutError:
        seen.port_state = "silent"
        seen.stop("port", f"no answer from {seen.address} port {leg.port} within {PORT_SECONDS:g} s")
    except OSError as error:
        _note_refusal(error, leg, seen)
    return None


async def _first_open(infos: list[Any], seen: Seen) -> socket.socket:
    """Connects to the first address that answers; raises what the last one said."""
    problem: OSError = OSError(errno.EADDRNOTAVAIL, "the name has no address")
    for family, kind, protocol, _, place in infos:
        seen.address = place[0]
        connecting = socket.socket(family, kind, protocol)
        connecting.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connecting, place)
        except OSError as error:
            connecting.close()
            problem = error
        except BaseException:
            connecting.close()
            raise
        else:
            return connecting
    raise problem


_ERRNO = {
    errno.ECONNREFUSED: ("port", "refused"),
    errno.ETIMEDOUT: ("port", "silent"),
    errno.EHOSTUNREACH: ("route", "unreachable"),
    errno.ENETUNREACH: ("route", "unreachable"),
    errno.ENETDOWN: ("route", "unreachable"),
    errno.EADDRNOTAVAIL: ("route", "unreachable"),
    errno.EACCES: ("route", "prohibited"),
    errno.EPERM: ("route", "prohibited"),
}


def _note_refusal(error: OSError, leg: Leg, seen: Seen) -> None:
    layer, seen.port_state = _ERRNO.get(error.errno or 0, ("port", "unknown"))
    words = os.strerror(error.errno) if error.errno else str(error)  # asyncio's hide the kernel's
    seen.stop(layer, f"{seen.address} port {leg.port}: {words}")


_JUMP_SAYS = (
    ("refused", "port", "refused"),
    ("timed out", "port", "silent"),
    ("no route", "route", "unreachable"),
    ("unreachable", "route", "unreachable"),
    ("not known", "name", "unknown"),
    ("name resolution", "name", "unknown"),
    ("not resolve", "name", "unknown"),
    ("no address", "name", "unknown"),
)
"""What sshd on the jump host says when it cannot connect (strerror, gai_strerror)."""


def note_jump_refusal(error: asyncssh.ChannelOpenError, leg: Leg, seen: Seen) -> None:
    said = f"{seen.via} cannot connect to {leg.address} port {leg.port}: {error.reason}"
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        seen.port_state = "prohibited"
        return seen.stop("port", said)
    words = error.reason.lower()
    layer, seen.port_state = next((found[1:] for found in _JUMP_SAYS if found[0] in words), ("port", "unknown"))
    return seen.stop(layer, said)
