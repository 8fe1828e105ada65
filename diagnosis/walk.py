"""One tree, walked: asks what the tree wants to know next, until it has an answer or needs the operator."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any, cast

from base.errors import UsageError
from base.values import Value
from diagnosis.conclusion import conclude
from diagnosis.observing import observe
from diagnosis.steps import StepBook
from diagnosis.views import WalkView
from knowledge.tree import Answer, Ask, Chosen, Known, NotKnown, Position, Resolve, evaluate
from probes.probe import Evidence, checked_call

if TYPE_CHECKING:
    from diagnosis.session import Session

SKIPPED = "skipped by the operator"


class Walk:
    """Resumable: `run` goes on until there is a diagnosis or a question only the operator can answer. The intents
    (answer, choose, skip, back, look_again) change what is known; call `run` again after one."""

    def __init__(
        self, session: Session, symptom: str, inputs: Mapping[str, Value], presets: Mapping[str, str]
    ) -> None:
        self._session = session
        self._symptom = session.knowledge.symptoms[symptom]
        self._inputs = dict(inputs)
        self._presets = presets
        self._answers: dict[str, Answer] = {}
        self._evidence: dict[str, Evidence] = {}
        self._asked: dict[tuple[object, ...], Evidence] = {}
        self._hosts: dict[str, str] = {}
        self._begun = time.monotonic()
        self._spent = 0.0
        self._position = Position()
        self._book = StepBook(session.knowledge)
        self.view = WalkView(symptom, self._symptom.title, self._inputs)
        session.note("inputs", {"symptom": symptom, "inputs": self._inputs, "title": asdict(self._symptom.title)})

    # ------------------------------------------------------------ intents

    def answer(self, key: str, option: str) -> None:
        """The operator's answer to a question step."""
        step = self._book.step(key)
        if option not in {choice.name for choice in step.options}:
            names = ", ".join(choice.name for choice in step.options)
            raise UsageError(f"{key}: {option!r} is none of its answers", hint=f"one of: {names}")
        self._decide(key, Known({"answer": option}), f"answered {option}")

    def choose(self, key: str, branch: int) -> None:
        """The operator knows better: takes this branch of the step, whatever was seen."""
        self._decide(key, Chosen(branch), f"chose branch {branch}")

    def skip(self, key: str) -> None:
        self._decide(key, NotKnown(SKIPPED), "skipped")

    def look_again(self, key: str) -> None:
        """Forgets what this step and all later ones saw."""
        self._forget_from(key)
        self._session.note("decision", {"key": key, "decision": "look again"})

    def back(self) -> None:
        """Forgets the last decided step."""
        if self._position.decisions:
            self.look_again(self._position.decisions[-1].ask.key)

    def _decide(self, key: str, answer: Answer, words: str) -> None:
        self._forget_from(key)
        self._answers[key] = answer
        self._session.note("decision", {"key": key, "decision": words})

    def _forget_from(self, key: str) -> None:
        keys = [decision.ask.key for decision in self._position.decisions]
        for later in keys[keys.index(key) :] if key in keys else [key]:
            self._answers.pop(later, None)
            evidence = self._evidence.pop(later, None)
            if evidence is not None:
                self._asked = {call: seen for call, seen in self._asked.items() if seen is not evidence}
                self._session.forget()

    # ------------------------------------------------------------ walking

    async def run(self) -> AsyncIterator[WalkView]:
        """Yields a snapshot at every change."""
        self._begun = time.monotonic()
        while True:
            self._position = await asyncio.to_thread(self._where)
            match self._position.pending:
                case Resolve(addresses):
                    await self._resolve(addresses)
                case Ask() as ask if not ask.step.probe:
                    if not self._answer_from_presets(ask):
                        yield self._show(ask)
                        return
                case Ask() as ask:
                    yield self._show(ask)
                    await self._look(ask)
                case None:
                    yield await self._finish()
                    return
                case _:
                    raise AssertionError(self._position.pending)

    def _where(self) -> Position:
        return evaluate(self._session.knowledge, self._symptom.id, self._inputs, self._answers, self._hosts)

    async def _resolve(self, addresses: tuple[str, ...]) -> None:
        names = await asyncio.gather(*(self._session.toolbox.host_of(address) for address in addresses))
        self._hosts.update(zip(addresses, names, strict=True))

    def _answer_from_presets(self, ask: Ask) -> bool:
        option = self._presets.get(ask.step.id)
        if option is None:
            return False
        self.answer(ask.key, option)
        return True

    async def _look(self, ask: Ask) -> None:
        try:
            call = checked_call(ask.step.probe, ask.host, ask.arguments)
        except UsageError as error:
            self._answers[ask.key] = NotKnown(error.message)
            return
        evidence = None if ask.step.fresh else self._asked.get(call.key)
        if evidence is None:
            evidence = await observe(call, self._session.toolbox, self._session.next_evidence_id())
            self._asked[call.key] = evidence
            self._session.note_evidence(evidence)
        self._evidence[ask.key] = evidence
        self._answers[ask.key] = answer_of(evidence)

    # ------------------------------------------------------------ showing

    def _show(self, pending: Ask | None) -> WalkView:
        steps = self._book.views(self._position.decisions, pending, self._evidence)
        self._spent = time.monotonic() - self._begun
        self.view = WalkView(
            self._symptom.id, self._symptom.title, self._inputs, steps, seconds=round(self._spent, 3)
        )
        return self.view

    async def _finish(self) -> WalkView:
        shown = self._show(None)
        diagnosis = await conclude(self._session, self._position, shown.steps, self._evidence)
        self.view = WalkView(
            shown.symptom, shown.title, shown.inputs, shown.steps, diagnosis, seconds=shown.seconds
        )
        self._session.note_diagnosis(self.view)
        return self.view


def answer_of(evidence: Evidence) -> Answer:
    """What a tree may know of a probe run."""
    if evidence.failure is not None:
        return NotKnown(evidence.failure.message)
    return Known(facts_of(evidence))


def facts_of(evidence: Evidence) -> dict[str, object]:
    """Facts as plain values; empty when there are none."""
    if is_dataclass(evidence.facts):
        return cast(dict[str, object], asdict(cast(Any, evidence.facts)))
    return {}
