"""A cause that stands in one place and is seen from several: one fix has the commands of all sides, is verified
from all, and undone as a whole, also by another session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from base.paths import state_dir
from base.text import Lang
from base.values import Value
from diagnosis.catalog import catalog
from diagnosis.fixes import plan_fixes, sides
from diagnosis.repair import Repair
from diagnosis.session import Session
from diagnosis.sweep.grouping import grouped
from diagnosis.sweep.results import also
from diagnosis.sweep.tree import Outcome, Way
from journal.store import Journal
from knowledge.load import load, shipped
from knowledge.model import Knowledge
from knowledge.tree import Found
from probes.clients import Client
from probes.site import Site
from probes.toolbox import LiveToolbox
from tests.diagnosis.drilled import seen
from tests.trust.own_fix import taken_up

CAUSE = """\
id: own-cause
title: {en: Of a test, ko: 시험용}
why: {en: Of a test, ko: 시험용이다}
target: operator
values: {path: path}
fixes:
  - id: own-fix
    title: {en: Of a test, ko: 시험용}
    recommended: true
    TOGETHER
    risk: reversible
    impact: {en: Files, ko: 파일}
    actions:
      - {on: operator, run: "touch {{ path }}", undo: "rm {{ path }}"}
    verify: {probe: linux.sysctl, on: operator, with: {names: '["kernel.ostype"]'}, when: verify.host == "operator"}
"""
TUNNELS: Mapping[str, Value] = {
    "host": "gate",
    "source": "one",
    "local": "10.0.0.1",
    "port": 4789,
    "table": "filter",
    "chain": "FORWARD",
    "peers": ("10.0.0.3",),
}
OTHER: Mapping[str, Value] = {**TUNNELS, "source": "two", "local": "10.0.0.2"}


@pytest.fixture(scope="module")
def shipped_knowledge() -> Knowledge:
    return load([shipped()], catalog()).knowledge


def _known(folder: Path, together: str = "together: true") -> Knowledge:
    file = folder / "causes" / "host" / "own-cause.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CAUSE.replace("    TOGETHER\n", f"    {together}\n" if together else ""))
    loaded = load((folder,), catalog())
    assert not loaded.problems, loaded.problems
    return loaded.knowledge


async def test_done_verified_and_undone_as_one(tmp_path: Path) -> None:
    knowledge = _known(tmp_path / "knowledge")
    files = [tmp_path / name for name in ("a", "b")]
    site = Site("test", ())
    journal = Journal.create(state_dir() / "sessions", {"argv": [], "site": "test", "drill": False})
    session = Session(site, argv=(), journal=journal)
    async with LiveToolbox(site, session._record) as toolbox:
        session._knowledge, session._toolbox = knowledge, toolbox
        cause, (one, other) = knowledge.causes["own-cause"], ({"path": str(file)} for file in files)
        (plan,) = await plan_fixes(cause, one, session, [other, one])
        assert [action.run for action in plan.actions] == [f"touch {file}" for file in files]
        together = sides(plan)
        assert together is not None
        assert "2" in together[Lang.EN]
        repair = Repair(session, cause.id, one, cause.fixes[0], plan)
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "verified"
    assert all(file.exists() for file in files)
    async with taken_up(session, knowledge) as applied:
        assert len(applied.view.fix.actions) == 2
        await seen(applied.undo())
        assert applied.view.phase == "undone"
    assert not any(file.exists() for file in files)


async def test_only_where_the_fix_says_so(tmp_path: Path) -> None:
    cause = _known(tmp_path, together="").causes["own-cause"]
    (plan,) = await plan_fixes(cause, {"path": "/tmp/a"}, _Root(), [{"path": "/tmp/b"}])
    assert (len(plan.actions), plan.parts, sides(plan)) == (1, (), None)


def test_the_sides_of_a_finding(shipped_knowledge: Knowledge) -> None:
    def came(values: Mapping[str, Value], *, sure: bool = True) -> Outcome:
        found = Found("tunnel-port-blocked", "instance-unreachable", "blocked", values, ())
        return Outcome(
            "instance-unreachable", {}, Way.FOUND, found=found, passes=frozenset({"host:gate"}), sure=sure
        )

    (group,) = grouped([came(TUNNELS), came(OTHER), came(TUNNELS)], shipped_knowledge)
    assert {str(values["local"]) for values in (group.found.values, *also(group))} == {"10.0.0.1", "10.0.0.2"}
    (unsure,) = grouped([came(TUNNELS), came(OTHER, sure=False)], shipped_knowledge)
    assert also(unsure) == (), "what is only likely is not repaired along with what is sure"


async def test_tunnels_of_both_hypervisors(shipped_knowledge: Knowledge) -> None:
    cause = shipped_knowledge.causes["tunnel-port-blocked"]
    beyond = {**OTHER, "beyond": "far", "beyond_chain": "FORWARD", "beyond_peers": ("10.0.0.3",)}
    (plan,) = [one for one in await plan_fixes(cause, TUNNELS, _Root(), [beyond]) if one.recommended]
    assert [name for name, _ in plan.parts] == ["let-tunnels-pass-on-both"]
    assert {action.on for action in plan.actions} == {"gate", "far"}
    assert len(plan.actions) == 6


class _Root:
    async def is_root(self, host: str) -> bool:
        return True

    async def client(self, target: str) -> Client:
        raise AssertionError(target)
