"""One symptom's file: from what its author wrote to the frozen model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from base.text import Text
from knowledge.beyond import claims_beyond
from knowledge.cel import Expression
from knowledge.cel_parse import Binary, Literal, Name, Node, Select, parse, walk
from knowledge.cel_tokens import SyntaxMistake
from knowledge.expressions import Given, Reading, check_kind, expressions, facts_of, record_of_answer
from knowledge.flow import Flow, Way, flow_of
from knowledge.mistakes import Mistake, did_you_mean
from knowledge.model import (
    EACH,
    Branch,
    CauseRef,
    Destination,
    End,
    EndRef,
    Goto,
    Input,
    Jump,
    Option,
    Step,
    Symptom,
    Verdict,
)
from knowledge.notes import Notes
from knowledge.positions import Document, Where
from knowledge.schema import BranchSchema, DestinationSchema, StepSchema, SymptomSchema, TextSchema
from knowledge.shapes import BOOL, Catalog, Shape, shape_of_kind
from knowledge.style import check_names, check_signature, check_texts


@dataclass(frozen=True, slots=True)
class Handed:
    """What a leaf gives to a cause or to another tree; held against it when all files are read."""

    where: Where
    to: CauseRef | Jump
    given: Mapping[str, Given]


@dataclass(frozen=True, slots=True)
class SymptomFile:
    symptom: Symptom
    document: Document
    handed: tuple[Handed, ...]


def build_symptom(document: Document, layer: str, catalog: Catalog, notes: Notes) -> SymptomFile | None:
    """None when something is wrong; `notes` says what."""
    try:
        schema = SymptomSchema.model_validate(document.plain)
    except ValidationError as error:
        notes.add_schema_errors(SymptomSchema, error)
        return None
    check_texts(notes)
    builder = _Builder(schema, document, notes, catalog)
    symptom = builder.symptom(layer)
    return None if notes.problems else SymptomFile(symptom, document, tuple(builder.handed))


def text_of(schema: TextSchema) -> Text:
    return Text(schema.en, schema.ko)


@dataclass
class _Builder:
    schema: SymptomSchema
    document: Document
    notes: Notes
    catalog: Catalog
    handed: list[Handed] = field(default_factory=list)

    def symptom(self, layer: str) -> Symptom:
        schema = self.schema
        check_names(self.notes, ("inputs",), schema.inputs)
        check_names(self.notes, ("steps",), schema.steps, taken=schema.inputs)
        flow = self._flow()
        steps = {name: self._step(name, step, flow) for name, step in schema.steps.items()}
        self._unused_ends()
        return Symptom(
            id=schema.id,
            layer=layer,
            title=text_of(schema.title),
            phrases_en=tuple(schema.phrases.en),
            phrases_ko=tuple(schema.phrases.ko),
            signatures=tuple(self._signatures()),
            inputs=self._inputs(),
            steps=steps,
            ends=self._ends(),
            place=self.document.place(("id",)),
            swept_by=schema.swept_by,
        )

    def _signatures(self) -> Iterator[re.Pattern[str]]:
        for index, source in enumerate(self.schema.signatures):
            pattern = check_signature(self.notes, ("signatures", index), source, self.schema.inputs)
            if pattern is not None:
                yield pattern

    def _inputs(self) -> dict[str, Input]:
        for name, one in self.schema.inputs.items():
            check_kind(self.notes, ("inputs", name, "is"), one.kind)
            self._check_each(name)
        return {
            name: Input(name, one.kind, text_of(one.ask), one.each, one.paste, one.default)
            for name, one in self.schema.inputs.items()
        }

    def _check_each(self, name: str) -> None:
        """A sweep gives each input one thing of its kind, and two inputs never the same list."""
        one = self.schema.inputs[name]
        if one.each and EACH[one.each] != one.kind:
            message = f"`{one.each}` gives a {EACH[one.each]}, and this is a {one.kind}"
            fitting = [each for each, kind in EACH.items() if kind == one.kind]
            self.notes.add(("inputs", name, "each"), message, f"`{fitting[0]}`" if fitting else "leave it out")
        first = next(other for other, spec in self.schema.inputs.items() if spec.each == one.each)
        if one.each and first != name:
            message = f"`{first}` takes `{one.each}` already"
            self.notes.add(("inputs", name, "each"), message, "a sweep never tries every pair")

    def _ends(self) -> dict[str, End]:
        for name, end in self.schema.ends.items():
            if end.absent and end.verdict not in ("unknown", "not-a-fault"):
                message = f"`absent` says nothing of an end that is {end.verdict}"
                hint = "it is for the verdicts unknown and not-a-fault"
                self.notes.add_key(("ends", name, "absent"), message, hint)
        return {
            name: End(name, Verdict(end.verdict), text_of(end.text), end.absent)
            for name, end in self.schema.ends.items()
        }

    # ------------------------------------------------------------ the shape of the tree

    def _flow(self) -> Flow:
        steps = self.schema.steps
        flow = flow_of(next(iter(steps)), {name: tuple(_ways(step)) for name, step in steps.items()})
        for loop in flow.loops:
            self.notes.add_key(("steps", loop[-2]), f"a loop of steps: {' → '.join(loop)}", "a walk must end")
        for name in steps:
            if name not in flow.known:
                self.notes.add_key(("steps", name), f"no way leads to `{name}`", "remove it, or `go` there")
        return flow

    def _unused_ends(self) -> None:
        used = {way.end or way.conclude for step in self.schema.steps.values() for way in _destinations(step)}
        for name in self.schema.ends:
            if name not in used:
                self.notes.add_key(("ends", name), f"no way leads to the end `{name}`", "remove it")

    # ------------------------------------------------------------ steps

    def _step(self, name: str, step: StepSchema, flow: Flow) -> Step:
        where: Where = ("steps", name)
        before = self._reading(flow.known.get(name, frozenset(self.schema.steps) - {name}))
        within = self._reading(flow.known.get(name, frozenset(self.schema.steps)) | {name})
        probing = self._probing(where, step, before)
        return Step(
            id=name,
            ask=text_of(step.ask),
            branches=self._branches(where, step, within),
            unknown=self._destination((*where, "unknown"), step.unknown, before),
            place=self.document.place_of_key(where),
            probe=step.probe,
            on=probing[0],
            arguments=probing[1],
            options=tuple(Option(key, text_of(text)) for key, text in step.options.items()),
            fresh=step.fresh,
        )

    def _reading(self, known: frozenset[str]) -> Reading:
        inputs = {name: shape_of_kind(one.kind) for name, one in self.schema.inputs.items()}
        facts = {name: self._facts(name) for name in self.schema.steps if name in known}
        hidden = {
            name: "not every way to this place passes that step and sees its answer"
            for name in self.schema.steps
            if name not in known
        }
        kinds = {name: one.kind for name, one in self.schema.inputs.items()}
        return Reading(self.notes, {**inputs, **facts}, kinds, hidden)

    def _facts(self, name: str) -> Shape:
        probe = self.schema.steps[name].probe
        return facts_of(probe, self.catalog) if probe else record_of_answer()

    def _probing(
        self, where: Where, step: StepSchema, reading: Reading
    ) -> tuple[Expression | None, dict[str, Expression]]:
        if not step.probe:
            self._question(where, step)
            return None, {}
        if step.options:
            self.notes.add_key(
                (*where, "options"), "a step with a probe has no options", "they belong to questions"
            )
        if not step.on:
            self.notes.add(where, "`on` is missing", "which host is looked at?")
            return None, {}
        arguments = reading.arguments(where, step.probe, step.arguments, self.catalog)
        return reading.on((*where, "on"), step.on, step.probe, self.catalog), expressions(arguments)

    def _question(self, where: Where, step: StepSchema) -> None:
        if not step.options:
            self.notes.add(where, "neither `probe` nor `options`", "a step looks, or it asks the operator")
        for key in ("on", "with", "fresh"):
            if key in _keys_of(self.document.plain, where):
                self.notes.add_key((*where, key), f"`{key}` needs a `probe`")

    # ------------------------------------------------------------ branches

    def _branches(self, where: Where, step: StepSchema, reading: Reading) -> tuple[Branch, ...]:
        last = len(step.branches) - 1
        built = [
            self._branch((*where, "branches", index), branch, reading, index == last)
            for index, branch in enumerate(step.branches)
        ]
        if step.probe and step.branches[last].when:
            hint = "the last branch has no `when`: it is what is left"
            self.notes.add((*where, "branches", last), "no branch takes what is left", hint)
        for index in claims_beyond(step, self.catalog):
            message = "this rules out what nobody could ask the API for"
            self.notes.add((*where, "branches", index), message, "`rules_out: false`")
        return tuple(built)

    def _branch(self, where: Where, branch: BranchSchema, reading: Reading, last: bool) -> Branch:
        if not branch.when and not last:
            self.notes.add(where, "later branches are never looked at", "only the last branch has no `when`")
        when = reading.expression((*where, "when"), branch.when, BOOL) if branch.when else None
        if when is not None:
            self._check_answers((*where, "when"), when)
        return Branch(
            destination=self._destination(where, branch, reading),
            when=when,
            place=self.document.place(where),
            says=text_of(branch.says) if branch.says else None,
            rules_out=branch.rules_out,
        )

    def _check_answers(self, where: Where, when: Expression) -> None:
        """Answers that a question does not offer."""
        questions = {name: step.options for name, step in self.schema.steps.items() if not step.probe}
        if not questions:
            return
        for at, step, answer in _answers(when, questions):
            if answer not in questions[step]:
                hint = did_you_mean(answer, questions[step])
                self.notes.add_mistakes(where, [Mistake(at, f"`{step}` has no answer `{answer}`", hint)])

    def _destination(self, where: Where, way: DestinationSchema, reading: Reading) -> Destination:
        named = [key for key in _LEADING if getattr(way, key)]
        if len(named) != 1:
            message = "leads nowhere" if not named else "leads to several places: " + ", ".join(named)
            self.notes.add(where, message, "one of `go`, `cause`, `symptom`, `end`, `conclude`")
            return EndRef("")
        if way.values and not way.cause:
            self.notes.add_key((*where, "set"), "`set` belongs to a `cause`")
        if way.inputs and not way.symptom:
            self.notes.add_key((*where, "with"), "`with` belongs to a `symptom`")
        if way.cause:
            given = reading.handed((*where, "set"), way.values)
            cause = CauseRef(way.cause, expressions(given))
            self.handed.append(Handed(where, cause, given))
            return cause
        if way.symptom:
            given = reading.handed((*where, "with"), way.inputs)
            jump = Jump(way.symptom, expressions(given))
            self.handed.append(Handed(where, jump, given))
            return jump
        return self._inside(where, way)

    def _inside(self, where: Where, way: DestinationSchema) -> Goto | EndRef:
        if way.go:
            if way.go not in self.schema.steps:
                hint = did_you_mean(way.go, self.schema.steps)
                self.notes.add((*where, "go"), f"unknown step `{way.go}`", hint)
            return Goto(way.go)
        key, name = ("end", way.end) if way.end else ("conclude", way.conclude)
        if name not in self.schema.ends:
            hint = did_you_mean(name, self.schema.ends) or "describe it below `ends`"
            self.notes.add((*where, key), f"unknown end `{name}`", hint)
        elif key == "conclude" and self.schema.ends[name].verdict != "unknown":
            message = f"`{name}` has the verdict {self.schema.ends[name].verdict}"
            self.notes.add((*where, key), message, "`conclude` is for the verdict unknown: write `end`")
        return EndRef(name)


_LEADING = ("go", "cause", "symptom", "end", "conclude")


def _destinations(step: StepSchema) -> tuple[DestinationSchema, ...]:
    return (*step.branches, step.unknown)


def _ways(step: StepSchema) -> Iterator[Way]:
    for branch in step.branches:
        if branch.go:
            yield Way(branch.go, seen=True)
    if step.unknown.go:
        yield Way(step.unknown.go, seen=False)


def _keys_of(plain: object, where: Where) -> Mapping[str, object]:
    for part in where:
        plain = plain[part] if isinstance(plain, dict) else {}  # the schema holds: these are maps
    return plain if isinstance(plain, dict) else {}


def _answers(when: Expression, questions: Mapping[str, object]) -> Iterator[tuple[int, str, str]]:
    """(place, question, answer) of every `question.answer == "answer"`."""
    try:
        nodes: list[Node] = list(walk(parse(when.source)))
    except SyntaxMistake:
        return
    for node in nodes:
        match node:
            case Binary(_, "==" | "!=", Select(_, Name(_, step), "answer"), Literal(at, str(answer))):
                if step in questions:
                    yield at, step, answer
