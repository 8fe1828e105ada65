"""One SSH handshake, watched layer by layer: banner, key, login."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncssh
from asyncssh import SSHClientConnection, SSHKey

from base.text import inert
from probes.ssh import KEEPALIVE
from probes.ssh_port import PORT_SECONDS, Seen, note_jump_refusal, open_port
from probes.ssh_way import Leg

BANNER_SECONDS = 3.0
LOGIN_SECONDS = 4.0
KEY_SECONDS = 3.0


async def open_speaking(leg: Leg, seen: Seen) -> socket.socket | None:
    """A connection on which something has been said, or that has been closed again."""
    opened = await open_port(leg, seen)
    if opened is None:
        return None
    seen.port_state, seen.trying = "open", "banner"
    try:
        async with asyncio.timeout(BANNER_SECONDS):
            await _readable(opened)
    except TimeoutError:
        opened.close()
        seen.stop("banner", _SILENT["banner"])
        return None
    except BaseException:
        opened.close()
        raise
    return opened


async def _readable(opened: socket.socket) -> None:
    loop, spoken = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(opened, spoken.set)
    try:
        await spoken.wait()
    finally:
        loop.remove_reader(opened)


class Client(asyncssh.SSHClient):
    """Notes how far the client got. Trusts nothing."""

    def __init__(self) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.connection: SSHClientConnection | None = None
        self.presented: SSHKey | None = None
        self.key_accepted = False

    def connection_made(self, conn: SSHClientConnection) -> None:
        self.connection = conn
        if not self.opened.done():
            self.opened.set_result(None)

    def validate_host_public_key(self, host: str, addr: str, port: int, key: SSHKey) -> bool:
        self.presented = key
        return False

    def begin_auth(self, username: str) -> None:
        self.key_accepted = True

    @property
    def banner(self) -> str:
        # Not get_extra_info("server_version"): through a jump host that tells the jump host's, too early.
        version: bytes = getattr(self.connection, "_server_version", b"")
        return inert(version.decode(errors="replace"))


@dataclass(slots=True)
class Try:
    """One SSH handshake."""

    leg: Leg
    seen: Seen
    tunnel: SSHClientConnection | None
    opened: socket.socket | None
    config: list[str] | None
    client: Client
    keys_unreadable: str = ""

    def __enter__(self) -> Try:
        return self

    def __exit__(self, *_: object) -> None:
        """From the moment the client has it, the socket is asyncssh's."""
        if self.opened is not None and not self.client.opened.done():
            self.opened.close()

    async def connect(self) -> SSHClientConnection:
        try:
            return await asyncssh.connect(self.leg.lookup, **self._options(), client_keys=(), agent_path=())
        except (ValueError, OSError, asyncssh.KeyImportError) as error:
            if self.client.opened.done():
                raise
            self.keys_unreadable = f"own key: {error}"  # what comes before the login can still be seen
        return await asyncssh.connect(self.leg.lookup, **self._options(), client_keys=None)

    def _options(self) -> dict[str, Any]:
        way = {"sock": self.opened, "tunnel": self.tunnel, "proxy_command": None}
        return {
            "port": self.leg.port,
            "username": self.leg.user,
            "options": self.leg.options,
            "config": None if self.leg.read_once else self.config,
            "known_hosts": self.leg.known.for_asyncssh,
            "client_factory": lambda: self.client,
            "connect_timeout": None,
            "keepalive_interval": KEEPALIVE,
            "agent_forwarding": False,
            "x11_forwarding": False,
            "x509_trusted_certs": None,
            **({} if self.leg.proxy_command else way),
        }


async def shake_hands(trying: Try) -> SSHClientConnection | None:
    task = asyncio.create_task(trying.connect())
    try:
        await _watch(trying, task)
    finally:
        await _end(task)
    if trying.seen.stopped_at == "key" and trying.seen.key is None:
        await _ask_key(trying)
    return None if trying.seen.stopped_at else task.result()


async def _end(task: asyncio.Task[SSHClientConnection]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})


async def _watch(trying: Try, task: asyncio.Task[SSHClientConnection]) -> None:
    """Waits for one layer after the other, each with its limit."""
    seen, client = trying.seen, trying.client
    seen.trying = "port"
    await asyncio.wait({task, client.opened}, timeout=PORT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not task.done() and not client.opened.done():
        seen.port_state = "silent"
        by = f" for {seen.via}" if seen.via else ""
        return seen.stop("port", f"no answer from {seen.address} port {trying.leg.port}{by}")
    if client.opened.done() and not trying.leg.proxy_command:
        seen.port_state = "open"
    seen.trying = "banner"
    await asyncio.wait({task}, timeout=BANNER_SECONDS)
    if not task.done() and client.banner:
        seen.trying = "login" if client.key_accepted else "key"
        await asyncio.wait({task}, timeout=LOGIN_SECONDS)
    return _note_end(trying, task)


def _note_end(trying: Try, task: asyncio.Task[SSHClientConnection]) -> None:
    seen, client = trying.seen, trying.client
    seen.banner = client.banner
    if client.key_accepted:
        seen.key_state = "known"
        seen.key = client.connection.get_server_host_key() if client.connection else None
    if not task.done():
        layer = "login" if client.key_accepted else "key" if client.banner else "banner"
        return seen.stop(layer, _SILENT[layer])
    error = task.exception()
    if error is None:
        seen.login = "ok"
        return None
    if not isinstance(error, (asyncssh.Error, OSError, ValueError)):
        raise error
    return _note_error(error, trying)


_SILENT = {
    "banner": f"TCP connects, but no SSH banner comes within {BANNER_SECONDS:g} s",
    "key": "the SSH server stops answering during the key exchange",
    "login": "the SSH server stops answering during the login",
}


def _note_error(error: Exception, trying: Try) -> None:
    seen, client = trying.seen, trying.client
    if isinstance(error, asyncssh.ChannelOpenError):
        return note_jump_refusal(error, trying.leg, seen)
    if not client.opened.done() and not client.banner:
        return seen.stop("port", error)
    if not client.banner:
        return seen.stop("banner", f"no SSH banner: {error}")
    if not client.key_accepted:
        seen.key = client.presented
        seen.key_state = "unseen" if seen.key is None else _judged(seen.key, trying.leg)
        return seen.stop("key", error)
    if isinstance(error, asyncssh.PermissionDenied) or "authentication" in str(error).lower():
        seen.login = "denied"
    return seen.stop("login", trying.keys_unreadable or error)


def _judged(key: SSHKey, leg: Leg) -> str:
    known = leg.known
    if key in known.revoked:
        return "revoked"
    if key in known.keys or key in known.without_port:
        return "known"
    return "changed" if known.keys else "unknown"


async def _ask_key(trying: Try) -> None:
    """Which key the host shows when nothing is demanded of it (a revoked one, another type than the known)."""
    leg, seen = trying.leg, trying.seen
    way: dict[str, Any] = {} if leg.proxy_command else {"tunnel": trying.tunnel, "proxy_command": None}
    host = leg.lookup if trying.tunnel or leg.proxy_command else seen.address
    with suppress(asyncssh.Error, OSError, ValueError, TimeoutError):
        async with asyncio.timeout(KEY_SECONDS):
            seen.key = await asyncssh.get_server_host_key(host, leg.port, config=None, options=leg.options, **way)
    if seen.key is not None:
        seen.key_state = _judged(seen.key, leg)
