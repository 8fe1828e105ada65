"""Break, diagnose, fix, verify, undo: on a real Kubernetes, through the command an operator types."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.kube.health import ailments
from lab.session import Lab
from tests.end_to_end.outages import Ran, deadhop, diagnose

pytestmark = pytest.mark.lab

W1, W2, MASTER = "k8s-worker-1", "k8s-worker-2", "master"
_YES = ("--yes", "--max-risk", "disruptive")


@dataclass(frozen=True)
class Outage:
    fault: str
    cause: str
    target: str
    symptom: str
    inputs: tuple[str, ...]
    broken: tuple[str, str]
    """Machine and a command that succeeds there while the fault is in, not before and not after."""
    undone: bool = True
    """False where the repair has nothing to take back."""


NODES = (
    Outage(
        "kubelet-down",
        "kubelet-stopped",
        f"host:{W2}",
        "node-not-ready",
        (f"node={W2}",),
        (W2, "! systemctl is-active -q kubelet"),
    ),
    Outage(
        "containerd-down",
        "runtime-stopped",
        f"host:{W2}",
        "node-not-ready",
        (f"node={W2}",),
        (W2, "! systemctl is-active -q containerd"),
    ),
    Outage(
        "swap-on",
        "kubelet-refuses-swap",
        f"host:{W1}",
        "node-not-ready",
        (f"node={W1}",),
        (W1, "grep -q vda2 /proc/swaps && ! systemctl is-active -q kubelet"),
    ),
    Outage(
        "nodeip-missing",
        "node-ip-not-here",
        f"host:{W1}",
        "node-not-ready",
        (f"node={W1}",),
        (W1, "! ip -4 addr show lo | grep -q 192.168.200.106"),
    ),
    Outage(
        "no-cni",
        "cni-config-missing",
        f"host:{W1}",
        "node-not-ready",
        (f"node={W1}",),
        (W1, "! ls /etc/cni/net.d/*.conflist"),
        undone=False,
    ),
)
OUTAGES = NODES


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.fault)
def test_outage_is_named_repaired_verified_and_undone(healed_kube_lab: Lab, outage: Outage, state: Path) -> None:
    lab, site = healed_kube_lab, healed_kube_lab.site()
    lab.break_(outage.fault)
    assert _is_broken(lab, outage)

    found = diagnose(lab.paste(outage.fault), site, state)
    _assert_named(found, outage)
    _assert_named(_from_its_entry(outage, site, state), outage)

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", outage.cause, *_YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert _within(60, lambda: not ailments(lab.instance)), ailments(lab.instance)
    assert not _is_broken(lab, outage)
    well = _from_its_entry(outage, site, state)
    assert (well.status, well.document["causes"]) == (0, []), well.document

    undone = deadhop("fix", session, "--undo", *_YES, "--json", state=state)
    if outage.undone:
        assert undone.status == 0, (undone.document, undone.stderr)
        assert _within(20, lambda: _is_broken(lab, outage))
    else:
        assert undone.status != 0


def _from_its_entry(outage: Outage, site: Path, state: Path) -> Ran:
    """Without a paste: the symptom and what it is about."""
    given = [word for one in outage.inputs for word in ("--set", one)]
    return diagnose(outage.symptom, site, state, *given)


def _assert_named(found: Ran, outage: Outage) -> None:
    assert (found.status, found.document["verdict"]) == (1, "cause"), (found.document, found.stderr)
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"], cause["confidence"]) == (outage.cause, [outage.target], "certain")


def _is_broken(lab: Lab, outage: Outage) -> bool:
    machine, command = outage.broken
    return lab.run(machine, command).returncode == 0


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(1)
    return True
