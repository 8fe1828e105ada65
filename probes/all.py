"""Importing this fills `probes.probe.PROBES`."""

from __future__ import annotations

from probes import host_keys, reach
from probes.cloud import (
    agent_config,
    agents,
    binding,
    cells,
    instances_path,
    kolla,
    lets_in,
    lists,
    networks,
    openvswitch,
    plugs,
    ports,
    quota,
    router_subnets,
    servers,
    units,
    whose,
)
from probes.cloud import reach as cloud_reach
from probes.cloud import state as cloud_state
from probes.cluster import (
    claims,
    control_host,
    dns,
    join,
    leftovers,
    places,
    pod_cidrs,
    pod_network,
    pods_across,
    policies,
    service_path,
    starting,
    storage,
)
from probes.cluster import details as cluster_details
from probes.cluster import objects as cluster_objects
from probes.cluster import reach as cluster_reach
from probes.cluster import state as cluster_state
from probes.cluster import whose as cluster_whose
from probes.frr import bgp
from probes.frr import config as frr_config
from probes.frr import state as frr_state
from probes.linux import clock, disks, firewall, host, load, sshd, state, tunnel, unit
from probes.node import control_plane, etcd, kubelet, machine, versions, way_out
from probes.path import (
    arrivals,
    detour,
    drops,
    firewall_along,
    firewall_hits,
    gateway_for,
    mtu,
    overlaps,
    ping,
    ping_as,
    route_walk,
    traceroute,
    tunnel_mtus,
    tunnels,
)
from probes.standing import cloud as cloud_snapshot
from probes.standing import host as host_snapshot
from probes.trace import tracing

__all__ = [
    "agent_config",
    "agents",
    "arrivals",
    "bgp",
    "binding",
    "cells",
    "claims",
    "clock",
    "cloud_reach",
    "cloud_snapshot",
    "cloud_state",
    "cluster_details",
    "cluster_objects",
    "cluster_reach",
    "cluster_state",
    "cluster_whose",
    "control_host",
    "control_plane",
    "detour",
    "disks",
    "dns",
    "drops",
    "etcd",
    "firewall",
    "firewall_along",
    "firewall_hits",
    "frr_config",
    "frr_state",
    "gateway_for",
    "host",
    "host_keys",
    "host_snapshot",
    "instances_path",
    "join",
    "kolla",
    "kubelet",
    "leftovers",
    "lets_in",
    "lists",
    "load",
    "machine",
    "mtu",
    "networks",
    "openvswitch",
    "overlaps",
    "ping",
    "ping_as",
    "places",
    "plugs",
    "pod_cidrs",
    "pod_network",
    "pods_across",
    "policies",
    "ports",
    "quota",
    "reach",
    "route_walk",
    "router_subnets",
    "servers",
    "service_path",
    "sshd",
    "starting",
    "state",
    "storage",
    "traceroute",
    "tracing",
    "tunnel",
    "tunnel_mtus",
    "tunnels",
    "unit",
    "units",
    "versions",
    "way_out",
    "whose",
]
