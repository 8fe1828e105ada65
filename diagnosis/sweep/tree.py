"""One of a sweep's trees on its way, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from base.text import Text
from base.values import Value
from diagnosis.sweep.case import case_of
from diagnosis.sweep.members import is_of_failed
from diagnosis.walk import answer_of, facts_of
from knowledge.model import Verdict
from knowledge.tree import Ended, Found, NotKnown, Position, evaluate

if TYPE_CHECKING:
    from diagnosis.sweep.trees import Planned
    from knowledge.model import Knowledge
    from knowledge.tree import Answer, Ask
    from probes.probe import Evidence
    from probes.site import Site

_WHERE = frozenset(
    {"host", "asked", "via", "source", "target", "gateway", "blocked_at", "blocking_host", "unseen", "error_from"}
    | {"seen_from", "left_site_at"}
)
"""Fields of facts that name a place on the way, and not all that a place knows."""


class Way(StrEnum):
    """How a tree ended."""

    FOUND = "found"
    ENDED = "ended"
    ASKS = "asks"
    """The next step is the operator's."""
    UNSEEN = "unseen"
    """Its first look failed: whether there is a symptom at all is not known."""
    CUT = "cut"
    """The sweep ended before it did."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A tree at its end; all that grouping reads."""

    symptom: str
    inputs: Mapping[str, Value]
    way: Way
    number: int = 0
    """Its place among the trees, in the order of the site."""
    found: Found | None = None
    end: str = ""
    """`SYMPTOM/END`: it may have ended in a tree it jumped to."""
    verdict: Verdict = Verdict.UNKNOWN
    sure: bool = True
    """Every step on the way was seen."""
    evidence: tuple[str, ...] = ()
    passes: frozenset[str] = frozenset()
    """Targets on its way: `host:NAME`, `cluster:NAME`, `cloud:NAME`."""
    ruled_out: tuple[tuple[str, str], ...] = ()
    """Causes, each with the id of the evidence."""
    question: str = ""
    """Key of the step that asks."""
    suffered: bool = False
    """It was walked for a pod or server that does not start."""
    case: tuple[Text, ...] = ()
    """What its cause is here: its values, its rule, the answers that led to it."""


@dataclass
class Tree:
    """Asked again after every answer."""

    planned: Planned
    number: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    position: Position = field(default_factory=Position)

    def move(self, knowledge: Knowledge, hosts: Mapping[str, str]) -> None:
        self.position = evaluate(knowledge, self.planned.symptom, self.planned.inputs, self.answers, hosts)

    def hear(self, ask: Ask, evidence: Evidence) -> None:
        self.evidence[ask.key] = evidence
        self.answers[ask.key] = answer_of(evidence)

    def cannot_ask(self, ask: Ask, why: str) -> None:
        self.answers[ask.key] = NotKnown(why)

    @property
    def first_unseen(self) -> bool:
        """Nobody told of a symptom, and the look that would show it failed."""
        decisions = self.position.decisions
        return bool(decisions) and decisions[0].branch is None and bool(decisions[0].ask.step.probe)

    def outcome(self, way: Way, knowledge: Knowledge, site: Site) -> Outcome:
        position, planned = self.position, self.planned
        ended = position.conclusion if isinstance(position.conclusion, Ended) else None
        found = position.conclusion if isinstance(position.conclusion, Found) and way is Way.FOUND else None
        decided = [decision for decision in position.decisions if decision.ask.key in self.evidence]
        question = getattr(position.pending, "key", "") if way is Way.ASKS else ""
        return Outcome(
            planned.symptom,
            planned.inputs,
            way,
            self.number,
            found,
            f"{ended.symptom}/{ended.end}" if ended and way is Way.ENDED else "",
            _verdict(knowledge, ended) if ended else Verdict.UNKNOWN,
            all(decision.branch is not None for decision in position.decisions),
            tuple(dict.fromkeys(self.evidence[decision.ask.key].id for decision in decided)),
            frozenset(_passed(planned.inputs, self.evidence.values(), site)),
            tuple((one.cause, self.evidence[one.by].id) for one in position.ruled_out if one.by in self.evidence),
            question,
            is_of_failed(one.each for one in knowledge.symptoms[planned.symptom].inputs.values()),
            case_of(knowledge, found, position.decisions, self.evidence) if found else (),
        )


def _verdict(knowledge: Knowledge, ended: Ended) -> Verdict:
    absent = knowledge.symptoms[ended.symptom].ends[ended.end].absent
    return Verdict.NOTHING_FOUND if absent else ended.verdict


# ------------------------------------------------------------------ where it leads


def _passed(inputs: Mapping[str, Value], evidence: Any, site: Site) -> Iterator[str]:
    places = _places(site)
    for value in inputs.values():
        if isinstance(value, str) and value in places:
            yield places[value]
    for one in evidence:
        yield one.target
        for word in _words(facts_of(one)):
            if word in places:
                yield places[word]


def _places(site: Site) -> dict[str, str]:
    """Names and addresses to targets."""
    places = {address: f"host:{host.name}" for host in site.hosts for address in host.addresses}
    places |= {cluster.name: f"cluster:{cluster.name}" for cluster in site.clusters}
    places |= {cloud.name: f"cloud:{cloud.name}" for cloud in site.clouds}
    return places | {host.name: f"host:{host.name}" for host in site.hosts}


def _words(facts: object, wanted: bool = False) -> Iterator[str]:
    match facts:
        case str() if wanted and facts:
            yield facts
        case Mapping():
            for name, value in facts.items():
                yield from _words(value, name in _WHERE)
        case list() | tuple():
            for value in facts:
                yield from _words(value, wanted)
