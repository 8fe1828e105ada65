"""node.etcd: how etcd itself is, asked on its machine: what the API says of it is only that it waits."""

from __future__ import annotations

import asyncio
import re

from probes.connection import Connection
from probes.linux.ask import ask
from probes.linux.fields import json_of, reading
from probes.linux.journal import complaints
from probes.node.control_plane import LOGS, parse_logs, parse_unreached
from probes.node.facts import Etcd
from probes.probe import Toolbox, probe
from probes.site import target_of

_CURL = ("curl", "-q", "-s", "--noproxy", "*", "--max-time", "8")
_PKI = "/etc/kubernetes/pki/etcd"
_LOGIN = (
    *("--cacert", f"{_PKI}/ca.crt"),
    *("--cert", f"{_PKI}/healthcheck-client.crt"),
    *("--key", f"{_PKI}/healthcheck-client.key"),
)
_METRICS_PORT, _CLIENT_PORT = "http://127.0.0.1:2381", "https://127.0.0.1:2379"
"""As kubeadm sets them up; the first wants no certificate."""
_PEER_PORT = ":2380"
_METRIC = re.compile(r"^(etcd_\w{3,60})(?:\{([^}]{0,300})\})? (\d[0-9.e+]{0,24})$", re.MULTILINE)
_PEER = re.compile(r'Local="([0-9a-f]{1,16})",Remote="(?!\1")([0-9a-f]{1,16})"')
"""It knows itself too."""
_LARGEST = 2**63
_POD = re.compile(r"/kube-system_(etcd-[a-z0-9.-]{1,240})_[^/_]+/etcd/")


@probe(
    "node.etcd",
    commands=("curl -q -s --noproxy '*' --max-time 8", "find /var/log/pods", "tail"),
    timeout=25.0,
)
async def etcd(host: str, toolbox: Toolbox) -> Etcd:
    """What etcd on this machine says of its health, its room, its leader and its peers."""
    connection = toolbox.connection(target_of(host))
    (health, metrics), found = await asyncio.gather(
        _asked(connection), ask(connection, *LOGS, sudo=True, ok=(0, 1, 2))
    )
    logs = parse_logs(found).get("etcd", ())
    log = await ask(connection, "tail", "-n", "60", logs[-1], sudo=True, ok=(0, 1, 2)) if logs else ""
    return parse_etcd(host, health, metrics, log, logs[-1] if logs else "")


async def _asked(connection: Connection) -> tuple[str, str]:
    """Both pages, from the port for them or else, with a certificate of the node's own, from that of clients."""
    health, metrics = await asyncio.gather(
        *(ask(connection, *_CURL, f"{_METRICS_PORT}/{page}", ok=None) for page in ("health", "metrics"))
    )
    if health.strip():
        return health, metrics
    health, metrics = await asyncio.gather(
        *(
            ask(connection, *_CURL, *_LOGIN, f"{_CLIENT_PORT}/{page}", sudo=True, ok=None)
            for page in ("health", "metrics")
        )
    )
    return health, metrics


def parse_etcd(host: str, health: str, metrics: str, log: str, path: str) -> Etcd:
    """Of its two pages, and the end of its newest log with its path."""
    healthy, reason = parse_health(health)
    numbers, known, active = parse_metrics(metrics)
    size = numbers.get("etcd_mvcc_db_total_size_in_bytes", 0)
    quota = numbers.get("etcd_server_quota_backend_bytes", 0)
    pod = _POD.search(path)
    return Etcd(
        host=host,
        answered=bool(health.strip()),
        healthy=healthy,
        reason=reason,
        # etcd before 3.5 gives no reason
        no_space="NOSPACE" in reason or (not reason and not healthy and 0 < quota <= size),
        no_leader="NO LEADER" in reason or numbers.get("etcd_server_has_leader") == 0,
        size=size,
        in_use=numbers.get("etcd_mvcc_db_total_size_in_use_in_bytes", 0),
        quota=quota,
        revision=numbers.get("etcd_debugging_mvcc_current_revision", 0),
        compacted=max(0, numbers.get("etcd_debugging_mvcc_compact_revision", 0)),
        peers=len(known),
        peers_lost=len(known - active),
        unreached=tuple(one for one in parse_unreached(log) if one.endswith(_PEER_PORT)),
        pod=pod[1] if pod else "",
        errors=complaints(log),
    )


def parse_health(text: str) -> tuple[bool, str]:
    """Whether all is well, and why not; nothing said is not well."""
    if not text.strip():
        return False, ""
    with reading("curl http://127.0.0.1:2381/health"):
        said = json_of(text)
        return str(said["health"]).lower() == "true", str(said.get("reason", ""))[:200]


def parse_metrics(text: str) -> tuple[dict[str, int], set[str], set[str]]:
    """Numbers by name, the peers that are known, and those that are connected."""
    numbers: dict[str, int] = {}
    peers: dict[str, set[str]] = {"known": set(), "active": set()}
    with reading("curl http://127.0.0.1:2381/metrics"):
        for name, labels, value in _METRIC.findall(text):
            count = int(min(float(value), _LARGEST))
            if (kind := name.removeprefix("etcd_network_").removesuffix("_peers")) in peers:
                peers[kind] |= {remote for _, remote in _PEER.findall(labels)} if count else set()
            elif not labels:
                numbers[name] = count
    return numbers, peers["known"], peers["active"]
