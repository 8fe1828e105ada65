"""frr.state: what a repair by vtysh changes, as it is: what decides on sessions and routes, and the file's sum."""

from __future__ import annotations

import asyncio

from probes.connection import Connection
from probes.facts import Kept, State
from probes.frr.ask import CONFIG_COMMANDS, FILES, running_lines
from probes.linux.ask import reply_to
from probes.linux.state import kept, parse_sum
from probes.probe import Toolbox, probe
from probes.site import target_of


@probe("frr.state", commands=(*CONFIG_COMMANDS[:1], "sha256sum --"), timeout=15.0, saved="yes-no")
async def state(host: str, toolbox: Toolbox, saved: bool = False) -> State:
    """The running lines; `saved`: the file too, by its digest alone, for it holds passwords."""
    connection = toolbox.connection(target_of(host))
    if saved:
        return State(host, tuple(await asyncio.gather(*(_file(connection, file) for file in FILES))))
    return State(host, (parse_running(await running_lines(connection)),))


def parse_running(text: str) -> Kept:
    return kept("running configuration of bgpd", [line.rstrip() for line in text.splitlines()])


async def _file(connection: Connection, path: str) -> Kept:
    reply = await reply_to(connection, "sha256sum", "--", path, sudo=True, ok=(0, 1))
    return kept(f"contents of {path}", [parse_sum(reply.stdout) if reply.status == 0 else "absent"])
