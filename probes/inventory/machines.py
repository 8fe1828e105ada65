"""Hosts of an inventory as machines that can be logged in to; what cannot be taken over is said."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from base.errors import UsageError
from base.values import check
from probes.inventory.groups import Listed
from probes.site_reader import shown

ADDRESS = ("ansible_host", "ansible_ssh_host")
PORT = ("ansible_port", "ansible_ssh_port")
USER = ("ansible_user", "ansible_ssh_user")
KEY = ("ansible_ssh_private_key_file", "ansible_private_key_file")
VAULT = "__ansible_vault"
"""Key under which `ansible-inventory --list` prints what is encrypted."""
OPTIONS = ("ansible_ssh_common_args", "ansible_ssh_extra_args")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\$?")
_FILE = re.compile(r"[^\s\"'\\%#][^\x00-\x1f\"'\\%#]*")
_JUMPS = re.compile(r"(?:ssh://)?[A-Za-z0-9][A-Za-z0-9@._:,\[\]-]*")


@dataclass(frozen=True, slots=True)
class Machine:
    name: str
    address: str = ""
    """Address or name to connect to; empty: its name."""
    port: str = ""
    user: str = ""
    key: str = ""
    """Path of a private key."""
    jump: str = ""
    """As ProxyJump has it."""
    groups: tuple[str, ...] = ()
    """Those that name it themselves."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    host: str
    what: str
    """A variable or option, or the name itself."""
    why: str


def machines_of(found: Listed) -> tuple[tuple[Machine, ...], tuple[LeftOut, ...]]:
    """Machines by name, without this one itself (`ansible_connection=local`)."""
    machines, left_out = [], []
    groups: dict[str, list[str]] = {}
    for group, hosts in found.groups.items():
        for host in hosts:
            groups.setdefault(host, []).append(group)
    for name, variables in sorted(found.variables.items()):
        if not _is_host(name):
            left_out.append(LeftOut(name, "name", "is not a host name"))
        elif _word(variables, ("ansible_connection",)) not in ("local", "docker", "podman"):
            machine, unsaid = _machine(name, variables, tuple(groups.get(name, ())))
            machines.append(machine)
            left_out += unsaid
    return tuple(machines), tuple(left_out)


def _machine(name: str, variables: Mapping[str, object], groups: tuple[str, ...]) -> tuple[Machine, list[LeftOut]]:
    fields = {
        "address": (ADDRESS, _is_host),
        "port": (PORT, _is_port),
        "user": (USER, lambda word: bool(_USER.fullmatch(word))),
        "key": (KEY, lambda word: bool(_FILE.fullmatch(word))),
    }
    words, left_out = {}, []
    for field, (names, fits) in fields.items():
        word = _word(variables, names)
        words[field] = word if fits(word) else ""
        if why := _why_not(variables, names, word, fits(word)):
            left_out.append(
                LeftOut(name, names[0], f"{why}; logins go to the bare name" if names is ADDRESS else why)
            )
    jump = ""
    for option, value in _options(variables):
        if option == "proxyjump" and _JUMPS.fullmatch(value):
            jump = jump or value
        elif option.startswith("proxy"):
            left_out.append(LeftOut(name, option, f"{shown(value)} belongs into your SSH configuration"))
    return Machine(name, **words, jump=jump, groups=groups), left_out


def _why_not(variables: Mapping[str, object], names: tuple[str, ...], word: str, fits: bool) -> str:
    """Why a value is not taken over; empty where it is, or there is none."""
    if word and not fits:
        return "is a template" if "{{" in word else f"{shown(word)} does not fit"
    values = (variables.get(name) for name in names)
    encrypted = any(isinstance(value, Mapping) and VAULT in value for value in values)
    return "is encrypted (vault)" if encrypted and not word else ""


def _word(variables: Mapping[str, object], names: tuple[str, ...]) -> str:
    """Booleans, numbers and words; the first of the names that has one."""
    for name in names:
        value = variables.get(name)
        if isinstance(value, (str, int)) and str(value).strip():
            return str(value).strip()
    return ""


def _options(variables: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """`-o Name=value` and `-J` of the words for ssh, names in lower case."""
    for name in OPTIONS:
        try:
            words = iter(shlex.split(_word(variables, (name,))))
        except ValueError:
            continue
        for word in words:
            if word == "-J":
                yield "proxyjump", next(words, "")
            elif word.startswith("-o"):
                key, _, value = (word[2:] or next(words, "")).replace("=", " ", 1).strip().partition(" ")
                yield key.lower(), value.strip()


def _is_host(text: str) -> bool:
    try:
        return check("host", text) == text
    except UsageError:
        return False


def _is_port(text: str) -> bool:
    try:
        return bool(check("port", text))
    except UsageError:
        return False
