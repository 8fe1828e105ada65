"""A site whose probes answer what a test says, and fail in all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

import diagnosis.sweep.store
from diagnosis.session import Session
from diagnosis.sweep.engine import Sweep
from diagnosis.sweep.trees import Wanted
from diagnosis.sweep.views import SweepResult
from journal.store import Journal
from probes.probe import PROBES, Evidence, Failure, ProbeCall, Toolbox
from probes.site import Site

Facts = Mapping[tuple[str, str], object]
"""Of a probe and what it was asked of (a host's, cluster's or cloud's name)."""
UNSEEN = Failure("unreadable", "nobody knows", "")


def answer_with(monkeypatch: pytest.MonkeyPatch, facts: Facts) -> list[tuple[str, str]]:
    """What is asked from now on is kept in the list."""
    asked: list[tuple[str, str]] = []

    async def observe(call: ProbeCall, toolbox: Toolbox, evidence_id: str) -> Evidence:
        asked.append((call.probe, call.host))
        known = facts.get((call.probe, call.host))
        failure = UNSEEN if known is None else None
        target = PROBES[call.probe].target(call.host)
        return Evidence(evidence_id, call.probe, target, call.arguments, known, failure, (), datetime.now(UTC), 0.0)

    monkeypatch.setattr(diagnosis.sweep.store, "observe", observe)
    return asked


async def swept(
    folder: Path, site: Site, wanted: Wanted, look: Callable[[Sweep], None] = lambda sweep: None
) -> SweepResult:
    session = Session(site, argv=("sweep",), journal=Journal.create(folder, {"argv": ["sweep"]}))
    await session.ready()
    sweep = Sweep(session, wanted)
    try:
        (*_, view) = [view async for view in sweep.run()]
        look(sweep)
    finally:
        await sweep.close()
        await session.close()
    assert view.result is not None
    return view.result
