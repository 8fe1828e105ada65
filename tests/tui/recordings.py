"""Sessions on what deadhop itself recorded on the lab, replayed at once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from diagnosis.session import Session
from journal.store import Journal
from probes.exchange import from_json
from probes.site import Host, Site

TRACE = Path(__file__).parent / "recorded/trace-libvirt-reject.jsonl.gz"
"""From master to the controller and back, while openstack-host rejects what comes in."""
SWEEP = Path(__file__).parents[1] / "diagnosis/sweep/recorded/ip-forward-off.jsonl.gz"


def recorded_session(recording: Path, folder: Path) -> Session:
    lines = [json.loads(line) for line in gzip.decompress(recording.read_bytes()).decode().splitlines()]
    hosts = next(line["data"]["hosts"] for line in lines if line["kind"] == "site")
    site = Site("recorded", tuple(Host(host["name"], tuple(host["addresses"])) for host in hosts))
    replayed = [from_json(line["data"]) for line in lines if line["kind"] == "exchange"]
    return Session(site, argv=("app",), journal=Journal.create(folder, {"argv": ["app"]}), replayed=replayed)
