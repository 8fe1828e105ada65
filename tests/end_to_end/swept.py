"""The faults of the network lab: what a sweep must name first, and where a trace must see packets die."""

from __future__ import annotations

from dataclasses import dataclass

CONTROLLER, MASTER = "192.168.100.101", "172.20.112.101"
PINGED = ("master", CONTROLLER)
LARGE = ("--size", "1472")
LOGIN = ("--tcp", "22")


@dataclass(frozen=True)
class Swept:
    fault: str
    cause: str
    host: str
    """Where the cause sits."""
    trace: tuple[str, ...] = ()
    """Source, target and what is sent; empty where no packet is dropped."""
    hop: str = ""
    """Where packets die and by which rule, as docs/faults.md has it; empty where none is dropped."""
    undone: bool = True
    """False where the repair cannot be taken back."""


SWEPT = (
    Swept(
        "libvirt-reject",
        "libvirt-rejects-new-flows",
        "openstack-host",
        PINGED,
        "openstack-host: -A LIBVIRT_FWI -o virbr10 -j REJECT --reject-with icmp-port-unreachable",
    ),
    Swept("missing-route", "missing-route", "kubernetes-host", PINGED, "kubernetes-host: no-route"),
    Swept("one-way-route", "no-route-back", "controller", PINGED, "controller: no-route, on the way back"),
    Swept("ip-forward-off", "ip-forward-off", "openstack-host", PINGED, "openstack-host: forwarding-off"),
    Swept(
        "rp-filter",
        "rp-filter-strict",
        "openstack-host",
        ("kubernetes-host", CONTROLLER),
        "openstack-host: rp-filter",
    ),
    Swept("sshd-down", "sshd-not-running", "controller"),
    Swept("hostkey-changed", "host-key-changed", "compute"),
    Swept(
        "ssh-drop",
        "firewall-drops-ssh",
        "compute",
        ("openstack-host", "192.168.100.102", *LOGIN),
        "compute: -A INPUT -p tcp -m tcp --dport 22 -j DROP",
    ),
    Swept("ssh-frozen", "sshd-hangs", "compute2"),
    Swept(
        "host-silent",
        "firewall-drops-everything",
        "kubernetes-host",
        ("openstack-host", "10.10.10.2"),
        "kubernetes-host: -A INPUT -i enp0s20f0u2 -j DROP",
    ),
    Swept(
        "fip-arp",
        "address-behind-another-host",
        "openstack-host",
        ("controller", "192.168.200.129"),
        "openstack-host: neighbour",
    ),
    Swept(
        "fip-loop",
        "routing-loop",
        "openstack-host",
        ("master", "192.168.200.106"),
        "between kubernetes-host and openstack-host; the routes lead in a circle",
    ),
    Swept(
        "conntrack-full",
        "connection-table-full",
        "openstack-host",
        PINGED,
        "openstack-host: conntrack",
        undone=False,
    ),
    Swept("bgp-remote-as", "bgp-wrong-remote-as", "kubernetes-host", PINGED, "kubernetes-host: no-route"),
    Swept("bgp-no-policy", "bgp-session-without-policy", "kubernetes-host", PINGED, "kubernetes-host: no-route"),
    Swept(
        "bgp-config-drift",
        "bgp-configuration-drifted",
        "openstack-host",
        PINGED,
        "kubernetes-host: no-route",
    ),
    Swept("bgp-down", "bgp-daemon-stopped", "openstack-host", PINGED, "kubernetes-host: no-route"),
    Swept(
        "mtu-icmp-dropped",
        "frag-needed-dropped",
        "openstack-host",
        ("controller", MASTER, *LARGE),
        "openstack-host: -A OUTPUT -p icmp -m icmp --icmp-type 3/4 -j DROP",
    ),
    Swept(
        "mtu-blackhole",
        "network-takes-less",
        "k8s-worker-1",
        ("k8s-worker-1", "10.0.0.34", *LARGE),
        "between k8s-worker-1 and k8s-worker-2",
    ),
    Swept(
        "mtu-mismatch",
        "link-mtu-differs",
        "kubernetes-host",
        ("controller", MASTER, *LARGE),
        "kubernetes-host: link",
    ),
)
