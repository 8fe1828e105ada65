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
from base.files import NoFile, opened
from base.values import KINDS
from probes.site import Host

MAX_INCLUDES = 16
"""As deep as OpenSSH follows `Include`."""
MAX_FILES = 2000
"""Ten files that include each other would be read 10^16 times."""
_BIGGEST = 8 << 20
_LONGEST_PATTERN = 1000
_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)(.*)")
_READ = frozenset({"host", "hostname", "match", "include"})
_QUOTES = ('"', "'", "\\")

Patterns = tuple[str, ...]


@dataclass(slots=True)
class Section:
    """Lines that hold together: under a `Host` or `Match`, or between an `Include` and the next of these."""

    guards: tuple[Patterns, ...]
    """`Host` pattern lists that must all match: more than one inside included files."""
    match: str = ""
    """The whole `Match` line they also stand under."""
    names: bool = False
    """A `Host` line begins it, so its last guard names hosts."""
    lines: list[str] = field(default_factory=list)
    hostname: str = ""


@dataclass(slots=True)
class _Found:
    lines: list[tuple[str, ...]] = field(default_factory=list)
    """Concrete names of each `Host` line, in order."""
    exact: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Name → the first HostName given to it by its full name, with its place in the order."""
    wild: list[tuple[int, Section]] = field(default_factory=list)
    """Sections with wildcards that give a HostName."""


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
    for order, section in enumerate(sections(path)):
        if section.names:
            _note_names(section.guards, found)
        if section.hostname and not section.match:
            _note_hostname(order, section, found)
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
    best, value = found.exact.get(name, (None, name))
    for order, section in found.wild:
        if best is not None and order > best:
            break
        if applies(section, name):
            value = section.hostname
            break
    return value.replace("%h", name).replace("%%", "%")


def applies(section: Section, name: str) -> bool:
    return all(matches(name, patterns) for patterns in section.guards)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """OpenSSH's pattern list: any match, and no negated one."""
    hit = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if _fits(name, pattern[1:]):
                return False
        elif not hit:
            hit = _fits(name, pattern)
    return hit


def _fits(name: str, pattern: str) -> bool:
    return pattern == name or (not _concrete(pattern) and fnmatchcase(name, _globbed(pattern)))


def _globbed(pattern: str) -> str:
    return pattern.replace("[", "[[]")


# ------------------------------------------------------------------ reading


def read_text(path: Path, place: Place) -> str:
    """The file's text; ConfigError when it cannot be had."""
    try:
        with opened(path) as file:
            content = file.read(_BIGGEST + 1)
        if len(content) > _BIGGEST:
            raise ConfigError(f"{place}: is larger than {_BIGGEST >> 20} MiB", hint="is it the right file?")
        return content.decode()
    except FileNotFoundError as error:
        raise ConfigError(f"{place}: no such file", hint="check the path") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{place}: is a directory, not a file") from error
    except NoFile as error:
        raise ConfigError(f"{place}: is no regular file", hint="write it into a file first") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place}: is not a text file (UTF-8)") from error
    except OSError as error:
        raise ConfigError(f"{place}: cannot be read: {error.strerror}", hint=f"`ls -l {path}`") from error
    except ValueError as error:
        raise ConfigError(f"{place}: is no path: {error}") from error


def is_there(path: Path) -> bool:
    """False too for what cannot be a path: too long, or with a zero byte."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def sections(path: Path, met: list[Path] | None = None) -> list[Section]:
    """The file with what it includes, in order; ConfigError with file:line. Notes the files in `met`."""
    read = _Reader([] if met is None else met)
    read.file(path, Place(str(path)), (), 0)
    return read.sections


@dataclass(slots=True)
class _Reader:
    met: list[Path]
    sections: list[Section] = field(default_factory=list)

    def file(self, path: Path, place: Place, guards: tuple[Patterns, ...], depth: int) -> None:
        if depth > MAX_INCLUDES or len(self.met) > MAX_FILES:
            most = f"deeper than {MAX_INCLUDES}" if depth > MAX_INCLUDES else f"to more than {MAX_FILES} files"
            message = f"{place}: `Include` goes {most}"
            raise ConfigError(message, hint="does it include itself?")
        self.met.append(path)
        current = self._begin(Section(guards))
        for number, line in enumerate(read_text(path, place).splitlines(), 1):
            parsed = _LINE.match(line)
            if not parsed:
                continue
            keyword = parsed[1].lower()
            if keyword not in _READ and '"' not in line:
                current.lines.append(_without_equals(parsed))
                continue
            here = Place(str(path), number)
            words = _words(parsed[2], here)
            if keyword in _READ and not words:
                raise ConfigError(f"{here}: `{parsed[1]}` without a value", hint="see ssh_config(5)")
            if keyword == "host":
                current = self._begin(Section((*guards, words), names=True))
            elif keyword == "match":
                current = self._begin(Section(guards, "" if words[0].lower() == "all" else line))
            elif keyword == "include" and not current.match:
                if any(len(word) > _LONGEST_PATTERN or "\0" in word for word in words):
                    raise ConfigError(f"{here}: `Include` of what is no path", hint="see ssh_config(5)")
                for included in _included(words, path):
                    self.file(included, Place(str(included)), current.guards, depth + 1)
                current = self._begin(Section(current.guards))
            else:
                current.lines.append(_without_equals(parsed))
                if keyword == "hostname":
                    current.hostname = current.hostname or words[0]

    def _begin(self, section: Section) -> Section:
        self.sections.append(section)
        return section


def _without_equals(line: re.Match[str]) -> str:
    """asyncssh takes the sign in `ProxyCommand = x` for the program."""
    return f"{line[1]} {line[2]}"


def _words(rest: str, place: Place) -> tuple[str, ...]:
    if not any(quote in rest for quote in _QUOTES):
        return tuple(rest.partition(" #")[0].split())
    try:
        return tuple(shlex.split(rest, comments=True))
    except ValueError as error:
        raise ConfigError(f"{place}: {str(error).lower()}", hint="close the quotes") from error


def _concrete(pattern: str) -> bool:
    return not ("*" in pattern or "?" in pattern or pattern.startswith("!"))


def _note_names(guards: tuple[Patterns, ...], found: _Found) -> None:
    patterns = guards[-1]
    names = [name for name in patterns if _concrete(name) and matches(name, patterns)]
    names = [name for name in names if all(matches(name, guard) for guard in guards[:-1])]
    if names:
        found.lines.append(tuple(names))


def _note_hostname(order: int, section: Section, found: _Found) -> None:
    if is_plain(section):
        for name in section.guards[0]:
            found.exact.setdefault(name, (order, section.hostname))
    else:
        found.wild.append((order, section))


def is_plain(section: Section) -> bool:
    """It names its hosts in full."""
    return len(section.guards) == 1 and all(map(_concrete, section.guards[0]))


def _included(patterns: Iterable[str], path: Path) -> Iterator[Path]:
    """Files of an `Include`: relative to ~/.ssh, or to /etc/ssh in the system's own files."""
    system = path.is_absolute() and path.is_relative_to("/etc/ssh")
    base = Path("/etc/ssh") if system else at_home("~/.ssh")
    for pattern in patterns:
        # Not Path.glob: like OpenSSH, `*` must leave hidden files out.
        for name in sorted(glob.glob(str(base / at_home(pattern)))):  # noqa: PTH207
            if Path(name).is_file():
                yield Path(name)
