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
LOGS = ("find", "/var/log/pods", "-path", "/var/log/pods/kube-system_*.log", "-printf", r"%T@ %p\n")
_LOG = re.compile(r"^(\S+) (/var/log/pods/kube-system_\S+/([a-z-]+)/([0-9]+)\.log)$")
_ETCD_FLAG = ("grep", "-hs", "--", "--etcd-servers=", "/etc/kubernetes/manifests/kube-apiserver.yaml")
_PLACES = ("/etc/kubernetes", "/root", "/var/backups")
_COPIES = ("find", *_PLACES, "-maxdepth", "4", "-type", "f", "-name", "*.yaml*", "-printf", r"%T@ %p\n")
_COPY = re.compile(r"^(\S+) (/\S+/((?:etcd|kube-[a-z-]+)\.yaml)\S*)$")
_REFUSED = re.compile(r"dial tcp (\S+:[0-9]{1,5}): (?:connect: )?(connection refused|i/o timeout|no route to host)")
_ETCD_SERVERS = re.compile(r"""^\s*-\s+["']?--etcd-servers=([^\s"']+)""")
_LISTEN = re.compile(r"^LISTEN\s+\d+\s+\d+\s+\S+:([0-9]{1,5})\s", re.MULTILINE)
_FOLDERS = ("/etc/kubernetes/pki", "/var/lib/kubelet/pki")
_CERTIFICATES = ("find", *_FOLDERS, "-name", "*.crt", "-o", "-name", "kubelet-client-current.pem")
_MOST_CERTIFICATES = 40


@probe(
    "node.control_plane",
    commands=(
        "ls -1",
        "find /var/log/pods",
        "find /etc/kubernetes /root /var/backups",
        "tail",
        "ps -eo comm=",
        "ss -Hltn",
        "grep -hs -- --etcd-servers=",
    ),
    timeout=15.0,
)
async def control_plane(host: str, toolbox: Toolbox) -> ControlPlane:
    """The static pods: whether their manifests are there, whether they run, and what they said last."""
    connection = toolbox.connection(target_of(host))
    manifests, processes, listening, found, kept, flag = await asyncio.gather(
        ask(connection, *_MANIFESTS, sudo=True, ok=_ANY),
        ask(connection, "ps", "-eo", "comm="),
        ask(connection, "ss", "-Hltn"),
        ask(connection, *LOGS, sudo=True, ok=_ANY),
        ask(connection, *_COPIES, sudo=True, ok=_ANY),
        ask(connection, *_ETCD_FLAG, sudo=True, ok=_ANY),
    )
    logs, copies = parse_logs(found), parse_copies(kept)
    said = await asyncio.gather(*(_last_words(connection, logs.get(name, ())) for name in NAMES))
    running = set(processes.split())
    return ControlPlane(
        host,
        tuple(
            StaticPod(
                name=name,
                manifest=f"{name}.yaml" in manifests.split(),
                copies=copies.get(f"{name}.yaml", ()),
                running=name[:_COMM] in running,
                restarts=_runs(logs.get(name, ())),
                errors=complaints(log),
                unreached=parse_unreached(log),
            )
            for name, log in zip(NAMES, said, strict=True)
        ),
        tuple(sorted({int(port) for port in _LISTEN.findall(listening)})),
        parse_etcd_servers(flag),
    )


def parse_logs(text: str) -> dict[str, tuple[str, ...]]:
    """Container → the path of its newest log, and before it that of the run before, if the pod is the same."""
    newest: dict[str, tuple[float, str]] = {}
    paths = set()
    for line in text.splitlines():
        if match := _LOG.match(line):
            paths.add(match[2])
            newest[match[3]] = max(newest.get(match[3], (0.0, "")), (float(match[1]), match[2]))
    return {name: tuple(filter(paths.__contains__, (_before(path), path))) for name, (_, path) in newest.items()}


def _before(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{int(name.removesuffix('.log')) - 1}.log"


def _runs(logs: tuple[str, ...]) -> int:
    """How often it was restarted: the newest log's number."""
    return int(logs[-1].rpartition("/")[2].removesuffix(".log")) if logs else 0


def parse_copies(text: str) -> dict[str, tuple[str, ...]]:
    """Manifest → files beside the folder of manifests that are called like it, the newest first."""
    found = sorted(filter(None, map(_COPY.match, text.splitlines())), key=lambda match: -float(match[1]))
    copies: dict[str, tuple[str, ...]] = {}
    for match in found:
        if not match[2].startswith("/etc/kubernetes/manifests/"):
            copies[match[3]] = (*copies.get(match[3], ()), match[2])
    return copies


def parse_unreached(text: str) -> tuple[str, ...]:
    """`ADDRESS:PORT`, each once, whatever level the line is of: of a wrong address these are the only words."""
    return tuple(dict.fromkeys(match[1] for match in _REFUSED.finditer(text)))


def parse_etcd_servers(text: str) -> tuple[str, ...]:
    """Of the manifest's line with the flag, a comment is none."""
    found = (_ETCD_SERVERS.match(line) for line in text.splitlines())
    return tuple(one for match in found if match for one in match[1].split(","))


async def _last_words(connection: Connection, logs: tuple[str, ...]) -> str:
    tails = (ask(connection, "tail", "-n", "60", path, sudo=True, ok=_ANY) for path in logs)
    return "\n".join(await asyncio.gather(*tails))


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
