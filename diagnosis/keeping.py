"""The state a fix is about to change: kept before, compared after its undo, and what is left to do by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from base.errors import UsageError
from diagnosis.by_hand import by_hand, differences
from diagnosis.fixes import SUDO
from diagnosis.guard import Guard
from diagnosis.touched import touched
from diagnosis.views import ActionView
from probes.facts import Kept, State
from probes.probe import ProbeCall, checked_call, observe

TRIES = 4
PAUSE = 1.0
"""Seconds between them: a service that was started takes a moment until it is as before."""
OBJECT = "object "
COUNTED = ("k8s.state", "cloud.state")
"""Probes of state whose objects have revisions."""
NOT_READ = "what this command changes is not known: its state was not kept"


class Keeping(Guard):
    """The part of a repair that looks at what it changes."""

    async def _keep(self) -> str:
        """Looks at what each planned action will change, as it is now, and notes it. Says what somebody else has
        changed since the last look, where an API counts its changes."""
        before = _revisions(self.view.fix.actions)
        unseen = {action.not_kept for action in self.view.fix.actions if _of_api(action) and action.not_kept}
        planned = [i for i, action in enumerate(self.view.fix.actions) if action.state == "planned"]
        looked = await asyncio.gather(*(self._look_at(self.view.fix.actions[i]) for i in planned))
        for index, (kept, why) in zip(planned, looked, strict=True):
            self._put(index, kept=kept, not_kept=why)
            entry = {"action": index, "on": self.view.fix.actions[index].on, "when": "before"}
            self._session.note("state", {**entry, "kept": [asdict(one) for one in kept], "failure": why})
        unseen |= {action.not_kept for action in self.view.fix.actions if _of_api(action) and action.not_kept}
        unseen -= {NOT_READ}
        if unseen:
            return f"whether somebody else has changed it could not be seen: {', '.join(sorted(unseen))}"
        return _moved(before, _revisions(self.view.fix.actions))

    async def _look_at(self, action: ActionView) -> tuple[tuple[Kept, ...], str]:
        """What is there now, or why that could not be seen."""
        try:
            calls = calls_of(action)
            return await self._all_of(calls) if calls else ((), NOT_READ)
        except UsageError as error:
            return (), error.message

    async def _all_of(self, calls: tuple[ProbeCall, ...]) -> tuple[tuple[Kept, ...], str]:
        """UsageError where the site does not have what is asked any more."""
        kept: list[Kept] = []
        for call in calls:
            evidence = await observe(call, self._session.toolbox, "state")
            if evidence.failure is not None:
                return (), evidence.failure.message
            assert isinstance(evidence.facts, State)
            kept += evidence.facts.kept
        return tuple(kept), ""

    # ------------------------------------------------------------ after the undo

    async def _compare(self, undone: Sequence[int]) -> None:
        """Whether everything the actions changed is as it was before the first of them."""
        for index in undone:
            await self._compare_one(index, self._first_kept(index, undone))

    def _first_kept(self, index: int, undone: Sequence[int]) -> tuple[Kept, ...]:
        """Of a thing that an earlier action changed too, only the state before that one comes back last."""
        action = self.view.fix.actions[index]
        earlier = {
            (before.on, one.what)
            for before in (self.view.fix.actions[i] for i in undone if i < index)
            for one in before.kept
        }
        return tuple(one for one in action.kept if (action.on, one.what) not in earlier)

    async def _compare_one(self, index: int, before: tuple[Kept, ...]) -> None:
        action = self.view.fix.actions[index]
        if not action.kept:
            return
        now, why = await self._at_rest(action, before)
        left = tuple(line for was in before for line in differences(was, now.get(was.what)))
        hands = tuple(line for was in before for line in by_hand(was, now.get(was.what), sudo=_sudo(action)))
        restored = None if why else not left
        self._put(index, restored=restored, left=() if why else left, by_hand=() if why else hands, not_kept=why)
        entry = {"action": index, "on": action.on, "when": "after", "restored": restored, "failure": why}
        kept = [asdict(one) for one in now.values()]
        self._session.note("state", {**entry, "kept": kept, "left": list(left), "by_hand": list(hands)}, sync=True)

    async def _at_rest(self, action: ActionView, before: tuple[Kept, ...]) -> tuple[dict[str, Kept], str]:
        now: dict[str, Kept] = {}
        why = ""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE)
            kept, why = await self._look_at(action)
            now = {one.what: one for one in kept}
            if why or all(now.get(was.what, was).digest == was.digest for was in before):
                break
        return now, why


def _of_api(action: ActionView) -> bool:
    """Whether what it changes has a revision that can be held against the one before."""
    return any(call.probe in COUNTED for call in action.keep)


def _revisions(actions: Sequence[ActionView]) -> dict[str, str]:
    """Of the objects of APIs; of one that is not there, that it is not."""
    return {
        kept.what: kept.revision or "absent"
        for action in actions
        for kept in action.kept
        if kept.what.startswith(OBJECT)
    }


def _moved(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    for what, revision in before.items():
        if now.get(what, revision) != revision:
            return (
                f"{what} was changed by somebody else since it was looked at: revision {revision}, now {now[what]}"
            )
    return ""


def calls_of(action: ActionView) -> tuple[ProbeCall, ...]:
    """What its author says that it changes, and what the commands themselves say."""
    own = action.keep
    read = touched(action.run, action.undo)
    if not read:
        return own
    call = checked_call("linux.state", action.on, {**read, "sudo": _sudo(action)})
    return (*own, call) if call not in own else own


def _sudo(action: ActionView) -> bool:
    return action.run.startswith(SUDO)


def kept_of(entries: object) -> tuple[Kept, ...]:
    """Of a journal; what is not whole is left out."""
    found = entries if isinstance(entries, list) else []
    return tuple(one for one in (_kept(entry) for entry in found) if one is not None)


def _kept(entry: Any) -> Kept | None:
    lines = entry.get("lines") if isinstance(entry, Mapping) else None
    if not isinstance(lines, list):
        return None
    words = [str(entry.get(key, "")) for key in ("what", "digest", "revision")]
    return Kept(words[0], tuple(map(str, lines)), words[1], words[2])
