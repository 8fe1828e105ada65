"""deadhop sweep --watch: again and again, and only what changed is said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from base.text import Text
from deadhop.front import Front
from deadhop.output import wrap
from diagnosis.sweep.words import CUT
from probes.target import called

if TYPE_CHECKING:
    from diagnosis.sweep.changes import Change
    from diagnosis.sweep.views import SweepView

WORDS = {
    "new": Text("new", "새로 생김"),
    "gone": Text("gone", "사라짐"),
    "not-seen": Text("not seen this time", "이번에는 볼 수 없음"),
    "still-there": Text("still there", "여전히 있음"),
    "unreached": Text("tells nothing now", "답하지 않음"),
    "reached": Text("answers again", "다시 답함"),
    "differs": Text("changed since the baseline", "기준선 이후 바뀜"),
    "as-it-was": Text("as in the baseline again", "기준선대로 돌아옴"),
}
_MARKS = {
    "new": "+",
    "gone": "-",
    "not-seen": "?",
    "still-there": "!",
    "unreached": "?",
    "reached": "+",
    "differs": "~",
    "as-it-was": "=",
}
_TOLD = ("unreached", "reached")
"""Their text is what a room below says of a failure."""


async def pause(front: Front, seconds: float) -> None:
    if front.out.live:
        front.out.progress(front.say("… again in {:.0f} s", "… {:.0f} 초 뒤에 다시 확인").format(seconds))
    await asyncio.sleep(seconds)


def change_lines(front: Front, changes: tuple[Change, ...], view: SweepView) -> Iterator[str]:
    """Nothing where nothing changed, but for one that was interrupted: that it did not look at all is said."""
    now = datetime.now().astimezone().strftime("%H:%M:%S")
    if not changes and view.cut != "interrupted":
        return
    yield f"\n{now}  ({view.seconds:.1f} s)"
    if view.cut:
        yield wrap(front.text(CUT[view.cut]), "  ")
    for one in changes:
        yield from _change(front, one)


def _change(front: Front, one: Change) -> Iterator[str]:
    places = ", ".join(front.text(called(target)) for target in one.targets)
    text = front.told(one.title.en) if one.kind.value in _TOLD else front.text(one.title)
    what = ": ".join(
        part for part in (" ".join(filter(None, (one.id, f"({places})" if places else ""))), text) if part
    )
    yield wrap(f"{front.text(WORDS[one.kind.value])}: {what}", "    ", first=f"  {_MARKS[one.kind.value]} ")


def changes_json(changes: tuple[Change, ...]) -> list[dict[str, object]]:
    return [{**asdict(one), "kind": one.kind.value, "targets": list(one.targets)} for one in changes]
