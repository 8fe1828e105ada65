"""Importing this fills `probes.probe.PROBES`."""

from __future__ import annotations

from probes.linux import firewall, host
from probes.path import ping

__all__ = ["firewall", "host", "ping"]
