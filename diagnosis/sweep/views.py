"""Frozen snapshots of a sweep: drawn, printed, tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from base.text import Text
from base.values import Value
from diagnosis.sweep.baseline import Comparison, Difference
from diagnosis.sweep.trees import NotSwept
from diagnosis.views import CauseView, UnknownView
from knowledge.model import Verdict


@dataclass(frozen=True, slots=True)
class Witness:
    """One tree that came to a cause."""

    symptom: str
    inputs: Mapping[str, Value]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A cause, by what tells it from others in a sweep."""

    id: str
    target: str
    title: Text | None = field(default=None, compare=False)
    """In the operator's words, where they are known."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Trees of a symptom that came to no cause of their own, because of one that was found."""

    symptom: str
    count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause with everything that saw it."""

    cause: CauseView
    witnesses: tuple[Witness, ...]
    explains: tuple[Reference, ...] = ()
    symptoms: tuple[Explained, ...] = ()
    explained_by: tuple[Reference, ...] = ()
    """Empty: it is a root."""
    changed: tuple[Difference, ...] = ()
    """What is other than in the baseline, of what it is about."""
    case: tuple[Text, ...] = ()
    """What it is here, line by line: values, the rule that counted, the answers that led to it."""


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """Trees that ended alike without a cause."""

    symptom: str
    title: Text
    verdict: Verdict
    text: Text
    inputs: tuple[Mapping[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Trees that wait for the operator; nothing is guessed."""

    symptom: str
    step: str
    ask: Text
    options: Mapping[str, Text]
    inputs: tuple[Mapping[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Gap(UnknownView):
    """What could not be seen of one place for one reason."""

    looks: int = 1


@dataclass(frozen=True, slots=True)
class SweptOut:
    """A cause that no tree came to and that every tree that asked after it ruled out."""

    id: str
    title: Text
    evidence: str
    trees: int
    layer: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Trees that were not walked, for a list shows more in trouble than a sweep takes, or not to their end."""

    symptom: str
    count: int
    inputs: tuple[Mapping[str, Value], ...]
    """Of the first ones."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    verdict: Verdict
    text: Text
    causes: tuple[Finding, ...] = ()
    """Worst first; those that another one explains at the end."""
    may_be_meant: tuple[Finding, ...] = ()
    open_ends: tuple[OpenEnd, ...] = ()
    questions: tuple[Question, ...] = ()
    ruled_out: tuple[SweptOut, ...] = ()
    unknown: tuple[Gap, ...] = ()
    not_swept: tuple[NotSwept, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unfinished: tuple[LeftOut, ...] = ()
    """Trees that were under way when the sweep was cut."""
    not_begun: tuple[str, ...] = ()
    """Symptoms whose trees were to be walked on what nobody had told by then."""
    not_of_hosts: tuple[str, ...] = ()
    """Symptoms whose trees are of no single host, where only some hosts were wanted."""
    compared: Comparison | None = None
    """With the baseline, where there is one."""

    @property
    def elsewhere(self) -> tuple[Difference, ...]:
        """Differences from the baseline that explain nothing that was found."""
        known = {id(one) for finding in (*self.causes, *self.may_be_meant) for one in finding.changed}
        return tuple(one for one in (self.compared.differences if self.compared else ()) if id(one) not in known)


@dataclass(frozen=True, slots=True)
class SweepView:
    trees: int
    ended: int
    looks: int
    """Questions that were put so far, each once."""
    running: tuple[tuple[str, str], ...] = ()
    """(probe, target) of the looks that are under way."""
    layers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Layer → trees that ended, and all of it."""
    hosts: tuple[int, int] = (0, 0)
    """Hosts that said something so far, and all that the sweep wants to hear."""
    silent: tuple[str, ...] = ()
    """Targets that are asked no more, for they say nothing."""
    found: tuple[Reference, ...] = ()
    """Roots so far, worst first."""
    result: SweepResult | None = None
    cut: str = ""
    """`deadline` or `interrupted`: what is said is partial."""
    seconds: float = 0.0
