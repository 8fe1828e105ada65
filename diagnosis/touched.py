"""What a command changes, read from the command itself: chains, sysctls, routes, units and files by name.
Nothing is guessed: what cannot be read here, its author says in the action's `state`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import dropwhile

from base.errors import UsageError
from base.values import check
from knowledge.file_edit import edited_files

Touched = Mapping[str, tuple[str, ...] | bool]
"""Arguments of `linux.state`."""

_SUDO = ["sudo", "-n"]
_CHAIN_VERBS = frozenset(
    ("-A", "--append", "-I", "--insert", "-D", "--delete", "-R", "--replace", "-F", "--flush", "-P", "--policy")
)
_ROUTE_VERBS = ("add", "append", "change", "del", "delete", "prepend", "replace")
_UNIT_VERBS = frozenset(
    ("start", "stop", "restart", "reload", "try-restart", "kill", "enable", "disable", "mask", "unmask")
)
_WITH_VALUE = ("-s", "--signal", "--kill-who", "--kill-whom", "-t", "--type")
_SUFFIX = re.compile(r"\.(?:service|socket|timer|mount)$")
Pair = tuple[str, str]


def touched(*commands: str) -> Touched:
    """Of a command and of what takes it back, together."""
    found: dict[str, dict[str, None]] = {}
    for command in commands:
        for kind, name in _all(command):
            if _is_value(kind, name):
                found.setdefault(kind, {})[name] = None
    swaps = {"swaps": True} if found.pop("swaps", None) else {}  # all together: `swapoff -a` names none
    return {**{kind: tuple(names) for kind, names in found.items()}, **swaps}


def _is_value(kind: str, name: str) -> bool:
    try:
        check(_KINDS[kind], name)
    except UsageError:
        return False
    return True


_KINDS = {
    "rules": "name",
    "files": "path",
    "sysctls": "sysctl",
    "routes": "destination",
    "units": "unit",
    "addresses": "interface",
    "packages": "name",
    "processes": "count",
    "swaps": "yes-no",
    "mtus": "interface",
}


def _all(command: str) -> Iterator[Pair]:
    try:
        words = shlex.split(command)
    except ValueError:
        return
    for part in _simple(words):
        plain = part[2:] if part[:2] == _SUDO else part
        if plain[:1] == ["env"]:
            plain = list(dropwhile(lambda word: "=" in word, plain[1:]))
        if plain:
            yield from _of(plain[0].rpartition("/")[2], plain[1:])


def _simple(words: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word in ("&&", "||", ";"):
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _of(program: str, words: list[str]) -> Iterator[Pair]:
    reader = _READERS.get(program)
    if reader is not None:
        yield from reader(program, words)


def _chains(program: str, words: list[str]) -> Iterator[Pair]:
    table = _after(words, ("-t", "--table")) or "filter"
    for at, word in enumerate(words[:-1]):
        if word in _CHAIN_VERBS and not words[at + 1].startswith("-"):
            yield "rules", f"{program}/{table}/{words[at + 1]}"


def _after(words: Sequence[str], flags: Sequence[str]) -> str:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word in flags), "")


def _sysctls(program: str, words: list[str]) -> Iterator[Pair]:
    for word in words:
        name, equals, _ = word.partition("=")
        if equals and not name.startswith("-"):
            yield "sysctls", name


def _swaps(program: str, words: list[str]) -> Iterator[Pair]:
    yield "swaps", "yes"


def _routes(program: str, words: list[str]) -> Iterator[Pair]:
    plain = [word for word in words if not word.startswith("-")]
    if plain[:1] in (["address"], ["addr"], ["a"]) and (interface := _after(plain, ("dev",))):
        yield "addresses", interface
    if plain[:2] in (["link", "set"], ["l", "set"]) and "mtu" in plain and (interface := _link_of(plain)):
        yield "mtus", interface
    if plain[:1] in (["route"], ["r"]) and len(plain) > 2 and plain[1] in _ROUTE_VERBS:
        yield "routes", plain[2]


def _link_of(words: list[str]) -> str:
    """Of `ip link set [dev] NAME …`."""
    return _after(words, ("dev",)) or (words[2] if len(words) > 2 else "")


def _units(program: str, words: list[str]) -> Iterator[Pair]:
    names = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if not word.startswith("-") and before not in _WITH_VALUE
    ]
    if names and names[0] in _UNIT_VERBS:
        yield from (("units", name if _SUFFIX.search(name) else f"{name}.service") for name in names[1:])


def _packages(program: str, words: list[str]) -> Iterator[Pair]:
    """Of `apt-get install NAME=VERSION`; what a package brings along is not seen here."""
    names = [word for word in words if not word.startswith("-")]
    if names[:1] in (["install"], ["remove"]):
        yield from (("packages", name.partition("=")[0]) for name in names[1:])


def _signalled(program: str, words: list[str]) -> Iterator[Pair]:
    yield from (("processes", word) for word in words if word.isdecimal())


def _copied(program: str, words: list[str]) -> Iterator[Pair]:
    names = [word for word in words if not word.startswith("-")]
    if len(names) == 2:
        changed = names if program == "mv" else names[1:]
        yield from (("files", name) for name in changed)


def _named(program: str, words: list[str]) -> Iterator[Pair]:
    names = [word for word in words if not word.startswith("-")]
    yield from (("files", name) for name in names[1 if program.startswith("ch") else 0 :])


def _made(program: str, words: list[str]) -> Iterator[Pair]:
    yield from (("files", name) for name in words[-1:] if name.startswith("/"))


def _edited(program: str, words: list[str]) -> Iterator[Pair]:
    yield from (("files", name) for name in edited_files(["sh", *words]))


_READERS: Mapping[str, Callable[[str, list[str]], Iterator[Pair]]] = {
    **dict.fromkeys(("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy"), _chains),
    **dict.fromkeys(("iptables-nft", "ip6tables-nft"), _chains),
    "sysctl": _sysctls,
    "ip": _routes,
    **dict.fromkeys(("swapon", "swapoff"), _swaps),
    "systemctl": _units,
    "apt-get": _packages,
    "kill": _signalled,
    **dict.fromkeys(("cp", "mv"), _copied),
    **dict.fromkeys(("rm", "touch", "chmod", "chown", "chgrp", "chcon"), _named),
    **dict.fromkeys(("mkdir", "install"), _made),
    "sh": _edited,
}
