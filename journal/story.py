"""The entries of a journal, put in the order a reader wants. Missing keys break nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from journal.reading import Entry, Recording

Data = Mapping[str, Any]


@dataclass
class ActionRecord:
    intent: Data
    outcome: Data | None = None
    undo: Data | None = None
    undo_outcome: Data | None = None
    before: Data | None = None
    """The state of what it changes, as it was kept."""
    after: Data | None = None
    """The same after its undo, and what is other than before."""

    def as_json(self) -> dict[str, Any]:
        outcome, undone = self.outcome or {}, self.undo_outcome or {}
        kept = ("action", "cause", "fix", "on", "run", "undo", "original", "confirmed_by")
        result = {key: outcome.get(key) for key in ("exit_status", "output", "seconds")}
        return {
            **{key: self.intent.get(key) for key in kept},
            "state": outcome.get("state", "unknown"),
            **result,
            "undone": undone.get("state") == "done" if self.undo else False,
            "before": listing((self.before or {}).get("kept")),
            "restored": (self.after or {}).get("restored"),
            "left": listing((self.after or {}).get("left")),
        }


@dataclass
class Story:
    """The entries of a journal, put in the order a reader wants."""

    typed: list[str] = field(default_factory=list)
    symptom: str = ""
    title: Any = None
    inputs: Data = field(default_factory=dict)
    steps: dict[str, Data] = field(default_factory=dict)
    evidence: dict[str, Data] = field(default_factory=dict)
    diagnosis: Data | None = None
    commands: list[ActionRecord] = field(default_factory=list)
    checks: list[Data] = field(default_factory=list)
    notes: list[Entry] = field(default_factory=list)
    states: dict[object, Data] = field(default_factory=dict)
    """Of actions that have not begun yet."""


def story_of(recording: Recording) -> Story:
    story = Story()
    for entry in recording.entries:
        _tell(story, entry)
    return story


def _tell(story: Story, entry: Entry) -> None:
    data = entry.data
    match entry.kind:
        case "search":
            story.typed.append(str(data.get("text", "")))
            story.symptom = str(data.get("symptom") or story.symptom)
        case "inputs":
            story.inputs = mapping(data.get("inputs")) or story.inputs
            story.symptom, story.title = str(data.get("symptom") or story.symptom), data.get("title")
        case "step":
            story.steps[str(data.get("key", entry.n))] = data
        case "evidence":
            story.evidence[str(data.get("id", entry.n))] = data
        case "diagnosis":
            story.diagnosis = data
        case "intent":
            story.commands.append(ActionRecord(data, before=story.states.get(data.get("action"))))
        case "state" if data.get("when") == "before":
            story.states[data.get("action")] = data
        case "state":
            _command(story, data).after = data
        case "outcome":
            _command(story, data).outcome = data
        case "undo-intent":
            _command(story, data).undo = data
        case "undo-outcome":
            _command(story, data).undo_outcome = data
        case "verify":
            story.checks.append(data)
        case "note" | "decision" | "plan":
            story.notes.append(entry)


def _command(story: Story, data: Data) -> ActionRecord:
    """The newest command of this action; an outcome without one (skipped) makes its own."""
    for command in reversed(story.commands):
        if command.intent.get("action") == data.get("action"):
            return command
    story.commands.append(ActionRecord({"action": data.get("action")}))
    return story.commands[-1]


# ------------------------------------------------------------------ what may be anything


def mapping(value: object) -> Data:
    return value if isinstance(value, Mapping) else {}


def listing(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def mappings(value: object) -> list[Data]:
    return [entry for entry in listing(value) if isinstance(entry, Mapping)]


def number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
