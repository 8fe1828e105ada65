"""Sweeps as the engine shows them, for drawing tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from base.text import Text
from diagnosis.sweep.baseline import NOT_THEN, Comparison, Difference, NotCompared
from diagnosis.sweep.trees import NotSwept
from diagnosis.sweep.views import (
    Explained,
    Finding,
    Gap,
    LeftOut,
    OpenEnd,
    Question,
    Reference,
    SweepResult,
    SweepView,
    SweptOut,
    Witness,
)
from knowledge.model import Verdict
from tests.tui.scripted import ScriptedSession, cause, fix

ROOT = Reference("ip-forward-off", "host:openstack-host")
AFTER = Reference("tunnel-down", "host:compute")
INPUTS = {"source": "master", "target": "192.168.100.101"}
WITNESSES = tuple(Witness("no-answer-to-ping", INPUTS, ("e1",)) for _ in range(5))


def finding(one: Reference, **changes: object) -> Finding:
    seen = replace(cause(fix(), fix(id="other-way")), id=one.id, targets=(one.target,))
    return replace(Finding(seen, WITNESSES), **changes)  # type: ignore[arg-type]


NO_FIX = replace(cause(fix(unavailable="iptables is missing there")), id=AFTER.id, targets=(AFTER.target,))
RESULT = SweepResult(
    Verdict.CAUSE,
    Text("one cause, and what follows from it", "원인 하나와 그 때문에 생긴 것"),
    causes=(
        finding(ROOT, explains=(AFTER,), symptoms=(Explained("no-answer-to-ping", 4),)),
        finding(AFTER, explained_by=(ROOT,), cause=NO_FIX),
    ),
    may_be_meant=(finding(Reference("port-closed", "host:master")),),
    open_ends=(
        OpenEnd("silent", Text("A host is silent", "호스트 무응답"), Verdict.UNKNOWN, Text("why", "왜"), (INPUTS,)),
    ),
    questions=(
        Question("silent", "power", Text("Is it on?", "켜져 있는가?"), {"yes": Text("Yes", "예")}, (INPUTS,)),
    ),
    ruled_out=(SweptOut("missing-route", Text("A route is missing", "경로가 없다"), "e1", 3),),
    unknown=(Gap("path.drops", "host:worker1", "denied", "sudo wants a password", "allow it without one", 4),),
    not_swept=(NotSwept("pod-does-not-start", ("pod",)),),
)  # fmt: skip
EARLY = SweepView(
    9, 3, 40, running=(("path.ping", "host:master"), ("linux.routes", "host:compute")),
    layers={"host": (3, 9), "cluster": (0, 2)}, hosts=(7, 9), silent=("host:worker2",), found=(ROOT,), seconds=2.0,
)  # fmt: skip
FULL = replace(EARLY, ended=9, looks=120, running=(), layers={"host": (9, 9), "cluster": (2, 2)}, result=RESULT)

TAKEN = "2026-11-17T14:02:00.000+00:00"
CHANGED = Difference("host:openstack-host", "sysctl", "net.ipv4.ip_forward", ("1",), ("0",))
ELSEWHERE = Difference("host:compute", "sysctl", "net.ipv4.conf.br-ex.rp_filter", ("2",), ("1",))
COMPARED = replace(
    FULL,
    result=replace(
        RESULT,
        causes=(replace(RESULT.causes[0], changed=(CHANGED,)), *RESULT.causes[1:]),
        left_out=(LeftOut("node-not-ready", 7, ({"node": "w41"},)),),
        compared=Comparison(
            TAKEN, "/b", (), (CHANGED, ELSEWHERE), (NotCompared("host:worker9", "", "then", NOT_THEN),)
        ),
    ),
)  # fmt: skip


@dataclass
class ScriptedSweep:
    session: SweepSession

    async def run(self) -> AsyncIterator[SweepView]:
        try:
            for view in self.session.views[:-1]:
                yield view
                if self.session.hold is not None:
                    await self.session.hold.wait()
        except asyncio.CancelledError:
            self.session.cancelled += 1
            raise
        yield self.session.views[-1]

    def partial(self) -> SweepView:
        return replace(self.session.views[-1], cut="interrupted")

    async def close(self) -> None:
        self.session.ended += 1


@dataclass
class SweepSession(ScriptedSession):
    views: tuple[SweepView, ...] = (FULL,)
    swept: int = 0
    forgot: int = 0
    cancelled: int = 0
    ended: int = 0

    def forget(self) -> None:
        self.forgot += 1

    def sweep(self) -> ScriptedSweep:
        self.swept += 1
        return ScriptedSweep(self)
