"""What a shell is told by `deadhop trace`: 0 they arrive, 1 a cause found, 2 it could not be told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deadhop.tracing import exit_code, trace_json
from diagnosis.tracing import Wanted
from probes.path.facts import Hit
from probes.probe import Evidence
from probes.trace.facts import DeadHop, OwnSizes, Trace
from tests.deadhop.desk import Desk
from tests.deadhop.test_json import checked
from tests.tui.traces import plan

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


TAKES = Hit("filter", "FORWARD", 1, "-j DROP", (), "DROP", 8, blanket=True)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ((), None),
        ((OwnSizes("tcp", 22, 0, 0, 0),), {"largest": None, "lost": None, "chosen": None, "dropped_by": None}),
        (
            (OwnSizes("tcp", 22, 1400, 1401, 1500, "b", (TAKES,)),),
            {"largest": 1400, "lost": 1401, "chosen": 1500, "dropped_by": {"host": "b", "rule": "-j DROP"}},
        ),
    ],
)
def test_sizes_of_the_protocol_itself_for_programs(own: tuple[OwnSizes, ...], said: object) -> None:
    traced = evidence(replace(ARRIVES, protocol="tcp", port=22, own_sizes=own))
    body = trace_json([(plan("a", "10.0.0.9", Wanted("tcp", 22, 1448)), traced)])
    found = json.loads(json.dumps({"deadhop": 1, "kind": "trace", "session": "s", **body}))
    assert checked(found, "trace")["own_sizes"] == said
