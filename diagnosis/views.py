"""Frozen snapshots: what a walk or a repair looks like right now. The app draws them, the command line prints
them, tests read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from base.text import Text
from base.values import Value
from knowledge.model import Option, Risk, Verdict
from probes.facts import Kept
from probes.probe import Evidence, ProbeCall


class StepState(StrEnum):
    RUNNING = "running"
    ASKING = "asking"
    """Waits for the operator."""
    DECIDED = "decided"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    CERTAIN = "certain"
    """Every step on the way was seen."""
    LIKELY = "likely"
    """Something on the way could not be seen, or was decided by hand."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way on from a step, for answering by hand."""

    index: int
    text: Text
    taken: bool = False


@dataclass(frozen=True, slots=True)
class StepView:
    key: str
    """`symptom/step`."""
    ask: Text
    probe: str
    """Empty for a question to the operator."""
    target: str
    arguments: Mapping[str, object]
    state: StepState
    choices: tuple[Choice, ...] = ()
    options: tuple[Option, ...] = ()
    """A question's answers; empty for a probe."""
    answer: Text | None = None
    """In words, what was decided; None while it runs."""
    reason: str = ""
    """Why it is unknown."""
    hint: str = ""
    by_hand: bool = False
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class ActionView:
    """One command of a fix, exactly as it will run."""

    on: str
    """Host's name or `operator`."""
    run: str
    undo: str
    """Empty when it cannot be undone."""
    text: Text | None = None
    unless: str = ""
    state: str = "planned"
    """planned, running, done, skipped (was done already), failed, interrupted, undone, undo-failed, by-hand,
    taken-back (it cut the way, and the host undid it by itself)."""
    exit_status: int | None = None
    output: str = ""
    seconds: float = 0.0
    timeout: float = 30.0
    """Seconds it may take."""
    via_console: bool = False
    """It went through the host's console, for SSH did not get in; its undo goes the same way."""
    arm: str = ""
    """Sent first where the command could cut the way to the host: the host will undo it (dead man's switch)."""
    target: str = ""
    """`cluster:NAME` or `cloud:NAME` where that is what it changes, from wherever its client runs."""
    disarm: str = ""
    """Sent once the host was reached again."""
    undo_known: bool = True
    """False after an edit, until somebody says what takes the edited command back."""
    undoing: bool = False
    """Interrupted, and it was the undo that was in flight."""
    keep: tuple[ProbeCall, ...] = ()
    """What its author says that it changes; the rest is read from the command."""
    kept: tuple[Kept, ...] = ()
    """The state of what it changes, as it was before."""
    not_kept: str = ""
    """Why that state could not be seen."""
    restored: bool | None = None
    """After its undo: whether all is as it was; None while nobody has looked, or could."""
    left: tuple[str, ...] = ()
    """The lines that are other than before."""
    by_hand: tuple[str, ...] = ()
    """Commands that would put them back; shown, never run."""


@dataclass(frozen=True, slots=True)
class FixView:
    id: str
    title: Text
    risk: Risk
    impact: Text
    recommended: bool
    actions: tuple[ActionView, ...]
    persist: tuple[ActionView, ...] = ()
    caution: Text | None = None
    unavailable: str = ""
    """Why it cannot be offered (a value is missing); empty when it can."""
    loses: str = ""
    """What is gone afterwards, by its name; empty where nothing is."""
    parts: tuple[tuple[str, Mapping[str, Value]], ...] = ()
    """Fixes of the same cause, and other values, whose commands are among its own: `CauseView.also`."""


@dataclass(frozen=True, slots=True)
class CauseView:
    id: str
    symptom: str
    title: Text
    why: Text
    values: Mapping[str, Value]
    targets: tuple[str, ...]
    confidence: Confidence
    evidence: tuple[str, ...]
    """Ids of the evidence on the way to it."""
    fixes: tuple[FixView, ...] = ()
    sure: Text | None = None
    refused: tuple[str, ...] = ()
    also: tuple[Mapping[str, Value], ...] = ()
    """Other values with which a sweep came to it, that its fixes repair together with these."""
    fixes_later: bool = False
    """It has fixes, and a sweep was ended before they were worked out."""


@dataclass(frozen=True, slots=True)
class RuledOutView:
    id: str
    title: Text
    evidence: str
    """Id of the evidence that ruled it out; empty when the operator did."""
    step: Text


@dataclass(frozen=True, slots=True)
class UnknownView:
    probe: str
    target: str
    reason: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    verdict: Verdict
    text: Text
    """One sentence."""
    causes: tuple[CauseView, ...] = ()
    runners_up: tuple[CauseView, ...] = ()
    ruled_out: tuple[RuledOutView, ...] = ()
    unknown: tuple[UnknownView, ...] = ()
    may_be_meant: tuple[CauseView, ...] = ()
    """Of a sweep that is read again: what somebody may want so."""


@dataclass(frozen=True, slots=True)
class WalkView:
    symptom: str
    title: Text
    inputs: Mapping[str, Value]
    steps: tuple[StepView, ...] = ()
    diagnosis: Diagnosis | None = None
    """None until the walk came to its end."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RepairView:
    cause: str
    fix: FixView
    """Its actions carry the live state and output."""
    phase: str
    """planned, checking, applying, verifying, verified, not-verified, failed, undoing, undone, undo-failed,
    not-as-before (undone, and something is other than before),
    not-needed (the precondition no longer holds), blocked (the precondition could not be looked at), locked
    (another deadhop is at work there), undo-locked (so it is, and nothing was undone), by-hand, taken-back,
    cut-short (deadhop ended in the middle of it), left."""
    message: str = ""
    hint: str = ""
    verified: bool | None = None
    steps_done: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)
