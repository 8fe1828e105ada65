"""linux.load and linux.tracked: how busy a host is, and how full its table of connections."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

from probes.connection import Connection
from probes.errors import NotRecorded, ProbeError
from probes.linux import proc
from probes.linux.ask import ask
from probes.linux.facts import Load, Tracked
from probes.linux.fields import reading, whole
from probes.probe import Toolbox, probe
from probes.site import target_of

_TABLE = "net/netfilter/nf_conntrack_"
_COUNT, _MOST, _BUCKETS = (f"{_TABLE}{name}" for name in ("count", "max", "buckets"))
_SAMPLE = ("grep", "-sm", "2000", "", "/proc/net/nf_conntrack")
"""The kernel lists them by hash: the first are as good as any."""
_BEGAN = re.compile(r"\bsrc=([0-9A-Fa-f.:]{2,45}) ")
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


@probe(
    "linux.tracked",
    commands=("grep -Hs '' /proc/sys/", "cat /proc/net/stat/nf_conntrack", "stat -c", "grep -sm"),
)
async def tracked(host: str, toolbox: Toolbox) -> Tracked:
    """How full the table of connections is, what it dropped, and who began the most of what is in it."""
    connection = toolbox.connection(target_of(host))
    names = (_COUNT, _MOST, _BUCKETS)
    held, mode, stat, sample = await asyncio.gather(
        ask(connection, *proc.sysctl_question(names), ok=(0, 1, 2)),
        _if_told(connection, "stat", "-c", "%a", proc.sysctl_file(_MOST)),
        _if_told(connection, "cat", proc.CONNTRACK_FILE),
        _if_told(connection, *_SAMPLE, sudo=True),
    )
    values = parse_table(proc.parse_sysctls(names, held))
    busiest, share = parse_began(sample)
    dropped = proc.parse_conntrack(stat).get("ConntrackDrop", 0)
    return Tracked(host, *values, dropped, mode.strip() == "644", busiest, share)


async def _if_told(connection: Connection, *argv: str, sudo: bool = False) -> str:
    """Without it the table can be full all the same."""
    try:
        return await ask(connection, *argv, sudo=sudo, ok=(0, 1, 2))
    except NotRecorded:
        raise
    except ProbeError:
        return ""


@reading("grep -Hs '' /proc/sys/net/netfilter/nf_conntrack_max")
def parse_table(values: dict[str, str]) -> tuple[int, int, int]:
    """Entries, how many there can be, and buckets; all 0 where the kernel tracks nothing."""
    if not values:
        return 0, 0, 0
    return whole(values[_COUNT]), whole(values[_MOST]), whole(values.get(_BUCKETS, "0"))


def parse_began(text: str) -> tuple[str, int]:
    """The source of most connections, and its part of a hundred."""
    sources = Counter(found[1] for line in text.splitlines() if (found := _BEGAN.search(line)))
    busiest, times = max(sources.items(), key=lambda one: (one[1], one[0]), default=("", 0))
    return busiest, 100 * times // (sources.total() or 1)
