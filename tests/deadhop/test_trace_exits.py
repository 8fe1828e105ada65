"""What a shell is told by `deadhop trace`: 0 they arrive, 1 a cause found, 2 it could not be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deadhop.tracing import exit_code
from probes.probe import Evidence
from probes.trace.facts import DeadHop, Trace
from tests.deadhop.desk import Desk

ARRIVES = Trace("a", "10.0.0.9", "icmp", 0, 20, 20, "arrives", "", "", (), (), "", "", (), (), (), loop=False)
DEAD = DeadHop("b", "INPUT", "there", "rule", "-j DROP", "", "", 1, 20, "", "", 20, 0, confirmed=True)
LOST = replace(ARRIVES, received=0, verdict="dies")


def evidence(trace: Trace | None) -> Evidence:
    return Evidence("e1", "path.trace", "host:a", {}, trace, None, (), datetime.now(UTC), 1.0)


@pytest.mark.parametrize(
    ("traces", "code"),
    [
        ((ARRIVES,), 0),
        ((replace(LOST, dead=(DEAD,)),), 1),
        ((LOST,), 2),
        ((replace(LOST, loop=True),), 1),
        ((replace(LOST, verdict="unseen", loop=True),), 1),
        ((replace(ARRIVES, loop=True),), 0),
        ((None,), 2),
        ((ARRIVES, replace(LOST, dead=(DEAD,))), 1),
        ((ARRIVES, LOST), 2),
    ],
)
def test_the_worst_of_both_ways(traces: tuple[Trace | None, ...], code: int) -> None:
    assert exit_code([evidence(one) for one in traces]) == code


@pytest.mark.parametrize("option", ["--tcp", "--udp", "--size", "--count"])
@pytest.mark.parametrize("value", ["", "0", "https"])
def test_an_empty_option_is_refused_and_never_another_trace(desk: Desk, option: str, value: str) -> None:
    outcome = desk.run("trace", "dead", "127.0.0.1", option, value, "--site", str(desk.site))
    assert (outcome.code, outcome.out) == (3, "")
    assert option in outcome.err
    assert "1 …" in outcome.err
