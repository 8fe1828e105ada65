"""What a session writes down: its journal, opened with the first entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from base.paths import state_dir
from journal.store import Journal

if TYPE_CHECKING:
    from diagnosis.sweep.views import SweepView
    from diagnosis.views import WalkView
    from journal.store import Recording
    from probes.probe import Evidence
    from probes.site import Site


class Noting:
    """A base of the session."""

    site: Site
    drill: bool

    def __init__(self, argv: Sequence[str], journal: Journal | None, past: Recording | None) -> None:
        self._argv = tuple(argv)
        self._journal = journal
        self._evidence_count = sum(entry.kind == "evidence" for entry in past.entries) if past else 0
        self._ended: dict[str, object] = {}

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            header = {"argv": list(self._argv), "site": findable(self.site.source), "drill": self.drill}
            self._journal = Journal.create(state_dir() / "sessions", header)
        return self._journal

    @property
    def id(self) -> str:
        return self.journal.id

    @property
    def token(self) -> str:
        """Unique to the session; part of names that a repair leaves on a host for a while."""
        return self.id

    @property
    def mark(self) -> str:
        """Who is at work, for whoever meets our lock."""
        from diagnosis.lock import owner_of

        return owner_of(self.id)

    @property
    def journal_path(self) -> Path:
        return self.journal.path

    def note(self, kind: str, data: Mapping[str, object], *, sync: bool = False) -> None:
        self.journal.append(kind, data, sync=sync)

    def next_evidence_id(self) -> str:
        self._evidence_count += 1
        return f"e{self._evidence_count}"

    def note_evidence(self, evidence: Evidence) -> None:
        from diagnosis.report import evidence_json

        self.note("evidence", evidence_json(evidence))

    def note_diagnosis(self, view: WalkView) -> None:
        from diagnosis.report import diagnosis_json, step_json

        for step in view.steps:
            self.note("step", step_json(step))
        document = diagnosis_json(self.id, view)
        assert view.diagnosis is not None
        causes = [asdict(cause.title) for cause in view.diagnosis.causes]
        texts = {"title": asdict(view.title), "text": asdict(view.diagnosis.text), "cause_titles": causes}
        self._ended = {"verdict": document["verdict"], "causes": [cause.id for cause in view.diagnosis.causes]}
        self.note("diagnosis", {**document, **texts, "symptom": view.symptom}, sync=True)

    def note_sweep(self, view: SweepView) -> None:
        """Once more, if more is known later: the last one counts."""
        from diagnosis.sweep.report import sweep_json

        document = sweep_json(self.id, view)
        assert view.result is not None
        causes = [finding.cause for finding in view.result.causes]
        texts = {"cause_titles": [asdict(cause.title) for cause in causes], "symptom": "sweep"}
        document = {key: value for key, value in document.items() if key != "evidence"}
        self._ended = {"verdict": document["verdict"], "causes": [cause.id for cause in causes]}
        self.note("diagnosis", {**document, **texts}, sync=True)

    def note_traces(self, inputs: Mapping[str, str], traced: Sequence[Evidence]) -> None:
        """As a diagnosis without causes, so that a session is listed, exported and opened as any other."""
        from diagnosis.trace_words import TITLE, concluded

        verdict, text = concluded(traced)
        self.note("inputs", {"symptom": "trace", "title": asdict(TITLE), "inputs": dict(inputs)})
        self._ended = {"verdict": verdict, "causes": []}
        seen = {"evidence": [one.id for one in traced], "causes": [], "ruled_out": [], "unknown": []}
        self.note("diagnosis", {"symptom": "trace", "verdict": verdict, "text": asdict(text), **seen}, sync=True)


def findable(source: str) -> str:
    """Where the site came from, so that it is found again from any folder."""
    return str(Path(source).absolute()) if Path(source).is_file() else source
