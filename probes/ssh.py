"""SSH: one login per host, shared by all that ask; host keys always checked. Import late: asyncssh takes 0.6 s."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections import defaultdict
from typing import cast

import asyncssh

from probes.errors import HostUnreachable, ProbeError, ProbeTimeout
from probes.execution import Execution
from probes.patience import HURRY, Waits
from probes.runner import launch
from probes.site import Site
from probes.ssh_errors import as_probe_error
from probes.ssh_port import Seen, open_port
from probes.ssh_way import Leg, config_of, leg, split_spec

BANNER = 4.0
"""Seconds from the TCP connection to the server's first word."""
LOGIN = 8.0
"""Seconds from there to the shell; over a jump host from the beginning."""
KEEPALIVE = 5.0
_STARTING = 9
"""Logins at once per address: sshd's MaxStartups refuses some from the tenth on."""
_WAITING = 64
"""Hosts waited for at once."""
_HANDSHAKES = 6
"""Of those, logins at once: their cryptography shares a thread with the screen, which must not wait 50 ms."""
OPENING = 6.0
"""Seconds a host has to open a channel and to take the command, once it has let us in."""
_CLOSING = 0.4

Way = tuple[str, ...]
"""Jump hosts and then the host, as ProxyJump writes them: `[user@]host[:port]`. A single word goes the way its
own configuration says."""


class Logins:
    """The logins of one session, by way. A failed one is remembered until `forget`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._logins: dict[Way, asyncio.Task[asyncssh.SSHClientConnection]] = {}
        self._jumps: dict[Way, Way] = {}
        self._starting: defaultdict[object, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_STARTING))
        # One thread at a time: more of them would only keep the screen's thread from its turn
        self._reading = asyncio.Semaphore(1)
        self._waiting = asyncio.Semaphore(_WAITING)
        self._handshakes = asyncio.Semaphore(_HANDSHAKES)
        self._waits = Waits()
        self._closed = False

    async def login(self, way: Way) -> asyncssh.SSHClientConnection:
        """The connection at the end of the way; ProbeError when there is none, at once if that is known."""
        task = self._logins.get(way)
        if task is None or _is_lost(task):
            if self._closed:
                raise HostUnreachable(f"{way[-1]}: asked while deadhop was leaving")
            task = self._logins[way] = asyncio.create_task(self._try(way))
            task.add_done_callback(_heard)
        if waited := await self._waits.in_time(task, lambda: self._on_the_way(way)):
            raise HostUnreachable(
                f"{way[-1]}: no login within {waited:.1f} s, and others were quicker",
                hint="a trace goes on without it; `deadhop site check` waits longer",
            )
        return await asyncio.shield(task)

    def forget(self, host: str = "") -> None:
        """Failed logins are tried again: to one host and on the way to it, or all. Good logins stay."""
        ways = list(self._logins) if not host else self._on_the_way((host,))
        for way in ways:
            task = self._logins.get(way)
            if task and task.done() and _error(task):
                del self._logins[way]

    def _on_the_way(self, way: Way) -> list[Way]:
        ways = [way]
        while jump := self._jumps.get(ways[-1]):
            ways.append(jump)
        return ways

    def learn(self, way: Way, found: asyncssh.SSHClientConnection | ProbeError) -> bool:
        """What a fresh look at the way's end found, for who asks next: its login is kept, its failure is known
        at once. False when there is a login already, or one under way: that one stays."""
        task = self._logins.get(way)
        if self._closed or (task and not (task.done() and (_error(task) or _is_lost(task)))):
            return False
        task = self._logins[way] = asyncio.create_task(_settled(found))
        task.add_done_callback(_heard)
        return True

    def drop(self, way: Way) -> None:
        """The next one who asks logs in afresh; a login under way is left to come."""
        task = self._logins.get(way)
        if task and task.done():
            del self._logins[way]
            if not _error(task):
                task.result().abort()

    async def close(self) -> None:
        self._closed = True
        tasks = list(self._logins.values())
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        connections = [one for one in done if isinstance(one, asyncssh.SSHClientConnection)]
        for connection in connections:
            connection.close()
            await asyncio.sleep(0)
        if connections:
            await asyncio.wait([asyncio.ensure_future(one.wait_closed()) for one in connections], timeout=_CLOSING)
        for connection in connections:
            connection.abort()

    async def _try(self, way: Way) -> asyncssh.SSHClientConnection:
        """For all who will ask, so whoever asked first is in no hurry here."""
        HURRY.set(0.0)
        try:
            async with self._reading:
                last = await leg(way[-1], self._site)
            return await self._connect(way, last)
        except (asyncssh.Error, OSError, ValueError) as error:
            raise as_probe_error(error, way[-1]) from error

    async def _connect(self, way: Way, last: Leg) -> asyncssh.SSHClientConnection:
        jump = self._jumps[way] = way[:-1] or _jumps(last)
        tunnel = await self._jump(jump, way[-1]) if jump else None
        async with self._starting[(jump, last.address, last.port)], self._waiting:
            with self._waits.of(way):
                return await self._enter(last, tunnel)

    async def _enter(self, last: Leg, tunnel: asyncssh.SSHClientConnection | None) -> asyncssh.SSHClientConnection:
        if tunnel or last.proxy_command or last.options.local_addr:
            return await self._handshake(last, tunnel, None)
        opened = await _open(last)
        async with self._handshakes:
            return await self._handshake(last, None, opened)

    async def _jump(self, jump: Way, host: str) -> asyncssh.SSHClientConnection:
        try:
            return await self.login(jump)
        except ProbeError as error:
            raise type(error)(f"{host}: through {jump[-1]}: {error.message}", hint=error.hint) from error

    async def _handshake(
        self, last: Leg, tunnel: asyncssh.SSHClientConnection | None, opened: socket.socket | None
    ) -> asyncssh.SSHClientConnection:
        client = _Client()
        try:
            async with asyncio.timeout(LOGIN):
                return await asyncssh.connect(
                    last.lookup,
                    last.port,
                    username=last.user,
                    options=last.options,
                    config=None if last.read_once else config_of(self._site),
                    client_keys=(),
                    agent_path=(),
                    sock=opened,
                    tunnel=tunnel,
                    known_hosts=last.known.for_asyncssh,
                    client_factory=lambda: client,
                    connect_timeout=None,
                    keepalive_interval=KEEPALIVE,
                    agent_forwarding=False,
                    x11_forwarding=False,
                )
        except TimeoutError as error:
            raise _silent(last, f"no login within {LOGIN:g} s") from error
        finally:
            if opened and not client.owns_the_socket:
                opened.close()


async def _open(last: Leg) -> socket.socket:
    """A connection on which the server has said its first word; HostUnreachable when there is none."""
    seen = Seen(last.name, last.name)
    opened = await open_port(last, seen)
    if opened is None:
        raise HostUnreachable(f"{last.name}: {seen.error}", hint="`deadhop site check` says how far the way leads")
    try:
        async with asyncio.timeout(BANNER):
            await _readable(opened)
    except TimeoutError as error:
        opened.close()
        raise _silent(last, f"the port is open, but SSH says nothing within {BANNER:g} s") from error
    except BaseException:
        opened.close()
        raise
    return opened


async def _readable(opened: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    spoken = asyncio.Event()
    loop.add_reader(opened, spoken.set)
    try:
        await spoken.wait()
    finally:
        loop.remove_reader(opened)


def _silent(last: Leg, what: str) -> HostUnreachable:
    return HostUnreachable(
        f"{last.name} ({last.address} port {last.port}): {what}",
        hint="is the machine up and its sshd not frozen, and is anything between dropping packets?",
    )


class _Client(asyncssh.SSHClient):
    owns_the_socket = False

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.owns_the_socket = True


class SshShell:
    """Runs scripts on one host over the shared login."""

    def __init__(self, host: str, logins: Logins) -> None:
        self._host, self._logins = host, logins
        self._way: Way = (host,)

    async def ready(self) -> None:
        await self._logins.login(self._way)

    async def start(self, execution: Execution) -> _Channel:
        """A login that turns out to be dead before anything was sent is renewed once."""
        connection = await self._logins.login(self._way)
        try:
            return await self._open(connection, execution)
        except asyncssh.ChannelOpenError as error:
            if not connection.is_closed() and error.code != asyncssh.OPEN_CONNECT_FAILED:
                raise as_probe_error(error, self._host) from error
        except (asyncssh.Error, OSError) as error:
            if not connection.is_closed():
                raise as_probe_error(error, self._host) from error
        return await self._again(execution)

    async def _again(self, execution: Execution) -> _Channel:
        self._logins.drop(self._way)
        try:
            return await self._open(await self._logins.login(self._way), execution)
        except (asyncssh.Error, OSError) as error:
            raise as_probe_error(error, self._host) from error

    async def _open(self, connection: asyncssh.SSHClientConnection, execution: Execution) -> _Channel:
        """Cancelled in the middle, the channel is closed as soon as it is there."""
        opening = asyncio.ensure_future(
            connection.create_session(
                functools.partial(_Channel, self._host, execution),
                launch(len(execution.script)),
                encoding=None,
                request_pty=False,
                x11_forwarding=False,
            )
        )
        try:
            async with asyncio.timeout(OPENING):
                _, channel = await asyncio.shield(opening)
        except TimeoutError as error:
            opening.add_done_callback(_abandon)
            self.doubt()
            raise ProbeTimeout(f"{self._host}: the login takes no command within {OPENING:g} s") from error
        except asyncio.CancelledError:
            opening.add_done_callback(_abandon)
            raise
        return cast(_Channel, channel)

    def doubt(self) -> None:
        self._logins.drop(self._way)

    async def close(self) -> None:
        """The logins are shared; the toolbox closes them."""


class _Channel(asyncssh.SSHClientSession[bytes]):
    def __init__(self, host: str, execution: Execution) -> None:
        self._host, self._execution = host, execution
        self._gone = asyncio.Event()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan

    def session_started(self) -> None:
        self._execution.started()
        self._chan.write(self._execution.script)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._execution.received(1 if datatype == asyncssh.EXTENDED_DATA_STDERR else 0, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._execution.ended(None if exc is None else _lost(exc, self._host))

    async def close(self) -> None:
        """sshd counts a session until its shell has ended, so that is waited for; a shell that is not at its end
        is ended by its watcher, which sees the end of stdin."""
        try:
            if self._execution.complete:
                await self._wait()
        finally:
            self._chan.close()
        await self._wait()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), _CLOSING)


def _lost(error: Exception, host: str) -> ProbeError:
    return HostUnreachable(f"{host}: the connection was lost: {error}", hint="look again")


def _abandon(
    opening: asyncio.Future[tuple[asyncssh.SSHClientChannel[bytes], asyncssh.SSHClientSession[bytes]]],
) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].close()


async def _settled(found: asyncssh.SSHClientConnection | ProbeError) -> asyncssh.SSHClientConnection:
    if isinstance(found, ProbeError):
        raise found
    return found


def _heard(task: asyncio.Task[asyncssh.SSHClientConnection]) -> None:
    """A failure nobody waited for any more is no warning of asyncio's."""
    if not task.cancelled():
        task.exception()


def _error(task: asyncio.Task[asyncssh.SSHClientConnection]) -> bool:
    return task.cancelled() or task.exception() is not None


def _is_lost(task: asyncio.Task[asyncssh.SSHClientConnection]) -> bool:
    if not task.done():
        return False
    return task.cancelled() or (task.exception() is None and task.result().is_closed())


def _jumps(last: Leg) -> Way:
    """None too for a jump host that a pattern such as `Host *` sends through itself."""
    return () if any(split_spec(word)[1] == last.name for word in last.jumps) else last.jumps
