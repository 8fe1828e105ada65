"""Files of `export OS_…=` lines (kolla's admin-openrc.sh, keystonerc_admin): read, never run."""

from __future__ import annotations

import re
import shlex

from base.errors import ConfigError, Place

_LINE = re.compile(r"\s*(?:export\s+|declare\s+-x\s+)?(OS_[A-Z0-9_]+)=(.*)")
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
        match = _LINE.match(line)
        if match is None:
            continue
        key = match[1].removeprefix("OS_").lower()
        found[_KEYS.get(key, key)] = _value(match[2], match[1], Place(place.file, number))
    if "auth_url" not in found:
        raise ConfigError(f"{place}: has no line `export OS_AUTH_URL=…`", hint="is it the right file?")
    return found


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
