"""A repair in words: what will run, where, what it risks, what takes it back, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from base.text import Lang
from diagnosis.fixes import sides
from tui.lines.common import (
    BAD,
    BUSY,
    NONE,
    OK,
    UNKNOWN,
    YOURS,
    dim,
    error_lines,
    hint_line,
    indented,
    marked,
    outside,
    seconds_text,
    stacked,
    target_name,
)
from tui.lines.walk import cut
from tui.words import Words

if TYPE_CHECKING:
    from base.errors import DeadhopError
    from diagnosis.views import ActionView, FixView, RepairView

ACTION_SYMBOLS = {
    "planned": NONE,
    "running": BUSY,
    "done": OK,
    "skipped": OK,
    "failed": BAD,
    "interrupted": UNKNOWN,
    "undone": OK,
    "undo-failed": BAD,
    "by-hand": YOURS,
    "taken-back": BAD,
}
PHASE_SYMBOLS = {
    "planned": YOURS,
    "checking": BUSY,
    "applying": BUSY,
    "verifying": BUSY,
    "verified": OK,
    "not-verified": BAD,
    "failed": BAD,
    "undoing": BUSY,
    "undone": OK,
    "undo-failed": BAD,
    "not-needed": OK,
    "blocked": UNKNOWN,
    "by-hand": YOURS,
    "locked": YOURS,
    "undo-locked": YOURS,
    "taken-back": BAD,
    "not-as-before": BAD,
    "cut-short": UNKNOWN,
    "left": OK,
    "looking": BUSY,
    "looked": OK,
}
RISK_STYLES = {"reversible": "$success", "disruptive": "$warning", "destructive": "bold $error"}
BUSY_PHASES = frozenset({"checking", "applying", "verifying", "undoing"})
UNDOABLE = frozenset({"done", "failed", "interrupted"})


def fix_head(fix: FixView, lang: Lang, words: Words) -> Content:
    lines = [fix_risk(fix, lang, words)]
    if fix.caution is not None:
        lines.append(caution_line(fix.caution[lang], words))
    if fix.unavailable:
        lines.append(marked(UNKNOWN, f"{words.unavailable}: {outside(words.told(fix.unavailable))}"))
    return stacked(lines)


def fix_risk(fix: FixView, lang: Lang, words: Words) -> Content:
    together = sides(fix)
    what = fix.impact[lang] if together is None else f"{fix.impact[lang]}. {together[lang]}"
    return Content.assemble((words.risk[fix.risk], RISK_STYLES[fix.risk]), "  ", outside(what))


def caution_line(caution: str, words: Words) -> Content:
    return Content.assemble((f"! {words.caution}: ", "bold $warning"), outside(caution))


def action_title(number: int, action: ActionView, lang: Lang, words: Words, *, edited: bool = False) -> Content:
    place = target_name(words, action.on)
    where = words.by_hand_at if action.state == "by-hand" else words.runs_on
    parts: list[Content | str] = [
        marked(ACTION_SYMBOLS.get(action.state, UNKNOWN), f"{number} ", "bold"),
        Content.styled(where.format(host=place), "bold"),
        dim(f"  {action_state(action, words)}"),
    ]
    if edited:
        parts.append(Content.styled(f"  {words.edited}", "bold $warning"))
    return Content("").join(parts)


def action_state(action: ActionView, words: Words) -> str:
    said = words.action_state.get(action.state, action.state)
    if action.exit_status is not None and action.state in ("failed", "undo-failed"):
        said = f"{said}, {words.exit_status.format(status=action.exit_status)}"
    return f"{said} · {seconds_text(words, action.seconds)}" if action.seconds >= 0.05 else said


def undo_line(action: ActionView, words: Words) -> Content:
    if not action.undo:
        return Content.assemble((f"{words.undo_word}  ", "bold"), (words.cannot_be_undone, "bold $error"))
    line = Content.assemble((f"{words.undo_word}  ", "bold"), (outside(action.undo), "dim"))
    if not action.undo_known:
        line = Content.assemble(line, "\n", marked(UNKNOWN, words.undo_not_known))
    line = with_state(line, action, words)
    if action.arm:
        line = Content.assemble(line, "\n", (f"{words.switch_first}  ", "bold"), (outside(action.arm), "dim"))
    if action.disarm:
        line = Content.assemble(line, "\n", (f"{words.switch_then}  ", "bold"), (outside(action.disarm), "dim"))
    return line


def with_state(line: Content, action: ActionView, words: Words) -> Content:
    """What was kept of the state before it, or why nothing was."""
    if action.kept:
        things = ", ".join(one.what for one in action.kept)
        return Content.assemble(line, "\n", (f"{words.state_kept}  ", "bold"), (outside(things), "dim"))
    if action.not_kept:
        return Content.assemble(
            line, "\n", marked(UNKNOWN, f"{words.state_not_kept}: {words.told(action.not_kept)}")
        )
    return line


def action_output(action: ActionView, words: Words) -> Content:
    """What it printed; of what never ran, why. After its undo, what is other than before."""
    said = action.output if action.exit_status is not None else words.told(action.output)
    shown = [said.rstrip("\n")] if said.strip() else []
    if action.left:
        shown += [f"{words.other_than_before}:", *action.left]
    return indented(cut("\n".join(shown), words)) if shown else Content("")


def phase_lines(view: RepairView, words: Words, read_only: bool = False) -> Content:
    """Where the repair stands, and the next step."""
    lines = [marked(PHASE_SYMBOLS.get(view.phase, UNKNOWN), words.phase.get(view.phase, view.phase), "bold")]
    if view.message:
        lines.append(indented(Content(outside(words.told(view.message)))))
    if view.hint:
        lines.append(indented(hint_line(words, view.hint)))
    if view.phase == "blocked":
        lines.append(indented(Content(words.blocked_next)))
    if view.phase in ("not-verified", "failed") and can_undo(view):
        lines.append(indented(Content(words.undo_offered)))
    if read_only:
        lines.append(indented(Content(words.read_only)))
    if can_persist(view):
        lines.append(indented(Content(words.persist_offered)))
    return stacked(lines)


def can_undo(view: RepairView) -> bool:
    """Something was done, or half done, that has an undo."""
    done = (action for action in view.fix.actions if action.state in UNDOABLE)
    return view.phase not in BUSY_PHASES and any(action.undo for action in done)


def can_apply(view: RepairView) -> bool:
    """Something is left to run, and the fault is (or may be) still there."""
    waiting = any(action.state == "planned" for action in view.fix.actions)
    return waiting and not view.fix.unavailable and view.phase in ("planned", "blocked", "by-hand", "locked")


def can_go_on(view: RepairView) -> bool:
    """Something is left of what was cut short; one that is in doubt, or failed, comes before what follows it."""
    states = {action.state for action in view.fix.actions}
    left = "planned" in states or any(action.arm for action in view.fix.actions)
    return view.phase == "cut-short" and left and states <= {"planned", "done", "skipped"}


def flying_lines(actions: Sequence[ActionView], words: Words, error: DeadhopError) -> Content:
    """What was in flight by the journal, where the system cannot be asked: for the notice."""
    lines: list[Content | str] = [marked(UNKNOWN, words.in_flight if actions else words.nothing_in_flight, "bold")]
    for action in actions:
        command = action.undo if action.undoing else action.run
        lines.append(indented(Content(f"{target_name(words, action.on)}: {outside(command)}")))
    return stacked([*lines, error_lines(words, error)])


def can_persist(view: RepairView) -> bool:
    return view.phase == "verified" and bool(view.fix.persist)


def risk_to_confirm(view: RepairView) -> str:
    """What nobody could look at again counts as more dangerous than it says."""
    risk = str(view.fix.risk.value)
    return "disruptive" if risk == "reversible" and view.phase == "blocked" else risk


def at_stake(view: RepairView) -> str:
    """What the operator types before something destructive: what is lost, else the host it happens on."""
    on = view.fix.actions[0].on if view.fix.actions else view.fix.id
    return view.fix.loses or on


def plan_text(fix: FixView, words: Words) -> str:
    """All commands as text for the clipboard, each under its place."""
    actions = (*fix.actions, *fix.persist)
    return "\n".join(f"# {target_name(words, action.on)}\n{action.run}" for action in actions)


def confirm_body(fix: FixView, actions: Sequence[ActionView], risk: str, lang: Lang, words: Words) -> Content:
    """Everything that is about to run, then what it may do."""
    parts: list[Content | str] = []
    for action in actions:
        if action.state == "planned":
            parts.append(dim(words.runs_on.format(host=target_name(words, action.on))))
            parts.append(indented(Content.styled(outside(action.run), "bold")))
    parts += ["", fix_risk(fix, lang, words)]
    if risk != fix.risk:
        parts.append(marked(UNKNOWN, words.blocked_risk, "bold"))
    if fix.caution is not None:
        parts.append(caution_line(fix.caution[lang], words))
    return stacked(parts)


def look_body(fix: FixView, lang: Lang, words: Words) -> Content:
    """What a look makes and where, what removes it, and the command, which is long."""
    action = fix.actions[0]
    parts: list[Content | str] = []
    if action.text is not None:
        parts.append(Content.styled(outside(action.text[lang]), "bold"))
    parts += [outside(fix.impact[lang]), "", dim(words.runs_on.format(host=target_name(words, action.on)))]
    parts.append(indented(Content(outside(action.run))))
    parts += ["", dim(words.look_removed_by), indented(Content(outside(action.undo)))]
    return stacked(parts)


def undo_plan(view: RepairView, words: Words) -> Content:
    """What undo will run, last action first."""
    parts: list[Content | str] = []
    for action in reversed(view.fix.actions):
        if action.state in UNDOABLE and action.undo:
            parts += ["", dim(words.runs_on.format(host=target_name(words, action.on)))]
            parts.append(indented(Content(outside(action.undo))))
    return stacked(parts[1:])
