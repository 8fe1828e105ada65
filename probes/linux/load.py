"""linux.load: how busy a host is."""

from __future__ import annotations

import asyncio
import re

from probes.linux.ask import ask
from probes.linux.facts import Load
from probes.linux.fields import reading, whole
from probes.probe import Toolbox, probe
from probes.site import target_of

_LOAD = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,4})?")


@probe("linux.load", commands=("cat /proc/loadavg", "nproc"))
async def load(host: str, toolbox: Toolbox) -> Load:
    """The load of the last minute, and the cores it is shared by."""
    connection = toolbox.connection(target_of(host))
    said, cores = await asyncio.gather(ask(connection, "cat", "/proc/loadavg"), ask(connection, "nproc"))
    return Load(host, parse_load(said), parse_cores(cores))


@reading("cat /proc/loadavg")
def parse_load(text: str) -> float:
    """The first number."""
    word = text.split(" ", 1)[0]
    if not _LOAD.fullmatch(word):
        raise ValueError("no number")
    return float(word)


@reading("nproc")
def parse_cores(text: str) -> int:
    return whole(text.strip())
