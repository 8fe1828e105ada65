"""The part of an SSH configuration that concerns one host, as a file for asyncssh: it reads a configuration of
1,000 hosts in 40 ms, which a thousand logins would each pay for, several times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from base.errors import ConfigError
from probes.ssh_config import Section, applies, is_plain, sections

_DESCRIPTORS = Path("/proc/self/fd")

_Stamps = tuple[tuple[Path, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Index:
    """Sections of a configuration, found by name."""

    stamps: _Stamps
    plain: dict[str, list[tuple[int, Section]]]
    others: list[tuple[int, Section]]

    def excerpt(self, name: str) -> str:
        found = [entry for entry in self.others if applies(entry[1], name)]
        return "".join(_text(section) for _, section in sorted([*found, *self.plain.get(name, ())], key=_order))


_indexes: dict[tuple[Path, ...], _Index] = {}


def _order(entry: tuple[int, Section]) -> int:
    return entry[0]


def _text(section: Section) -> str:
    return "\n".join([section.match or "Host *", *section.lines, ""])


@contextmanager
def config_for(name: str, files: tuple[Path, ...]) -> Iterator[list[str] | None]:
    """For asyncssh's `config`, as long as the block lasts. The files themselves where no excerpt can be made;
    None (nothing is read, not even asyncssh's default) without files."""
    originals = [str(file) for file in files] or None
    possible = hasattr(os, "memfd_create") and _DESCRIPTORS.is_dir()
    text = _excerpt(name, files) if files and possible else None
    if text is None:
        yield originals
        return
    descriptor = os.memfd_create("ssh_config")
    try:
        os.write(descriptor, text.encode())
        yield [str(_DESCRIPTORS / str(descriptor))]
    finally:
        os.close(descriptor)


def _excerpt(name: str, files: tuple[Path, ...]) -> str | None:
    """None when the configuration is wrong: asyncssh then says so of the file itself."""
    try:
        return _index(files).excerpt(name)
    except (ConfigError, OSError):
        return None


def _index(files: tuple[Path, ...]) -> _Index:
    """Read again when one of the files has changed."""
    index = _indexes.get(files)
    if index is None or _stamps(tuple(stamp[0] for stamp in index.stamps)) != index.stamps:
        index = _indexes[files] = _read(files)
    return index


def _read(files: tuple[Path, ...]) -> _Index:
    met: list[Path] = []
    plain: dict[str, list[tuple[int, Section]]] = {}
    others: list[tuple[int, Section]] = []
    for order, section in enumerate(section for file in files for section in sections(file, met)):
        if not section.lines:
            continue
        if section.match or not is_plain(section):
            others.append((order, section))
        else:
            for name in dict.fromkeys(section.guards[0]):
                plain.setdefault(name, []).append((order, section))
    return _Index(_stamps(tuple(met)), plain, others)


def _stamps(files: tuple[Path, ...]) -> _Stamps:
    return tuple((file, (stat := file.stat()).st_mtime_ns, stat.st_size) for file in files)
