"""Sizes of packets: break, diagnose from a paste and without one, fix, verify, undo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import Ran, deadhop, diagnose

pytestmark = pytest.mark.lab


@dataclass(frozen=True)
class MtuOutage:
    fault: str
    cause: str
    host: str
    source: str
    """From it, packets of `size` do not come to `target`, and nobody says so."""
    target: str
    size: int


OUTAGES = (
    MtuOutage("mtu-icmp-dropped", "frag-needed-dropped", "openstack-host", "controller", "172.20.112.101", 1500),
    MtuOutage("mtu-blackhole", "network-takes-less", "k8s-worker-1", "k8s-worker-1", "10.0.0.34", 1500),
    MtuOutage("mtu-mismatch", "link-mtu-differs", "kubernetes-host", "controller", "172.20.112.101", 1500),
)
EVERY_RUN = ("mtu-icmp-dropped",)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.parametrize(
    "outage",
    [pytest.param(one, marks=() if one.fault in EVERY_RUN else pytest.mark.long) for one in OUTAGES],
    ids=lambda outage: outage.fault,
)
def test_outage_is_named_repaired_verified_and_undone(healed_lab: Lab, outage: MtuOutage, state: Path) -> None:
    healed_lab.break_(outage.fault)
    before = healed_lab.at_rest()
    found = diagnose(healed_lab.paste(outage.fault), healed_lab.site(), state)
    _assert_first(found, outage)
    assert healed_lab.changes_since(before) == ""
    assert _vanishes(healed_lab, outage)

    session, words = found.document["session"], ("--yes", "--max-risk", "disruptive", "--json")
    fixed = deadhop("fix", session, "--cause", outage.cause, *words, state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert not _vanishes(healed_lab, outage)

    undone = deadhop("fix", session, "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert healed_lab.changes_since(before) == ""
    healed_lab.run(outage.source, "ip route flush cache")  # what it learned while it was repaired
    assert _vanishes(healed_lab, outage)


@pytest.mark.long
@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.fault)
def test_a_sweep_names_it_first(healed_lab: Lab, outage: MtuOutage, state: Path) -> None:
    healed_lab.break_(outage.fault)
    before = healed_lab.at_rest()
    _assert_first(deadhop("sweep", "--site", str(healed_lab.site()), "--json", state=state), outage)
    assert healed_lab.changes_since(before) == ""


def _assert_first(found: Ran, outage: MtuOutage) -> None:
    assert found.status == 1, (found.document, found.stderr)
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (outage.cause, [f"host:{outage.host}"]), found.document["text"]
    assert {one["id"] for one in found.document["causes"]} == {outage.cause}


def _vanishes(lab: Lab, outage: MtuOutage) -> bool:
    """By real packets: neither an answer nor an error."""
    ping = f"ping -M do -c2 -i 0.2 -W1 -s {outage.size - 28} {outage.target}"
    return "2 packets transmitted, 0 received, 100% packet loss" in lab.run(outage.source, ping).stdout
