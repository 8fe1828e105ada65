"""What no file can tell alone: references between symptoms and causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from base.errors import Place, Problem
from knowledge.cause_file import CauseFile
from knowledge.expressions import Mismatch, compare
from knowledge.flow import Way, flow_of
from knowledge.mistakes import did_you_mean
from knowledge.model import CauseRef, Jump
from knowledge.symptom_file import Handed, SymptomFile


def cross_check(
    symptoms: Sequence[SymptomFile], causes: Sequence[CauseFile], left_out: Mapping[str, Place]
) -> list[Problem]:
    """Every problem names the file that is to be left out for it."""
    known_symptoms = {file.symptom.id: file for file in symptoms}
    known_causes = {file.cause.id: file for file in causes}
    checker = _Checker(known_symptoms, known_causes, left_out)
    found = [problem for file in symptoms for handed in file.handed for problem in checker.handed(file, handed)]
    found.extend(problem for file in causes for problem in checker.explained(file))
    found.extend(problem for file in symptoms for problem in checker.swept(file))
    found = found or [*checker.loops(), *checker.circles()]
    if found or any(key.startswith("symptom ") for key in left_out):
        return found
    return list(_never_set(symptoms, causes))


def _never_set(symptoms: Sequence[SymptomFile], causes: Sequence[CauseFile]) -> Iterator[Problem]:
    """Values that no tree ever computes, of causes that trees lead to."""
    given: dict[str, set[str]] = {}
    for handed in (one for file in symptoms for one in file.handed):
        if isinstance(handed.to, CauseRef):
            given.setdefault(handed.to.cause, set()).update(handed.given)
    for file in causes:
        for name, value in file.cause.values.items():
            if file.cause.id in given and not value.optional and name not in given[file.cause.id]:
                place = file.document.place_of_key(("values", name))
                yield Problem(place, f"no tree ever sets `{name}`", "`set` it at a leaf, or make it `optional`")


class _Checker:
    def __init__(
        self,
        symptoms: Mapping[str, SymptomFile],
        causes: Mapping[str, CauseFile],
        left_out: Mapping[str, Place],
    ) -> None:
        self._symptoms = symptoms
        self._causes = causes
        self._left_out = left_out

    def handed(self, file: SymptomFile, handed: Handed) -> Iterator[Problem]:
        match handed.to:
            case CauseRef(cause):
                if cause not in self._causes:
                    yield self._unknown(file, handed, "cause", cause, self._causes)
                    return
                wanted = {name: value.kind for name, value in self._causes[cause].cause.values.items()}
                # A leaf may know less than the fixes need: the cause is then named without them.
                yield from _mismatches(file, handed, f"the cause `{cause}`", "set", wanted, frozenset(wanted))
            case Jump(symptom):
                if symptom not in self._symptoms:
                    yield self._unknown(file, handed, "symptom", symptom, self._symptoms)
                    return
                inputs = self._symptoms[symptom].symptom.inputs
                wanted = {name: one.kind for name, one in inputs.items()}
                yield from _mismatches(file, handed, f"the symptom `{symptom}`", "with", wanted, frozenset())

    def explained(self, file: CauseFile) -> Iterator[Problem]:
        """What a cause explains must be there."""
        explains = file.cause.explains
        for kind, names, known in (
            ("causes", explains.causes, self._causes),
            ("symptoms", explains.symptoms, self._symptoms),
        ):
            for index, name in enumerate(names):
                one = kind.removesuffix("s")
                if name not in known and f"{one} {name}" not in self._left_out:
                    place = file.document.place(("explains", kind, index))
                    yield Problem(place, f"unknown {one} `{name}`", did_you_mean(name, known))

    def swept(self, file: SymptomFile) -> Iterator[Problem]:
        """The tree that a sweep walks in the place of this one is there and is another."""
        name = file.symptom.swept_by
        place = file.document.place(("swept_by",))
        if name == file.symptom.id:
            yield Problem(place, "a tree is not swept by itself", "give its inputs an `each`")
        elif name and name not in self._symptoms and f"symptom {name}" not in self._left_out:
            yield Problem(place, f"unknown symptom `{name}`", did_you_mean(name, self._symptoms))

    def circles(self) -> Iterator[Problem]:
        """Causes that explain each other: none of them would be the root."""
        ways = {
            name: tuple(Way(to, seen=True) for to in file.cause.explains.causes)
            for name, file in self._causes.items()
        }
        told: set[frozenset[str]] = set()
        for name in ways:
            for loop in flow_of(name, ways).loops:
                if frozenset(loop) not in told:
                    told.add(frozenset(loop))
                    file = self._causes[loop[-2]]
                    index = file.cause.explains.causes.index(loop[-1])
                    place = file.document.place(("explains", "causes", index))
                    yield Problem(place, f"a circle of causes: {' → '.join(loop)}", "one of them is the root")

    def _unknown(
        self, file: SymptomFile, handed: Handed, kind: str, name: str, known: Mapping[str, object]
    ) -> Problem:
        place = file.document.place((*handed.where, kind))
        if f"{kind} {name}" in self._left_out:
            reason = self._left_out[f"{kind} {name}"]
            return Problem(place, f"the {kind} `{name}` was left out", f"its own problem is at {reason}")
        return Problem(place, f"unknown {kind} `{name}`", did_you_mean(name, known))

    def loops(self) -> Iterator[Problem]:
        """Trees that lead into each other: a walk must end."""
        ways = {name: tuple(_jumps(file)) for name, file in self._symptoms.items()}
        told: set[frozenset[str]] = set()
        for name in ways:
            for loop in flow_of(name, ways).loops:
                if frozenset(loop) not in told:
                    told.add(frozenset(loop))
                    yield self._loop(loop)

    def _loop(self, loop: tuple[str, ...]) -> Problem:
        file = self._symptoms[loop[-2]]
        where = next(one.where for one in file.handed if isinstance(one.to, Jump) and one.to.symptom == loop[-1])
        place = file.document.place((*where, "symptom"))
        return Problem(place, f"a loop of symptoms: {' → '.join(loop)}", "a walk must end")


def _jumps(file: SymptomFile) -> Iterator[Way]:
    for handed in file.handed:
        if isinstance(handed.to, Jump):
            yield Way(handed.to.symptom, seen=True)


def _mismatches(
    file: SymptomFile, handed: Handed, what: str, key: str, wanted: Mapping[str, str], optional: frozenset[str]
) -> Iterator[Problem]:
    for mismatch in compare(handed.given, wanted, optional):
        yield _problem(file, handed, what, key, mismatch)


def _problem(file: SymptomFile, handed: Handed, what: str, key: str, mismatch: Mismatch) -> Problem:
    where = (*handed.where, key, mismatch.name)
    if mismatch.missing:
        leaf = "cause" if key == "set" else "symptom"
        place = file.document.place((*handed.where, leaf))
        return Problem(place, f"{what} needs `{mismatch.name}`", f"give it below `{key}`")
    if mismatch.unknown:
        return Problem(file.document.place_of_key(where), f"{what} has no `{mismatch.name}`", mismatch.hint)
    return Problem(file.document.place(where), f"`{mismatch.name}` of {what}: {mismatch.message}", mismatch.hint)
