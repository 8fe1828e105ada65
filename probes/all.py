"""Importing this fills `probes.probe.PROBES`."""

from __future__ import annotations

from probes import host_keys, reach
from probes.cloud import agents, networks, ports, servers
from probes.cloud import reach as cloud_reach
from probes.cluster import details as cluster_details
from probes.cluster import objects as cluster_objects
from probes.cluster import pod_cidrs, starting
from probes.cluster import reach as cluster_reach
from probes.linux import disks, firewall, host, sshd, state, unit
from probes.node import control_plane, kubelet, machine
from probes.path import arrivals, drops, firewall_along, firewall_hits, gateway_for, ping, route_walk, traceroute

__all__ = [
    "agents",
    "arrivals",
    "cloud_reach",
    "cluster_details",
    "cluster_objects",
    "cluster_reach",
    "control_plane",
    "disks",
    "drops",
    "firewall",
    "firewall_along",
    "firewall_hits",
    "gateway_for",
    "host",
    "host_keys",
    "kubelet",
    "machine",
    "networks",
    "ping",
    "pod_cidrs",
    "ports",
    "reach",
    "route_walk",
    "servers",
    "sshd",
    "starting",
    "state",
    "traceroute",
    "unit",
]
