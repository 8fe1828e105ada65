"""Folders of YAML to knowledge. A file with a mistake is named and left out; all others load."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from base.errors import Place, Problem
from knowledge.cause_file import CauseFile, build_cause
from knowledge.lint import cross_check
from knowledge.model import Knowledge
from knowledge.notes import Notes
from knowledge.positions import read_document
from knowledge.shapes import Catalog
from knowledge.symptom_file import SymptomFile, build_symptom


@dataclass(frozen=True, slots=True)
class Loaded:
    knowledge: Knowledge
    problems: tuple[Problem, ...]
    """Of all files that were left out, in the order of places."""


def shipped() -> Path:
    """The folder of symptoms and causes that comes with deadhop."""
    return Path(str(resources.files("knowledge")))


def load(folders: Sequence[Path], catalog: Catalog) -> Loaded:
    """What the folders know. Later folders lie on top: the same id replaces. Never raises for what is in them;
    where a replacing file is left out, what it would have replaced stays."""
    with _uncollected():
        return _loaded(folders, catalog)


def _loaded(folders: Sequence[Path], catalog: Catalog) -> Loaded:
    shelves = _Shelves()
    for folder in folders:
        if not folder.is_dir():
            shelves.problems.append(Problem(Place(str(folder)), "no such folder"))
            continue
        for path in _files(folder, "symptoms"):
            shelves.add_symptom(path, folder, catalog)
        for path in _files(folder, "causes"):
            shelves.add_cause(path, folder, catalog)
    return shelves.settled()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Hundreds of files are a million young objects and no garbage: looking for it would double the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _files(folder: Path, room: str) -> Iterator[Path]:
    for path in sorted((folder / room).rglob("*.y*ml")):
        if not path.name.endswith((".cases.yaml", ".cases.yml")):
            yield path


@dataclass
class _Shelves:
    """Files by id; the last one of an id is the one that counts."""

    symptoms: dict[str, list[SymptomFile]] = field(default_factory=dict)
    causes: dict[str, list[CauseFile]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left_out: dict[str, Place] = field(default_factory=dict)
    """`symptom ID` or `cause ID` → its first problem."""
    origin: dict[str, Path] = field(default_factory=dict)

    def add_symptom(self, path: Path, folder: Path, catalog: Catalog) -> None:
        document, problems = read_document(path)
        notes = Notes(document, list(problems)) if document else None
        built = build_symptom(document, _layer(path), catalog, notes) if document and notes else None
        found = notes.problems if notes else list(problems)
        _check_name(path, built.symptom.id if built else "", found)
        if built and not found and not self._twice("symptom", built.symptom.id, built.symptom.place, folder, found):
            self.symptoms.setdefault(built.symptom.id, []).append(built)
        self._refuse("symptom", path, found)

    def add_cause(self, path: Path, folder: Path, catalog: Catalog) -> None:
        document, problems = read_document(path)
        notes = Notes(document, list(problems)) if document else None
        built = build_cause(document, _layer(path), catalog, notes) if document and notes else None
        found = notes.problems if notes else list(problems)
        _check_name(path, built.cause.id if built else "", found)
        if built and not found and not self._twice("cause", built.cause.id, built.cause.place, folder, found):
            self.causes.setdefault(built.cause.id, []).append(built)
        self._refuse("cause", path, found)

    def _twice(self, kind: str, name: str, place: Place, folder: Path, found: list[Problem]) -> bool:
        key = f"{kind} {name} {folder}"
        if key in self.origin:
            found.append(Problem(place, f"the id `{name}` is taken by {self.origin[key]}"))
            return True
        self.origin[key] = Path(place.file)
        return False

    def _refuse(self, kind: str, path: Path, found: list[Problem]) -> None:
        if found:
            self.left_out[f"{kind} {path.stem}"] = min(found).place
            self.problems.extend(found)

    # ------------------------------------------------------------ files together

    def settled(self) -> Loaded:
        """Leaves out what refers to nothing, until all that is left holds together."""
        while True:
            symptoms = [files[-1] for files in self.symptoms.values() if files]
            causes = [files[-1] for files in self.causes.values() if files]
            problems = cross_check(symptoms, causes, self.left_out)
            if not problems:
                break
            self.problems.extend(problems)
            self._drop({problem.place.file: problem.place for problem in reversed(problems)})
        knowledge = Knowledge(
            {one.symptom.id: one.symptom for one in symptoms}, {one.cause.id: one.cause for one in causes}
        )
        return Loaded(knowledge, tuple(sorted(set(self.problems))))

    def _drop(self, files: dict[str, Place]) -> None:
        for name, symptoms in self.symptoms.items():
            if symptoms and symptoms[-1].document.file in files:
                self.left_out[f"symptom {name}"] = files[symptoms.pop().document.file]
        for name, causes in self.causes.items():
            if causes and causes[-1].document.file in files:
                self.left_out[f"cause {name}"] = files[causes.pop().document.file]


def _layer(path: Path) -> str:
    return path.parent.name


def _check_name(path: Path, name: str, found: list[Problem]) -> None:
    if path.suffix != ".yaml":
        found.append(Problem(Place(str(path)), f"the file ends in `{path.suffix}`", "rename it to `.yaml`"))
    elif name and name != path.stem:
        found.append(
            Problem(Place(str(path), 1, 1), f"the id is `{name}`, the file `{path.name}`", "make them equal")
        )
    if path.parent.name in ("symptoms", "causes"):
        hint = f"put it into {path.parent.name}/host/, …/cluster/ or the like"
        found.append(Problem(Place(str(path)), "the file lies in no layer's folder", hint))
