"""A sweep as JSON: the keys of a diagnosis, and what only a sweep has (docs/json.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from diagnosis.report import cause_json, evidence_json
from diagnosis.sweep.differing import differs
from diagnosis.sweep.views import Finding, Reference, SweepResult, SweepView

if TYPE_CHECKING:
    from diagnosis.sweep.baseline import Difference
    from probes.probe import Evidence


def sweep_json(session: str, view: SweepView, evidence: Iterable[Evidence] = ()) -> dict[str, object]:
    result = view.result
    if result is None:
        raise ValueError("the sweep has not come to its end")
    return {
        "session": session,
        "verdict": result.verdict.value,
        "text": asdict(result.text),
        "causes": [finding_json(finding) for finding in result.causes],
        "may_be_meant": [finding_json(finding) for finding in result.may_be_meant],
        "ruled_out": [asdict(one) for one in result.ruled_out],
        "unknown": [asdict(gap) for gap in result.unknown],
        "open": [
            {**asdict(one), "verdict": one.verdict.value, "inputs": [dict(inputs) for inputs in one.inputs]}
            for one in result.open_ends
        ],
        "questions": [asdict(question) for question in result.questions],
        "not_swept": [{"symptom": one.symptom, "needs": list(one.needs)} for one in result.not_swept],
        "left_out": [asdict(one) for one in result.left_out],
        "unfinished": [asdict(one) for one in result.unfinished],
        "not_begun": list(result.not_begun),
        "not_of_hosts": list(result.not_of_hosts),
        "baseline": baseline_json(result),
        "evidence": [evidence_json(one) for one in evidence],
        "trees": view.trees,
        "looks": view.looks,
        "cut": view.cut or None,
        "seconds": view.seconds,
    }


def finding_json(finding: Finding) -> dict[str, object]:
    return {
        **cause_json(finding.cause),
        "witnesses": [
            {"symptom": one.symptom, "inputs": dict(one.inputs), "evidence": list(one.evidence)}
            for one in finding.witnesses
        ],
        "case": [asdict(line) for line in finding.case],
        **({"fixes_later": True} if finding.cause.fixes_later else {}),
        "explains": [reference_json(one) for one in finding.explains],
        "symptoms": [asdict(one) for one in finding.symptoms],
        "explained_by": [reference_json(one) for one in finding.explained_by],
        "changed": [difference_json(one) for one in finding.changed],
    }


def reference_json(one: Reference) -> dict[str, str]:
    return {"id": one.id, "target": one.target}


# ------------------------------------------------------------------ the baseline


def baseline_json(result: SweepResult) -> dict[str, object] | None:
    """None where there is no baseline of the site."""
    comparison = result.compared
    if comparison is None:
        return None
    return {
        "taken": comparison.taken or None,
        "file": comparison.file,
        "causes": list(comparison.causes),
        "refused": asdict(comparison.refused) if comparison.refused else None,
        "differences": [
            {**difference_json(one), "explains": _explained(one, result)} for one in comparison.differences
        ],
        "not_compared": [asdict(one) for one in comparison.not_compared],
    }


def difference_json(one: Difference) -> dict[str, object]:
    return {**asdict(one), "was": list(one.was), "now": list(one.now), "text": asdict(differs(one))}


def _explained(difference: Difference, result: SweepResult) -> list[dict[str, str]]:
    """Causes that it explains."""
    found = ((one.cause, one.changed) for one in (*result.causes, *result.may_be_meant))
    return [
        {"id": cause.id, "target": next(iter(cause.targets), "")}
        for cause, changed in found
        if any(one is difference for one in changed)
    ]
