"""Files of `export OS_…=` lines (kolla's admin-openrc.sh, keystonerc_admin): read, never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import groupby

from base.errors import ConfigError, Place

_LINE = re.compile(r"\s*(?:export\s+|declare\s+-x\s+)?(OS_[A-Z0-9_]+)=(.*)")
_WORD = re.compile(r"""(?:[^\s'";&|\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+|[;&|]+""")
_SETTING = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_EXPORTS = frozenset({"export", "declare", "typeset"})
_COMPUTED = re.compile(r"[$`]")
_SINGLE = re.compile(r"'[^']*'")
_KEYS = {
    "tenant_name": "project_name",
    "tenant_id": "project_id",
    "endpoint_type": "interface",
    "auth_plugin": "auth_type",
}


def parse_openrc(text: str, place: Place) -> dict[str, str]:
    """OS_* as the SDK wants them (`auth_url`, `username` …). ConfigError where only a shell could tell."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for name, written in _settings(line):
            key = name.removeprefix("OS_").lower()
            found[_KEYS.get(key, key)] = _value(written, name, Place(place.file, number))
    if "auth_url" not in found:
        raise ConfigError(f"{place}: has no line `export OS_AUTH_URL=…`", hint="is it the right file?")
    return found


def _settings(line: str) -> Iterator[tuple[str, str]]:
    """Names and values as they are written: one, or several of `export A=1 B=2; C=3`."""
    if _WORD.sub("", line).strip():  # quotes that do not close: the value says so
        if match := _LINE.match(line):
            yield match[1], match[2]
        return
    words = _WORD.findall(line)
    end = next((number for number, word in enumerate(words) if word[0] == "#"), len(words))
    for begins, command in groupby(words[:end], lambda word: word[0] in ";&|"):
        first, *more = command
        if begins or not (first in _EXPORTS or all(map(_SETTING.fullmatch, (first, *more)))):
            continue
        for match in filter(None, map(_SETTING.fullmatch, (first, *more))):
            if match[1].startswith("OS_"):
                yield match[1], match[2]


def _value(written: str, name: str, place: Place) -> str:
    if _COMPUTED.search(_SINGLE.sub("", written)):
        raise ConfigError(
            f"{place}: {name} is what a shell would make of it, and no shell is run",
            hint="write the value itself, or a clouds.yaml",
        )
    try:
        words = shlex.split(written, comments=True)
    except ValueError as error:
        raise ConfigError(f"{place}: {str(error).lower()}", hint="close the quotes") from error
    return words[0] if words else ""
