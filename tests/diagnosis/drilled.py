"""Walks and repairs on the drill, to their end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from diagnosis.repair import Repair
from diagnosis.session import Session
from diagnosis.views import CauseView
from diagnosis.walk import Walk
from journal.store import Entry, read

DRILL = "libvirt-reject"
SYMPTOM = "destination-port-unreachable"
INPUTS = {"source": "master", "target": "192.168.100.101"}
REACH, RULE = f"{SYMPTOM}/reach", f"{SYMPTOM}/rejecting_rule"

T = TypeVar("T")


async def seen(views: AsyncIterator[T]) -> list[T]:
    return [view async for view in views]


async def walked(session: Session) -> Walk:
    walk = session.walk(SYMPTOM, INPUTS)
    await seen(walk.run())
    return walk


def cause_of(walk: Walk) -> CauseView:
    assert walk.view.diagnosis is not None
    return walk.view.diagnosis.causes[0]


async def repairing(session: Session) -> Repair:
    return session.repair(cause_of(await walked(session)))


def entries(session: Session, *kinds: str) -> list[Entry]:
    return [entry for entry in read(session.journal_path).entries if entry.kind in kinds]
