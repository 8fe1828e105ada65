"""A fresh look at the way to a host's shell: name, route, port, banner, key, login, sudo. One login at most."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import asyncssh
from asyncssh import SSHClientConnection, SSHKey

from base.text import inert
from probes.errors import AccessDenied, HostKeyRefused, HostUnreachable, ProbeError
from probes.facts import Reach
from probes.keys import fingerprint
from probes.known_hosts import public_key
from probes.site import Site
from probes.ssh import KEEPALIVE, Logins, Way
from probes.ssh_port import PORT_SECONDS, Seen, note_jump_refusal, open_port
from probes.ssh_way import Leg, config_of, leg

ALL_SECONDS = 8.0
BANNER_SECONDS = 3.0
LOGIN_SECONDS = 4.0
SUDO_SECONDS = 3.0
KEY_SECONDS = 3.0
_PATIENCE = 1.5
"""Seconds a jump host has to let us in before it is looked at itself."""
_ALIVE = 1.5
"""Seconds a jump host we are logged in to has to answer."""
_CLOSING = 0.5

_POWER = (
    'if [ "$(id -u)" = 0 ]; then echo root; '
    "elif ! command -v sudo >/dev/null 2>&1; then echo missing; "
    "elif sudo -n true >/dev/null 2>&1; then echo passwordless; else echo password; fi"
)
_POWERS = ("root", "passwordless", "password", "missing")

_HINTS = {
    "name": "check HostName of the SSH configuration, and the name servers",
    "route": "`ip route get` the address",
    "port": "is sshd running there, and does a firewall let SSH in?",
    "banner": "something listens, but sshd does not answer: is it frozen or out of logins?",
    "key": "compare the fingerprints before you trust it: `ssh-keygen -F HOST` and the host's own console",
    "login": "check User and IdentityFile of the SSH configuration and `ssh-add -l`; try `ssh -v`",
}

_looking: WeakKeyDictionary[Logins, dict[Way, asyncio.Task[Reach]]] = WeakKeyDictionary()
"""Looks at jump hosts under way: a hundred hosts behind a dead one are one look at it."""


async def look(host: str, site: Site, logins: Logins) -> Reach:
    """Never raises for what the far side does."""
    return await _look((host,), site, logins)


async def _look(way: Way, site: Site, logins: Logins) -> Reach:
    seen = Seen(way[-1], way[-1])
    try:
        async with asyncio.timeout(ALL_SECONDS):
            broken_jump = await _see(way, site, logins, seen)
    except TimeoutError:
        seen.stop(seen.trying, f"no answer within {ALL_SECONDS:g} s")
        broken_jump = None
    return replace(broken_jump, asked=way[-1]) if broken_jump else _reach(seen, site)


async def _see(way: Way, site: Site, logins: Logins, seen: Seen) -> Reach | None:
    """All layers of the way's last host; the Reach of the jump host that fails before it, if one does."""
    try:
        target = await leg(way[-1], site)
    except (ValueError, OSError) as error:
        seen.stop("name", f"SSH configuration: {error}")
        return None
    seen.host, seen.leg, seen.address = target.name, target, target.address
    jump, tunnel = way[:-1] or target.jumps, None
    if jump:
        tunnel, broken = await _through(jump, site, logins, seen)
        if broken or tunnel is None:
            return broken
    connection = await _connect(target, tunnel, site, seen)
    if connection is None:
        logins.learn(way, _as_error(seen))
        return None
    try:
        await _see_power(connection, seen)
    finally:
        if not logins.learn(way, connection):
            await _close(connection)
    return None


async def _through(
    jump: Way, site: Site, logins: Logins, seen: Seen
) -> tuple[SSHClientConnection | None, Reach | None]:
    """The login to the jump host everybody shares; else what a fresh look says of that host."""
    seen.via = (await leg(jump[-1], site)).name
    seen.trying = "port"
    entering = asyncio.create_task(_enter(jump, logins))
    await asyncio.wait({entering}, timeout=_PATIENCE)
    if entering.done() and entering.result() is not None:
        return entering.result(), None
    try:
        reach = await _shared_look(jump, site, logins)
        if reach.stopped_at not in ("", "sudo"):
            return None, reach
        logins.forget(jump[-1])
        connection = await entering or await _enter(jump, logins)
    finally:
        entering.cancel()
    if connection is None:
        seen.stop("port", f"the login to {seen.via} fails now and then")
    return connection, None


async def _enter(jump: Way, logins: Logins) -> SSHClientConnection | None:
    """A login to the jump host that answers now."""
    for _ in range(2):
        try:
            connection = await logins.login(jump)
        except ProbeError:
            return None
        if await _answers(connection):
            return connection
        logins.drop(jump)
    return None


async def _answers(connection: SSHClientConnection) -> bool:
    """Any answer counts: jump hosts may well refuse to run a program."""
    try:
        async with asyncio.timeout(_ALIVE):
            await connection.run("true", stdin=asyncssh.DEVNULL)
    except asyncssh.ChannelOpenError:
        return not connection.is_closed()
    except (asyncssh.Error, OSError, TimeoutError):
        return False
    return True


async def _shared_look(way: Way, site: Site, logins: Logins) -> Reach:
    under_way = _looking.setdefault(logins, {})
    if way not in under_way:
        task = asyncio.create_task(_look(way, site, logins))
        task.add_done_callback(lambda _: under_way.pop(way, None))
        under_way[way] = task
    return await asyncio.shield(under_way[way])


def _as_error(seen: Seen) -> ProbeError:
    """For those who want to run something there: no use in trying it all again."""
    kinds = {"key": HostKeyRefused, "login": AccessDenied if seen.login == "denied" else HostUnreachable}
    return kinds.get(seen.stopped_at, HostUnreachable)(f"{seen.host}: {seen.error}", hint=_HINTS[seen.stopped_at])


async def _close(connection: SSHClientConnection) -> None:
    connection.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSING):
            await connection.wait_closed()
            return
    connection.abort()


# ------------------------------------------------------------------ banner, key, login


class _Client(asyncssh.SSHClient):
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
class _Try:
    """One SSH handshake."""

    leg: Leg
    seen: Seen
    tunnel: SSHClientConnection | None
    opened: socket.socket | None
    config: list[str] | None
    client: _Client
    keys_unreadable: str = ""

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


async def _connect(
    leg: Leg, tunnel: SSHClientConnection | None, site: Site, seen: Seen
) -> SSHClientConnection | None:
    opened = None
    if tunnel is None and not leg.proxy_command:
        opened = await open_port(leg, seen)
        if opened is None:
            return None
    trying = _Try(leg, seen, tunnel, opened, config_of(site), _Client())
    task = asyncio.create_task(trying.connect())
    try:
        await _watch(trying, task)
    finally:
        await _end(task)
        if opened is not None and not trying.client.opened.done():
            opened.close()
    if seen.stopped_at == "key" and seen.key is None:
        await _ask_key(trying)
    return None if seen.stopped_at else task.result()


async def _end(task: asyncio.Task[SSHClientConnection]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})


async def _watch(trying: _Try, task: asyncio.Task[SSHClientConnection]) -> None:
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


def _note_end(trying: _Try, task: asyncio.Task[SSHClientConnection]) -> None:
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


def _note_error(error: Exception, trying: _Try) -> None:
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


async def _ask_key(trying: _Try) -> None:
    """Which key the host shows when nothing is demanded of it (a revoked one, another type than the known)."""
    leg, seen = trying.leg, trying.seen
    way: dict[str, Any] = {} if leg.proxy_command else {"tunnel": trying.tunnel, "proxy_command": None}
    host = leg.lookup if trying.tunnel or leg.proxy_command else seen.address
    with suppress(asyncssh.Error, OSError, ValueError, TimeoutError):
        async with asyncio.timeout(KEY_SECONDS):
            seen.key = await asyncssh.get_server_host_key(host, leg.port, config=None, options=leg.options, **way)
    if seen.key is not None:
        seen.key_state = _judged(seen.key, leg)


# ------------------------------------------------------------------ sudo


async def _see_power(connection: SSHClientConnection, seen: Seen) -> None:
    seen.trying = "sudo"
    try:
        async with asyncio.timeout(SUDO_SECONDS):
            async with connection.create_process(f"exec sh -c '{_POWER}'", stdin=asyncssh.DEVNULL) as process:
                done = await process.wait()
    except TimeoutError:
        return seen.stop("sudo", f"the login works, but its shell does not answer within {SUDO_SECONDS:g} s")
    except (asyncssh.Error, OSError) as error:
        return seen.stop("sudo", f"the login works, but gives no shell: {error}")
    said = str(done.stdout or "").split()
    seen.sudo = said[-1] if said and said[-1] in _POWERS else "untried"
    if seen.sudo in ("password", "missing"):
        return seen.stop("sudo", _NO_POWER[seen.sudo].format(user=seen.leg.user if seen.leg else ""))
    if seen.sudo == "untried":
        shown = (str(done.stdout or "") + str(done.stderr or "")).strip()
        return seen.stop("sudo", f"the login gives no shell: {shown}")
    return None


_NO_POWER = {
    "password": "sudo wants a password from {user}",
    "missing": "{user} is not root, and sudo is not installed",
}


# ------------------------------------------------------------------ the answer


def _reach(seen: Seen, site: Site) -> Reach:
    leg, host = seen.leg, site.by_name.get(seen.host)
    presented = public_key(seen.key) if seen.key else ""
    known = leg.known if leg else None
    return Reach(
        asked=seen.asked,
        host=seen.host,
        address=seen.address,
        port=leg.port if leg else 0,
        via=seen.via,
        stopped_at=seen.stopped_at,
        port_state=seen.port_state,
        banner=seen.banner,
        key_state=seen.key_state,
        presented_key=presented,
        presented_fingerprint=fingerprint(presented) if presented else "",
        known_fingerprints=tuple(dict.fromkeys(fingerprint(public_key(key)) for key in known.keys))
        if known
        else (),
        known_hosts_file=known.file if known else "",
        known_hosts_line=known.line if known else 0,
        login=seen.login,
        user=leg.user if leg else "",
        sudo=seen.sudo,
        has_console=bool(host and host.console),
        error=seen.error,
        known_name=known.name if known else "",
    )
