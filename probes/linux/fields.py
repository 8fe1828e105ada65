"""Fields of what a machine printed: each of its type, or the output is unreadable. A machine may say anything."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from probes.errors import UnreadableOutput

_WRONG = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
_LARGEST = 2**64 - 1
"""Of the kernel's counters."""


@contextmanager
def reading(what: str, hint: str = "") -> Iterator[None]:
    """Whatever is wrong with the form of a text that is read inside is an UnreadableOutput. Also a decorator."""
    try:
        yield
    except _WRONG as error:
        raise UnreadableOutput(f"`{what}` answered in a form that is not known", hint=hint) from error


def json_of(text: str) -> Any:
    """ValueError too for what is nested too deeply or holds numbers of thousands of digits."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def word(entry: Mapping[str, Any], key: str, otherwise: str | None = None) -> str:
    value = entry[key] if otherwise is None else entry.get(key, otherwise)
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def number(entry: Mapping[str, Any], key: str, otherwise: int | None = None) -> int:
    value = entry[key] if otherwise is None else entry.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise TypeError(f"{key} is no number")
    return value


def part(entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object below; an empty one where there is none."""
    value = entry.get(key) or {}
    if not isinstance(value, dict):
        raise TypeError(f"{key} is no object")
    return value


def parts(entry: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    """A list of objects below; an empty one where there is none."""
    value = entry.get(key) or ()
    if not (isinstance(value, list | tuple) and all(isinstance(one, dict) for one in value)):
        raise TypeError(f"{key} is no list of objects")
    return tuple(value)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address(entry: Mapping[str, Any], key: str) -> str:
    """An IP address as it was printed; empty where there is none."""
    value = word(entry, key, "")
    if value and not is_address(value):
        raise ValueError(f"{key} is no address")
    return value


def whole(text: str) -> int:
    """A number written in plain digits (of the kernel's counters some are -1); ValueError for anything else."""
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise ValueError("no number")
    return int(text)
