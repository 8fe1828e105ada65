"""node.versions: which Kubernetes programs a machine has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.cluster.join import minor_of
from probes.connection import Connection
from probes.errors import CommandMissing
from probes.linux.ask import ask
from probes.probe import Toolbox, probe
from probes.site import target_of


@dataclass(frozen=True, slots=True)
class NodeVersions:
    host: str
    kubelet: str
    """v1.35.4; empty when it is not installed."""
    kubelet_minor: int
    kubeadm: str
    kubeadm_minor: int


@probe("node.versions", commands=("kubelet --version", "kubeadm version -o short"))
async def versions(host: str, toolbox: Toolbox) -> NodeVersions:
    """The versions of kubelet and kubeadm on a machine, as the programs themselves say."""
    connection = toolbox.connection(target_of(host))
    kubelet, kubeadm = await asyncio.gather(
        _said(connection, "kubelet", "--version"), _said(connection, "kubeadm", "version", "-o", "short")
    )
    kubelet = kubelet.removeprefix("Kubernetes ")
    return NodeVersions(host, kubelet, minor_of(kubelet), kubeadm, minor_of(kubeadm))


async def _said(connection: Connection, *words: str) -> str:
    try:
        return (await ask(connection, *words)).strip()
    except CommandMissing:
        return ""
