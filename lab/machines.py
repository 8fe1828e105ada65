"""The lab as data: machines, cables and addresses. Nothing here touches the system."""

from dataclasses import dataclass

ROOT = "@root"
"""The namespace the lab is started from: where deadhop's operator sits."""
SWITCH = "switch"
"""A namespace with one bridge: the physical switch."""
ROOT_IP = "10.10.10.254"

QR_IF, QR_MAC = "qr-7a7996db-db", "fa:16:3e:00:00:01"
"""DVR gateway 10.0.0.1 of private-net."""
FLANNEL_PORT = 4789
PRIVATE_MTU, FLANNEL_MTU = 1450, 1400
FLOATING = "192.168.200.0/24"


@dataclass(frozen=True, slots=True)
class Machine:
    name: str
    ip: str
    """Address sshd is reached on."""
    kind: str
    """operator | host | vm | ovs-vm | worker"""
    jump: str = ""
    """ssh ProxyJump; empty when reachable from 10.10.10.0/24."""


@dataclass(frozen=True, slots=True)
class Host:
    """A physical machine with libvirt guests."""

    nic: str
    ip: str
    net: str
    """First three bytes of its libvirt network."""
    asn: int
    taps: tuple[str, ...]

    @property
    def subnet(self) -> str:
        return f"{self.net}.0/24"


@dataclass(frozen=True, slots=True)
class Worker:
    """A Nova instance that is a Kubernetes node."""

    hypervisor: str
    port: str
    ip: str
    mac: str
    floating_ip: str
    number: int
    vtep: str

    @property
    def pods(self) -> str:
        """First three bytes of its pod network."""
        return f"10.244.{self.number}"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cable; an empty mac is a random one."""

    machine: str
    device: str
    mac: str = ""


MACHINES = {
    machine.name: machine
    for machine in (
        Machine("operator", "10.10.10.100", "operator"),
        Machine("openstack-host", "10.10.10.1", "host"),
        Machine("kubernetes-host", "10.10.10.2", "host"),
        Machine("compute-2-host", "10.10.10.3", "host"),
        Machine("controller", "192.168.100.101", "ovs-vm", "openstack-host"),
        Machine("compute", "192.168.100.102", "ovs-vm", "openstack-host"),
        Machine("master", "172.20.112.101", "vm", "kubernetes-host"),
        Machine("compute2", "45.120.120.154", "ovs-vm", "compute-2-host"),
        Machine("k8s-worker-1", "192.168.200.106", "worker", "openstack-host"),
        Machine("k8s-worker-2", "192.168.200.129", "worker", "openstack-host"),
    )
}
"""Hypervisors stand before their guests: machines are set up in this order."""

SSH_HOSTS = tuple(machine for machine in MACHINES.values() if machine.kind != "operator")

HOSTS = {
    "openstack-host": Host("enp7s0", "10.10.10.1", "192.168.100", 65001, ("vnet0", "vnet1")),
    "kubernetes-host": Host("enp0s20f0u2", "10.10.10.2", "172.20.112", 65002, ("vnet0",)),
    "compute-2-host": Host("enp2s0", "10.10.10.3", "45.120.120", 65003, ("vnet1",)),
}

WORKERS = {
    "k8s-worker-1": Worker(
        "compute",
        "d50ff2aa-01",
        "10.0.0.205",
        "fa:16:3e:d5:0f:f2",
        "192.168.200.106",
        1,
        "0a:f4:01:00:00:01",
    ),
    "k8s-worker-2": Worker(
        "compute2",
        "3e6cb1aa-02",
        "10.0.0.34",
        "fa:16:3e:6c:b1:22",
        "192.168.200.129",
        2,
        "0a:f4:02:00:00:01",
    ),
}

CABLES = (
    (End(SWITCH, "port1"), End("openstack-host", "enp7s0")),
    (End(SWITCH, "port2"), End("kubernetes-host", "enp0s20f0u2")),
    (End(SWITCH, "port3"), End("compute-2-host", "enp2s0")),
    (End(SWITCH, "port4"), End("operator", "eth0")),
    (End("openstack-host", "vnet0"), End("controller", "enp1s0", "52:54:00:01:01:01")),
    (End("openstack-host", "vnet1"), End("compute", "enp1s0", "52:54:00:01:01:02")),
    (End("kubernetes-host", "vnet0"), End("master", "enp1s0", "52:54:00:fd:74:63")),
    (End("compute-2-host", "vnet1"), End("compute2", "enp1s0", "52:54:00:74:a9:78")),
    (End("compute", "tapd50ff2aa-01"), End("k8s-worker-1", "eth0", "fa:16:3e:d5:0f:f2")),
    (End("compute2", "tap3e6cb1aa-02"), End("k8s-worker-2", "eth0", "fa:16:3e:6c:b1:22")),
)
UPLINK_PORT = "port5"
"""Port of the switch whose cable leads to ROOT."""

PATHS = (
    *((name, host.ip) for name in HOSTS for host in HOSTS.values()),
    *((ROOT, host.ip) for host in HOSTS.values()),
    ("operator", "10.10.10.1"),
    ("master", "192.168.100.101"),
    ("master", "192.168.100.102"),
    ("master", "45.120.120.154"),
    ("controller", "172.20.112.101"),
    ("compute", "45.120.120.154"),
    ("compute2", "192.168.100.101"),
    ("controller", "192.168.200.129"),
    ("master", "192.168.200.106"),
    ("master", "192.168.200.129"),
    ("k8s-worker-1", "10.0.0.34"),
    ("k8s-worker-1", "172.20.112.101"),
    ("k8s-worker-1:pod2", "10.244.1.3"),
    ("k8s-worker-1:pod2", "10.244.2.2"),
    ("k8s-worker-2:pod3", "10.244.1.3"),
)
"""(machine or machine:pod, address) pairs that answer a ping in a healthy lab."""


def worker_on(hypervisor: str) -> Worker | None:
    return next((worker for worker in WORKERS.values() if worker.hypervisor == hypervisor), None)
