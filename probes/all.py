"""Importing this fills `probes.probe.PROBES`."""

from __future__ import annotations

from probes import host_keys, reach
from probes.linux import firewall, host, sshd
from probes.path import arrivals, drops, firewall_along, firewall_hits, gateway_for, ping, route_walk, traceroute

__all__ = [
    "arrivals",
    "drops",
    "firewall",
    "firewall_along",
    "firewall_hits",
    "gateway_for",
    "host",
    "host_keys",
    "ping",
    "reach",
    "route_walk",
    "sshd",
    "traceroute",
]
