"""What a journal says was found and done, made live again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from base.errors import UsageError
from base.text import Text
from base.values import Value, check
from diagnosis.fixes import cause_view, plan_fixes
from diagnosis.look_memory import POD_LOOK
from diagnosis.past_look import PastLook
from diagnosis.resuming import PastRepair, in_doubt
from diagnosis.runs import CHANGING, DONE, Run, last_changed, runs_of
from diagnosis.views import ActionView, CauseView, Confidence, Diagnosis, FixView
from knowledge.model import Cause, Verdict
from knowledge.tree import Found

if TYPE_CHECKING:
    from diagnosis.session import Session
    from journal.store import Entry


def _entries(session: Session) -> tuple[Entry, ...]:
    assert session.past is not None
    return session.past.entries


async def diagnosis_of(session: Session) -> Diagnosis | None:
    """The newest diagnosis; its values are checked again, for a journal may have been edited."""
    data = next((e.data for e in reversed(_entries(session)) if e.kind == "diagnosis"), None)
    if data is None:
        return None
    causes = tuple([await _cause(session, entry) for entry in _list(data, "causes")])
    meant = tuple([await _cause(session, entry) for entry in _list(data, "may_be_meant")])
    text = data.get("text")
    words = Text(str(text.get("en", "")), str(text.get("ko", ""))) if isinstance(text, Mapping) else Text("", "")
    return Diagnosis(Verdict(str(data.get("verdict"))), words, causes, may_be_meant=meant)


def _list(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = data.get(key)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _known_cause(session: Session, cause_id: str) -> Cause:
    cause = session.knowledge.causes.get(cause_id)
    if cause is None:
        raise UsageError(
            f"the knowledge has no cause {cause_id!r}", hint="was the journal made by a newer deadhop?"
        )
    return cause


def _values(cause: Cause, values: object) -> dict[str, Value]:
    given = values if isinstance(values, Mapping) else {}
    return {name: check(spec.kind, given[name], name=name) for name, spec in cause.values.items() if name in given}


async def _cause(session: Session, entry: Mapping[str, Any]) -> CauseView:
    cause = _known_cause(session, str(entry.get("id")))
    refused = tuple(str(reason) for reason in entry.get("refused", ()))
    found = Found(cause.id, str(entry.get("symptom", "")), "", _values(cause, entry.get("values")), refused)
    evidence = tuple(str(name) for name in entry.get("evidence", ()))
    also = tuple(_values(cause, one) for one in _list(entry, "also"))
    return await cause_view(
        session.knowledge,
        found,
        evidence=evidence,
        confidence=Confidence(str(entry.get("confidence", "likely"))),
        places=session,
        also=also,
    )


def flying(session: Session) -> tuple[ActionView, ...]:
    """Commands whose outcome nobody wrote down: by the journal alone, also when no machine can be asked."""
    looks = [action for _, action in _left_looks(session)]
    return (*_in_doubt(session), *looks, *loose_switches(session))


def loose_switches(session: Session) -> tuple[ActionView, ...]:
    """Switches that were armed for a command that never left; `run` is what armed it."""
    armed: dict[object, ActionView] = {}
    for entry in _entries(session):
        number = entry.data.get("action")
        if entry.kind == "guard":
            on, arm = str(check("host", entry.data.get("on"), name="on")), str(entry.data.get("arm", ""))
            armed[number] = ActionView(on=on, run=arm, undo="", arm=arm, state="interrupted")
        elif entry.kind in ("intent", "guard-outcome"):
            armed.pop(number, None)
    return tuple(armed.values())


def _in_doubt(session: Session) -> tuple[ActionView, ...]:
    entries = _entries(session)
    changes = [number for number, e in enumerate(entries) if e.kind in CHANGING and not _is_look(e)]
    if not changes or any(entry.kind == "left" for entry in entries[changes[-1] :]):
        return ()
    run = last_changed(entries, but=POD_LOOK)
    return tuple(action for action in run.actions.values() if in_doubt(action)) if run else ()


def _is_look(entry: Entry) -> bool:
    return entry.data.get("cause") == POD_LOOK


def _left_looks(session: Session) -> tuple[tuple[Run, ActionView], ...]:
    """Looks from pods whose removal nobody wrote down."""
    entries = _entries(session)
    left_alone = {entry.data.get("fix") for entry in entries if entry.kind == "left"}
    looks = [run for run in runs_of(entries) if run.cause == POD_LOOK and run.fix not in left_alone]
    ran = [(run, run.actions.get(0)) for run in looks]
    return tuple((run, action) for run, action in ran if action is not None and action.state in DONE)


def _look_repair(session: Session) -> PastLook | None:
    """The last of them; its pods are removed before anything else is undone."""
    left = _left_looks(session)
    if not left:
        return None
    run, action = left[-1]
    given = run.values if isinstance(run.values, Mapping) else {}
    return PastLook(session, run.fix, action, given)


async def applied_repair(session: Session) -> PastRepair | None:
    """The last repair that has commands not yet undone, with those commands as they ran."""
    if (look := _look_repair(session)) is not None:
        return look
    runs = [run for run in runs_of(_entries(session)) if run.cause != POD_LOOK and run.left]
    return await _repair_of(session, runs[-1]) if runs else None


async def _repair_of(session: Session, run: Run) -> PastRepair:
    cause = _known_cause(session, run.cause)
    values = _values(cause, run.values)
    also = [_values(cause, one) for one in run.also if isinstance(one, Mapping)]
    plans = await plan_fixes(cause, values, session, also)
    plan = next((plan for plan in plans if plan.id == run.fix), None)
    fix = next((fix for fix in cause.fixes if fix.id == run.fix), None)
    if plan is None or fix is None:
        raise UsageError(f"{cause.id} no longer has the fix {run.fix!r}")
    return PastRepair(session, cause.id, values, fix, _with(plan, run.actions))


def _as_planned(ran: ActionView, planned: ActionView) -> ActionView:
    """What ran, with the plan's look whether it is done already, if it is the same command still."""
    same = ran.run == planned.run
    return replace(
        ran,
        unless=planned.unless if same else "",
        text=planned.text if same else None,
        keep=planned.keep,
    )


def _with(plan: FixView, actions: Mapping[int, ActionView]) -> FixView:
    both = (*plan.actions, *plan.persist)
    ran = tuple(_as_planned(actions[n], action) if n in actions else action for n, action in enumerate(both))
    shown = max([len(plan.actions), *(number + 1 for number in actions)])
    return replace(plan, actions=ran[:shown], persist=plan.persist if shown == len(plan.actions) else ())
