"""Walks and repairs of the recorded outage, in processes that are going to be killed.

The server loads everything once and forks a child for every line it reads (`FOLDER`, and after a tab `walks` when
it shall change nothing): it answers with the child's process id, and the child works and reports on the same pipe
before it goes on: its journal, each command that is about to leave, and each outcome that is on the disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from diagnosis.drill import DrillSession, drill_session, script_of
from journal.store import Entry, Journal
from probes.exchange import Exchange

if TYPE_CHECKING:
    from diagnosis.repair import Repair
    from diagnosis.session import Session
    from knowledge.model import Knowledge

DRILL = "libvirt-reject"
SYMPTOM = "destination-port-unreachable"
INPUTS = {"source": "master", "target": "192.168.100.101"}
REPORTED = ("intent", "outcome", "undo-intent", "undo-outcome", "verify", "diagnosis")


def report(*words: object) -> None:
    """One write: it is out even if the next instruction is never run."""
    os.write(1, ("\t".join(map(str, words)) + "\n").encode())


class Watched(Journal):
    """Says what the journal promised: an entry that returned is written, a synced one is on the disk."""

    def append(self, kind: str, data: Mapping[str, object], *, sync: bool = False) -> Entry:
        if kind in ("intent", "undo-intent"):
            report("starting", kind, data["run"])
        entry = super().append(kind, data, sync=sync)
        if kind in REPORTED:
            report("written", kind, entry.n, data.get("state", ""))
        return entry


def session(folder: Path, knowledge: Knowledge) -> DrillSession:
    """The drill at a fiftieth of the time it took, its journal in the folder."""
    found = drill_session(DRILL, speed=0.02)
    assert isinstance(found, DrillSession)
    found.journal.close()
    shutil.rmtree(found.folder)
    found.folder = folder
    header = {"argv": ["diagnose", SYMPTOM], "drill": True, "site": DRILL}
    found._journal = Watched.create(folder / "sessions", header)
    found._knowledge = knowledge
    found._replayed = [_slowed(exchange) for exchange in found._replayed or ()]
    return found


def _slowed(exchange: Exchange) -> Exchange:
    """A repair that takes a fifth of a second here, so that a good part of the kills hit it."""
    changing = exchange.request.text.startswith(("iptables -I", "iptables -D"))
    return replace(exchange, reply=replace(exchange.reply, seconds=10.0)) if changing else exchange


async def each(views: AsyncIterator[object]) -> None:
    async for _ in views:
        pass


async def work(one_of: Callable[[], Session], *, repairs: bool) -> None:
    """Walk, fix, undo; then all of it again as another session, until the end comes."""
    while True:
        one = one_of()
        report("journal", one.journal_path)
        walk = one.walk(SYMPTOM, INPUTS, searched=script_of(DRILL).text)
        await each(walk.run())
        assert walk.view.diagnosis is not None
        if repairs:
            await _repair(one.repair(walk.view.diagnosis.causes[0]))
        await one.toolbox.close()
        one.journal.append("end", {}, sync=True)
        one.journal.close()


async def _repair(repair: Repair) -> None:
    await each(repair.prepare())
    await each(repair.apply(confirmed_by="crash test"))
    await each(repair.undo())


def serve(make: Callable[[Path, Knowledge], Session]) -> None:
    """`make` opens a session whose journal lies in the folder."""
    from diagnosis.session import open_drill

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    first = open_drill(DRILL)
    asyncio.run(_loaded(first))
    report("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            folder, _, only = line.strip().partition("\t")
            asyncio.run(work(partial(make, Path(folder), first.knowledge), repairs=not only))
        report("child", child)


async def _loaded(first: Session) -> None:
    await first.ready()
    await first.close()


if __name__ == "__main__":
    serve(session)
