"""The first commands of a probe, learned without asking anybody: for somebody who must look by hand."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlencode

from base.errors import DeadhopError
from base.tasks import end_all
from diagnosis.fixes import Places
from probes.api import Api, ApiRequest
from probes.connection import Command
from probes.exchange import Reply
from probes.netlink import WORD
from probes.probe import PROBES, ProbeCall
from probes.site import OPERATOR, Site

if TYPE_CHECKING:
    from probes.wish import Wish

_TURNS = 50
"""Turns of the event loop in which a probe says all it says before the first answer."""


@dataclass(frozen=True, slots=True)
class Look:
    on: str
    """A host's name, or `operator`."""
    run: str
    login: bool = False
    """Stands for a login attempt: near to what the probe does, not the same."""


async def first_looks(call: ProbeCall, site: Site, places: Places, login: Callable[[str], str]) -> tuple[Look, ...]:
    """What the probe would send before it needs the first answer; nothing is sent. Empty when it is no command.
    `login` gives the command that logs in to a host."""
    toolbox = _Dry(site, login)
    task = asyncio.create_task(_run(call, toolbox), name=f"dry {call.probe}")
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    await end_all([task])
    looks = [
        Look(on, await _with_sudo(on, command.text, command.sudo, places), login)
        for on, command, login in toolbox.asked
    ]
    found = [await _raw(target, request, places) for target, request in toolbox.requests]
    return (*looks, *(look for look in found if look is not None))


async def _run(call: ProbeCall, toolbox: _Dry) -> None:
    try:
        await PROBES[call.probe].run(call.host, toolbox, **call.arguments)
    except DeadhopError:
        return  # it will say so when it is asked; there is no command to learn


async def _with_sudo(on: str, text: str, sudo: bool, places: Places) -> str:
    return f"sudo -n {text}" if sudo and not await places.is_root(on) else text


async def _raw(target: str, request: ApiRequest, places: Places) -> Look | None:
    """The same GET by kubectl. None for a cloud, whose client has no word for it; where no client logs in; and for
    Secrets, which a probe cuts down before anybody sees them."""
    if not target.startswith("cluster:") or "secrets" in request.segments:
        return None
    try:
        client = await places.client(target)
    except DeadhopError:
        return None
    query = f"?{urlencode(request.query)}" if request.query else ""
    run = client.command(f"kubectl get --raw {shlex.quote(request.path + query)}")
    return Look(client.on, await _with_sudo(client.on, run, client.sudo, places))


class _Dry:
    """A toolbox that notes what it is asked and never answers."""

    def __init__(self, site: Site, login: Callable[[str], str]) -> None:
        self.site = site
        self.asked: list[tuple[str, Command, bool]] = []
        self.requests: list[tuple[str, ApiRequest]] = []
        self._login = login

    def connection(self, target: str) -> _Silent:
        return _Silent(target, self.asked)

    async def api(self, target: str) -> Api:
        return _SilentApi(target, self.requests)

    async def host_of(self, address: str) -> str:
        return await _never()

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        return await _never()

    async def reach(self, host: str) -> Reply:
        self.asked.append((OPERATOR, Command(argv=tuple(shlex.split(self._login(host)))), True))
        return await _never()

    def from_pods(self, wish: Wish) -> Reply | None:
        return None


class _Silent:
    def __init__(self, target: str, asked: list[tuple[str, Command, bool]]) -> None:
        self.target, self._asked = target, asked

    async def run(self, command: Command) -> Reply:
        if command.argv[:1] != (WORD,):  # the kernel is asked without a command
            self._asked.append((self.target.partition(":")[2] or self.target, command, False))
        return await _never()

    async def close(self) -> None:
        """Nothing is open."""


class _SilentApi:
    def __init__(self, target: str, requests: list[tuple[str, ApiRequest]]) -> None:
        self.target, self._requests = target, requests

    async def get(self, request: ApiRequest) -> Reply:
        self._requests.append((self.target, request))
        return await _never()

    async def close(self) -> None:
        """Nothing is open."""


async def _never() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")
