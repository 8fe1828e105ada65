"""Threads nobody waits for."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from base.threads import in_daemon

QUITS = """
import asyncio, threading
from base.threads import in_daemon

async def main():
    asyncio.get_running_loop().create_task(in_daemon(threading.Event().wait))
    await asyncio.sleep(0.1)

asyncio.run(main())
print("left")
"""


async def test_what_it_returns_and_raises() -> None:
    assert await in_daemon(lambda: 7) == 7

    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_daemon(fails)


async def test_cancelled_it_is_left_to_itself() -> None:
    task = asyncio.create_task(in_daemon(lambda: None))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_end_does_not_wait_for_it() -> None:
    """The thread waits for ever."""
    done = subprocess.run([sys.executable, "-c", QUITS], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("left\n", "")
