"""A fix of a test's own, on real files of this machine, applied by the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from base.paths import state_dir
from diagnosis.catalog import catalog
from diagnosis.fixes import plan_fixes
from diagnosis.repair import Repair
from diagnosis.session import Session
from journal.store import Journal, open_for_append, read
from knowledge.load import load
from knowledge.model import Knowledge
from probes.site import Site
from probes.toolbox import LiveToolbox

CAUSE = """\
id: own-cause
title: {en: Of a test, ko: 시험용}
why: {en: Of a test, ko: 시험용이다}
target: operator
values: {path: path, folder: path}
fixes:
  - id: own-fix
    title: {en: Of a test, ko: 시험용}
    recommended: true
    risk: reversible
    impact: {en: One file, ko: 파일 하나}
    actions:
ACTIONS
    verify: {probe: linux.sysctl, on: operator, with: {names: '["kernel.ostype"]'}, when: verify.host == "operator"}
"""


def known(folder: Path, actions: str) -> Knowledge:
    """Knowledge of this one cause; `actions` is YAML, a list."""
    file = folder / "causes" / "host" / "own-cause.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = "\n".join(f"      {line}" for line in actions.strip("\n").split("\n"))
    file.write_text(CAUSE.replace("ACTIONS", lines))
    loaded = load((folder,), catalog())
    assert not loaded.problems, loaded.problems
    return loaded.knowledge


@asynccontextmanager
async def repairing(knowledge: Knowledge, path: Path) -> AsyncIterator[tuple[Repair, Session]]:
    site = Site("test", ())
    journal = Journal.create(state_dir() / "sessions", {"argv": [], "site": "test", "drill": False})
    session = Session(site, argv=(), journal=journal)
    async with LiveToolbox(site, session._record) as toolbox:
        session._knowledge, session._toolbox = knowledge, toolbox
        cause = knowledge.causes["own-cause"]
        values = {"path": str(path), "folder": str(path.parent)}
        (plan,) = await plan_fixes(cause, values, session)
        yield Repair(session, cause.id, values, cause.fixes[0], plan), session
    session.journal.close()


@asynccontextmanager
async def taken_up(session: Session, knowledge: Knowledge) -> AsyncIterator[Repair]:
    """What the journal says was done, by another session, as after a crash."""
    path = session.journal_path
    session.journal.close()
    again = Session(session.site, argv=(), journal=open_for_append(path), past=read(path))
    async with LiveToolbox(session.site, again._record) as toolbox:
        again._knowledge, again._toolbox = knowledge, toolbox
        applied = await again.applied()
        assert applied is not None
        yield applied
