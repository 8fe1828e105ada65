"""What a sweep has seen: each question once, however many trees ask it, and a silent place pays once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from base.tasks import end_all
from diagnosis.observing import observe
from diagnosis.sweep.polite import Polite, is_busy
from diagnosis.sweep.slots import Slots
from probes.manners import behaving
from probes.once import OnceOfApis, Steady
from probes.probe import PROBES, Evidence, Failure, ProbeCall, checked_call
from probes.site import OPERATOR

if TYPE_CHECKING:
    from diagnosis.session import Session
    from probes.exchange import Exchange

AT_ONCE = 128
"""Looks at once over the whole site; a look's own time limit runs only while it is one of them."""
AT_ONE = 8
"""Looks at once on one host, cloud or cluster."""
FROM_HERE = 64
"""Looks at once from the operator's machine: most of them knock at hosts."""
SILENT = frozenset({"unreachable", "timeout", "host-key", "denied"})
_HANGS = 2
"""Looks in which nothing at all came back until a place counts as silent; a place nobody gets into, at once."""
_KNOCKING = frozenset({"k8s.reach", "k8s.control_host", "cloud.reach"})
"""They find out why a place says nothing, so its silence is no answer to them."""
_NUMBER = re.compile(r"\d+")


class Store:
    """Calls to evidence. Failures of a silent place answer what is asked of it later."""

    def __init__(self, session: Session, at_once: int = AT_ONCE) -> None:
        self._session = session
        self._asked: dict[tuple[object, ...], asyncio.Task[Evidence]] = {}
        self._fresh: dict[tuple[object, ...], asyncio.Task[Evidence]] = {}
        self._steady: Steady = {}
        self._back = 0
        self._polite = Polite()
        self._width = asyncio.Semaphore(at_once)
        self._slots: defaultdict[str, Slots] = defaultdict(lambda: Slots(AT_ONE))
        self._slots[OPERATOR] = Slots(min(FROM_HERE, at_once))
        self._running: dict[str, tuple[str, str]] = {}
        self._silent: dict[str, Failure] = {}
        self._hung: Counter[str] = Counter()
        self._heard: set[str] = set()

    def look(self, call: ProbeCall, *, fresh: bool = False) -> asyncio.Task[Evidence]:
        """The one look that answers this call: made before, under way, or begun now. A fresh one is shared only by
        those that want it while it runs."""
        kept = self._fresh if fresh else self._asked
        task = kept.get(call.key)
        if task is None or (fresh and task.done()):
            with self.politely():
                task = kept[call.key] = asyncio.create_task(self._look(call, fresh))
        return task

    def politely(self) -> AbstractContextManager[None]:
        """For all that the sweep asks of machines, also beside its looks."""
        return behaving(self._polite)

    def heed_load(self) -> None:
        """Every host that anything enters is asked how busy it is, be it for the question of another place. It is
        no part of that question: it waits for a login as long as any look does."""
        calm = copy_context()
        self._polite.entered = lambda target: calm.run(self._ask_load, target)

    def _ask_load(self, target: str) -> None:
        kind, _, name = target.partition(":")
        if kind == "host":
            self.look(checked_call("linux.load", name, {}))

    @property
    def count(self) -> int:
        """Looks that came back."""
        return self._back

    @property
    def running(self) -> tuple[tuple[str, str], ...]:
        """(probe, target) of what is under way."""
        return tuple(self._running.values())

    @property
    def heard(self) -> frozenset[str]:
        """Targets that said something, be it that a command is not there."""
        return frozenset(self._heard)

    @property
    def silent(self) -> tuple[str, ...]:
        """Targets that are asked no more, for they say nothing."""
        return tuple(sorted(self._silent))

    @property
    def evidence(self) -> list[Evidence]:
        """All that came so far, in the order it was asked."""
        done = [task for task in (*self._asked.values(), *self._fresh.values()) if task.done()]
        seen = [task.result() for task in done if not task.cancelled() and not task.exception()]
        return sorted(seen, key=lambda one: int(_NUMBER.findall(one.id)[-1]))

    async def close(self) -> None:
        """Ends what runs, here and on the far sides."""
        running = [task for task in (*self._asked.values(), *self._fresh.values()) if not task.done()]
        await end_all([*running, *self._steady.values()])

    async def _look(self, call: ProbeCall, fresh: bool) -> Evidence:
        target = PROBES[call.probe].target(call.host)
        async with self._slots[target], self._width:
            known = None if call.probe in _KNOCKING else self._silent.get(target)
            if known is not None:
                evidence = self._answered(call, target, known)
            else:
                evidence = await self._observe(call, target, fresh)
        self._session.note_evidence(evidence)
        self._back += 1
        return evidence

    async def _observe(self, call: ProbeCall, target: str, fresh: bool) -> Evidence:
        number, toolbox = self._session.next_evidence_id(), self._session.toolbox
        self._running[number] = (call.probe, target)
        try:
            evidence = await observe(call, toolbox if fresh else OnceOfApis(toolbox, self._steady), number)
        finally:
            del self._running[number]
        self._heed(evidence)
        if is_busy(evidence):
            self._slots[target].narrow(1)
            self._polite.slow_down(target)
        return evidence

    def _answered(self, call: ProbeCall, target: str, failure: Failure) -> Evidence:
        number = self._session.next_evidence_id()
        return Evidence(number, call.probe, target, call.arguments, None, failure, (), datetime.now(UTC), 0.0)

    def _heed(self, evidence: Evidence) -> None:
        """Whether the place itself said something; of a failed look, whether it is silent."""
        said = [one for one in evidence.exchanges if one.request.target == evidence.target]
        if any(_spoke(one) for one in said):
            self._heard.add(evidence.target)
            return
        if evidence.failure is None or evidence.failure.reason not in SILENT or evidence.target == OPERATOR:
            return
        if not said:
            return
        self._hung[evidence.target] += 1
        if evidence.failure.reason != "timeout" or self._hung[evidence.target] >= _HANGS:
            self._silent[evidence.target] = replace(evidence.failure)


def _spoke(exchange: Exchange) -> bool:
    return exchange.reply.status is not None or not exchange.reply.failure
