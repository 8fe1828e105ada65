"""Importing this fills `probes.probe.PROBES`."""

from __future__ import annotations

from probes.linux import firewall, host
from probes.path import arrivals, drops, firewall_along, firewall_hits, gateway_for, ping, route_walk, traceroute

__all__ = [
    "arrivals",
    "drops",
    "firewall",
    "firewall_along",
    "firewall_hits",
    "gateway_for",
    "host",
    "ping",
    "route_walk",
    "traceroute",
]
