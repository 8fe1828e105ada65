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
    servers,
    units,
    whose,
)
from probes.cloud import reach as cloud_reach
from probes.cloud import state as cloud_state
from probes.cluster import (
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
)
from probes.cluster import details as cluster_details
from probes.cluster import objects as cluster_objects
from probes.cluster import reach as cluster_reach
from probes.cluster import state as cluster_state
from probes.linux import disks, firewall, host, sshd, state, tunnel, unit
from probes.node import control_plane, kubelet, machine, versions, way_out
from probes.path import (
    arrivals,
    drops,
    firewall_along,
    firewall_hits,
    gateway_for,
    overlaps,
    ping,
    route_walk,
    traceroute,
    tunnels,
)

__all__ = [
    "agent_config",
    "agents",
    "arrivals",
    "binding",
    "cells",
    "cloud_reach",
    "cloud_state",
    "cluster_details",
    "cluster_objects",
    "cluster_reach",
    "cluster_state",
    "control_host",
    "control_plane",
    "disks",
    "dns",
    "drops",
    "firewall",
    "firewall_along",
    "firewall_hits",
    "gateway_for",
    "host",
    "host_keys",
    "instances_path",
    "join",
    "kolla",
    "kubelet",
    "leftovers",
    "lets_in",
    "lists",
    "machine",
    "networks",
    "openvswitch",
    "overlaps",
    "ping",
    "places",
    "plugs",
    "pod_cidrs",
    "pod_network",
    "pods_across",
    "policies",
    "ports",
    "reach",
    "route_walk",
    "servers",
    "service_path",
    "sshd",
    "starting",
    "state",
    "traceroute",
    "tunnel",
    "tunnels",
    "unit",
    "units",
    "versions",
    "way_out",
    "whose",
]
