"""What a process holds: counted before and after, so that nothing is left of a hostile host."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_TRIES, _PAUSE = 60, 0.05


@dataclass(frozen=True)
class Held:
    descriptors: int
    tasks: int
    threads: int
    children: int


def held() -> Held:
    gc.collect()
    tasks = Path("/proc/self/task").iterdir()
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    # asyncio.to_thread keeps its threads for the next call
    threads = [one for one in threading.enumerate() if not one.name.startswith("asyncio_")]
    return Held(len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks()), len(threads), len(children))


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Around a test's whole work: tasks, threads, sockets and processes are as many as before."""
    await asyncio.to_thread(time.sleep, 0)
    before = held()
    yield
    # Tries, not seconds: on a busy machine one collection takes longer than anybody would wait.
    for _ in range(_TRIES):
        if (after := held()) == before:
            return
        await asyncio.sleep(_PAUSE)
    raise AssertionError(f"before {before}, after {after}: {[repr(task)[:200] for task in asyncio.all_tasks()]}")


def resident() -> int:
    """Bytes of memory this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def memory_within(mebibytes: int) -> AsyncIterator[None]:
    """Looked at all the time, not only at the end."""
    gc.collect()
    before = peak = resident()

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, resident())
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])
    grown = (peak - before) / (1 << 20)
    assert grown < mebibytes, f"grew by {grown:.0f} MiB"
