"""What a journal says was run: each application of a fix with its values, and what became of its commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from base.values import check
from diagnosis.keeping import kept_of
from diagnosis.views import ActionView

if TYPE_CHECKING:
    from journal.store import Entry

DONE = ("done", "failed", "interrupted")
CHANGING = ("intent", "undo-intent")
Data = Mapping[str, Any]


@dataclass(slots=True)
class Run:
    cause: str
    fix: str
    values: object
    """As they stand in the journal: nothing of it has been checked."""
    also: tuple[object, ...] = ()
    """Likewise, of the same cause as others saw it."""
    actions: dict[int, ActionView] = field(default_factory=dict)
    """By number, as they were sent."""

    @property
    def left(self) -> bool:
        """Something of it is not undone."""
        return any(action.state in DONE for action in self.actions.values())

    def _is_of(self, data: Data) -> bool:
        return (data.get("cause"), data.get("fix")) == (self.cause, self.fix)

    def is_begun_by(self, intent: Data) -> bool:
        return self._is_of(intent) and self.values == intent.get("values")

    def is_undone_by(self, undo: Data) -> bool:
        """Old journals do not say the values again: the run that has this command not yet undone is meant."""
        if not self._is_of(undo):
            return False
        if "values" in undo:
            return bool(self.values == undo["values"])
        number = undo.get("action")
        action = self.actions.get(number) if isinstance(number, int) else None
        return action is not None and action.state in DONE


def runs_of(entries: Iterable[Entry]) -> tuple[Run, ...]:
    """The one that was begun last stands last; a fix that was run again with the same values is one run."""
    reading = _Reading()
    for entry in entries:
        reading.read(entry)
    return tuple(reading.runs)


def last_changed(entries: Iterable[Entry], *, but: str) -> Run | None:
    """The run of the last command or undo that was to leave, of another cause than `but`."""
    reading, last = _Reading(), None
    for entry in entries:
        reading.read(entry)
        if reading.current is not None and reading.current.cause != but:
            last = reading.current
    return last


class _Reading:
    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.current: Run | None = None
        self._armed: dict[object, str] = {}
        self._kept: dict[object, Data] = {}

    def read(self, entry: Entry) -> None:
        data, number = entry.data, entry.data.get("action")
        if entry.kind == "state" and data.get("when") == "before":
            self._kept[number] = data
        elif entry.kind == "guard":
            self._armed[number] = str(data.get("arm", ""))
        elif entry.kind == "intent":
            self._begin(data)
        elif entry.kind == "undo-intent":
            self.current = next((run for run in reversed(self.runs) if run.is_undone_by(data)), None)
        if self.current is None or not isinstance(number, int):
            return
        if entry.kind == "intent":
            self.current.actions[number] = self._sent(number, data)
        elif number in self.current.actions:
            self.current.actions[number] = _after(self.current.actions[number], entry.kind, data)

    def _begin(self, data: Data) -> None:
        run = next((run for run in self.runs if run.is_begun_by(data)), None)
        if run is None:
            also = data.get("also")
            others = tuple(also) if isinstance(also, list) else ()
            run = Run(str(data.get("cause")), str(data.get("fix")), data.get("values"), others)
        else:
            self.runs.remove(run)
        self.runs.append(run)
        self.current = run

    def _sent(self, number: int, data: Data) -> ActionView:
        """Without an outcome the command may or may not have run: it counts as interrupted."""
        kept = self._kept.get(number, {})
        return ActionView(
            on=str(check("host", data.get("on"), name="on")),
            run=str(data.get("run", "")),
            undo=str(data.get("undo") or ""),
            undo_known=data.get("undo_known") is not False,
            arm=self._armed.pop(number, ""),
            state="interrupted",
            kept=kept_of(kept.get("kept")),
            not_kept=str(kept.get("failure", "")),
        )


def _after(action: ActionView, kind: str, data: Data) -> ActionView:
    if kind == "plan" and data.get("confirmed") is True:
        return replace(action, undo_known=True)
    if kind == "guard-outcome" and data.get("outcome") in ("disarmed", "fired"):
        return replace(action, arm="")
    if kind == "outcome":
        return replace(action, state=str(data.get("state")), via_console=data.get("via_console") is True)
    if kind == "undo-intent":
        # The same of its undo: until its outcome is there, nobody knows which of the two holds.
        return replace(action, state="interrupted", undoing=True)
    if kind == "undo-outcome" and data.get("state") != "interrupted":
        return replace(action, state="undone" if data.get("state") == "done" else "done", undoing=False)
    return action
