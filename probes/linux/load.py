"""linux.load: how busy a host is."""

from __future__ import annotations

import asyncio

from probes.errors import UnreadableOutput
from probes.linux.ask import ask
from probes.linux.facts import Load
from probes.probe import Toolbox, probe
from probes.site import target_of


@probe("linux.load", commands=("cat /proc/loadavg", "nproc"))
async def load(host: str, toolbox: Toolbox) -> Load:
    """The load of the last minute, and the cores it is shared by."""
    connection = toolbox.connection(target_of(host))
    said, cores = await asyncio.gather(ask(connection, "cat", "/proc/loadavg"), ask(connection, "nproc"))
    return Load(host, parse_load(said), parse_cores(cores))


def parse_load(text: str) -> float:
    """Of /proc/loadavg: the first number."""
    word = text.split(" ", 1)[0]
    if not word.replace(".", "", 1).isdecimal():
        raise UnreadableOutput("/proc/loadavg begins with no number")
    return float(word)


def parse_cores(text: str) -> int:
    if not text.strip().isdecimal():
        raise UnreadableOutput("`nproc` printed no number")
    return int(text)
