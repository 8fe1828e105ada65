"""Clouds of the site: `clouds:` of site.yaml, else what clouds.yaml and the environment of this machine say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import yaml

from base.errors import ConfigError, UsageError
from base.values import check
from probes.cloud.files import default_file, names_in, of_environment
from probes.site import Cloud, Site
from probes.site_reader import Reader, is_null, shown
from probes.ssh_config import at_home, is_there

_KEYS = ("config", "cloud", "host")
PLACES = "OS_CLIENT_CONFIG_FILE, ~/.config/openstack/clouds.yaml, OS_*, or `clouds:` in site.yaml"
"""Where a cloud comes from."""


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


def usual_cloud(clouds: Iterable[Cloud]) -> str:
    """The site's name for the cloud of OS_CLOUD; OS_CLOUD's own word where the site has no such cloud. Empty where
    it names none, or a file that cannot be read may hold it: that is said when it is tried."""
    named, clouds = os.environ.get("OS_CLOUD", ""), tuple(clouds)
    if not named or any(cloud.name == named for cloud in clouds):
        return named
    alike = [cloud.name for cloud in clouds if cloud.entry == named]
    if len(alike) == 1:
        return alike[0]
    return "" if any(map(_unreadable, clouds)) else named


def _unreadable(cloud: Cloud) -> bool:
    try:
        return cloud.config is not None and not names_in(cloud.config)
    except ConfigError:
        return True


def missing_cloud(site: Site) -> UsageError | None:
    """What is wrong with OS_CLOUD: another cloud must not be taken for it."""
    name = site.usual.get("cloud", "")
    if not name or any(cloud.name == name for cloud in site.clouds):
        return None
    if not site.clouds:
        return UsageError(f"OS_CLOUD names {shown(name)}, but no cloud is known ({site.source})", hint=PLACES)
    there = ", ".join(f"{cloud.name} ({_place(cloud)})" for cloud in site.clouds)
    close = get_close_matches(name, [cloud.name for cloud in site.clouds], 1)
    hint = (
        f"did you mean `{close[0]}`?" if close else "set OS_CLOUD to one of them, unset it, or `--set cloud=NAME`"
    )
    return UsageError(f"OS_CLOUD names {shown(name)}, which is no cloud of the site; there are: {there}", hint=hint)


def _place(cloud: Cloud) -> str:
    return str(cloud.config) if cloud.config else f"host:{cloud.host}" if cloud.host else "OS_*"


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
