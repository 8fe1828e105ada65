"""What probes of cluster nodes and of systemd units and disks return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kubelet:
    """The kubelet of one machine, and what it stands on."""

    host: str
    installed: bool
    active: str
    """systemd's ActiveState; `activating` between two tries to start."""
    restarts: int
    errors: tuple[str, ...]
    swaps: tuple[str, ...]
    """Devices and files that are swapped to."""
    node_ip: str
    """Of `--node-ip`; empty without one."""
    node_ip_here: bool
    """An interface has it; true without `--node-ip`."""
    runtime: str
    """containerd.service, crio.service or docker.service; empty when none of them is installed."""
    runtime_active: str


@dataclass(frozen=True, slots=True)
class Cni:
    """The pod network's configuration on one machine."""

    host: str
    configs: tuple[str, ...]
    """Files in /etc/cni/net.d, in the order in which the runtime takes the first."""
    plugins: tuple[str, ...]
    """Types of the first configuration's plugins."""
    missing: tuple[str, ...]
    """Those without a program in /opt/cni/bin."""
    flannel_env: bool
    """/run/flannel/subnet.env is there."""
    flannel_network: str
    flannel_subnet: str
    flannel_mtu: int


@dataclass(frozen=True, slots=True)
class StaticPod:
    name: str
    """etcd, kube-apiserver, kube-controller-manager, kube-scheduler."""
    manifest: bool
    """/etc/kubernetes/manifests has its file."""
    copies: tuple[str, ...]
    """Files of its name elsewhere, the newest first."""
    running: bool
    restarts: int
    errors: tuple[str, ...]
    """What its newest container's log complained of at its end, and that of the run before."""
    unreached: tuple[str, ...]
    """Where these logs say that it could not connect: `127.0.0.1:2379`."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The control plane of one machine, seen without its API."""

    host: str
    pods: tuple[StaticPod, ...]
    """Always these four, in this order: etcd, kube-apiserver, kube-controller-manager, kube-scheduler."""
    ports: tuple[int, ...]
    """TCP ports somebody listens on."""
    etcd_servers: tuple[str, ...] = ()
    """Of the API server's flag in its manifest, as they are written there."""


@dataclass(frozen=True, slots=True)
class Etcd:
    """etcd on one machine, by its own words."""

    host: str
    answered: bool
    """Its health was told, if only that it is not well."""
    healthy: bool
    reason: str
    """In etcd's words, `ALARM NOSPACE` or `RAFT NO LEADER`; empty when it is well, and before etcd 3.5."""
    no_space: bool
    """Its database is as large as it may be: it refuses to write."""
    no_leader: bool
    """Too few of its members are connected: it refuses to write and mostly to read."""
    size: int
    """Bytes of the database's file."""
    in_use: int
    """Of them those that are not free inside of it."""
    quota: int
    """How large it may become."""
    revision: int
    compacted: int
    """Up to which revision what was overwritten has been forgotten."""
    peers: int
    """Other members of the cluster."""
    peers_lost: int
    """Of them those that it is not connected with."""
    unreached: tuple[str, ...]
    """Addresses of peers that its log says it could not reach."""
    pod: str
    """Its static pod, as the cluster calls it."""
    errors: tuple[str, ...]
    """What its log complained of at its end."""


@dataclass(frozen=True, slots=True)
class Certificate:
    path: str
    subject: str
    not_before: int
    """Seconds since 1970."""
    not_after: int
    expired: bool
    """By the machine's own clock."""
    not_yet: bool
    seconds_left: int


@dataclass(frozen=True, slots=True)
class Certificates:
    host: str
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class NodeMachine:
    """A node, as its cluster and its machine know it."""

    cluster: str
    node: str
    host: str
    """The site's host; empty when none is known to be this node."""
    answered: bool
    """The API answered, if only that it knows no such node."""
    error: str
    """Why it did not."""
    hint: str
    registered: bool
    """The cluster has a node of this name."""
    ready: str
    """True, False or Unknown; empty when nobody said so."""
    reason: str
    message: str
    pressures: tuple[str, ...]
    """Other conditions that are True: DiskPressure, MemoryPressure, PIDPressure, NetworkUnavailable."""
    pod_cidr: str
    others_not_ready: tuple[str, ...]
    """Other nodes of the cluster."""
    kubelet: str
    """ActiveState of kubelet.service; empty when the machine could not be asked."""

    @property
    def untold(self) -> str:
        """What the cluster did not tell, and why."""
        return self.error
