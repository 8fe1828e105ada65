"""Which host holds which address, asked of the hosts themselves."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator, Callable

from base.tasks import end_all
from probes.connection import Command, Connection
from probes.patience import HURRY
from probes.site import Site, target_of

_ASK = Command(argv=("ip", "-j", "addr"))
_SHARED = 0.3
"""Seconds the other hosts still have once one holds the address: two holders identify neither."""


class Holders:
    """Asked once a host, remembered until `forget`."""

    def __init__(self, site: Site, connection: Callable[[str], Connection]) -> None:
        self._site, self._connection = site, connection
        self._asked: dict[str, asyncio.Task[tuple[str, ...]]] = {}

    async def host_of(self, address: str) -> str:
        """Name of the host that holds it; empty if none is known to, or several do."""
        wanted = _canonical(address)
        if not wanted:
            return ""
        known = [host.name for host in self._site.hosts if wanted in map(_canonical, host.addresses)]
        if known:
            return known[0] if len(known) == 1 else ""
        found = [name async for name in self._holding(wanted)]
        return found[0] if len(found) == 1 else ""

    async def addresses_of(self, host: str) -> tuple[str, ...]:
        """Empty when it cannot be asked."""
        return await asyncio.shield(self._ask(host))

    def forget(self, host: str = "") -> None:
        """What one host said, or all: it may have changed."""
        for name in [host] if host else list(self._asked):
            task = self._asked.get(name)
            if task and task.done():
                del self._asked[name]

    async def close(self) -> None:
        tasks = list(self._asked.values())
        await end_all(tasks)

    async def _holding(self, address: str) -> AsyncIterator[str]:
        """Every host that holds it and answers in time; a hanging one is waited for only while none is found."""
        asked = {self._ask(host.name): host.name for host in self._site.hosts}
        waiting = set(asked)
        patience: float | None = None
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return
            for task in sorted(done, key=lambda one: asked[one]):
                if address in task.result():
                    patience = _SHARED
                    yield asked[task]

    def _ask(self, host: str) -> asyncio.Task[tuple[str, ...]]:
        if host not in self._asked:
            self._asked[host] = asyncio.create_task(self._addresses(host))
        return self._asked[host]

    async def _addresses(self, host: str) -> tuple[str, ...]:
        reply = await self._connection(target_of(host)).run(_ASK)
        if HURRY.get() and reply.failure:
            self._asked.pop(host, None)  # others may wait longer than who asked
        return _identifying(reply.stdout) if reply.status == 0 and not reply.failure else ()


def _identifying(text: str) -> tuple[str, ...]:
    """The addresses of `ip -j addr` that can identify a host; none when the text is not that."""
    try:
        entries = [info for link in json.loads(text) for info in link.get("addr_info", ())]
        found = [_canonical(str(info.get("local", ""))) for info in entries]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ()
    return tuple(address for address in found if address)


def _canonical(text: str) -> str:
    """Empty for what is no address, and for loopback and link-local ones: every host has those."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return ""
    return "" if address.is_loopback or address.is_link_local or address.is_unspecified else str(address)
