"""The site from `site.yaml` or from OpenSSH configuration. Every mistake has its place and a hint."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypedDict

import yaml

from base.errors import ConfigError, Place, UsageError
from base.paths import config_dir
from base.values import check
from probes.fix_rules import policy_of
from probes.site import OPERATOR, Cloud, Cluster, Host, Site
from probes.site_clouds import clouds_of, found_clouds, usual_cloud
from probes.site_clusters import clusters_of, found_clusters, usual_cluster
from probes.site_reader import Reader, is_null, shown
from probes.ssh_config import at_home, default_config, hosts_of, is_there, matches, read_text
from probes.yaml_tree import Mistakes, compose

VERSION = 1
_SITE_LINE = re.compile(r"^(?:version|hosts|only|ssh_config|fixes|clouds|clusters)\s*:", re.MULTILINE)
_SUFFIXES = (".yaml", ".yml")
_NEW = "`deadhop site init` writes one from ~/.ssh/config"


SiteInvalid = Mistakes
"""Mistakes in a site file, each with its place."""


def load_site(path: Path | None = None) -> Site:
    """The site of `path`, else of DEADHOP_SITE, the user's configuration folder, or ~/.ssh/config."""
    given = path or (Path(os.environ["DEADHOP_SITE"]) if os.environ.get("DEADHOP_SITE") else None)
    own, ssh = config_dir() / "site.yaml", default_config()
    if given is None and own.exists():
        given = own
    if given is not None:
        return _not_empty(_load(at_home(str(given))))
    if not ssh.exists():
        return Site("no site file and no ~/.ssh/config", **_found())
    return Site(str(ssh), hosts_of(ssh), (ssh,), **_found())


class _Found(TypedDict):
    clouds: tuple[Cloud, ...]
    clusters: tuple[Cluster, ...]
    usual: Mapping[str, str]


def _found() -> _Found:
    """What the clients' own files and the environment name."""
    clouds = found_clouds()
    return {"clouds": clouds, "clusters": found_clusters(), "usual": _usual(clouds)}


def _usual(clouds: tuple[Cloud, ...]) -> dict[str, str]:
    return {"cloud": usual_cloud(clouds), "cluster": usual_cluster()}


def _not_empty(site: Site) -> Site:
    if not (site.hosts or site.clouds or site.clusters):
        raise ConfigError(
            f"{site.source}: names no host", hint="name hosts under `hosts:` or in the SSH configuration"
        )
    return site


def _load(path: Path) -> Site:
    text = _text(path)
    if path.suffix in _SUFFIXES or _SITE_LINE.search(text):
        return parse_site(text, path)
    return Site(str(path), hosts_of(path), (path,), **_found())


def _text(path: Path) -> str:
    try:
        text = read_text(path, Place(str(path)))
    except ConfigError as error:
        raise ConfigError(error.message, hint=error.hint if is_there(path) else _NEW) from error
    if not text.strip():
        raise ConfigError(f"{path}: is empty", hint=_NEW)
    return text


# ------------------------------------------------------------------ site.yaml


def parse_site(text: str, path: Path) -> Site:
    """The site of a site.yaml's text. SiteInvalid with all that is wrong."""
    reader = Reader(path)
    root = _compose(text, path)
    values = reader.known(
        root, "the site file", ("version", "ssh_config", "hosts", "only", "fixes", "clouds", "clusters")
    )
    _check_version(reader, root, values.get("version"))
    files = _ssh_files(reader, values.get("ssh_config"))
    listed = _listed(reader, files, values.get("only"))
    own, marked = _own_hosts(reader, values.get("hosts"))
    hosts = _merged(listed, own)
    names = [host.name for host in hosts]
    clouds = clouds_of(reader, values.get("clouds"), names)
    clusters = clusters_of(reader, values.get("clusters"), names)
    names += [name for cloud in clouds for name in (cloud.name, f"cloud:{cloud.name}")]
    names += [name for cluster in clusters for name in (cluster.name, f"cluster:{cluster.name}")]
    policy = policy_of(reader, values.get("fixes"), names, marked)
    if reader.problems:
        raise SiteInvalid(tuple(reader.problems))
    return Site(str(path), hosts, files, policy, clouds, clusters, _usual(clouds))


def _compose(text: str, path: Path) -> yaml.Node:
    root = compose(text, path)
    if root is None:
        raise ConfigError(f"{path}: is empty", hint=_NEW)
    return root


def _check_version(reader: Reader, root: yaml.Node, node: yaml.Node | None) -> None:
    if node is None:
        reader.wrong(root, "`version` is missing", f"begin the file with `version: {VERSION}`")
    elif node.value != str(VERSION):
        version = shown(str(node.value)) if isinstance(node, yaml.ScalarNode) else "this"
        reader.wrong(
            node, f"{version} is no known version of the site file", f"this deadhop reads `version: {VERSION}`"
        )


def _ssh_files(reader: Reader, node: yaml.Node | None) -> tuple[Path, ...]:
    if node is None or is_null(node):
        return (default_config(),) if default_config().exists() else ()
    nodes = [node] if isinstance(node, yaml.ScalarNode) else reader.words(node, "ssh_config")
    files = []
    for item in nodes:
        file = reader.path.absolute().parent / at_home(str(item.value))
        if is_there(file):
            files.append(file)
        else:
            reader.wrong(item, f"no such file: {shown(str(file))}", "relative paths start at the site file")
    return tuple(files)


def _listed(reader: Reader, files: tuple[Path, ...], only: yaml.Node | None) -> list[Host]:
    hosts = [host for file in files for host in hosts_of(file)]
    nodes = reader.words(only, "only")
    for node in nodes:
        pattern = str(node.value).removeprefix("!")
        if not any(matches(host.name, (pattern,)) for host in hosts):
            reader.wrong(
                node, f"{shown(str(node.value))} matches no host of the SSH configuration", "is it spelled right?"
            )
    patterns = tuple(str(node.value) for node in nodes)
    if patterns and all(pattern.startswith("!") for pattern in patterns):
        patterns = ("*", *patterns)
    return [host for host in hosts if not patterns or matches(host.name, patterns)]


_OF_A_HOST = ("addresses", "console", "labels", "read_only")


def _own_hosts(reader: Reader, node: yaml.Node | None) -> tuple[list[Host], tuple[str, ...]]:
    """The hosts, and the names of those marked `read_only: true`."""
    hosts, read_only = [], []
    for name, (key, value) in ({} if node is None or is_null(node) else reader.entries(node, "hosts")).items():
        if _checked(reader, key, "host", name) and name == OPERATOR:
            reader.wrong(key, f"{shown(name)} is the machine deadhop runs on", "give the host another name")
        fields = {} if is_null(value) else reader.known(value, shown(name), _OF_A_HOST)
        hosts.append(_own_host(reader, name, fields))
        if reader.yes(fields.get("read_only"), "read_only"):
            read_only.append(name)
    return hosts, tuple(read_only)


def _own_host(reader: Reader, name: str, fields: dict[str, yaml.Node]) -> Host:
    return Host(
        name,
        tuple(_addresses(reader, fields.get("addresses"))),
        tuple(str(word.value) for word in reader.words(fields.get("console"), "console")),
        tuple(str(word.value) for word in reader.words(fields.get("labels"), "labels")),
    )


def _addresses(reader: Reader, node: yaml.Node | None) -> Iterator[str]:
    for word in reader.words(node, "addresses"):
        if _checked(reader, word, "address", str(word.value)):
            yield str(check("address", str(word.value)))


def _checked(reader: Reader, node: yaml.Node, kind: str, text: str) -> bool:
    try:
        if text != text.strip():  # `check` is lenient; a name is used as it is written
            raise UsageError(kind)
        check(kind, text)
    except UsageError:
        hint = _HINTS[kind]
        reader.wrong(node, f"{shown(text)} is not {_A_KIND[kind]}", hint)
        return False
    return True


_A_KIND = {"host": "a host name", "address": "an IP address"}
_HINTS = {
    "host": "letters, digits, `.`, `_` and `-`",
    "address": "such as 192.168.100.101, without a prefix length",
}


def _merged(listed: list[Host], own: list[Host]) -> tuple[Host, ...]:
    """Hosts of the SSH configuration in its order, then those only site.yaml has; addresses of both."""
    hosts: dict[str, Host] = {}
    for host in (*listed, *own):
        old = hosts.get(host.name, Host(host.name))
        addresses = dict.fromkeys((*old.addresses, *host.addresses))
        hosts[host.name] = Host(host.name, tuple(addresses), host.console or old.console, host.labels or old.labels)
    return tuple(hosts.values())
