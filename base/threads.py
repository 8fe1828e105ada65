"""Work in a thread that nobody waits for at the end: who quits while something loads must not sit it out."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon(work: Callable[[], T]) -> T:
    """What `work` returns or raises. Cancelled, it is left to itself; it ends with the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: Callable[[], None]) -> None:
        if not future.done():
            result()

    def run() -> None:
        try:
            found = work()
        except BaseException as error:
            raised = error
            done = lambda: future.set_exception(raised)  # noqa: E731
        else:
            done = lambda: future.set_result(found)  # noqa: E731
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            loop.call_soon_threadsafe(settle, done)

    threading.Thread(target=run, daemon=True, name=getattr(work, "__name__", "work")).start()
    return await future
