"""From a cause and its values to commands: what would run, where, and what takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from base.errors import DeadhopError, UsageError
from base.text import Text, inert
from base.values import Value
from diagnosis.views import ActionView, CauseView, Confidence, FixView
from journal.redact import PLACEHOLDER
from knowledge.cel import EvaluationError
from knowledge.model import WORLDS, Action, Cause, Fix, Knowledge
from knowledge.render import RenderedAction, readable, render_actions
from knowledge.tree import Found
from probes.clients import Client
from probes.probe import PROBES, ProbeCall, checked_call


class Places(Protocol):
    """What a plan must know of where its commands will run."""

    async def is_root(self, host: str) -> bool:
        """Whether commands on this host (or `operator`) run as root without sudo."""
        ...

    async def client(self, target: str) -> Client:
        """Where `kubectl` or `openstack` is run for a `cluster:NAME` or `cloud:NAME`; ProbeError when nowhere."""
        ...


SUDO = "sudo -n "


async def plan_fixes(
    cause: Cause, values: Mapping[str, Value], places: Places, also: Sequence[Mapping[str, Value]] = ()
) -> tuple[FixView, ...]:
    """Every fix of the cause that applies to these values, the recommended one first. One that says so repairs it
    as `also` have it, too."""
    fixes = [fix for fix in cause.fixes if _applies(cause, fix, values)]
    fixes.sort(key=lambda fix: not fix.recommended)
    return tuple([await _together(cause, fix, await _plan(fix, values, places), places, also) for fix in fixes])


async def _together(
    cause: Cause, fix: Fix, plan: FixView, places: Places, also: Sequence[Mapping[str, Value]]
) -> FixView:
    """With the commands for each of the others that are not among its own."""
    if not fix.together or plan.unavailable:
        return plan
    for values in also:
        like = (one for one in cause.fixes if one.together and _applies(cause, one, values))
        other = min(like, key=lambda one: (one.id != fix.id, not one.recommended), default=None)
        more = await _plan(other, values, places) if other else None
        if other is None or more is None or more.unavailable:
            continue
        new = _new(plan.actions, more.actions)
        if new:
            parts, persist = (*plan.parts, (other.id, values)), _new(plan.persist, more.persist)
            actions, lasting = (*plan.actions, *new), (*plan.persist, *persist)
            plan = replace(plan, actions=actions, persist=lasting, parts=parts)
    return plan


def sides(fix: FixView) -> Text | None:
    """That it repairs more than one of them; None where it does not."""
    number = len(fix.parts) + 1
    said = f"For all {number} sides from which it was seen, together", f"원인이 확인된 {number}곳을 함께 조치한다"
    return Text(*said) if fix.parts else None


def _new(known: tuple[ActionView, ...], more: tuple[ActionView, ...]) -> tuple[ActionView, ...]:
    there = {(one.on, one.run) for one in known}
    return tuple(one for one in more if (one.on, one.run) not in there)


def _applies(cause: Cause, fix: Fix, values: Mapping[str, Value]) -> bool:
    """With a value missing, as in a journal that somebody edited, no condition holds."""
    try:
        return fix.when is None or fix.when.evaluate(readable(cause, values)) is True
    except EvaluationError:
        return False


async def _plan(fix: Fix, values: Mapping[str, Value], places: Places) -> FixView:
    actions: tuple[ActionView, ...] = ()
    persist: tuple[ActionView, ...] = ()
    unavailable = ""
    try:
        actions = await _views(fix.actions, values, places)
        persist = await _views(fix.persist, values, places)
    except DeadhopError as error:
        missing = _missing(fix, values)
        unavailable = f"{', '.join(missing)}: not known" if missing else error.message
    loses = str(values.get(fix.loses, "")) if fix.loses else ""
    return FixView(
        fix.id, fix.title, fix.risk, fix.impact, fix.recommended, actions, persist, fix.caution, unavailable, loses
    )


def _missing(fix: Fix, values: Mapping[str, Value]) -> list[str]:
    """Values that its commands need and nobody could see."""
    actions = (*fix.actions, *fix.persist)
    needed = {
        name for action in actions for name in (*action.run.variables(), *([action.each] if action.each else ()))
    }
    return sorted(needed - set(values) - {"item"})


async def _views(
    actions: tuple[Action, ...], values: Mapping[str, Value], places: Places
) -> tuple[ActionView, ...]:
    return tuple([await _view(rendered, places) for rendered in render_actions(actions, values)])


async def _view(action: RenderedAction, places: Places) -> ActionView:
    client = await places.client(f"{action.world}:{action.on}") if action.world else None
    on, sudo = (client.on, client.sudo) if client else (action.on, action.sudo)
    prefix = SUDO if sudo and not await places.is_root(on) else ""

    def shown(command: str) -> str:
        return prefix + (client.command(command) if client else command) if command else ""

    return ActionView(
        on=on,
        run=shown(action.run),
        undo=shown(action.undo),
        unless=shown(action.unless),
        text=action.text,
        timeout=action.timeout,
        target=f"{action.world}:{action.on}" if action.world else "",
        keep=_keep(action),
    )


def _keep(action: RenderedAction) -> tuple[ProbeCall, ...]:
    """What its author says that it changes."""
    if action.state is None:
        return ()
    probe, on, arguments = action.state
    own = {"sudo": action.sudo} if "sudo" in PROBES[probe].parameters else {}
    return (checked_call(probe, on, {**own, **arguments}),)


async def cause_view(
    knowledge: Knowledge,
    found: Found,
    *,
    evidence: tuple[str, ...],
    confidence: Confidence,
    places: Places,
    also: tuple[Mapping[str, Value], ...] = (),
) -> CauseView:
    """The cause as the operator sees it, with its fixes rendered on its values."""
    cause = knowledge.causes[found.cause]
    fixes = () if found.refused else await plan_fixes(cause, found.values, places, also)
    target = found.values.get(cause.target)
    world = cause.values[cause.target].kind if cause.target in cause.values else ""
    return CauseView(
        id=cause.id,
        symptom=found.symptom,
        title=cause.title,
        why=cause.why,
        values=found.values,
        targets=(f"{world if world in WORLDS else 'host'}:{target}",) if target else (),
        confidence=confidence,
        evidence=evidence,
        fixes=fixes,
        sure=cause.sure,
        refused=found.refused,
        also=also,
    )


# ------------------------------------------------------------------ what is never sent


def refuse_invisible(commands: Iterable[str]) -> None:
    for text in commands:
        if inert(text) != text:
            raise UsageError(
                f"the command holds what cannot be seen: {inert(text)}",
                hint="type it again: what is shown must be what runs",
            )


def refuse_blacked_out(commands: Iterable[str]) -> None:
    """What comes from a journal has placeholders in the place of secrets: they are no values."""
    for text in commands:
        if PLACEHOLDER.search(text):
            raise UsageError(
                f"a secret in this command was blacked out, and nobody knows it any more: {text}",
                hint="diagnose again and apply it in that session, or type it by hand",
            )
