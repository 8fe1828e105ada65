"""How who asks treats the machines: in a hurry, or gently and not too fast. For every command that leaves on its
behalf, also those that a look gives on other machines than its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from probes.connection import Command

Manners = Callable[[str, Command], Awaitable[Command]]
"""Comes back when the command may leave for that target, with the command as it is to run there."""
_MANNERS: ContextVar[Manners | None] = ContextVar("MANNERS", default=None)


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
