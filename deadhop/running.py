"""Runs a command so that an interrupt ends it within a second, whatever it is doing; but for pods that it has made
for a look and must remove, and what it is just saying."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial

from base.unfinished import is_unfinished

GRACE = 0.6
"""Seconds a command has to let go of its connections; then the process ends at once."""
REMOVING = 45.0
"""Seconds it has to remove what it made for a look. A second interrupt ends it within GRACE all the same."""

TELLING = 20.0
"""Seconds it has to say what it knows by then, once it has begun to: half a document helps nobody."""

_task: asyncio.Task[int] | None = None
_telling = False
_before_end: list[Callable[[], None]] = []
_interrupted = False


def run(work: Coroutine[object, object, int]) -> int:
    """The exit code of `work`. KeyboardInterrupt when it was interrupted."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(_remembered(work))
        except asyncio.CancelledError as error:
            raise KeyboardInterrupt from error


async def _remembered(work: Coroutine[object, object, int]) -> int:
    global _task
    _task = asyncio.current_task()
    try:
        return await work
    finally:
        _task = None


def before_end(action: Callable[[], None]) -> None:
    """Something to be done even when time runs out: a terminal to be given back."""
    _before_end.append(action)


@contextmanager
def telling() -> Iterator[None]:
    """What is written in here is written to its end, but for a second interrupt."""
    global _telling
    _telling = True
    try:
        yield
    finally:
        _telling = False


def _end_once_told(left: float = TELLING) -> None:
    if _telling and left > 0:
        _in(GRACE, partial(_end_once_told, left - GRACE))
    else:
        _end()


def _in(seconds: float, action: Callable[[], None]) -> None:
    guard = threading.Timer(seconds, action)
    guard.daemon = True
    guard.start()


def _end() -> None:
    for action in _before_end:
        action()
    os._exit(130)


def interrupt() -> bool:
    """Cancels the running command. False when there is none to cancel. Called from a signal handler: the main
    thread may be anywhere, so a thread of its own guards the deadline. Stands last: where it is, all of this is."""
    global _interrupted
    again, _interrupted = _interrupted, True
    patient = is_unfinished() and not again
    _in(REMOVING if patient else GRACE, _end if again else _end_once_told)
    if _task is None:
        return False
    _task.get_loop().call_soon_threadsafe(_task.cancel)
    return True
