"""What is recorded on the lab and replayed: one probe under one fault each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CONTROLLER = "192.168.100.101"
MASTER = "172.20.112.101"


@dataclass(frozen=True, slots=True)
class Call:
    fault: str
    """Empty: the healthy lab."""
    probe: str
    host: str
    arguments: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.fault or 'healthy'}.{self.probe}"


_FROM_MASTER = {"source": "master", "target": CONTROLLER}
CALLS = (
    Call("", "path.route_walk", "master", {"target": CONTROLLER}),
    Call("libvirt-reject", "path.firewall_hits", "openstack-host", _FROM_MASTER),
    Call("libvirt-reject", "path.ping", "master", {"target": CONTROLLER}),
    Call("missing-route", "path.gateway_for", "kubernetes-host", {"target": CONTROLLER}),
    Call("missing-route", "path.route_walk", "master", {"target": CONTROLLER}),
    Call("one-way-route", "path.arrivals", "controller", _FROM_MASTER),
    Call("ip-forward-off", "path.drops", "openstack-host", _FROM_MASTER),
    Call("rp-filter", "path.route_walk", "kubernetes-host", {"target": CONTROLLER}),
    Call("", "path.mtu", "master", {"target": "192.168.200.106"}),
    Call("mtu-icmp-dropped", "path.mtu", "controller", {"target": MASTER}),
    Call("mtu-mismatch", "path.mtu", "controller", {"target": MASTER}),
    Call("mtu-blackhole", "path.mtu", "k8s-worker-1", {"target": "10.244.2.2"}),
    Call("mtu-blackhole", "path.tunnel_mtus", "k8s-worker-1"),
    Call("fip-arp", "path.detour", "controller", {"target": "192.168.200.129"}),
)
