"""Diagnoses, repairs and evidence as JSON: what other programs may rely on (docs/json.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Lang
from diagnosis.views import ActionView, CauseView, FixView, RepairView, StepView, WalkView
from diagnosis.walk import facts_of
from journal.redact import redact_text
from probes.probe import Evidence

if TYPE_CHECKING:
    from journal.store import Recording


def diagnosis_json(session: str, view: WalkView) -> dict[str, object]:
    """The `diagnose` object of the design's table."""
    diagnosis = view.diagnosis
    if diagnosis is None:
        raise ValueError("the walk has not come to its end")
    return {
        "deadhop": 1,
        "kind": "diagnosis",
        "session": session,
        "symptom": view.symptom,
        "inputs": dict(view.inputs),
        "verdict": diagnosis.verdict.value,
        "text": asdict(diagnosis.text),
        "causes": [cause_json(cause) for cause in diagnosis.causes],
        "runners_up": [cause_json(cause) for cause in diagnosis.runners_up],
        "ruled_out": [{"id": entry.id, "evidence": entry.evidence} for entry in diagnosis.ruled_out],
        "unknown": [asdict(entry) for entry in diagnosis.unknown],
        "evidence": [evidence_json(step.evidence) for step in view.steps if step.evidence],
        "seconds": view.seconds,
    }


def cause_json(cause: CauseView) -> dict[str, object]:
    return {
        "id": cause.id,
        "symptom": cause.symptom,
        "title": asdict(cause.title),
        "values": dict(cause.values),
        "targets": list(cause.targets),
        "confidence": cause.confidence.value,
        "evidence": list(cause.evidence),
        "fixes": [fix_json(fix) for fix in cause.fixes],
        "refused": list(cause.refused),
        **({"also": [dict(values) for values in cause.also]} if cause.also else {}),
    }


def fix_json(fix: FixView) -> dict[str, object]:
    return {
        "id": fix.id,
        "title": asdict(fix.title),
        "recommended": fix.recommended,
        "risk": fix.risk.value,
        "actions": [_command_json(action) for action in fix.actions],
        "persist": [_command_json(action) for action in fix.persist],
        "unavailable": fix.unavailable,
    }


def _command_json(action: ActionView) -> dict[str, object]:
    return {"on": action.on, "run": action.run, "undo": action.undo or None}


def repair_json(session: str, view: RepairView) -> dict[str, object]:
    """The `fix` object of the design's table."""
    return {
        "deadhop": 1,
        "kind": "fix",
        "session": session,
        "cause": view.cause,
        "fix": view.fix.id,
        "risk": view.fix.risk.value,
        "phase": view.phase,
        "message": view.message,
        "hint": view.hint,
        "actions": [_action_json(action) for action in view.fix.actions],
        "verified": view.verified,
    }


def _action_json(action: ActionView) -> dict[str, object]:
    return {
        **_command_json(action),
        **({"guard": action.arm} if action.arm else {}),
        "state": action.state,
        "exit_status": action.exit_status,
        "output": action.output,
        "seconds": action.seconds,
        "before": [{"what": one.what, "lines": [redact_text(line) for line in one.lines]} for one in action.kept],
        "not_kept": action.not_kept,
        "restored": action.restored,
        "left": list(action.left),
        "by_hand": list(action.by_hand),
    }


def evidence_json(evidence: Evidence) -> dict[str, object]:
    return {
        "id": evidence.id,
        "probe": evidence.probe,
        "target": evidence.target,
        "arguments": dict(evidence.arguments),
        "facts": None if evidence.facts is None else facts_of(evidence),
        "failure": None if evidence.failure is None else asdict(evidence.failure),
        "seconds": round(evidence.seconds, 3),
        "started": evidence.started.isoformat(),
        "commands": [
            {"target": exchange.request.target, "text": exchange.request.text} for exchange in evidence.exchanges
        ],
    }


def step_json(step: StepView) -> dict[str, object]:
    taken = next((choice.index for choice in step.choices if choice.taken), None)
    return {
        "key": step.key,
        "ask": asdict(step.ask),
        "probe": step.probe,
        "target": step.target,
        "arguments": dict(step.arguments),
        "state": step.state.value,
        "branch": taken,
        "answer": asdict(step.answer) if step.answer else None,
        "reason": step.reason,
        "by_hand": step.by_hand,
        "evidence": step.evidence.id if step.evidence else None,
        "seconds": round(step.evidence.seconds, 3) if step.evidence else 0.0,
    }


ENDINGS: Mapping[str, str] = {"markdown": ".md", "html": ".html", "json": ".json"}


def export_text(recording: Recording, form: str, lang: Lang, *, anonymise: bool = False) -> str:
    """A session as `markdown`, `html` or `json`."""
    from journal.export import prepared, to_json, to_markdown

    shown = prepared(recording, anonymise=anonymise)
    match form:
        case "markdown":
            return to_markdown(shown, lang)
        case "html":
            from journal.html import to_html

            return to_html(shown, lang, anonymised=anonymise)
        case "json":
            return json.dumps(to_json(shown), ensure_ascii=False)
    raise UsageError(f"{form!r} is no form of export", hint=f"one of: {', '.join(ENDINGS)}")


def write_export(
    journal: Path, form: str, lang: Lang, path: Path | None = None, *, anonymise: bool = False
) -> Path:
    """Writes a journal in one of the forms, 0600; never over a file that is there already."""
    from journal.store import read

    recording = read(journal, deep=True)
    text = export_text(recording, form, lang, anonymise=anonymise)
    target = path or Path.cwd() / f"deadhop-{recording.header.get('id', journal.stem)}{ENDINGS[form]}"
    write_private(target, text + ("" if text.endswith("\n") else "\n"))
    return target


def write_private(path: Path, text: str) -> None:
    """A new file only its owner can read; UsageError with a hint when it cannot be written."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        hint = "name another place with --output FILE"
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint=hint) from error
