"""A fresh look at the way to a host's shell: name, route, port, banner, key, login, sudo. One login at most."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from weakref import WeakKeyDictionary

import asyncssh
from asyncssh import SSHClientConnection

from probes.errors import AccessDenied, HostKeyRefused, HostUnreachable, ProbeError
from probes.facts import Reach
from probes.keys import fingerprint
from probes.known_hosts import public_key
from probes.site import Site
from probes.ssh import Logins, Way
from probes.ssh_handshake import Client, Try, open_speaking, shake_hands
from probes.ssh_port import Seen
from probes.ssh_way import config_of, leg

ALL_SECONDS = 8.0
SUDO_SECONDS = 5.0
_PATIENCE = 1.5
"""Seconds a jump host has to let us in before it is looked at itself."""
_ALIVE = 1.5
"""Seconds a jump host we are logged in to has to answer."""
_CLOSING = 0.5
_AT_ONCE = 4096
_MOST_SAID = 1 << 18
"""Bytes a login may print beside the answer: start files talk, but not for ever."""

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

_DIRECT, _TUNNELLED = 6, 16
"""Handshakes at once: more of them only keep each other, and the screen, waiting. Hosts that say nothing do not
count where they are reached directly."""
_slots: WeakKeyDictionary[Logins, dict[bool, asyncio.Semaphore]] = WeakKeyDictionary()

_looking: WeakKeyDictionary[Logins, dict[Way, asyncio.Task[Reach]]] = WeakKeyDictionary()
"""Looks at jump hosts under way: a hundred hosts behind a dead one are one look at it."""


async def look(host: str, site: Site, logins: Logins) -> Reach:
    """Never raises for what the far side does."""
    return await _look((host,), site, logins)


async def _look(way: Way, site: Site, logins: Logins) -> Reach:
    seen = Seen(way[-1], way[-1])
    try:
        async with asyncio.timeout(ALL_SECONDS) as seen.limit:
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
    opened = None
    if tunnel is None and not target.proxy_command:
        opened = await open_speaking(target, seen)
    connection = None
    if opened or tunnel or target.proxy_command:
        trying = Try(target, seen, tunnel, opened, config_of(site), Client())
        with trying:
            async with _slot(logins, tunnel is not None, seen):
                connection = await shake_hands(trying)
                if connection is not None:
                    await _use(connection, way, logins, seen)
    if connection is None:
        logins.learn(way, _as_error(seen))
    return None


async def _use(connection: SSHClientConnection, way: Way, logins: Logins, seen: Seen) -> None:
    try:
        await _see_power(connection, seen)
    finally:
        if not logins.learn(way, connection):
            await _close(connection)


@asynccontextmanager
async def _slot(logins: Logins, tunnelled: bool, seen: Seen) -> AsyncIterator[None]:
    """Waiting for one's turn is not the host's fault: the time limit waits too."""
    slots = _slots.setdefault(logins, {True: asyncio.Semaphore(_TUNNELLED), False: asyncio.Semaphore(_DIRECT)})
    loop = asyncio.get_running_loop()
    begun, until = loop.time(), seen.limit.when() if seen.limit else None
    if seen.limit:
        seen.limit.reschedule(None)
    async with slots[tunnelled]:
        if seen.limit and until is not None:
            seen.limit.reschedule(until + loop.time() - begun)
        yield


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
            await _said(connection, "true")
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


# ------------------------------------------------------------------ sudo


async def _see_power(connection: SSHClientConnection, seen: Seen) -> None:
    seen.trying = "sudo"
    try:
        async with asyncio.timeout(SUDO_SECONDS):
            shown = await _said(connection, f"exec sh -c '{_POWER}'")
    except TimeoutError:
        return seen.stop("sudo", f"the login works, but its shell does not answer within {SUDO_SECONDS:g} s")
    except (asyncssh.Error, OSError) as error:
        return seen.stop("sudo", f"the login works, but gives no shell: {error}")
    said = shown.split()
    seen.sudo = said[-1] if said and said[-1] in _POWERS else "untried"
    if seen.sudo in ("password", "missing"):
        return seen.stop("sudo", _NO_POWER[seen.sudo].format(user=seen.leg.user if seen.leg else ""))
    if seen.sudo == "untried":
        return seen.stop("sudo", f"the login gives no shell: {shown.strip()}")
    return None


async def _said(connection: SSHClientConnection, command: str) -> str:
    """The end of what the command prints, on either stream; of more than a little nothing is kept."""
    process = await connection.create_process(
        command, stdin=asyncssh.DEVNULL, stderr=asyncssh.STDOUT, encoding=None
    )
    kept, heard = b"", 0
    try:
        while heard < _MOST_SAID and (more := await process.stdout.read(_AT_ONCE)):
            heard += len(more)
            kept = (kept + more)[-_AT_ONCE:]
    finally:
        process.close()
    return kept.decode("utf-8", "replace")


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
