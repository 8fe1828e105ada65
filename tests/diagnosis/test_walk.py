"""A walk on recorded machines: what it finds, what it rules out, and what the operator can do about it."""

from __future__ import annotations

import pytest

from base.errors import UsageError
from diagnosis.session import Session
from diagnosis.views import Confidence, StepState
from knowledge.model import Verdict
from tests.diagnosis.drilled import INPUTS, REACH, RULE, SYMPTOM, cause_of, entries, seen, walked


async def test_the_cause_is_named_with_its_values_and_evidence(drill: Session) -> None:
    walk = await walked(drill)
    diagnosis = walk.view.diagnosis
    assert diagnosis is not None
    cause = cause_of(walk)
    assert (diagnosis.verdict, cause.id) == (Verdict.CAUSE, "libvirt-rejects-new-flows")
    assert cause.values["source_net"] == "10.10.10.0/24"
    assert cause.values["target_net"] == "192.168.100.0/24"
    assert (cause.evidence, cause.confidence) == (("e1", "e2"), Confidence.CERTAIN)
    assert cause.targets == ("host:openstack-host",)


async def test_what_it_is_not_is_said_with_the_evidence(drill: Session) -> None:
    diagnosis = (await walked(drill)).view.diagnosis
    assert diagnosis is not None
    assert {"missing-route": "e1", "ip-forward-off": "e1"}.items() <= {
        entry.id: entry.evidence for entry in diagnosis.ruled_out
    }.items()


async def test_every_change_is_a_snapshot(drill: Session) -> None:
    views = await seen(drill.walk(SYMPTOM, INPUTS).run())
    states = [[step.state for step in view.steps] for view in views]
    assert states == [
        [StepState.RUNNING],
        [StepState.DECIDED, StepState.RUNNING],
        [StepState.DECIDED, StepState.DECIDED],
    ]


async def test_fixes_show_what_will_run(drill: Session) -> None:
    action = cause_of(await walked(drill)).fixes[0].actions[0]
    flow = "-s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT"
    assert action.on == "openstack-host"
    assert action.run == f"iptables -I LIBVIRT_FWI 1 {flow}"
    assert action.undo == f"iptables -D LIBVIRT_FWI {flow}"


async def test_stepping_back_forgets_and_asks_again(drill: Session) -> None:
    walk = await walked(drill)
    walk.back()
    views = await seen(walk.run())
    assert [step.evidence.id for step in views[-1].steps if step.evidence] == ["e1", "e3"]
    assert cause_of(walk).id == "libvirt-rejects-new-flows"


async def test_looking_again_at_the_first_step_asks_all_again(drill: Session) -> None:
    walk = await walked(drill)
    walk.look_again(REACH)
    await seen(walk.run())
    assert [step.evidence.id for step in walk.view.steps if step.evidence] == ["e3", "e4"]


async def test_an_answer_by_hand_wins_over_what_was_seen(drill: Session) -> None:
    walk = await walked(drill)
    walk.choose(REACH, 0)
    await seen(walk.run())
    diagnosis = walk.view.diagnosis
    assert diagnosis is not None
    assert diagnosis.verdict is Verdict.NOTHING_FOUND
    assert walk.view.steps[0].by_hand


async def test_a_skipped_step_makes_the_conclusion_unknown_and_says_so(drill: Session) -> None:
    walk = await walked(drill)
    walk.skip(RULE)
    await seen(walk.run())
    diagnosis = walk.view.diagnosis
    assert diagnosis is not None
    assert diagnosis.verdict is Verdict.UNKNOWN
    assert [entry.message for entry in diagnosis.unknown] == ["skipped by the operator"]


async def test_what_the_recording_does_not_hold_is_unknown_not_healthy(drill: Session) -> None:
    walk = drill.walk(SYMPTOM, {**INPUTS, "target": "192.168.100.102"})
    await seen(walk.run())
    diagnosis = walk.view.diagnosis
    assert diagnosis is not None
    assert diagnosis.verdict is Verdict.UNKNOWN
    assert {entry.reason for entry in diagnosis.unknown} == {"not-recorded"}


async def test_a_question_waits_for_the_operator(drill: Session) -> None:
    walk = drill.walk("host-key-changed", {"host": "openstack-host"})
    with pytest.raises(UsageError, match="none of its answers"):
        walk.answer("host-key-changed/expected", "maybe")


@pytest.mark.parametrize("value", ["10.0.0.1; rm -rf /", "$(id)", "`id`", "-oProxyCommand=id", "a\nb", ""])
async def test_hostile_inputs_are_refused_before_anything_runs(drill: Session, value: str) -> None:
    for name in INPUTS:
        with pytest.raises(UsageError) as refused:
            drill.walk(SYMPTOM, {**INPUTS, name: value})
        assert refused.value.hint
    assert entries(drill, "exchange", "evidence") == []


async def test_a_host_is_known_by_its_address_and_its_full_name(drill: Session) -> None:
    assert drill.walk(SYMPTOM, {**INPUTS, "source": "10.10.10.1"}).view.inputs["source"] == "openstack-host"
    assert drill.walk(SYMPTOM, {**INPUTS, "source": "master.example.org"}).view.inputs["source"] == "master"


async def test_the_journal_holds_the_walk(drill: Session, paste: str) -> None:
    walk = drill.walk(SYMPTOM, INPUTS, searched=paste)
    await seen(walk.run())
    (search,) = entries(drill, "search")
    assert search.data["text"] == paste
    assert [entry.data["id"] for entry in entries(drill, "evidence")] == ["e1", "e2"]
    (diagnosis,) = entries(drill, "diagnosis")
    assert diagnosis.data["verdict"] == "cause"
    assert [entry.data["key"] for entry in entries(drill, "step")] == [REACH, RULE]
