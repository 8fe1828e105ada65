"""What the addresses and names in a text are: looked up while the tree is walked, and waited for briefly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from base.tasks import end_all
from deadhop.front import Front
from deadhop.output import wrap

if TYPE_CHECKING:
    from diagnosis.session import Session
    from sitemap.whatis import Known

PATIENCE = 2.0
"""Seconds after the walk: names are a help, not an answer."""


Learning = asyncio.Task[None] | None


@asynccontextmanager
async def learning(session: Session) -> AsyncIterator[Learning]:
    """Clouds and clusters say what there is, beside the walk; who is late at its end is not heard."""
    task = asyncio.create_task(session.learn()) if session.has_map else None
    try:
        yield task
    finally:
        if task is not None:
            await end_all([task])


async def known_of(session: Session, task: Learning, text: str) -> tuple[Known, ...]:
    """Noted in the journal when something is known."""
    if task is None:
        return ()
    done, _ = await asyncio.wait({task}, timeout=PATIENCE)
    for ended in done:
        ended.result()
    known = session.known_in(text)
    if known:
        session.note("known", {"means": [{"text": one.text, "is": one.means.en} for one in known]})
    return known


def known_lines(front: Front, known: Sequence[Known]) -> Iterator[str]:
    if known:
        yield f"\n{front.say('MENTIONED', '글에 나온 것')}"
    for one in known:
        yield wrap(front.text(one.line), "    ", first="  ")


def means_json(known: Sequence[Known]) -> dict[str, object]:
    means = [{"text": one.text, "is": one.means.en, "sources": list(one.sources)} for one in known]
    return {"means": means} if means else {}
