"""node.versions: which Kubernetes programs a machine has, and which packages could take their place."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from probes.cluster.join import minor_of
from probes.connection import Connection
from probes.errors import CommandMissing
from probes.linux.ask import ask
from probes.probe import Toolbox, probe
from probes.site import target_of

_PACKAGES = ("kubelet", "kubeadm")
_INSTALLED = (
    "dpkg-query",
    "-W",
    "-f",
    "${Package} ${db:Status-Want} ${db:Status-Status} ${Version}\\n",
    *_PACKAGES,
)
_OFFERED = ("apt-cache", "madison", *_PACKAGES)
_NONE_SUCH = (0, 1, 100)
"""dpkg-query says 1 of packages nobody knows, apt-cache 100 of broken sources."""


@dataclass(frozen=True, slots=True)
class NodeVersions:
    host: str
    kubelet: str
    """v1.35.4; empty when it is not installed."""
    kubelet_minor: int
    kubeadm: str
    kubeadm_minor: int
    wanted_minor: int
    """Of the version that was asked for; 0 when none was."""
    offered: str = ""
    """Newest Debian package of that minor version that apt offers of both; empty where there is none, or no apt."""
    kubelet_package: str = ""
    """Version of the installed Debian package; empty when it came another way."""
    kubeadm_package: str = ""
    mark: str = ""
    """What `apt-mark` is to say to both afterwards, so that they are held as before: hold or unhold."""


@probe(
    "node.versions",
    commands=("kubelet --version", "kubeadm version -o short", "dpkg-query -W", "apt-cache madison"),
    timeout=25.0,  # apt-cache reads all its lists anew where it may not keep what it made of them
    version="name",
)
async def versions(host: str, toolbox: Toolbox, version: str = "") -> NodeVersions:
    """The versions of kubelet and kubeadm on a machine, as the programs themselves say, and packages that would
    go with a control plane of `version`."""
    connection, wanted = toolbox.connection(target_of(host)), minor_of(version)
    kubelet, kubeadm, installed, offered = await asyncio.gather(
        _said(connection, "kubelet", "--version"),
        _said(connection, "kubeadm", "version", "-o", "short"),
        _said(connection, *_INSTALLED),
        _said(connection, *_OFFERED),
    )
    kubelet, (has, held) = kubelet.removeprefix("Kubernetes "), parse_installed(installed)
    package = newest(parse_offered(offered), wanted)
    return NodeVersions(
        host, kubelet, minor_of(kubelet), kubeadm, minor_of(kubeadm), wanted, package,
        has.get("kubelet", ""), has.get("kubeadm", ""), "hold" if held else "unhold",
    )  # fmt: skip


async def _said(connection: Connection, *words: str) -> str:
    try:
        return (await ask(connection, *words, ok=_NONE_SUCH, seconds=20.0)).strip()
    except CommandMissing:
        return ""


def parse_installed(text: str) -> tuple[dict[str, str], bool]:
    """Package → version, of those that are there, and whether any is held."""
    rows = [row for line in text.splitlines() if len(row := line.split()) == 4 and row[2] == "installed"]
    return {row[0]: row[3] for row in rows}, any(row[1] == "hold" for row in rows)


def parse_offered(text: str) -> dict[str, tuple[str, ...]]:
    """Package → versions, the newest first, of `apt-cache madison`."""
    rows = [[word.strip() for word in line.split("|")] for line in text.splitlines()]
    return {name: tuple(row[1] for row in rows if len(row) == 3 and row[0] == name) for name in _PACKAGES}


def newest(offered: dict[str, tuple[str, ...]], minor: int) -> str:
    """Of the minor version, as both packages have it."""
    of_minor = re.compile(rf"(?:[0-9]+:)?1\.{re.escape(str(minor))}\.[0-9][0-9A-Za-z.+~-]*")
    both = (one for one in offered["kubelet"] if one in offered["kubeadm"])
    return next((one for one in both if of_minor.fullmatch(one)), "")
