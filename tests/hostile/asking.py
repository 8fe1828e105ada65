"""Every registered probe with arguments of its kinds, for tests that put all of them to something."""

from __future__ import annotations

from collections.abc import Mapping

import probes.all
from base.values import Value
from probes.probe import PROBES, ProbeCall, checked_call

assert probes.all

OPERATORS = frozenset({"host.reach", "host.key_vantages", "host.ssh_config"})
"""Probes that look from the operator's machine."""


def valid_call(name: str, host: str, peer: str, address: str, **known: object) -> ProbeCall:
    """A call of the probe on the host; whatever it asks for is answered by its kind."""
    by_kind: Mapping[str, object] = {
        "host": peer,
        "address": address,
        "cidr": f"{address}/24",
        "destination": "default",
        "count": 3,
        "count[]": (1,),
        "port": 22,
        "sysctl[]": ("net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter"),
        "interface": "lo",
        "interface[]": ("lo",),
        "address[]": ("192.168.100.101",),
        "name[]": ("iptables/filter/INPUT",),
        "path[]": ("/etc/hostname", "/etc/deadhop-is-not-here"),
        "destination[]": ("default", "10.10.10.0/24"),
        "unit[]": ("ssh.service",),
        "yes-no": True,
        "name": "x",
        "path": "/etc/hostname",
        "unit": "ssh.service",
        "line": "x",
        "line[]": ("x/y",),
        "k8s-name": "x",
        "uuid": "3e6cb7a4-0a7e-4f3e-9d0c-0d5f0c1a2b3c",
    }
    probe = PROBES[name]
    given: dict[str, Value] = {}
    for key, kind in probe.parameters.items():
        if key in known:
            given[key] = known[key]  # type: ignore[assignment]
        elif key not in probe.defaults or name == "linux.state" or kind in ("count",):
            given[key] = by_kind[kind]  # type: ignore[assignment]
    return checked_call(name, "operator" if name in OPERATORS else host, given)
