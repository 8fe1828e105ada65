"""Where the commands `kubectl` and `openstack` are run for a cluster or a cloud, and the words in front of them."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.connection import Command
from probes.control_node import CLOUDS, KUBECONFIGS
from probes.errors import CommandMissing
from probes.site import OPERATOR, Cloud, Cluster, Site, target_of

if TYPE_CHECKING:
    from probes.probe import Toolbox

PROGRAMS = {"cluster": "kubectl", "cloud": "openstack"}
"""World → its client, the first word of every command that is meant for it."""
_THERE = {"cluster": KUBECONFIGS, "cloud": CLOUDS}


@dataclass(frozen=True, slots=True)
class Client:
    on: str
    """Host's name, or `operator`."""
    words: tuple[str, ...]
    """`env KUBECONFIG=… kubectl --context=…`: stands where a command says `kubectl`."""
    sudo: bool = False
    """The credentials there are root's."""

    def command(self, text: str) -> str:
        """The text with its first word replaced. What is shown is what runs, wherever it is pasted."""
        program, _, rest = text.partition(" ")
        assert program in PROGRAMS.values(), program
        return f"{shlex.join(self.words)} {rest}"


async def client_of(target: str, toolbox: Toolbox) -> Client:
    """The client for `cluster:NAME` or `cloud:NAME`: this machine's, else its control node's. CommandMissing
    when neither has one."""
    world, _, name = target.partition(":")
    entry = _entry(toolbox.site, world, name)
    program = PROGRAMS[world]
    if (isinstance(entry, Cloud) or _files(entry)) and shutil.which(program):
        return Client(OPERATOR, _words(entry, _files(entry)))
    if entry.host and (file := await _file_on(entry.host, world, toolbox)):
        return Client(entry.host, _words(entry, (file,)), sudo=True)
    where = f"this machine and {entry.host}" if entry.host else "this machine"
    raise CommandMissing(f"{where}: no `{program}` that can log in to {name}", hint=f"install `{program}`")


def _entry(site: Site, world: str, name: str) -> Cloud | Cluster:
    entries: tuple[Cloud | Cluster, ...] = site.clusters if world == "cluster" else site.clouds
    default = Cluster(name) if world == "cluster" else Cloud(name)
    return next((entry for entry in entries if entry.name == name), default)


def _files(entry: Cloud | Cluster) -> tuple[str, ...]:
    if isinstance(entry, Cluster):
        return tuple(map(str, entry.kubeconfig))
    return (str(entry.config),) if entry.config else ()


def _words(entry: Cloud | Cluster, files: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(entry, Cluster):
        own = files == _files(entry)  # a context is one of the entry's own files; those of a host have their own
        context = (f"--context={entry.context or entry.name}",) if own else ()
        return ("env", f"KUBECONFIG={os.pathsep.join(files)}", "kubectl", *context)
    if not files:
        return ("openstack",)  # OS_* of the environment say all
    return ("env", f"OS_CLIENT_CONFIG_FILE={files[0]}", "openstack", f"--os-cloud={entry.entry or entry.name}")


async def _file_on(host: str, world: str, toolbox: Toolbox) -> str:
    """The first file of credentials on the host, where the client is there as well; else empty."""
    tests = "; ".join(f"test -r {path} && echo {path} && exit" for path in _THERE[world])
    look = Command(argv=("sh", "-c", f"command -v {PROGRAMS[world]} >/dev/null || exit; {tests}"), sudo=True)
    reply = await toolbox.connection(target_of(host)).run(look)
    return reply.stdout.strip() if reply.stdout.startswith("/") else ""
