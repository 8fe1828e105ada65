"""From a cause and its values to commands: what would run, where, and what takes it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from base.errors import DeadhopError
from base.values import Value
from diagnosis.views import ActionView, CauseView, Confidence, FixView
from knowledge.cel import EvaluationError
from knowledge.model import Action, Cause, Fix, Knowledge
from knowledge.render import RenderedAction, readable, render_actions
from knowledge.tree import Found

IsRoot = Callable[[str], Awaitable[bool]]
"""Whether commands on this host (or `operator`) run as root without sudo."""

SUDO = "sudo -n "


async def plan_fixes(cause: Cause, values: Mapping[str, Value], is_root: IsRoot) -> tuple[FixView, ...]:
    """Every fix of the cause that applies to these values, the recommended one first."""
    fixes = [fix for fix in cause.fixes if _applies(cause, fix, values)]
    fixes.sort(key=lambda fix: not fix.recommended)
    return tuple([await _plan(fix, values, is_root) for fix in fixes])


def _applies(cause: Cause, fix: Fix, values: Mapping[str, Value]) -> bool:
    """With a value missing, as in a journal that somebody edited, no condition holds."""
    try:
        return fix.when is None or fix.when.evaluate(readable(cause, values)) is True
    except EvaluationError:
        return False


async def _plan(fix: Fix, values: Mapping[str, Value], is_root: IsRoot) -> FixView:
    actions: tuple[ActionView, ...] = ()
    persist: tuple[ActionView, ...] = ()
    unavailable = ""
    try:
        actions = await _views(fix.actions, values, is_root)
        persist = await _views(fix.persist, values, is_root)
    except DeadhopError as error:
        missing = _missing(fix, values)
        unavailable = f"{', '.join(missing)}: not known" if missing else error.message
    return FixView(
        fix.id, fix.title, fix.risk, fix.impact, fix.recommended, actions, persist, fix.caution, unavailable
    )


def _missing(fix: Fix, values: Mapping[str, Value]) -> list[str]:
    """Values that its commands need and nobody could see."""
    actions = (*fix.actions, *fix.persist)
    needed = {
        name for action in actions for name in (*action.run.variables(), *([action.each] if action.each else ()))
    }
    return sorted(needed - set(values) - {"item"})


async def _views(
    actions: tuple[Action, ...], values: Mapping[str, Value], is_root: IsRoot
) -> tuple[ActionView, ...]:
    return tuple([await _view(rendered, is_root) for rendered in render_actions(actions, values)])


async def _view(action: RenderedAction, is_root: IsRoot) -> ActionView:
    prefix = SUDO if action.sudo and not await is_root(action.on) else ""
    return ActionView(
        on=action.on,
        run=prefix + action.run,
        undo=prefix + action.undo if action.undo else "",
        unless=prefix + action.unless if action.unless else "",
        text=action.text,
        timeout=action.timeout,
    )


async def cause_view(
    knowledge: Knowledge, found: Found, *, evidence: tuple[str, ...], confidence: Confidence, is_root: IsRoot
) -> CauseView:
    """The cause as the operator sees it, with its fixes rendered on its values."""
    cause = knowledge.causes[found.cause]
    fixes = () if found.refused else await plan_fixes(cause, found.values, is_root)
    target = found.values.get(cause.target)
    return CauseView(
        id=cause.id,
        symptom=found.symptom,
        title=cause.title,
        why=cause.why,
        values=found.values,
        targets=(f"host:{target}",) if target else (),
        confidence=confidence,
        evidence=evidence,
        fixes=fixes,
        sure=cause.sure,
        refused=found.refused,
    )
