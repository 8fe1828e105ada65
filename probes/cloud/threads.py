"""A few threads for a library that blocks. Nobody waits for one that hangs: it is told to stop, and is a daemon."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
_POLL = 0.01


class Stoppable(Protocol):
    """What runs in the thread: `stop`, called from elsewhere, makes its `run` end soon."""

    def run(self) -> object: ...

    def stop(self) -> None: ...


class _Job(Generic[T]):
    def __init__(self, work: Stoppable, done: Callable[[object, BaseException | None], None]) -> None:
        self.work, self._done = work, done

    def run(self) -> None:
        try:
            self._done(self.work.run(), None)
        except BaseException as error:
            self._done(None, error)


class Threads:
    """At most `most` threads, each started when there is work for it."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._wanted = 0
        self._running: set[Stoppable] = set()

    async def run(self, work: Stoppable) -> object:
        """What `work.run()` gives, or raises. Cancelled, the work is stopped and its thread is free again soon."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()

        def settle(value: object, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        def done(value: object, error: BaseException | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, value, error)

        self._start(_Job(work, done))
        try:
            return await future
        except asyncio.CancelledError:
            work.stop()
            raise
        finally:
            self._wanted -= 1
            self._running.discard(work)

    def _start(self, job: _Job[object]) -> None:
        self._wanted += 1
        self._running.add(job.work)
        self._threads = [one for one in self._threads if one.is_alive()]
        if len(self._threads) < min(self._wanted, self._most):
            thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(job)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
            del job  # what it held, sockets among them, is not kept until the next one comes

    async def close(self, seconds: float = 2.0) -> None:
        """Stops what runs and waits for the threads, but not for one that nothing can stop (a name server)."""
        for work in tuple(self._running):
            work.stop()
        for _ in self._threads:
            self._jobs.put(None)
        end = time.monotonic() + seconds
        while any(one.is_alive() for one in self._threads) and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(_POLL)  # nothing of asyncio's is told when a thread ends
