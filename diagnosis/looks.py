"""The first commands of a probe, learned without asking anybody: for somebody who must look by hand."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from base.errors import DeadhopError
from probes.api import Api
from probes.connection import Command
from probes.exchange import Reply
from probes.netlink import WORD
from probes.probe import PROBES, ProbeCall
from probes.site import OPERATOR, Site

_TURNS = 50
"""Turns of the event loop in which a probe says all it says before the first answer."""


@dataclass(frozen=True, slots=True)
class Look:
    on: str
    """A host's name, or `operator`."""
    run: str
    login: bool = False
    """Stands for a login attempt: near to what the probe does, not the same."""


async def first_looks(
    call: ProbeCall, site: Site, is_root: Callable[[str], Awaitable[bool]], login: Callable[[str], str]
) -> tuple[Look, ...]:
    """What the probe would send before it needs the first answer; nothing is sent. Empty when it is no command.
    `login` gives the command that logs in to a host."""
    toolbox = _Dry(site, login)
    task = asyncio.create_task(_run(call, toolbox), name=f"dry {call.probe}")
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return tuple([Look(on, await _with_sudo(on, command, is_root), login) for on, command, login in toolbox.asked])


async def _run(call: ProbeCall, toolbox: _Dry) -> None:
    try:
        await PROBES[call.probe].run(call.host, toolbox, **call.arguments)
    except DeadhopError:
        return  # it will say so when it is asked; there is no command to learn


async def _with_sudo(on: str, command: Command, is_root: Callable[[str], Awaitable[bool]]) -> str:
    return f"sudo -n {command.text}" if command.sudo and not await is_root(on) else command.text


class _Dry:
    """A toolbox that notes what it is asked and never answers."""

    def __init__(self, site: Site, login: Callable[[str], str]) -> None:
        self.site = site
        self.asked: list[tuple[str, Command, bool]] = []
        self._login = login

    def connection(self, target: str) -> _Silent:
        return _Silent(target, self.asked)

    async def api(self, target: str) -> Api:
        """A script has no way to an API: what is asked there is not part of it."""
        return await _never()

    async def host_of(self, address: str) -> str:
        return await _never()

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        return await _never()

    async def reach(self, host: str) -> Reply:
        self.asked.append((OPERATOR, Command(argv=tuple(shlex.split(self._login(host)))), True))
        return await _never()


class _Silent:
    def __init__(self, target: str, asked: list[tuple[str, Command, bool]]) -> None:
        self.target, self._asked = target, asked

    async def run(self, command: Command) -> Reply:
        if command.argv[:1] != (WORD,):  # the kernel is asked without a command
            self._asked.append((self.target.partition(":")[2] or self.target, command, False))
        return await _never()

    async def close(self) -> None:
        """Nothing is open."""


async def _never() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")
