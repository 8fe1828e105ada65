"""The ten outages: what breaks, what deadhop must say, and how the operator starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADHOP = (sys.executable, "-m", "deadhop")


@dataclass(frozen=True)
class Outage:
    fault: str
    cause: str
    host: str
    """Where the cause sits."""
    limit: float = 10.0
    """Seconds a diagnosis should take at most on an idle machine: measured in bench/outages.py."""


OUTAGES = (
    Outage("libvirt-reject", "libvirt-rejects-new-flows", "openstack-host"),
    Outage("missing-route", "missing-route", "kubernetes-host"),
    Outage("one-way-route", "no-route-back", "controller"),
    Outage("ip-forward-off", "ip-forward-off", "openstack-host"),
    Outage("rp-filter", "rp-filter-strict", "openstack-host"),
    Outage("sshd-down", "sshd-not-running", "controller"),
    Outage("hostkey-changed", "host-key-changed", "compute"),
    Outage("ssh-drop", "firewall-drops-ssh", "compute", limit=15.0),
    Outage("ssh-frozen", "sshd-hangs", "compute2", limit=15.0),
    Outage("host-silent", "firewall-drops-everything", "kubernetes-host", limit=15.0),
)


@dataclass(frozen=True)
class Ran:
    status: int
    document: dict[str, Any]
    stderr: str
    seconds: float


def deadhop(*words: str, state: Path, check: bool = True) -> Ran:
    """Runs the command as an operator would, without a terminal; every call must end without a traceback."""
    environment = {**os.environ, "DEADHOP_STATE": str(state), "LC_ALL": "C.UTF-8"}
    begun = time.monotonic()
    done = subprocess.run(
        [*DEADHOP, *words],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    seconds = time.monotonic() - begun
    assert "Traceback" not in done.stderr, done.stderr
    if check:
        assert done.stdout, done.stderr
    return Ran(done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr, seconds)


def diagnose(paste: str, site: Path, state: Path, *more: str) -> Ran:
    return deadhop("diagnose", paste, "--site", str(site), "--json", *more, state=state)
