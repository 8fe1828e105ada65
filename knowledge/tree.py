"""Where a walk stands: a pure function of the tree, the inputs and the answers so far.

The walk, the cases and the app all ask this one function. Stepping back is asking it again with fewer answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from base.errors import UsageError
from base.values import Value, check
from knowledge.cel import EvaluationError, Expression
from knowledge.model import (
    Branch,
    Cause,
    CauseRef,
    Destination,
    EndRef,
    Goto,
    Jump,
    Knowledge,
    Step,
    Symptom,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Known:
    """Facts as plain values: what a probe found, or `{answer: …}` of an operator."""

    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NotKnown:
    """Could not look, or the operator skipped it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The operator decided by hand: this branch of the step."""

    branch: int


Answer = Known | NotKnown | Chosen


def key_of(symptom: str, step: str) -> str:
    return f"{symptom}/{step}"


@dataclass(frozen=True, slots=True)
class Ask:
    """What must be known next. `probe` empty: a question to the operator."""

    symptom: str
    step: Step
    host: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return key_of(self.symptom, self.step.id)


@dataclass(frozen=True, slots=True)
class Resolve:
    """Addresses whose hosts must be known before the tree can go on."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A step that is behind us. `branch` is None when it went its `unknown` way."""

    ask: Ask
    branch: int | None
    reason: str = ""
    """Why it is unknown."""
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A cause at the end of the path, with its values in canonical form."""

    cause: str
    symptom: str
    step: str
    values: Mapping[str, Value]
    refused: tuple[str, ...] = ()
    """Values that failed their kind, and why; fixes that need them cannot be offered."""


@dataclass(frozen=True, slots=True)
class Ended:
    symptom: str
    end: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RuledOut:
    cause: str
    by: str
    """Key of the step whose answer ruled it out."""


@dataclass(frozen=True, slots=True)
class Position:
    decisions: tuple[Decision, ...] = ()
    pending: Ask | Resolve | None = None
    conclusion: Found | Ended | None = None
    ruled_out: tuple[RuledOut, ...] = ()
    runners_up: tuple[Found, ...] = ()
    """Causes of later branches of decided steps whose conditions hold as well."""


class _Unresolved(Exception):
    def __init__(self, addresses: tuple[str, ...]) -> None:
        self.addresses = addresses


@dataclass
class _Walker:
    knowledge: Knowledge
    answers: Mapping[str, Answer]
    hosts: Mapping[str, str]
    symptom: Symptom
    scope: dict[str, object]
    position: Position = field(default_factory=Position)

    def value(self, expression: Expression, extra: Mapping[str, object] | None = None) -> object:
        missing: list[str] = []
        result = expression.evaluate({**self.scope, **(extra or {})}, {"host_of": _lookup(self.hosts, missing)})
        if missing:
            raise _Unresolved(tuple(missing))
        return result

    def ask_for(self, step: Step) -> Ask:
        if not step.probe or step.on is None:
            return Ask(self.symptom.id, step)
        host = str(self.value(step.on))
        arguments = {name: self.value(argument) for name, argument in step.arguments.items()}
        return Ask(self.symptom.id, step, host, arguments)

    def found(self, reference: CauseRef, step: str) -> Found:
        values: dict[str, Value] = {}
        refused: list[str] = []
        cause = self.knowledge.causes[reference.cause]
        for name, expression in reference.values.items():
            try:
                value = self.value(expression)
                if value != "" or not cause.values[name].optional:
                    values[name] = check(cause.values[name].kind, value, name=name)
            except (UsageError, EvaluationError) as error:
                refused.append(error.message)
        missing = [n for n, v in cause.values.items() if not v.optional and n not in values]
        refused.extend(f"{name}: not known" for name in missing if name not in reference.values)
        return Found(reference.cause, self.symptom.id, step, values, tuple(refused))


def _lookup(hosts: Mapping[str, str], missing: list[str]) -> Callable[[str], str]:
    def host_of(address: str) -> str:
        if address and address not in hosts:
            missing.append(address)
        return hosts.get(address, "")

    return host_of


def evaluate(
    knowledge: Knowledge,
    symptom: str,
    inputs: Mapping[str, Value],
    answers: Mapping[str, Answer],
    hosts: Mapping[str, str],
) -> Position:
    """Walks from the first step as far as the answers carry. `hosts` maps addresses to host names ("" for
    addresses no host of the site has)."""
    tree = knowledge.symptoms[symptom]
    walker = _Walker(knowledge, answers, hosts, tree, dict(inputs))
    destination: Destination = Goto(tree.first)
    step_id = ""
    try:
        while True:
            match destination:
                case Goto(step):
                    step_id = step
                    decided = _decide(walker, walker.symptom.steps[step])
                    if decided is None:
                        return walker.position
                    destination = decided
                case Jump():
                    _enter(walker, destination)
                    destination = Goto(walker.symptom.first)
                case CauseRef():
                    return replace(walker.position, conclusion=walker.found(destination, step_id))
                case EndRef(end):
                    verdict = walker.symptom.ends[end].verdict
                    return replace(walker.position, conclusion=Ended(walker.symptom.id, end, verdict))
    except _Unresolved as unresolved:
        return replace(walker.position, pending=Resolve(unresolved.addresses))


def _enter(walker: _Walker, jump: Jump) -> None:
    target = walker.knowledge.symptoms[jump.symptom]
    scope: dict[str, object] = {}
    for name, expression in jump.inputs.items():
        # An input that fails is not known there: steps that need it go their `unknown` way.
        with suppress(UsageError, EvaluationError):
            scope[name] = check(target.inputs[name].kind, walker.value(expression), name=name)
    walker.symptom, walker.scope = target, scope


def _decide(walker: _Walker, step: Step) -> Destination | None:
    """The way on from a step, noting the decision; None when it must be asked first."""
    try:
        ask = walker.ask_for(step)
    except EvaluationError as error:
        return _unknown(walker, Ask(walker.symptom.id, step), error.message)
    if step.probe and not ask.host:
        return _unknown(walker, ask, "no host of the site is known to have this address")
    match walker.answers.get(ask.key):
        case None:
            walker.position = replace(walker.position, pending=ask)
            return None
        case NotKnown(reason):
            return _unknown(walker, ask, reason)
        case Chosen(branch) if 0 <= branch < len(step.branches):
            _note(walker, Decision(ask, branch, by_hand=True))
            return step.branches[branch].destination
        case Chosen():
            return _unknown(walker, ask, "skipped")
        case Known(facts):
            walker.scope[step.id] = dict(facts)
            return _branch(walker, ask)


def _unknown(walker: _Walker, ask: Ask, reason: str) -> Destination:
    _note(walker, Decision(ask, None, reason))
    return ask.step.unknown


def _note(walker: _Walker, decision: Decision) -> None:
    walker.position = replace(walker.position, decisions=(*walker.position.decisions, decision))


def _branch(walker: _Walker, ask: Ask) -> Destination:
    """The first branch whose condition holds. Every other condition is looked at too: a false one rules out the
    causes only it leads to, a later true one names a runner-up. A branch without a condition is what is left: it
    holds when no other does."""
    taken: int | None = None
    refuted: list[Branch] = []
    for index, branch in enumerate(ask.step.branches):
        try:
            holds = taken is None if branch.when is None else walker.value(branch.when) is True
        except EvaluationError as error:
            if taken is None:
                return _unknown(walker, ask, error.message)
            continue  # it may rely on the taken one not to hold: neither refuted nor a runner-up
        if not holds:
            refuted.append(branch)
        elif taken is None:
            taken = index
        elif isinstance(branch.destination, CauseRef):
            runner_up = walker.found(branch.destination, ask.step.id)
            walker.position = replace(walker.position, runners_up=(*walker.position.runners_up, runner_up))
    if taken is None:
        return _unknown(walker, ask, "none of the expected answers")
    _note(walker, Decision(ask, taken))
    destination = ask.step.branches[taken].destination
    if ask.step.branches[taken].rules_out:
        _rule_out(walker, ask, refuted, [b.destination for b in ask.step.branches if b not in refuted])
    return destination


def _rule_out(walker: _Walker, ask: Ask, refuted: list[Branch], open_ways: list[Destination]) -> None:
    still = set().union(*(causes_from(walker.knowledge, walker.symptom, way) for way in open_ways))
    known = {entry.cause for entry in walker.position.ruled_out}
    gone = [
        cause
        for branch in refuted
        for cause in causes_from(walker.knowledge, walker.symptom, branch.destination, blindly=False)
        if cause not in still and cause not in known
    ]
    added = tuple(RuledOut(cause, ask.key) for cause in dict.fromkeys(gone))
    walker.position = replace(walker.position, ruled_out=(*walker.position.ruled_out, *added))


def causes_from(
    knowledge: Knowledge, symptom: Symptom, destination: Destination, *, blindly: bool = True
) -> tuple[str, ...]:
    """Ids of all causes that can be reached from here, nearest first. Without `blindly` not over `unknown` ways,
    for what they lead to is the matter of the look that failed, nor into trees of another layer: an answered ping
    says nothing of a volume claim, though its tree asks after Services where it is not answered."""
    return tuple(dict.fromkeys(_causes(knowledge, symptom, destination, blindly, set())))


def _causes(
    knowledge: Knowledge, symptom: Symptom, destination: Destination, blindly: bool, seen: set[tuple[str, str]]
) -> Iterator[str]:
    match destination:
        case CauseRef(cause):
            yield cause
        case Goto(step) if (symptom.id, step) not in seen:
            seen.add((symptom.id, step))
            ways = [branch.destination for branch in symptom.steps[step].branches]
            if blindly:
                ways.append(symptom.steps[step].unknown)
            for way in ways:
                yield from _causes(knowledge, symptom, way, blindly, seen)
        case Jump(other) if blindly or knowledge.symptoms[other].layer == symptom.layer:
            target = knowledge.symptoms[other]
            yield from _causes(knowledge, target, Goto(target.first), blindly, seen)
        case _:
            return


def cause_of(knowledge: Knowledge, found: Found) -> Cause:
    return knowledge.causes[found.cause]
