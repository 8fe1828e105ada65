"""Where the row of hops is marked: behind the last interface by which they may have come in at the dead hop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnosis.trace_row import row
from diagnosis.trace_words import in_a_walk
from probes.trace.facts import DeadHop, Trace, TracedHop


def hop(host: str, side: str, verdict: str, direction: str = "there", *, outer: bool = False) -> TracedHop:
    return TracedHop(host, "eth0", side, direction, outer, 20, 20 if verdict == "seen" else 0, "capture", verdict)


def trace(dead: tuple[str, str] | None, *hops: TracedHop) -> Trace:
    found = ()
    if dead is not None:
        host, direction = dead
        found = (
            DeadHop(host, "INPUT", direction, "rule", "-j DROP", "", "", 1, 20, "", "", 20, 0, confirmed=True),
        )
    verdict = "dies" if dead else "arrives"
    ends = ("a", "10.0.0.9", "icmp", 0, 20, 0 if dead else 20)
    return Trace(*ends, verdict, "", "", hops, found, "", "", (), (), (), loop=False)


def shown(one: Trace) -> list[str]:
    return [f"{line.mark} {line.host}{line.arrow}" for line in row(one)]


def test_behind_the_interface_by_which_they_came() -> None:
    hops = (hop("a", "out", "seen"), hop("b", "in", "seen"), hop("b", "out", "beyond"), hop("c", "in", "beyond"))
    assert shown(trace(("b", "there"), *hops)) == ["✓ a→", "✓ b←", "✗ b", "· b→", "· c←"]


def test_before_the_interface_that_never_saw_them() -> None:
    """A tunnel's packets were dropped below: nothing came out of it."""
    hops = (hop("a", "out", "seen"), hop("b", "in", "beyond"), hop("b", "out", "beyond"))
    assert shown(trace(("b", "there"), *hops)) == ["✓ a→", "✗ b", "· b←", "· b→"]


def test_behind_the_outer_interface_where_nobody_could_tell() -> None:
    hops = (hop("a", "out", "seen"), hop("b", "in", "unknown", outer=True), hop("b", "in", "beyond"))
    assert shown(trace(("b", "there"), *hops)) == ["✓ a→", "? b←", "✗ b", "· b←"]


def test_at_the_target_where_answers_have_no_way_back() -> None:
    hops = (hop("a", "out", "seen"), hop("b", "in", "seen"))
    assert shown(trace(("b", "back"), *hops)) == ["✓ a→", "✓ b←", "✗ b"]


@pytest.mark.parametrize(("verdict", "count"), [("beyond", 1), ("seen", 2)])
def test_a_way_back_that_nothing_went_is_not_drawn(verdict: str, count: int) -> None:
    assert len(shown(trace(None, hop("a", "out", "seen"), hop("b", "out", verdict, "back")))) == count


def test_in_a_walk_the_rule_stands_behind_the_numbers() -> None:
    rule = "-A FORWARD -m statistic --mode random -j DROP"
    found = DeadHop(
        "b", "FORWARD", "there", "rule", rule, "filter", "FORWARD", 1, 11, "eth1", "eth2", 20, 9, confirmed=True
    )
    told = in_a_walk(replace(trace(("b", "there")), dead=(found,), verdict="some-lost", received=9))
    assert told.en == f"9 of 20 answered; on b: 20 entered eth1, 9 left eth2, 11 on a rule in FORWARD ({rule})"
    assert told.ko.endswith(f"({rule})")
