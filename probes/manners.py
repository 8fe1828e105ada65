"""How who asks treats the machines: in a hurry, or gently and not too fast. For every command that leaves on its
behalf, also those that a look gives on other machines than its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from probes.connection import Command

Manners = Callable[[str, Command], Awaitable[Command]]
"""Comes back when the command may leave for that target, with the command as it is to run there."""
_MANNERS: ContextVar[Manners | None] = ContextVar("MANNERS", default=None)
_LIMIT: ContextVar[tuple[asyncio.Timeout, float] | None] = ContextVar("LIMIT", default=None)


@contextmanager
def behaving(manners: Manners) -> Iterator[None]:
    """For all that is asked inside, in tasks that begin there too."""
    before = _MANNERS.set(manners)
    try:
        yield
    finally:
        _MANNERS.reset(before)


async def mannered(target: str, command: Command) -> Command:
    manners = _MANNERS.get()
    return command if manners is None else await manners(target, command)


@contextmanager
def limited(limit: asyncio.Timeout, seconds: float) -> Iterator[None]:
    """What is asked inside has so many seconds, not counting how long our own manners keep it from leaving."""
    before = _LIMIT.set((limit, seconds))
    try:
        yield
    finally:
        _LIMIT.reset(before)


def put_off(until: float) -> None:
    """A command of whoever asks leaves then, by the loop's clock, and not before."""
    if (held := _LIMIT.get()) is None:
        return
    limit, seconds = held
    with suppress(RuntimeError):  # it is over, and the command is another's who shares its answer
        limit.reschedule(max(limit.when() or 0.0, until + seconds))
