"""A toolbox that puts the same question to the same host once. Tables do not change while a way is learned, and
walks there, back and into tunnels ask for the same ones: of 50,000 rules each asking is seconds."""

from __future__ import annotations

import asyncio

from base.tasks import end_all
from probes.api import Api, ApiRequest
from probes.connection import Command, Connection
from probes.errors import Forbidden, NotFound
from probes.exchange import Reply
from probes.probe import Toolbox
from probes.wish import Wish

Asked = dict[tuple[str, str, bool], "asyncio.Task[Reply]"]
Steady = dict[tuple[str, ApiRequest], "asyncio.Task[Reply]"]
_LASTING = ("", NotFound.reason, Forbidden.reason)
"""How a reply ends that would be the same a moment later."""


class Once:
    def __init__(self, toolbox: Toolbox) -> None:
        self.site, self._toolbox = toolbox.site, toolbox
        self._asked: Asked = {}

    def connection(self, target: str) -> Connection:
        return _Once(self._toolbox.connection(target), self._asked)

    async def api(self, target: str) -> Api:
        return await self._toolbox.api(target)

    async def host_of(self, address: str) -> str:
        return await self._toolbox.host_of(address)

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        return await self._toolbox.addresses_of(host)

    async def reach(self, host: str) -> Reply:
        return await self._toolbox.reach(host)

    def from_pods(self, wish: Wish) -> Reply | None:
        return self._toolbox.from_pods(wish)

    async def close(self) -> None:
        """What nobody waits for any more."""
        await end_all(self._asked.values())


class _Once:
    def __init__(self, inner: Connection, asked: Asked) -> None:
        self.target, self._inner, self._asked = inner.target, inner, asked

    async def run(self, command: Command) -> Reply:
        key = (self.target, command.text, command.sudo)
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._inner.run(command))
        return await asyncio.shield(self._asked[key])

    async def close(self) -> None:
        """The toolbox owns the connection."""


class OnceOfApis(Once):
    """For a look of a sweep: hosts are asked each time, and what is steady of APIs once for all looks."""

    def __init__(self, toolbox: Toolbox, steady: Steady) -> None:
        super().__init__(toolbox)
        self._steady = steady

    def connection(self, target: str) -> Connection:
        return self._toolbox.connection(target)

    async def api(self, target: str) -> Api:
        return _OnceApi(await self._toolbox.api(target), self._steady)


class _OnceApi:
    def __init__(self, inner: Api, steady: Steady) -> None:
        self.target, self._inner, self._steady = inner.target, inner, steady

    async def get(self, request: ApiRequest) -> Reply:
        if not request.steady:
            return await self._inner.get(request)
        key = (self.target, request)
        if key not in self._steady or _may_differ(self._steady[key]):
            self._steady[key] = asyncio.create_task(self._inner.get(request))
        return await asyncio.shield(self._steady[key])

    async def close(self) -> None:
        """The toolbox owns it."""


def _may_differ(task: asyncio.Task[Reply]) -> bool:
    """Asked again: no answer, or none for now."""
    return task.done() and (task.cancelled() or task.result().failure not in _LASTING)
