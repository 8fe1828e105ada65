"""What must be brought to its end before deadhop leaves, also when it is interrupted: counted, so that whoever ends
the process can wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_count = 0


@contextmanager
def unfinished() -> Iterator[None]:
    global _count
    _count += 1
    try:
        yield
    finally:
        _count -= 1


def is_unfinished() -> bool:
    return _count > 0
