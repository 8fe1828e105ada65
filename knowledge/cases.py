"""Cases: facts in, path, cause and commands out. Every branch, every `unknown` and every fix is reached by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from base.errors import DeadhopError, Place, Problem
from base.values import Value
from knowledge.case_facts import answer_of, checked, inputs_of
from knowledge.file_edit import brief
from knowledge.mistakes import did_you_mean
from knowledge.model import Cause, Fix, Knowledge, Step, Symptom
from knowledge.notes import Notes
from knowledge.positions import Document, Where, read_document
from knowledge.render import RenderedAction, readable, render_actions
from knowledge.schema import CaseSchema
from knowledge.shapes import Catalog
from knowledge.tree import Answer, Ask, Ended, Found, Position, Resolve, evaluate, key_of

Reached = tuple[str, str, str, int]
"""(branch, symptom, step, index), (unknown, symptom, step, 0) or (fix, cause, fix, 0)."""


@dataclass(frozen=True, slots=True)
class CaseReport:
    cases: int
    branches: int
    """Branches, `unknown` ways and fixes of all symptoms and causes."""
    reached: int
    problems: tuple[Problem, ...]


def run_cases(knowledge: Knowledge, catalog: Catalog, folders: Sequence[Path] = ()) -> CaseReport:
    """Runs `<id>.cases.yaml` beside every symptom. `folders` are looked through for cases of no symptom."""
    runner = _Runner(knowledge, catalog)
    for symptom in knowledge.symptoms.values():
        runner.run_file(symptom)
    wanted = dict(_to_reach(knowledge))
    unreached = [Problem(place, _unreached(key), "add a case") for key, place in wanted.items() - runner.marks()]
    problems = sorted({*runner.problems, *unreached, *_strays(knowledge, folders)})
    return CaseReport(runner.cases, len(wanted), len(wanted) - len(unreached), tuple(problems))


def _to_reach(knowledge: Knowledge) -> Iterator[tuple[Reached, Place]]:
    for symptom in knowledge.symptoms.values():
        for step in symptom.steps.values():
            for index, branch in enumerate(step.branches):
                yield ("branch", symptom.id, step.id, index), branch.place
            yield ("unknown", symptom.id, step.id, 0), step.place
    for cause in knowledge.causes.values():
        for fix in cause.fixes:
            yield ("fix", cause.id, fix.id, 0), fix.place


def _unreached(key: Reached) -> str:
    kind, owner, name, index = key
    what = {"branch": f"branch {index + 1} of `{name}`", "unknown": f"the `unknown` of `{name}`"}
    return f"no case reaches {what[kind]} in {owner}" if kind in what else f"no case checks the commands of {name}"


def _strays(knowledge: Knowledge, folders: Sequence[Path]) -> Iterator[Problem]:
    for folder in folders:
        for path in sorted((folder / "symptoms").rglob("*.cases.yaml")):
            name = path.name.removesuffix(".cases.yaml")
            if name not in knowledge.symptoms:
                yield Problem(Place(str(path)), f"there is no symptom `{name}`", "`deadhop kb lint` says why")


@dataclass
class _Runner:
    knowledge: Knowledge
    catalog: Catalog
    cases: int = 0
    problems: list[Problem] = field(default_factory=list)
    reached: set[Reached] = field(default_factory=set)

    def marks(self) -> set[tuple[Reached, Place]]:
        return {(key, place) for key, place in _to_reach(self.knowledge) if key in self.reached}

    def run_file(self, symptom: Symptom) -> None:
        path = Path(symptom.place.file).with_suffix(".cases.yaml")
        if not path.exists():
            self.problems.append(Problem(symptom.place, f"`{symptom.id}` has no cases", f"write {path.name}"))
            return
        document, problems = read_document(path)
        self.problems.extend(problems)
        if document is None:
            return
        if not isinstance(document.plain, list):
            self.problems.append(Problem(document.place(()), "a list of cases is wanted here"))
            return
        for index, plain in enumerate(document.plain):
            self._run_case(document, symptom, index, plain)

    def _run_case(self, document: Document, symptom: Symptom, index: int, plain: object) -> None:
        self.cases += 1
        notes = Notes(document)
        try:
            case = CaseSchema.model_validate(plain)
        except ValidationError as error:
            notes.add_schema_errors(CaseSchema, error, (index,))
        else:
            self.reached |= _Case(self.knowledge, self.catalog, symptom, case, notes, (index,)).run()
        self.problems.extend(notes.problems)


@dataclass
class _Case:
    knowledge: Knowledge
    catalog: Catalog
    symptom: Symptom
    case: CaseSchema
    notes: Notes
    where: Where

    def run(self) -> set[Reached]:
        """What it reached; nothing when it is wrong."""
        inputs = inputs_of(self.notes, (*self.where, "inputs"), self.case.inputs, self.symptom)
        answers = self._answers()
        if self.notes.problems:
            return set()
        position = evaluate(self.knowledge, self.symptom.id, inputs, answers, self.case.hosts)
        self._check_asked(position, answers)
        self._check_path(position)
        self._check_conclusion(position)
        self._check_ruled_out(position)
        fixes = self._check_fixes(position.conclusion) if isinstance(position.conclusion, Found) else set()
        return set() if self.notes.problems else {*_passed(position), *fixes}

    def _answers(self) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        for name, plain in self.case.facts.items():
            where = (*self.where, "facts", name)
            step = self._step(name)
            if step is None:
                self.notes.add_key(where, f"unknown step `{name}`", did_you_mean(name, self.symptom.steps))
            else:
                answers[self._key(name)] = answer_of(self.notes, where, plain, step, self.catalog)
        return answers

    def _key(self, name: str) -> str:
        return name if "/" in name else key_of(self.symptom.id, name)

    def _step(self, name: str) -> Step | None:
        symptom, _, step = self._key(name).partition("/")
        tree = self.knowledge.symptoms.get(symptom)
        return tree.steps.get(step) if tree else None

    # ------------------------------------------------------------ what came out

    def _check_asked(self, position: Position, answers: Mapping[str, Answer]) -> None:
        match position.pending:
            case Ask() as ask:
                message = f"the case says nothing of `{self._short(ask.key)}`"
                self.notes.add((*self.where, "facts"), message, f"the walk went {self._way(position)}")
            case Resolve(addresses):
                message = f"the case does not say which host has {', '.join(addresses)}"
                self.notes.add((*self.where, "hosts"), message, f"hosts: {{{addresses[0]}: NAME}}")
            case None:
                passed = {decision.ask.key for decision in position.decisions}
                for name in self.case.facts:
                    if self._key(name) not in passed:
                        hint = f"the walk went {self._way(position)}"
                        self.notes.add_key((*self.where, "facts", name), f"`{name}` was never looked at", hint)

    def _short(self, key: str) -> str:
        return key.removeprefix(f"{self.symptom.id}/")

    def _way(self, position: Position) -> str:
        return " → ".join(self._short(decision.ask.key) for decision in position.decisions) or "nowhere"

    def _check_path(self, position: Position) -> None:
        expected = [self._key(name) for name in self.case.expect.path]
        if expected and expected != [decision.ask.key for decision in position.decisions]:
            self.notes.add((*self.where, "expect", "path"), f"the walk went {self._way(position)}")

    def _check_conclusion(self, position: Position) -> None:
        expect = self.case.expect
        where = (*self.where, "expect")
        if bool(expect.cause) == bool(expect.end):
            self.notes.add(where, "either `cause` or `end` is expected")
            return
        match position.conclusion:
            case Found(cause=cause) as found:
                if cause != expect.cause:
                    self._differs(
                        "cause" if expect.cause else "end", f"the cause `{cause}` was found", found.refused
                    )
                else:
                    self._check_values(found)
            case Ended(end=end) if end != expect.end:
                self._differs("end" if expect.end else "cause", f"the walk ended in `{end}`", _reasons(position))

    def _differs(self, key: str, message: str, reasons: tuple[str, ...]) -> None:
        self.notes.add((*self.where, "expect", key), message, "; ".join(reasons))

    def _check_values(self, found: Found) -> None:
        where = (*self.where, "expect", "values")
        self._check_refused(found)
        kinds = {name: value.kind for name, value in self.knowledge.causes[found.cause].values.items()}
        for name, plain in self.case.expect.values.items():
            if name not in kinds:
                self.notes.add_key(
                    (*where, name), f"`{found.cause}` has no value `{name}`", did_you_mean(name, kinds)
                )
            elif checked(self.notes, (*where, name), kinds[name], plain) != found.values.get(name):
                self.notes.add((*where, name), f"it is `{_shown(found.values.get(name))}`")

    def _check_refused(self, found: Found) -> None:
        """Values that failed their kind; with one of them no command may exist."""
        wanted = self.case.expect.refused
        refused = {reason.partition(":")[0]: reason for reason in found.refused}
        for name, reason in refused.items():
            if name not in wanted and (wanted or not reason.endswith(": not known")):
                self.notes.add((*self.where, "expect"), f"a value was refused: {reason}")
        for index, name in enumerate(wanted):
            if name not in refused:
                self.notes.add((*self.where, "expect", "refused", index), f"`{name}` was not refused")

    def _check_unavailable(self, cause: Cause, found: Found) -> None:
        """Fixes that nobody may be offered: they do not apply, or cannot be written on these values."""
        fixes = {fix.id: fix for fix in cause.fixes}
        for index, name in enumerate(self.case.expect.unavailable):
            where = (*self.where, "expect", "unavailable", index)
            if name not in fixes:
                self.notes.add(where, f"`{cause.id}` has no fix `{name}`", did_you_mean(name, fixes))
            elif commands := self._offered(cause, fixes[name], found):
                self.notes.add(where, f"`{name}` is offered", "\n        ".join(commands))

    @staticmethod
    def _offered(cause: Cause, fix: Fix, found: Found) -> tuple[str, ...]:
        if found.refused:
            return ()
        try:
            if fix.when is not None and fix.when.evaluate(readable(cause, found.values)) is not True:
                return ()
            return tuple(action.run for action in render_actions(fix.actions, found.values))
        except DeadhopError:
            return ()

    def _check_ruled_out(self, position: Position) -> None:
        ruled_out = [entry.cause for entry in position.ruled_out]
        for index, cause in enumerate(self.case.expect.ruled_out):
            if cause not in ruled_out:
                hint = "ruled out: " + (", ".join(ruled_out) or "nothing")
                self.notes.add((*self.where, "expect", "ruled_out", index), f"`{cause}` was not ruled out", hint)
        for index, cause in enumerate(self.case.expect.not_ruled_out):
            where = (*self.where, "expect", "not_ruled_out", index)
            if cause not in self.knowledge.causes:
                self.notes.add(where, f"unknown cause `{cause}`", did_you_mean(cause, self.knowledge.causes))
            elif cause in ruled_out:
                self.notes.add(where, f"`{cause}` was ruled out")

    # ------------------------------------------------------------ commands

    def _check_fixes(self, found: Found) -> set[Reached]:
        cause = self.knowledge.causes[found.cause]
        self._check_unavailable(cause, found)
        fixes = {fix.id: fix for fix in cause.fixes}
        checked_fixes: set[Reached] = set()
        for key, expected in (("commands", self.case.expect.commands), ("undo", self.case.expect.undo)):
            for name, lines in expected.items():
                where = (*self.where, "expect", key, name)
                if name not in fixes:
                    self.notes.add_key(where, f"`{cause.id}` has no fix `{name}`", did_you_mean(name, fixes))
                    continue
                if found.refused:
                    self.notes.add_key(where, f"`{name}` is not offered", "; ".join(found.refused))
                    continue
                self._check_lines(where, lines, key, self._rendered(where, cause, fixes[name], found.values))
                if key == "commands":
                    checked_fixes.add(("fix", cause.id, name, 0))
        return checked_fixes

    def _rendered(
        self, where: Where, cause: Cause, fix: Fix, values: Mapping[str, Value]
    ) -> tuple[RenderedAction, ...]:
        try:
            if fix.when is not None and fix.when.evaluate(readable(cause, values)) is not True:
                self.notes.add_key(where, f"`{fix.id}` is not offered on these values")
            return (*render_actions(fix.actions, values), *render_actions(fix.persist, values))
        except DeadhopError as error:
            self.notes.add_key(where, f"`{fix.id}` cannot be written: {error.message}")
            return ()

    def _check_lines(self, where: Where, lines: list[str], key: str, actions: tuple[RenderedAction, ...]) -> None:
        rendered = [action.run for action in actions] if key == "commands" else [a.undo for a in actions if a.undo]
        if actions and not _same(lines, rendered):
            self.notes.add(where, "the commands are others", "\n        ".join(map(brief, rendered)))


def _same(lines: list[str], rendered: list[str]) -> bool:
    """A command that a `file` stands for may be written briefly."""
    both = zip(lines, rendered, strict=False)
    return len(lines) == len(rendered) and all(line in (command, brief(command)) for line, command in both)


def _passed(position: Position) -> Iterator[Reached]:
    for decision in position.decisions:
        symptom, _, step = decision.ask.key.partition("/")
        if decision.branch is None:
            yield ("unknown", symptom, step, 0)
        else:
            yield ("branch", symptom, step, decision.branch)


def _reasons(position: Position) -> tuple[str, ...]:
    return tuple(f"{decision.ask.step.id}: {decision.reason}" for decision in position.decisions if decision.reason)


def _shown(value: Value | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "not known" if value is None else str(value)
