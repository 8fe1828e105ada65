"""node.kubelet and node.cni: why a machine is no working node, as the machine itself sees it."""

from __future__ import annotations

import asyncio
import json
import re

from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.linux.fields import reading
from probes.linux.unit import unit_of
from probes.node.facts import Cni, Kubelet
from probes.probe import Toolbox, probe
from probes.site import target_of

_UNIT = "kubelet.service"
_RUNTIMES = ("containerd.service", "crio.service", "docker.service")
_SHOW_RUNTIMES = ("systemctl", "show", *_RUNTIMES, "-p", "Id,LoadState,ActiveState")
_FLAG_FILES = ("/var/lib/kubelet/kubeadm-flags.env", "/etc/default/kubelet", "/etc/sysconfig/kubelet")
_NODE_IP = re.compile(r"--node-ip[= \x00]([0-9A-Fa-f:.]+)")
_CNI_FILES = ("grep", "-rHs", "--include=*.conf", "--include=*.conflist", "", "/etc/cni/net.d")
_CNI_PROGRAMS = ("ls", "-1", "/opt/cni/bin")
_FLANNEL = ("cat", "/run/flannel/subnet.env")
_ANY = (0, 1, 2)


@probe(
    "node.kubelet",
    commands=("systemctl show", "journalctl -u", "cat /proc/", "grep -hs", "ip -j addr"),
    timeout=15.0,
)
async def kubelet(host: str, toolbox: Toolbox) -> Kubelet:
    """Whether the kubelet runs, what it complains of, and what it needs: no swap, its address, a runtime."""
    connection = toolbox.connection(target_of(host))
    unit, swaps, runtimes, files, addresses = await asyncio.gather(
        unit_of(connection, host, _UNIT),
        ask(connection, "cat", "/proc/swaps"),
        ask(connection, *_SHOW_RUNTIMES),
        ask(connection, "grep", "-hs", "", *_FLAG_FILES, ok=_ANY),
        toolbox.addresses_of(host),
    )
    node_ip = parse_node_ip(await _command_line(connection, unit.pid) or files)
    runtime, state = parse_runtimes(runtimes)
    return Kubelet(
        host=host,
        installed=unit.installed,
        active=unit.active,
        restarts=unit.restarts,
        errors=unit.errors,
        swaps=parse_swaps(swaps),
        node_ip=node_ip,
        node_ip_here=not node_ip or node_ip in addresses,
        runtime=runtime,
        runtime_active=state,
    )


async def _command_line(connection: Connection, pid: int) -> str:
    """Of the process as it really runs; empty when there is none."""
    try:
        return await ask(connection, "cat", f"/proc/{pid}/cmdline", ok=_ANY) if pid else ""
    except ProbeError:
        return ""


def parse_node_ip(text: str) -> str:
    """The first address of the last `--node-ip`; empty without one."""
    found = _NODE_IP.findall(text)
    return found[-1] if found else ""


def parse_swaps(text: str) -> tuple[str, ...]:
    return tuple(line.split()[0] for line in text.splitlines()[1:] if line.strip())


@reading("systemctl show", hint="is systemd running there?")
def parse_runtimes(text: str) -> tuple[str, str]:
    """The installed runtime and its state: of several the one that runs."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    there = [block for block in blocks if block["LoadState"] == "loaded"]
    there.sort(key=lambda block: block["ActiveState"] != "active")
    return (there[0]["Id"], there[0]["ActiveState"]) if there else ("", "")


@probe("node.cni", commands=("grep -rHs", "ls -1 /opt/cni/bin", "cat /run/flannel/subnet.env"))
async def cni(host: str, toolbox: Toolbox) -> Cni:
    """Which network plugin pods would get there, and whether it is complete."""
    connection = toolbox.connection(target_of(host))
    files, programs, flannel = await asyncio.gather(
        ask(connection, *_CNI_FILES, sudo=True, ok=_ANY),
        ask(connection, *_CNI_PROGRAMS, ok=_ANY),
        ask(connection, *_FLANNEL, ok=_ANY),
    )
    configs, plugins = parse_configs(files)
    missing = tuple(name for name in plugins if name not in programs.split())
    values = parse_env(flannel)
    mtu = values.get("FLANNEL_MTU", "")
    return Cni(
        host=host,
        configs=configs,
        plugins=plugins,
        missing=missing,
        flannel_env=bool(values),
        flannel_network=values.get("FLANNEL_NETWORK", ""),
        flannel_subnet=values.get("FLANNEL_SUBNET", ""),
        flannel_mtu=int(mtu) if mtu.isdigit() else 0,
    )


@reading("grep /etc/cni/net.d")
def parse_configs(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the files in the runtime's order, and the plugin types of the first that is JSON."""
    bodies: dict[str, list[str]] = {}
    for line in text.splitlines():
        path, _, body = line.partition(":")
        bodies.setdefault(path.rpartition("/")[2], []).append(body)
    names = tuple(sorted(bodies))
    return names, _types("\n".join(bodies[names[0]])) if names else ()


def _types(body: str) -> tuple[str, ...]:
    """Of a file that is no JSON none: the runtime cannot read it either."""
    try:
        config = json.loads(body)
    except ValueError:
        return ()
    plugins = config.get("plugins", [config])
    return tuple(str(plugin["type"]) for plugin in plugins if "type" in plugin)


def parse_env(text: str) -> dict[str, str]:
    """NAME=VALUE lines."""
    return dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line)
