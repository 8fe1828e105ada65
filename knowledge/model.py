"""The frozen model. Loading (pydantic, positions, hints) is in `knowledge.load`; this is what the rest sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from base.errors import Place
from base.text import Text
from knowledge.cel import Expression
from knowledge.template import Template


class Verdict(StrEnum):
    CAUSE = "cause"
    NOT_A_FAULT = "not-a-fault"
    NOTHING_FOUND = "nothing-found"
    UNKNOWN = "unknown"


WORLDS = ("cluster", "cloud")
"""Kinds of values that name what is reached by an API instead of a login."""


EACH: Mapping[str, str] = {
    "site.hosts": "host",
    "site.addresses": "address",
    "site.clusters": "cluster",
    "site.clouds": "cloud",
    "cluster.nodes-in-trouble": "k8s-name",
    "cluster.nodes-without-range": "k8s-name",
    "cluster.waiting-pods": "k8s-name",
    "cluster.waiting-pods.namespace": "k8s-name",
    "cluster.services": "address",
    "cloud.failed-servers": "line",
}
"""What a sweep can give to an input, and the kind that it is."""


class Risk(StrEnum):
    REVERSIBLE = "reversible"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"


# ------------------------------------------------------------------ symptoms


HERE = "prompt-host-or-here"


@dataclass(frozen=True, slots=True)
class Input:
    """What a tree must know before it starts."""

    name: str
    kind: str
    """A kind of `base.values`."""
    ask: Text
    each: str = ""
    """Where a sweep takes it from: a key of `EACH`."""
    paste: str = ""
    """`prompt-host` or `prompt-user`: taken from the shell prompt of a paste when no signature captured it. HERE:
    where the text has no prompt of a host either, and nobody can be asked, it was seen on this machine."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class CauseRef:
    """Leaf: this cause, with its values computed from facts and inputs."""

    cause: str
    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Goto:
    step: str


@dataclass(frozen=True, slots=True)
class Jump:
    """Goes on in another symptom's tree with these inputs."""

    symptom: str
    inputs: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class EndRef:
    """One of the symptom's `ends`."""

    end: str


Destination = CauseRef | Goto | Jump | EndRef


@dataclass(frozen=True, slots=True)
class Branch:
    destination: Destination
    when: Expression | None
    """None: always (only as the last branch)."""
    place: Place
    says: Text | None = None
    """The answer in words; without it the destination's title is shown."""
    rules_out: bool = True
    """False: the look was partial, so taking this branch rules out nothing of what the others lead to."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer an operator can give to a question step; facts are `{answer: NAME}`."""

    name: str
    text: Text


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    ask: Text
    branches: tuple[Branch, ...]
    unknown: Destination
    place: Place
    probe: str = ""
    """Empty: a question to the operator, with `options`."""
    on: Expression | None = None
    """CEL that gives a host's name or `operator`; may call `host_of(ADDRESS)`."""
    arguments: Mapping[str, Expression] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """A way to end without a cause."""

    id: str
    verdict: Verdict
    text: Text
    absent: bool = False
    """Verdict unknown or not-a-fault only because somebody says that there is a symptom; a sweep, told nothing,
    finds nothing."""


@dataclass(frozen=True, slots=True)
class Symptom:
    id: str
    layer: str
    title: Text
    phrases_en: tuple[str, ...]
    phrases_ko: tuple[str, ...]
    signatures: tuple[re.Pattern[str], ...]
    inputs: Mapping[str, Input]
    steps: Mapping[str, Step]
    """In order; the first one starts."""
    ends: Mapping[str, End]
    place: Place
    swept_by: str = ""
    """The symptom whose tree comes to all its causes where nobody has said which of both it is."""

    @property
    def first(self) -> str:
        return next(iter(self.steps))


# ------------------------------------------------------------------ causes


@dataclass(frozen=True, slots=True)
class ProbeUse:
    """A look: a probe on a host with arguments, and what must hold of its facts."""

    probe: str
    on: Expression
    arguments: Mapping[str, Expression]
    when: Expression
    """Reads the facts by the look's own name: `precondition` or `verify`."""
    text: Text | None = None
    attempts: int = 1
    wait: float = 1.0
    """Seconds between attempts."""


@dataclass(frozen=True, slots=True)
class StateUse:
    """What an action changes: a probe whose facts are `State`, put to the action's own place or to another."""

    probe: str
    on: Expression
    arguments: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Action:
    on: Expression
    """CEL: host name, or `operator`; with `world`, the name of a cluster or cloud."""
    run: Template
    undo: Template | None
    """None only where the fix says `irreversible: true`."""
    sudo: bool = False
    unless: Template | None = None
    """A read-only command; exit status 0 means it is done already."""
    each: str = ""
    """Name of a list value; the action is repeated with `item` as each of its members."""
    text: Text | None = None
    timeout: float = 30.0
    state: StateUse | None = None
    """Only where the command itself does not say what it changes."""
    world: str = ""
    """`cluster` or `cloud`: its command is the client's (`kubectl`, `openstack`), wherever that can be run."""


@dataclass(frozen=True, slots=True)
class Fix:
    id: str
    title: Text
    risk: Risk
    impact: Text
    actions: tuple[Action, ...]
    verify: ProbeUse
    place: Place
    recommended: bool = False
    irreversible: bool = False
    precondition: ProbeUse | None = None
    persist: tuple[Action, ...] = ()
    """What makes it survive a reboot; offered apart."""
    when: Expression | None = None
    """Over the cause's values: whether this fix applies at all."""
    caution: Text | None = None
    """Read before confirming."""
    loses: str = ""
    """Name of the value that names what is gone afterwards: it is typed before something destructive."""
    together: bool = False
    """Where a sweep came to the cause from several sides, it repairs them all at once."""


@dataclass(frozen=True, slots=True)
class CauseValue:
    name: str
    kind: str
    text: Text | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Explains:
    """What follows from a cause wherever the two touch."""

    causes: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    id: str
    layer: str
    title: Text
    why: Text
    values: Mapping[str, CauseValue]
    fixes: tuple[Fix, ...]
    place: Place
    sure: Text | None = None
    """How to be sure by hand."""
    target: str = "host"
    """Name of the value that says where the cause sits."""
    references: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    """Values that tell one such cause from another; without any it is one for each target."""
    crowd: tuple[str, ...] = ()
    """Values that many targets have in common where what they share is broken: then they are one."""
    explains: Explains = Explains()
    may_be_meant: bool = False
    """Somebody may want it so. Named where there is a symptom; a sweep mentions it and calls it no fault."""
    differs: tuple[str, ...] = ()
    """Kinds of settings: whichever of them is other than in the baseline, where the cause sits, explains it."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    symptoms: Mapping[str, Symptom]
    causes: Mapping[str, Cause]
