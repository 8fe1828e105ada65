"""A walk that no other look explains asks for a trace: what no tree has a branch for is named with its rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import Ran, deadhop

pytestmark = pytest.mark.lab

ROUTER, SOURCE, TARGET = "openstack-host", "kubernetes-host", "192.168.100.101"


@contextmanager
def broken(lab: Lab, command: str, repair: str) -> Iterator[None]:
    done = lab.run(ROUTER, command)
    assert done.returncode == 0, done.stdout
    try:
        yield
    finally:
        lab.run(ROUTER, repair)


def walked(lab: Lab, tmp_path: Path) -> Ran:
    given = ("--set", f"source={SOURCE}", "--set", f"target={TARGET}")
    return deadhop(
        "diagnose", "no-answer-to-ping", *given, "--site", str(lab.site()), "--json", state=tmp_path / "state"
    )


def test_half_of_the_packets_lost_on_a_rule(healed_lab: Lab, tmp_path: Path) -> None:
    # By count: of five that are dropped by chance all may pass.
    rule = f"FORWARD -d {TARGET}/32 -m statistic --mode nth --every 2 --packet 0 -j DROP"
    with broken(healed_lab, f"iptables -I {rule}", f"iptables -D {rule}"):
        found = walked(healed_lab, tmp_path).document
    (cause,) = found["causes"]
    assert (cause["id"], cause["values"]["host"], cause["values"]["reason"]) == (
        "packets-end-at-host",
        ROUTER,
        "rule",
    )
    assert "--mode nth" in cause["values"]["rule"]
    assert found["evidence"][-1]["probe"] == "path.trace"


def test_a_rule_of_nft_that_does_not_count(healed_lab: Lab, tmp_path: Path) -> None:
    chain = "nft add table ip silent && nft add chain ip silent f '{ type filter hook forward priority 10; }'"
    rule = f"nft add rule ip silent f ip daddr {TARGET} drop"
    with broken(healed_lab, f"{chain} && {rule}", "nft delete table ip silent"):
        found = walked(healed_lab, tmp_path).document
    (cause,) = found["causes"]
    assert (cause["id"], cause["values"]["host"], cause["values"]["reason"]) == (
        "packets-end-at-host",
        ROUTER,
        "uncounted",
    )
