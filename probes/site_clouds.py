"""Clouds of the site: `clouds:` of site.yaml, else what clouds.yaml and the environment of this machine say."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import yaml

from base.errors import ConfigError, UsageError
from base.values import check
from probes.cloud.files import default_file, names_in, of_environment
from probes.site import Cloud
from probes.site_reader import Reader, is_null, shown
from probes.ssh_config import at_home, is_there

_KEYS = ("config", "cloud", "host")


def found_clouds() -> tuple[Cloud, ...]:
    """A cloud for each entry of the file, then the environment's; one for a file that cannot be read, which says
    so when it is tried."""
    file, own = default_file(), of_environment()
    environment = (Cloud(own),) if own and _is_name(own) else ()
    if file is None:
        return environment
    file = file.absolute()  # commands that are shown are run elsewhere, too
    try:
        names = names_in(file)
    except ConfigError:
        return (Cloud("clouds", file), *environment)
    return (*(Cloud(name, file) for name in names if _is_name(name)), *environment)


def _is_name(text: str) -> bool:
    try:
        return check("cloud", text) == text
    except UsageError:
        return False


def clouds_of(reader: Reader, node: yaml.Node | None, hosts: Iterable[str]) -> tuple[Cloud, ...]:
    if node is None:
        return found_clouds()
    entries = {} if is_null(node) else reader.entries(node, "clouds")
    known = frozenset(hosts)
    return tuple(_cloud(reader, name, key, value, known) for name, (key, value) in entries.items())


def _cloud(reader: Reader, name: str, key: yaml.Node, value: yaml.Node, hosts: frozenset[str]) -> Cloud:
    if not _is_name(name):
        reader.wrong(key, f"{shown(name)} is no name of a cloud", "letters, digits, `.`, `_` and `-`")
    before = len(reader.problems)
    fields = {} if is_null(value) else reader.known(value, shown(name), _KEYS)
    entry, host = reader.word(fields.get("cloud"), "cloud"), reader.word(fields.get("host"), "host")
    if host and host not in hosts:
        reader.wrong(fields["host"], f"{shown(host)} is no host of this site", "`hosts:` or the SSH configuration")
    file = _file(reader, fields.get("config"))
    if file is None and not host:
        file = default_file()
    unsaid = len(reader.problems) == before
    if unsaid and file is None and not host and of_environment() != (entry or name):
        hint = "give it a `config`, or a `host` that has one"
        reader.wrong(key, f"{shown(name)}: no clouds.yaml is known", hint)
    if file is not None and is_there(file):
        _named_there(reader, fields.get("cloud") or key, entry or name, file)
    return Cloud(name, file, entry, host)


def _file(reader: Reader, node: yaml.Node | None) -> Path | None:
    word = reader.word(node, "config")
    if node is None or not word:
        return None
    file = reader.path.absolute().parent / at_home(word)
    if not is_there(file):
        reader.wrong(node, f"no such file: {shown(str(file))}", "relative paths start at the site file")
    return file


def _named_there(reader: Reader, node: yaml.Node, name: str, file: Path) -> None:
    """A file that cannot be read is no mistake of the site's: it is said when the cloud is tried."""
    with suppress(ConfigError):
        names = names_in(file)
        if name in names:
            return
        close = get_close_matches(name, names, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"there are: {', '.join(names) or 'none'}"
        reader.wrong(node, f"{file}: names no cloud {shown(name)}", hint)
