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
    """Host, direction and reason, as the trace says them; empty where no single hop can be named."""
    undone: bool = True
    """False where the repair cannot be taken back."""


SWEPT = (
    Swept(
        "libvirt-reject",
        "libvirt-rejects-new-flows",
        "openstack-host",
        PINGED,
        "openstack-host there rule",
    ),
    Swept("missing-route", "missing-route", "kubernetes-host", PINGED, "kubernetes-host there no-route"),
    Swept("one-way-route", "no-route-back", "controller", PINGED, "controller back no-route"),
    Swept("ip-forward-off", "ip-forward-off", "openstack-host", PINGED, "openstack-host there forwarding-off"),
    Swept(
        "rp-filter",
        "rp-filter-strict",
        "openstack-host",
        ("kubernetes-host", CONTROLLER),
        "openstack-host there rp-filter",
    ),
    Swept("sshd-down", "sshd-not-running", "controller"),
    Swept("hostkey-changed", "host-key-changed", "compute"),
    Swept(
        "ssh-drop",
        "firewall-drops-ssh",
        "compute",
        ("openstack-host", "192.168.100.102", *LOGIN),
        "compute there rule",
    ),
    Swept("ssh-frozen", "sshd-hangs", "compute2"),
    Swept(
        "host-silent",
        "firewall-drops-everything",
        "kubernetes-host",
        ("openstack-host", "10.10.10.2"),
        "kubernetes-host there rule",
    ),
    Swept("fip-arp", "address-behind-another-host", "openstack-host", ("controller", "192.168.200.129")),
    Swept("fip-loop", "routing-loop", "openstack-host", ("master", "192.168.200.106")),
    Swept(
        "conntrack-full",
        "connection-table-full",
        "openstack-host",
        PINGED,
        "openstack-host there conntrack",
        undone=False,
    ),
    Swept("bgp-remote-as", "bgp-wrong-remote-as", "kubernetes-host", PINGED, "kubernetes-host there no-route"),
    Swept(
        "bgp-no-policy", "bgp-session-without-policy", "kubernetes-host", PINGED, "kubernetes-host there no-route"
    ),
    Swept(
        "bgp-config-drift",
        "bgp-configuration-drifted",
        "openstack-host",
        PINGED,
        "kubernetes-host there no-route",
    ),
    Swept("bgp-down", "bgp-daemon-stopped", "openstack-host", PINGED, "kubernetes-host there no-route"),
    Swept(
        "mtu-icmp-dropped",
        "frag-needed-dropped",
        "openstack-host",
        ("controller", MASTER, *LARGE),
        "openstack-host there rule",
    ),
    Swept("mtu-blackhole", "network-takes-less", "k8s-worker-1", ("k8s-worker-1", "10.0.0.34", *LARGE)),
    Swept("mtu-mismatch", "link-mtu-differs", "kubernetes-host", ("controller", MASTER, *LARGE)),
)
