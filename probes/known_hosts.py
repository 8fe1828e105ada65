"""The operator's known_hosts files: which keys a host may show. Wrong lines are passed over, as ssh does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from asyncssh import SSHKey, SSHKnownHosts

from base.files import opened
from probes.keys import known_name
from probes.ssh_config import at_home

USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
SYSTEM_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


@dataclass(frozen=True, slots=True)
class Known:
    """What known_hosts says of one host."""

    name: str
    """As known_hosts has it: ADDRESS, HOST or [HOST]:PORT."""
    keys: tuple[SSHKey, ...] = ()
    """Under exactly this name."""
    without_port: tuple[SSHKey, ...] = ()
    """Under HOST alone, for a host on another port: good when they fit, but no sign of a change when not."""
    authorities: tuple[SSHKey, ...] = ()
    revoked: tuple[SSHKey, ...] = ()
    file: str = ""
    """Where the first key stands, else the file a new key would be written to."""
    line: int = 0

    @property
    def for_asyncssh(self) -> tuple[list[SSHKey], list[SSHKey], list[SSHKey]]:
        return [*self.keys, *self.without_port], list(self.authorities), list(self.revoked)


def known_to(host: str, port: int, files: Iterable[str]) -> Known:
    """The keys the files know for what the SSH configuration connects to (or its HostKeyAlias)."""
    paths = tuple(at_home(file) for file in files)
    name = known_name(host, port)
    keys: list[SSHKey] = []
    others: list[SSHKey] = []
    authorities: list[SSHKey] = []
    revoked: list[SSHKey] = []
    where = (str(paths[0]) if paths else "", 0)
    for path in paths:
        text, hosts = _load(path)
        # Not match(host, "", port): that forgets what is revoked for a port.
        for pattern in dict.fromkeys((name, host)):
            found = hosts.match(pattern, "", None)
            if found[0] and pattern == name and not keys:
                where = (str(path), _line_of(text, name, found[0][0]))
            (keys if pattern == name else others).extend(found[0])
            authorities += found[1]
            revoked += found[2]
    return Known(name, tuple(keys), tuple(others), tuple(authorities), tuple(revoked), *where)


def _load(path: Path) -> tuple[str, SSHKnownHosts]:
    try:
        stat = path.stat()
    except OSError:
        return "", SSHKnownHosts()
    return _loaded(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _loaded(path: Path, _changed: int, _size: int) -> tuple[str, SSHKnownHosts]:
    """Kept until the file changes: a site of 1,000 hosts asks 1,000 times."""
    hosts = SSHKnownHosts()
    try:
        with opened(path) as file:
            text = file.read().decode(errors="replace")
    except OSError:
        return "", hosts
    for line in text.splitlines():
        _add(line, hosts)
    return text, hosts


def _add(line: str, hosts: SSHKnownHosts) -> None:
    try:
        hosts.load(line)
    except ValueError:
        return


def _line_of(text: str, name: str, key: SSHKey) -> int:
    blob = public_key(key).partition(" ")[2]
    for number, line in enumerate(text.splitlines(), 1):
        if blob in line:
            alone = SSHKnownHosts()
            _add(line, alone)
            if alone.match(name, "", None)[0]:
                return number
    return 0


def public_key(key: SSHKey) -> str:
    """`type base64`, without the comment."""
    return " ".join(key.export_public_key().decode().split()[:2])
