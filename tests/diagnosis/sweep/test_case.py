"""A cause in its own case: the rule as the host prints it, the numbers, the values; and nothing that nobody saw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from base.text import Text
from base.values import Value
from diagnosis.catalog import catalog
from diagnosis.sweep.case import case_of, of_the_first
from knowledge.load import load, shipped
from knowledge.model import CauseRef, Knowledge
from knowledge.tree import Ask, Decision, Found
from probes.path.facts import FirewallHits, Hit
from probes.probe import Evidence, Failure
from tests.tui.traces import DIES, RULE

SYMPTOM = "destination-port-unreachable"
VALUES: Mapping[str, Value] = {
    "host": "hv1", "chain": "LIBVIRT_FWI", "source": "master", "target": "192.168.100.101",
    "source_net": "10.10.10.0/24", "target_net": "192.168.100.0/24",
}  # fmt: skip
FOUND = Found("libvirt-rejects-new-flows", SYMPTOM, "rejecting_rule", VALUES)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load([shipped()], catalog()).knowledge


def hit(chain: str, verdict: str = "REJECT", position: int = 3, packets: int = 20) -> Hit:
    text = f"-A {chain} -o virbr10 -j {verdict}"
    return Hit("filter", chain, position, text, (), verdict, packets, False)


def hits(*found: Hit, host: str = "hv1") -> FirewallHits:
    return FirewallHits(host, "master", "192.168.100.101", 20, 0, "iptables", found, "eth0", "virbr10", "", "", "")


def told(knowledge: Knowledge, facts: Any, found: Found = FOUND) -> tuple[Text, ...]:
    """By the step that leads to the cause, whatever its probe saw."""
    steps = knowledge.symptoms[SYMPTOM].steps
    step, branch = next(
        (step, at)
        for step in steps.values()
        for at, one in enumerate(step.branches)
        if isinstance(one.destination, CauseRef) and one.destination.cause == FOUND.cause
    )
    ask = Ask(SYMPTOM, step, "hv1")
    failure = Failure("denied", "sudo", "") if facts is None else None
    evidence = Evidence("e7", step.probe, "host:hv1", {}, facts, failure, (), datetime.now(UTC), 0.1)
    return case_of(knowledge, found, [Decision(ask, branch)], {ask.key: evidence})


def test_the_rule_that_counted_stands_there_as_its_host_prints_it(knowledge: Knowledge) -> None:
    case = told(knowledge, hits(hit("FORWARD", packets=44), hit("LIBVIRT_FWI"), hit("LIBVIRT_FWI", "ACCEPT")))
    assert case[0].en == (
        "chain: LIBVIRT_FWI, from: master, to: 192.168.100.101, from network: 10.10.10.0/24, "
        "to network: 192.168.100.0/24"
    )
    assert case[0].ko.startswith("체인: LIBVIRT_FWI, 출발: master, 도착: 192.168.100.101")
    assert case[1] == Text(
        "hv1: 20 counted by `-A LIBVIRT_FWI -o virbr10 -j REJECT`",
        "hv1: `-A LIBVIRT_FWI -o virbr10 -j REJECT` 규칙이 20개를 셌다",
    )
    assert len(case) == 3
    assert case[2].en.endswith("(e7)")


def test_of_a_policy_there_is_no_rule_to_print(knowledge: Knowledge) -> None:
    case = told(knowledge, hits(hit("LIBVIRT_FWI", "DROP", position=0)))
    assert case[1].en == "hv1: 20 counted by the policy of LIBVIRT_FWI"


@pytest.mark.parametrize("facts", [hits(), hits(hit("LIBVIRT_FWI"), host="hv2"), hits(hit("FORWARD")), None])
def test_a_rule_elsewhere_is_not_this_cause_s(knowledge: Knowledge, facts: FirewallHits | None) -> None:
    assert not any("counted" in line.en for line in told(knowledge, facts))


def test_a_trace_on_the_way_says_its_sentence_with_the_numbers(knowledge: Knowledge) -> None:
    (_, answer) = told(knowledge, DIES)
    assert "20 entered enp7s0, 0 left virbr10, 20 on a rule in LIBVIRT_FWI" in answer.en
    assert RULE in answer.ko


def test_what_commands_are_made_of_and_what_is_empty_is_not_told(knowledge: Knowledge) -> None:
    values: Mapping[str, Value] = {"host": "gw", "input_rules": ("-j DROP",), "seen_by": "", "address": "10.0.0.1"}
    found = Found("firewall-drops-everything", SYMPTOM, "x", values)
    assert case_of(knowledge, found, [], {}) == (Text("address: 10.0.0.1", "주소: 10.0.0.1"),)


def test_the_first_of_many_speaks_in_its_own_name() -> None:
    case = (Text("address: 10.0.0.1", "주소: 10.0.0.1"),)
    assert of_the_first(case, Text("n1", "n1")) == (Text("of n1: address: 10.0.0.1", "n1의 경우: 주소: 10.0.0.1"),)
