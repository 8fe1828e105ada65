"""Clusters of the site: `clusters:` of site.yaml, else what kubeconfigs of this machine say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from base.errors import ConfigError, UsageError
from base.values import check
from probes.cluster.in_pod import is_in_pod
from probes.cluster.kubeconfig import read_kubeconfig
from probes.site import Cluster, Site
from probes.site_reader import Reader, is_null, shown
from probes.ssh_config import at_home, is_there

PLACES = "KUBECONFIG, ~/.kube/config, or `clusters:` in site.yaml"
"""Where a cluster comes from."""
ADMIN_FILE = Path("/etc/kubernetes/admin.conf")
_LOOKS = {"look_image": "name", "look_namespace": "k8s-name", "look_pull_secret": "k8s-name"}
"""Key → kind: of pods that are started for a look."""
_KEYS = ("kubeconfig", "context", "host", *_LOOKS)


def default_files() -> tuple[Path, ...]:
    """KUBECONFIG, else ~/.kube/config, else kubeadm's where it may be read; missing ones are left out, as kubectl
    does."""
    named = os.environ.get("KUBECONFIG", "")
    if named:
        return tuple(file for word in named.split(os.pathsep) if word and is_there(file := at_home(word)))
    found = (
        file for file in (at_home("~/.kube/config"), ADMIN_FILE) if is_there(file) and os.access(file, os.R_OK)
    )
    return tuple(found)[:1]


def found_clusters() -> tuple[Cluster, ...]:
    """A cluster for each context; one for files that cannot be read, which says so when it is tried; the pod's own
    without any file."""
    files = tuple(file.absolute() for file in default_files())
    if not files:
        return (Cluster("in-cluster"),) if is_in_pod() else ()
    try:
        contexts = read_kubeconfig(files).contexts
    except ConfigError:
        return (Cluster("kubeconfig", files),)
    return tuple(Cluster(name, files) for name in contexts if _is_name(name))


def left_out(site: Site) -> tuple[UsageError, ...]:
    """What this machine's kubeconfigs name, and is no cluster here. Nothing where site.yaml names its own."""
    files = tuple(file.absolute() for file in default_files())
    if site.clusters and not any(cluster.kubeconfig == files for cluster in site.clusters):
        return ()
    return (*_missing_files(), *_unusable_contexts(files))


def _missing_files() -> Iterator[UsageError]:
    for word in os.environ.get("KUBECONFIG", "").split(os.pathsep):
        if word and not is_there(at_home(word)):
            yield UsageError(
                f"KUBECONFIG names {shown(word)}, which is not there", hint="kubectl leaves it out, too"
            )


def _unusable_contexts(files: tuple[Path, ...]) -> Iterator[UsageError]:
    try:
        config = read_kubeconfig(files)
    except ConfigError:  # said when its cluster is tried
        return
    for name, context in config.contexts.items():
        if not _is_name(name):
            yield UsageError(f"{context.place}: the context {shown(name)} is left out for its name", hint=_RENAME)
    if config.current and config.current not in config.contexts:
        there = ", ".join(map(shown, sorted(config.contexts)[:10])) or "none"
        message = f"`current-context` names {shown(config.current)}, which is no context of the kubeconfig"
        yield UsageError(message, hint=f"contexts there: {there}")


_RENAME = "`kubectl config rename-context` gives it one without spaces; or name it as `context` in site.yaml"


def usual_cluster() -> str:
    """The current context of the kubeconfig; empty where there is none."""
    try:
        return read_kubeconfig(default_files()).current
    except ConfigError:
        return ""


def _is_name(text: str) -> bool:
    """Names that could not be passed to a command are no clusters."""
    try:
        return check("cluster", text) == text and not text.startswith("-")
    except UsageError:
        return False


def clusters_of(reader: Reader, node: yaml.Node | None, hosts: Iterable[str]) -> tuple[Cluster, ...]:
    if node is None:
        return found_clusters()
    entries = {} if is_null(node) else reader.entries(node, "clusters")
    known = frozenset(hosts)
    return tuple(_cluster(reader, name, key, value, known) for name, (key, value) in entries.items())


def _cluster(reader: Reader, name: str, key: yaml.Node, value: yaml.Node, hosts: frozenset[str]) -> Cluster:
    if not _is_name(name):
        reader.wrong(
            key, f"{shown(name)} is no name of a cluster", "without spaces or characters that are not seen"
        )
    fields = {} if is_null(value) else reader.known(value, shown(name), _KEYS)
    host = reader.word(fields.get("host"), "host")
    if host and host not in hosts:
        reader.wrong(fields["host"], f"{shown(host)} is no host of this site", "`hosts:` or the SSH configuration")
    files = _files(reader, fields.get("kubeconfig"))
    if not files and not host:
        files = default_files()
    if not files and not host:
        reader.wrong(
            key, f"{shown(name)}: no kubeconfig is known", "give it a `kubeconfig`, or a `host` that has one"
        )
    looks = {key: _checked(reader, fields.get(key), key) for key in _LOOKS}
    return Cluster(name, files, reader.word(fields.get("context"), "context"), host, **looks)


def _checked(reader: Reader, node: yaml.Node | None, key: str) -> str:
    word = reader.word(node, key)
    if node is None or not word:
        return ""
    try:
        return str(check(_LOOKS[key], word, name=key))
    except UsageError as error:
        reader.wrong(node, error.message, error.hint)
        return ""


def _files(reader: Reader, node: yaml.Node | None) -> tuple[Path, ...]:
    if node is None or is_null(node):
        return ()
    nodes = [node] if isinstance(node, yaml.ScalarNode) else reader.words(node, "kubeconfig")
    files = []
    for item in nodes:
        file = reader.path.absolute().parent / at_home(str(item.value))
        if not is_there(file):
            reader.wrong(item, f"no such file: {shown(str(file))}", "relative paths start at the site file")
        files.append(file)
    return tuple(files)
