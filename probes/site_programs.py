"""What the operator's own configuration lets run on the operator's machine, so that nobody is surprised.

asyncssh runs `ProxyCommand` and `Match exec` as ssh does and loads a `PKCS11Provider`; a console is a program by
its nature, and so is the exec plugin of a kubeconfig. Other keywords of ssh that run something (`LocalCommand`,
`KnownHostsCommand`, `RemoteCommand`) do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from base.errors import ConfigError, Place
from probes.cluster.kubeconfig import login_of, read_kubeconfig
from probes.site import Cluster, Site
from probes.ssh_config import read_text, sections

_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*\S)")
_EXEC = re.compile(r"\bexec(?:\s*=\s*|\s+)(\"[^\"]*\"|'[^']*'|\S+)", re.IGNORECASE)
_RUN = {"proxycommand": "ProxyCommand", "pkcs11provider": "PKCS11Provider"}
_EVERYWHERE = "Host *"
EXEC_PLUGIN = "exec plugin"


@dataclass(frozen=True, slots=True)
class Program:
    kind: str
    """`ProxyCommand`, `Match exec`, `PKCS11Provider`, `console` or `exec plugin`; or `insecure-skip-tls-verify`,
    which runs nothing and lets anybody be the API."""
    run: str
    """As it is written there."""
    place: str
    """File and line."""
    under: str
    """The `Host` or `Match` line it stands under, or the console's host."""


def programs_of(site: Site) -> tuple[Program, ...]:
    """In the order of the files, then consoles by host, then clusters. ConfigError when a file cannot be read;
    a kubeconfig that cannot is said where its cluster is tried."""
    consoles = (
        Program("console", " ".join(one.console), site.source, one.name) for one in site.hosts if one.console
    )
    of_clusters = (one for cluster in site.clusters if cluster.kubeconfig for one in _of_cluster(cluster))
    return (*dict.fromkeys(_of_ssh(site)), *consoles, *dict.fromkeys(of_clusters))


def without_plugins(site: Site) -> Site:
    """Without the clusters whose kubeconfig runs a program, which may open a browser: those wait until somebody
    asks for them."""
    quiet = (one for one in site.clusters if not any(run.kind == EXEC_PLUGIN for run in _of_cluster(one)))
    return replace(site, clusters=tuple(quiet))


def _of_cluster(cluster: Cluster) -> Iterator[Program]:
    try:
        login = login_of(read_kubeconfig(cluster.kubeconfig), cluster.context or cluster.name)
    except ConfigError:
        return
    if login.user.plugin:
        yield Program(EXEC_PLUGIN, " ".join(login.user.plugin.argv), login.user.plugin.place, cluster.name)
    if login.server.insecure:
        yield Program("insecure-skip-tls-verify", login.server.url, login.server.place, cluster.name)


def _of_ssh(site: Site) -> Iterator[Program]:
    for file in site.ssh_config:
        met: list[Path] = []
        sections(file, met)
        for path in dict.fromkeys(met):
            yield from _of_file(path)


def _of_file(path: Path) -> Iterator[Program]:
    under = _EVERYWHERE
    for number, line in enumerate(read_text(path, Place(str(path))).splitlines(), 1):
        found = _LINE.match(line)
        keyword, value = (found[1].lower(), found[2]) if found else ("", "")
        place = str(Place(str(path), number))
        if keyword in ("host", "match"):
            under = line.strip()
        if keyword == "match":
            yield from (Program("Match exec", one.strip("\"'"), place, under) for one in _EXEC.findall(value))
        elif keyword in _RUN and value.strip("\"'").lower() != "none":
            yield Program(_RUN[keyword], value, place, under)
