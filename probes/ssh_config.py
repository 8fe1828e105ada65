"""Which hosts an OpenSSH client configuration names. Fast and without asyncssh; how to log in to one of
them is read by asyncssh itself when a connection is opened."""

from __future__ import annotations

import glob
import ipaddress
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from base.errors import ConfigError, Place
from base.values import KINDS
from probes.site import Host

MAX_INCLUDES = 16
"""As deep as OpenSSH follows `Include`."""
_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)(.*)")
_READ = frozenset({"host", "hostname", "match", "include"})
_QUOTES = ('"', "'", "\\")

Patterns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """`Host` patterns that must all (one of each line) match, with the HostName given under them."""

    guards: tuple[Patterns, ...]
    hostname: str


@dataclass(slots=True)
class _Found:
    lines: list[tuple[str, ...]] = field(default_factory=list)
    """Concrete names of each `Host` line, in order."""
    exact: dict[str, str] = field(default_factory=dict)
    """Name → HostName of the first block that gives one to it by its full name."""
    order: dict[str, int] = field(default_factory=dict)
    wild: list[tuple[int, _Block]] = field(default_factory=list)
    """Blocks with wildcards that give a HostName, with their place in the order."""
    blocks: int = 0


def default_config() -> Path:
    return at_home("~/.ssh/config")


def at_home(path: str) -> Path:
    """`~` expanded; the path as it is for a user without a home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def hosts_of(path: Path) -> tuple[Host, ...]:
    """The concrete hosts of an OpenSSH client configuration, in order; ConfigError with file:line."""
    found = _Found()
    _read(path, Place(str(path)), (), 0, found)
    hosts: dict[str, Host] = {}
    for names in found.lines:
        for host in _hosts_of_line(names, found):
            old = hosts.get(host.name)
            addresses = dict.fromkeys((*old.addresses, *host.addresses)) if old else host.addresses
            hosts[host.name] = Host(host.name, tuple(addresses))
    return tuple(hosts.values())


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _hosts_of_line(names: tuple[str, ...], found: _Found) -> Iterator[Host]:
    """Names that share one fixed HostName are one machine; names without one are a machine each."""
    addresses = tuple(name for name in names if is_address(name))
    words = [name for name in names if name not in addresses] or list(addresses[:1])
    for position, name in enumerate(words):
        hostname = _hostname(name, found)
        own = addresses if position == 0 else ()
        known = (hostname, *own) if is_address(hostname) else own
        if _valid(name):
            yield Host(name, tuple(dict.fromkeys(known)))
        if hostname != name and all(_hostname(other, found) == hostname for other in words):
            return


def _valid(name: str) -> bool:
    """Names that could not be passed to a command (`-oProxyCommand=…`) are no hosts."""
    try:
        KINDS["host"](name)
    except ValueError:
        return False
    return True


def _hostname(name: str, found: _Found) -> str:
    """What OpenSSH connects to: the first HostName that applies, `%h` being the name itself."""
    best, value = found.order.get(name, found.blocks + 1), found.exact.get(name, name)
    for order, block in found.wild:
        if order > best:
            break
        if all(matches(name, patterns) for patterns in block.guards):
            value = block.hostname
            break
    return value.replace("%h", name).replace("%%", "%")


def matches(name: str, patterns: Iterable[str]) -> bool:
    """OpenSSH's pattern list: any match, and no negated one."""
    hit = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if matches(name, (pattern[1:],)):
                return False
        elif not hit:
            hit = pattern == name or (not _concrete(pattern) and fnmatchcase(name, _globbed(pattern)))
    return hit


def _globbed(pattern: str) -> str:
    return pattern.replace("[", "[[]")


# ------------------------------------------------------------------ reading


def read_text(path: Path, place: Place) -> str:
    """The file's text; ConfigError when it cannot be had."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        raise ConfigError(f"{place}: no such file", hint="check the path") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{place}: is a directory, not a file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place}: is not a text file (UTF-8)") from error
    except OSError as error:
        raise ConfigError(f"{place}: cannot be read: {error.strerror}", hint=f"`ls -l {path}`") from error


def _read(path: Path, place: Place, guards: tuple[Patterns, ...], depth: int, found: _Found) -> None:
    if depth > MAX_INCLUDES:
        raise ConfigError(f"{place}: `Include` goes deeper than {MAX_INCLUDES}", hint="does it include itself?")
    current: tuple[Patterns, ...] | None = guards
    for number, line in enumerate(read_text(path, place).splitlines(), 1):
        parsed = _LINE.match(line)
        keyword = parsed[1].lower() if parsed else ""
        if not parsed or (keyword not in _READ and '"' not in line):
            continue
        here = Place(str(path), number)
        words = _words(parsed[2], here)
        if keyword in _READ and not words:
            raise ConfigError(f"{here}: `{parsed[1]}` without a value", hint="see ssh_config(5)")
        if keyword == "host":
            current = (*guards, words)
            _note_names(words, guards, found)
        elif keyword == "match":
            current = guards if words[0].lower() == "all" else None
        elif current is None:
            continue
        elif keyword == "hostname":
            _note_hostname(current, words[0], found)
        elif keyword == "include":
            for included in _included(words, path):
                _read(included, Place(str(included)), current, depth + 1, found)


def _words(rest: str, place: Place) -> tuple[str, ...]:
    if not any(quote in rest for quote in _QUOTES):
        return tuple(rest.partition(" #")[0].split())
    try:
        return tuple(shlex.split(rest, comments=True))
    except ValueError as error:
        raise ConfigError(f"{place}: {str(error).lower()}", hint="close the quotes") from error


def _concrete(pattern: str) -> bool:
    return not ("*" in pattern or "?" in pattern or pattern.startswith("!"))


def _note_names(patterns: Patterns, guards: tuple[Patterns, ...], found: _Found) -> None:
    names = [name for name in patterns if _concrete(name) and matches(name, patterns)]
    names = [name for name in names if all(matches(name, guard) for guard in guards)]
    if names:
        found.lines.append(tuple(names))


def _note_hostname(guards: tuple[Patterns, ...], hostname: str, found: _Found) -> None:
    found.blocks += 1
    if len(guards) == 1 and all(map(_concrete, guards[0])):
        for name in guards[0]:
            found.exact.setdefault(name, hostname)
            found.order.setdefault(name, found.blocks)
    else:
        found.wild.append((found.blocks, _Block(guards, hostname)))


def _included(patterns: Iterable[str], path: Path) -> Iterator[Path]:
    """Files of an `Include`: relative to ~/.ssh, or to /etc/ssh in the system's own files."""
    system = path.is_absolute() and path.is_relative_to("/etc/ssh")
    base = Path("/etc/ssh") if system else at_home("~/.ssh")
    for pattern in patterns:
        # Not Path.glob: like OpenSSH, `*` must leave hidden files out.
        for name in sorted(glob.glob(str(base / at_home(pattern)))):  # noqa: PTH207
            if Path(name).is_file():
                yield Path(name)
