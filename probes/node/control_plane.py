"""node.control_plane and node.certificates: the API server's machine when its API does not answer."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

from probes.connection import Connection
from probes.linux.ask import ask
from probes.linux.fields import reading
from probes.linux.journal import complaints
from probes.node.facts import Certificate, Certificates, ControlPlane, StaticPod
from probes.probe import Toolbox, probe
from probes.site import target_of

NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_COMM = 15
"""Bytes of a program's name that the kernel keeps."""
_ANY = (0, 1, 2)
_MANIFESTS = ("ls", "-1", "/etc/kubernetes/manifests")
_LOGS = ("find", "/var/log/pods", "-path", "/var/log/pods/kube-system_*.log", "-printf", r"%T@ %p\n")
_LOG = re.compile(r"^(\S+) (/var/log/pods/kube-system_\S+/([a-z-]+)/([0-9]+)\.log)$")
_LISTEN = re.compile(r"^LISTEN\s+\d+\s+\d+\s+\S+:([0-9]{1,5})\s", re.MULTILINE)
_FOLDERS = ("/etc/kubernetes/pki", "/var/lib/kubelet/pki")
_CERTIFICATES = ("find", *_FOLDERS, "-name", "*.crt", "-o", "-name", "kubelet-client-current.pem")
_MOST_CERTIFICATES = 40


@probe(
    "node.control_plane", commands=("ls -1", "find /var/log/pods", "tail", "ps -eo comm=", "ss -Hltn"), timeout=15.0
)
async def control_plane(host: str, toolbox: Toolbox) -> ControlPlane:
    """The static pods: whether their manifests are there, whether they run, and what they said last."""
    connection = toolbox.connection(target_of(host))
    manifests, processes, listening, found = await asyncio.gather(
        ask(connection, *_MANIFESTS, sudo=True, ok=_ANY),
        ask(connection, "ps", "-eo", "comm="),
        ask(connection, "ss", "-Hltn"),
        ask(connection, *_LOGS, sudo=True, ok=_ANY),
    )
    logs = parse_logs(found)
    said = await asyncio.gather(
        *(_tail(connection, logs[name][0]) if name in logs else _nothing() for name in NAMES)
    )
    running = set(processes.split())
    return ControlPlane(
        host,
        tuple(
            StaticPod(
                name, f"{name}.yaml" in manifests.split(), name[:_COMM] in running, logs.get(name, ("", 0))[1], log
            )
            for name, log in zip(NAMES, said, strict=True)
        ),
        tuple(sorted({int(port) for port in _LISTEN.findall(listening)})),
    )


def parse_logs(text: str) -> dict[str, tuple[str, int]]:
    """Container → the path of its newest log, and how often it was restarted."""
    newest: dict[str, tuple[float, str, int]] = {}
    for line in text.splitlines():
        if match := _LOG.match(line):
            written, path, name, number = float(match[1]), match[2], match[3], int(match[4])
            newest[name] = max(newest.get(name, (0.0, "", 0)), (written, path, number))
    return {name: (path, number) for name, (_, path, number) in newest.items()}


async def _tail(connection: Connection, path: str) -> tuple[str, ...]:
    return complaints(await ask(connection, "tail", "-n", "60", path, sudo=True, ok=_ANY))


async def _nothing() -> tuple[str, ...]:
    return ()


@probe("node.certificates", commands=("find /etc/kubernetes/pki", "openssl x509", "date +%s"), timeout=15.0)
async def certificates(host: str, toolbox: Toolbox) -> Certificates:
    """The cluster's certificates on its disk, and how long each still holds by the machine's clock."""
    connection = toolbox.connection(target_of(host))
    found, now = await asyncio.gather(
        ask(connection, *_CERTIFICATES, sudo=True, ok=_ANY), ask(connection, "date", "+%s")
    )
    paths = sorted(line for line in found.splitlines() if line.startswith("/"))[:_MOST_CERTIFICATES]
    shown = await asyncio.gather(*(_certificate(connection, path) for path in paths))
    with reading("date"):
        clock = int(now)
    return Certificates(
        host, tuple(parse_certificate(path, text, clock) for path, text in zip(paths, shown, strict=True))
    )


async def _certificate(connection: Connection, path: str) -> str:
    return await ask(
        connection, "openssl", "x509", "-noout", "-subject", "-startdate", "-enddate", "-in", path, sudo=True
    )


@reading("openssl x509")
def parse_certificate(path: str, text: str, now: int) -> Certificate:
    """Of `openssl x509 -noout -subject -startdate -enddate`; `now` in seconds since 1970."""
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    begins, ends = _seconds(fields["notBefore"]), _seconds(fields["notAfter"])
    subject = fields.get("subject", "").replace(" = ", "=").strip()
    return Certificate(path, subject, begins, ends, now > ends, now < begins, ends - now)


def _seconds(text: str) -> int:
    """`Nov 21 14:49:26 2026 GMT`."""
    return int(datetime.strptime(text.strip(), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC).timestamp())
