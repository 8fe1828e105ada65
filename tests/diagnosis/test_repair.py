"""A repair on recorded machines: intent before command, verified after, undone in reverse."""

from __future__ import annotations

import asyncio

import pytest

from base.errors import UsageError
from diagnosis.session import Session
from journal.store import open_for_append, read
from tests.diagnosis.drilled import entries, repairing, seen

FLOW = "-s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT"


async def test_applied_verified_and_undone(drill: Session) -> None:
    repair = await repairing(drill)
    await seen(repair.prepare())
    assert repair.view.phase == "planned"
    phases = [view.phase for view in await seen(repair.apply(confirmed_by="test"))]
    assert phases[-2:] == ["verifying", "verified"]
    assert (repair.view.verified, repair.view.fix.actions[0].state) == (True, "done")
    (kept,) = repair.view.fix.actions[0].kept
    assert (kept.what, len(kept.lines)) == ("rules iptables/filter/LIBVIRT_FWI", 3)
    await seen(repair.undo())
    assert (repair.view.phase, repair.view.fix.actions[0].state) == ("undone", "undone")
    assert repair.view.fix.actions[0].restored is True


async def test_the_intent_is_written_before_the_command_and_the_outcome_after(drill: Session) -> None:
    repair = await repairing(drill)
    await seen(repair.apply(confirmed_by="test"))
    intent, outcome, verified = entries(drill, "intent", "outcome", "verify")
    assert intent.data["run"] == f"iptables -I LIBVIRT_FWI 1 {FLOW}"
    assert intent.data["undo"] == f"iptables -D LIBVIRT_FWI {FLOW}"
    assert intent.data["confirmed_by"] == "test"
    assert (outcome.data["state"], outcome.data["exit_status"]) == ("done", 0)
    assert verified.data["verified"] is True


async def test_without_the_fix_the_precondition_holds_and_the_verification_does_not(drill: Session) -> None:
    repair = await repairing(drill)
    await seen(repair.verify())
    assert (repair.view.phase, repair.view.verified) == ("not-verified", False)


async def test_undo_needs_something_done(drill: Session) -> None:
    repair = await repairing(drill)
    with pytest.raises(UsageError, match="nothing to undo"):
        await seen(repair.undo())


async def test_an_edited_command_is_what_runs_and_the_journal_keeps_both(drill: Session) -> None:
    repair = await repairing(drill)
    original = repair.view.fix.actions[0].run
    repair.edit(0, f"{original} -m comment --comment deadhop")
    repair.know_undo(0)  # it could cut the way: nothing is sent before somebody knows what takes it back
    await seen(repair.apply(confirmed_by="test"))
    (intent,) = entries(drill, "intent")
    assert intent.data["original"] == original
    assert str(intent.data["run"]).endswith("--comment deadhop")
    # The recording has no such command: it did not run, and nothing pretends that it did.
    assert repair.view.fix.actions[0].state != "done"


async def test_cancelled_in_flight_is_interrupted_and_said(drill: Session) -> None:
    repair = await repairing(drill)
    applying = asyncio.create_task(seen(repair.apply(confirmed_by="test")))
    async with asyncio.timeout(20):
        while not entries(drill, "intent"):
            await asyncio.sleep(0)
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    (outcome,) = entries(drill, "outcome")
    assert (outcome.data["state"], repair.view.fix.actions[0].state) == ("interrupted", "interrupted")


async def test_a_session_taken_up_again_undoes_what_its_journal_says(drill: Session) -> None:
    repair = await repairing(drill)
    await seen(repair.apply(confirmed_by="test"))
    again = taken_up(drill)
    await again.ready()
    diagnosis = await again.last_diagnosis()
    assert diagnosis is not None
    assert diagnosis.causes[0].id == "libvirt-rejects-new-flows"
    applied = await again.applied()
    assert applied is not None
    assert applied.view.fix.actions[0].state == "done"
    await seen(applied.undo())
    assert applied.view.phase == "undone"
    assert await taken_up(again).applied() is None
    await again.close()


async def test_an_intent_without_an_outcome_counts_as_interrupted(drill: Session) -> None:
    repair = await repairing(drill)
    action = repair.view.fix.actions[0]
    intent = {"action": 0, "cause": repair.view.cause, "fix": repair.view.fix.id, "values": {}}
    drill.note("intent", {**intent, "on": action.on, "run": action.run, "undo": action.undo}, sync=True)
    again = taken_up(drill)
    with pytest.raises(UsageError):
        # Its values are gone as well: a journal that was tampered with is refused, not guessed at.
        await again.applied()
    await again.close()


def taken_up(session: Session) -> Session:
    """The same journal, opened by another session, as after a crash."""
    path = session.journal_path
    session.journal.close()
    past = read(path)
    assert session._replayed is not None
    return Session(session.site, argv=(), journal=open_for_append(path), past=past, replayed=session._replayed)
