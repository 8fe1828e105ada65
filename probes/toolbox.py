"""The live toolbox: connections that really go out, each exchange handed to the recorder."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from base.errors import UsageError
from probes.api import Api, ApiRequest
from probes.batch import BatchedConnection
from probes.connection import Command, Connection, Recorder
from probes.errors import NoSuchHost, ProbeError
from probes.exchange import LOOK, REACH, Exchange, Reply, Request
from probes.execution import Channel, Execution, failed
from probes.holders import Holders
from probes.local import LocalShell
from probes.manners import mannered
from probes.netlink import WORD, netlink_reply
from probes.patience import CONSOLE_AFTER, HURRY, hurrying
from probes.site import OPERATOR, Host, Site, target_of

if TYPE_CHECKING:
    from probes.ssh import Logins, SshShell
    from probes.wish import Wish


class LiveToolbox:
    """Owns all connections of a session; close it."""

    def __init__(self, site: Site, recorder: Recorder | None = None, phase: int = 0) -> None:
        self.site = site
        self.phase = phase
        self._recorder = recorder
        self._connections: dict[str, Connection] = {}
        self._apis: dict[str, Api] = {}
        self._ssh = _LateSsh(site)
        self._holders = Holders(site, self.connection)
        self.pods_said: Callable[[Wish], Reply | None] = lambda wish: None
        """Knows what pods said that were started with the operator's consent."""

    def connection(self, target: str) -> Connection:
        """`operator`, `host:NAME` or `console:NAME`; NoSuchHost for anything else."""
        if target not in self._connections:
            self._connections[target] = _Recorded(self._open(target), self)
        return self._connections[target]

    async def api(self, target: str) -> Api:
        if target not in self._apis:
            opened = await _open_api(target, self)
            self._apis.setdefault(target, _RecordedApi(opened, self))
        return self._apis[target]

    async def host_of(self, address: str) -> str:
        return await self._holders.host_of(address)

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        return await self._holders.addresses_of(host)

    async def reach(self, host: str) -> Reply:
        from probes.reach import try_reach

        at = datetime.now(UTC)
        reply = await try_reach(host, self.site, await self._ssh.logins())
        self.record(Request(target_of(host), REACH), reply, at)
        return reply

    def from_pods(self, wish: Wish) -> Reply | None:
        reply = self.pods_said(wish)
        if reply is not None:
            self.record(Request(f"cluster:{wish.cluster}", wish.text), reply, datetime.now(UTC))
        return reply

    def forget(self, host: str) -> None:
        """What failed there is tried again."""
        self._ssh.forget(host)
        self._holders.forget(host)

    def changing(self) -> None:
        """A changing command is about to leave: what follows belongs to the next phase."""
        self.phase += 1
        self.changed()

    def changed(self) -> None:
        """The world is no longer as it was: failures and addresses are asked for again."""
        self._ssh.forget("")
        self._holders.forget()

    def record(self, request: Request, reply: Reply, at: datetime) -> None:
        if self._recorder:
            self._recorder(Exchange(request, reply, at, self.phase, LOOK.get()))

    async def close(self) -> None:
        """Ends what runs, here and on the far sides; nothing survives it."""
        await self._holders.close()
        await asyncio.gather(*(api.close() for api in self._apis.values()))
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))
        await self._ssh.close()

    async def __aenter__(self) -> LiveToolbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _open(self, target: str) -> Connection:
        if target == OPERATOR:
            return _OrNetlink(BatchedConnection(target, LocalShell(OPERATOR)))
        kind, _, name = target.partition(":")
        host = self.site.by_name.get(name)
        if host is None or kind not in ("host", "console"):
            raise NoSuchHost(f"{target}: no such target", hint="`deadhop site show` lists the hosts")
        if kind == "console":
            return _console(host)
        shell = _LateShell(name, self._ssh)
        remote = BatchedConnection(target, shell)
        return _OrConsole(remote, shell, _console(host)) if host.console else _Remote(remote, shell)


async def _open_api(target: str, toolbox: LiveToolbox) -> Api:
    """The SDKs cost a second to import: in a thread, when the first one is wanted."""
    kind, _, name = target.partition(":")
    if kind not in ("cloud", "cluster"):
        raise UsageError(f"{target}: no such target", hint="`deadhop site show` lists clouds and clusters")
    module = await asyncio.to_thread(importlib.import_module, f"probes.{kind}.connection")
    opened: Api = module.open_api(name, toolbox)
    return opened


class _OrNetlink:
    """The operator's shell; questions to netlink go to the kernel without one."""

    def __init__(self, shell: Connection) -> None:
        self.target, self._shell = shell.target, shell

    async def run(self, command: Command) -> Reply:
        return await (netlink_reply(command.text) if command.argv[:1] == (WORD,) else self._shell.run(command))

    async def close(self) -> None:
        await self._shell.close()


def _console(host: Host) -> Connection:
    if not host.console:
        raise UsageError(f"{host.name} has no console", hint="give it a `console` in site.yaml")
    return BatchedConnection(f"console:{host.name}", LocalShell(host.name, host.console, console=True))


class _LateSsh:
    """The SSH logins, with asyncssh imported (in a thread: it takes 0.6 s) when the first one is wanted."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._logins: Logins | None = None

    async def logins(self) -> Logins:
        if self._logins is None:
            await asyncio.to_thread(importlib.import_module, "probes.ssh")
        if self._logins is None:
            from probes.ssh import Logins

            self._logins = Logins(self._site)
        return self._logins

    async def shell(self, host: str) -> SshShell:
        logins = await self.logins()
        from probes.ssh import SshShell

        return SshShell(host, logins)

    def forget(self, host: str) -> None:
        if self._logins:
            self._logins.forget(host)

    async def close(self) -> None:
        if self._logins:
            await self._logins.close()


class _LateShell:
    """The Shell of one host over SSH."""

    def __init__(self, host: str, ssh: _LateSsh) -> None:
        self._host, self._ssh = host, ssh
        self._shell: SshShell | None = None

    async def ready(self) -> None:
        if self._shell is None:
            self._shell = await self._ssh.shell(self._host)
        await self._shell.ready()

    async def start(self, execution: Execution) -> Channel:
        await self.ready()
        assert self._shell is not None
        return await self._shell.start(execution)

    def doubt(self) -> None:
        if self._shell:
            self._shell.doubt()

    async def close(self) -> None:
        """The logins are closed together."""


class _Remote:
    """SSH. Who is in a hurry waits alone for the login: what others asked meanwhile waits on."""

    def __init__(self, remote: Connection, shell: _LateShell) -> None:
        self.target, self._remote, self._shell = remote.target, remote, shell

    async def run(self, command: Command) -> Reply:
        try:
            if HURRY.get():
                await self._shell.ready()
        except ProbeError as error:
            return failed(error)
        return await self._remote.run(command)

    async def close(self) -> None:
        await self._remote.close()


class _OrConsole:
    """SSH; and where there is no login, the console. What was sent over SSH is never sent again."""

    def __init__(self, remote: Connection, shell: _LateShell, console: Connection) -> None:
        self.target = remote.target
        self._remote, self._shell, self._console = remote, shell, console

    async def run(self, command: Command) -> Reply:
        try:
            with hurrying(CONSOLE_AFTER if HURRY.get() else 0.0):
                await self._shell.ready()
        except ProbeError as error:
            reply = await self._console.run(command)
            note = f"via console: {reply.message or error.message}"
            return replace(reply, message=note)
        return await self._remote.run(command)

    async def close(self) -> None:
        await asyncio.gather(self._remote.close(), self._console.close())


class _Recorded:
    def __init__(self, inner: Connection, toolbox: LiveToolbox) -> None:
        self.target, self._inner, self._toolbox = inner.target, inner, toolbox

    async def run(self, command: Command) -> Reply:
        command = await mannered(self.target, command)
        at = datetime.now(UTC)
        reply = await self._inner.run(command)
        told = replace(reply, stdout="", stderr="") if command.private else reply
        self._toolbox.record(Request(self.target, command.text, command.sudo), told, at)
        if command.changes:
            self._toolbox.changed()
        return reply

    async def close(self) -> None:
        await self._inner.close()


class _RecordedApi:
    def __init__(self, inner: Api, toolbox: LiveToolbox) -> None:
        self.target, self._inner, self._toolbox = inner.target, inner, toolbox

    async def get(self, request: ApiRequest) -> Reply:
        at = datetime.now(UTC)
        reply = await self._inner.get(request)
        self._toolbox.record(Request(self.target, request.text), reply, at)
        return reply

    async def close(self) -> None:
        await self._inner.close()
