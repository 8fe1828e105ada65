"""Decisions of a tree as the operator sees them."""

from __future__ import annotations

from collections.abc import Mapping

from base.text import Text
from diagnosis.trace_words import in_a_walk
from diagnosis.views import Choice, StepState, StepView
from knowledge.model import Branch, CauseRef, EndRef, Goto, Jump, Knowledge, Step, Symptom
from knowledge.tree import Ask, Decision
from probes.probe import Evidence
from probes.site import target_of
from probes.trace.facts import Trace

_UNKNOWN = Text("could not tell", "알 수 없음")


class StepBook:
    """Words for steps: their questions, their answers, their ways on."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def step(self, key: str) -> Step:
        symptom, _, step = key.partition("/")
        return self._knowledge.symptoms[symptom].steps[step]

    def views(
        self, decisions: tuple[Decision, ...], pending: Ask | None, evidence: Mapping[str, Evidence]
    ) -> tuple[StepView, ...]:
        shown = [self._decided(decision, evidence.get(decision.ask.key)) for decision in decisions]
        if pending is not None:
            state = StepState.RUNNING if pending.step.probe else StepState.ASKING
            shown.append(self._view(pending, state, None, None))
        return tuple(shown)

    def _decided(self, decision: Decision, evidence: Evidence | None) -> StepView:
        state = StepState.UNKNOWN if decision.branch is None else StepState.DECIDED
        return self._view(decision.ask, state, decision, evidence)

    def _view(self, ask: Ask, state: StepState, decision: Decision | None, evidence: Evidence | None) -> StepView:
        taken = decision.branch if decision else None
        symptom = self._knowledge.symptoms[ask.symptom]
        failure = evidence.failure if evidence else None
        return StepView(
            key=ask.key,
            ask=ask.step.ask,
            probe=ask.step.probe,
            target=target_of(ask.host) if ask.host else "",
            arguments=ask.arguments,
            state=state,
            choices=self._choices(symptom, ask.step, taken),
            options=ask.step.options,
            answer=_with_numbers(self._answer(symptom, ask.step, decision), evidence),
            reason=decision.reason if decision else "",
            hint=failure.hint if failure else "",
            by_hand=decision.by_hand if decision else False,
            evidence=evidence,
        )

    def _choices(self, symptom: Symptom, step: Step, taken: int | None) -> tuple[Choice, ...]:
        return tuple(
            Choice(index, self._words(symptom, branch), index == taken)
            for index, branch in enumerate(step.branches)
        )

    def _answer(self, symptom: Symptom, step: Step, decision: Decision | None) -> Text | None:
        if decision is None:
            return None
        return _UNKNOWN if decision.branch is None else self._words(symptom, step.branches[decision.branch])

    def _words(self, symptom: Symptom, branch: Branch) -> Text:
        if branch.says is not None:
            return branch.says
        match branch.destination:
            case CauseRef(cause):
                return self._knowledge.causes[cause].title
            case EndRef(end):
                return symptom.ends[end].text
            case Goto(step):
                return symptom.steps[step].ask
            case Jump(other):
                return self._knowledge.symptoms[other].title


def _with_numbers(answer: Text | None, evidence: Evidence | None) -> Text | None:
    """A trace says in one sentence what no branch can: which hop, which rule, how many."""
    if answer is None or evidence is None or not isinstance(evidence.facts, Trace):
        return answer
    said = in_a_walk(evidence.facts)
    return Text(f"{answer.en}: {said.en}", f"{answer.ko}: {said.ko}")
