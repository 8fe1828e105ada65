"""Host patterns of an inventory: `web[01:03]`, `db-[a:c]`."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MOST_HOSTS = 20_000
TOO_MANY = f"more than {MOST_HOSTS} hosts"
_RANGE = re.compile(r"\[(\w+):(\w+)(?::(\d+))?\]")
_LETTERS = string.ascii_letters


@dataclass(slots=True)
class Names:
    """Counts over the whole inventory: a range of nine digits is a slip, not a site."""

    left: int = MOST_HOSTS

    def of(self, pattern: str) -> list[str] | None:
        """The hosts it means; None when they would be too many."""
        found = list(islice(_expanded(pattern), self.left + 1))
        if len(found) > self.left:
            return None
        self.left -= len(found)
        return found


def colons_of_ranges(pattern: str) -> int:
    """Those that do not begin a port."""
    return sum(found.group().count(":") for found in _RANGE.finditer(pattern))


def _expanded(pattern: str) -> Iterator[str]:
    """`web[01:03]` as web01, web02, web03."""
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    before, after = pattern[: found.start()], pattern[found.end() :]
    for middle in _between(found[1], found[2], int(found[3] or 1) or 1):
        for rest in _expanded(after):
            yield before + middle + rest


def _between(first: str, last: str, step: int) -> Iterator[str]:
    if first.isascii() and first.isdecimal() and last.isascii() and last.isdecimal():
        for number in range(int(first), int(last) + 1, step):
            yield str(number).zfill(len(first) if first.startswith("0") else 0)
    elif len(first) == len(last) == 1 and first in _LETTERS and last in _LETTERS:
        yield from _LETTERS[_LETTERS.index(first) : _LETTERS.index(last) + 1 : step]
