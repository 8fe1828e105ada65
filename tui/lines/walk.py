"""A walk in words: steps, evidence, diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from base.text import Lang
from tui.lines.common import (
    BAD,
    BLANK,
    BUSY,
    NONE,
    OK,
    UNKNOWN,
    YOURS,
    dim,
    heading,
    hint_line,
    indented,
    marked,
    one_line,
    outside,
    seconds_text,
    stacked,
    target_name,
)
from tui.lines.facts import facts_table, value_text
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.views import CauseView, Diagnosis, FixView, RuledOutView, StepView, UnknownView, WalkView
    from probes.exchange import Exchange, Reply
    from probes.probe import Evidence

MODES = ("facts", "raw", "command")
STEP_SYMBOLS = {"running": BUSY, "asking": YOURS, "decided": OK, "unknown": UNKNOWN}
VERDICT_SYMBOLS = {"cause": BAD, "not-a-fault": OK, "nothing-found": OK, "unknown": UNKNOWN}
RAW_CHARACTERS = 150_000
"""Of one step's output on the screen; the export holds all of it."""
CUT_LINES, CUT_CHARACTERS = 200, 16_000
"""Of one text where it is drawn as a whole."""


# ------------------------------------------------------------------ steps


def step_prompt(step: StepView, lang: Lang, words: Words, *, forgotten: bool = False) -> Content:
    """Question, and under it what was decided."""
    symbol = NONE if forgotten else STEP_SYMBOLS[step.state]
    below = words.step_forgotten if forgotten else step_answer(step, lang, words)
    return stacked([marked(symbol, outside(step.ask[lang]), "bold"), dim("  " + below)])


def step_answer(step: StepView, lang: Lang, words: Words) -> str:
    if step.state == "running":
        return words.step_running.format(probe=step.probe, target=target_name(words, step.target))
    if step.state == "asking":
        return words.step_asking
    said = outside(step.answer[lang]) if step.answer else words.step_unknown
    if step.state == "unknown" and step.reason:
        said = f"{said}: {one_line(words.told(step.reason))}"
    return f"{said} ({words.by_hand})" if step.by_hand else said


# ------------------------------------------------------------------ evidence


def evidence_head(step: StepView, lang: Lang, words: Words) -> Content:
    lines = [Content.styled(outside(step.ask[lang]), "bold")]
    if step.evidence is not None:
        lines.append(dim(_where(step.evidence, words)))
    elif step.probe:
        lines.append(dim(f"{step.probe} · {target_name(words, step.target)}"))
    return stacked(lines)


def _where(evidence: Evidence, words: Words) -> str:
    took = seconds_text(words, evidence.seconds)
    return f"{evidence.probe} · {target_name(words, evidence.target)} · {took} · {evidence.id}"


def evidence_lines(step: StepView, mode: str, lang: Lang, words: Words) -> Sequence[Content | str]:
    """What a step saw, line by line."""
    if step.evidence is None:
        return without_evidence(step, lang, words).split("\n", allow_blank=True)
    if mode == "raw":
        return list(raw_lines(step.evidence.exchanges, words))
    shown = commands(step.evidence, words) if mode == "command" else failure_or_facts(step, words)
    return shown.split("\n", allow_blank=True)


def without_evidence(step: StepView, lang: Lang, words: Words) -> Content:
    if step.state == "running":
        return marked(BUSY, words.looking, "dim")
    if step.state == "asking":
        return marked(YOURS, words.step_asking)
    return marked(NONE, step_answer(step, lang, words))


def failure_or_facts(step: StepView, words: Words) -> Content:
    evidence = step.evidence
    if evidence is None or evidence.failure is None:
        return facts_table(evidence.facts if evidence else None, words)
    lines = [
        marked(UNKNOWN, words.could_not_look, "bold"),
        indented(Content(outside(words.told(evidence.failure.message)))),
    ]
    if evidence.failure.hint:
        lines.append(indented(hint_line(words, evidence.failure.hint)))
    return stacked(lines)


def raw_lines(exchanges: Sequence[Exchange], words: Words) -> Iterator[Content | str]:
    """Each command and what it printed, inert."""
    if not exchanges:
        yield dim(words.nothing_said)
    room = RAW_CHARACTERS
    for exchange in exchanges:
        reply = exchange.reply
        yield Content.styled(f"{target_name(words, exchange.request.target)} $ {_command(exchange)}", "bold")
        printed = "\n".join(text.rstrip("\n") for text in (reply.stdout, reply.stderr) if text)
        yield from outside(printed[:room]).split("\n") if printed else ()
        if len(printed) > room:
            yield dim(words.cut_here.format(count=f"{len(printed) - room:,}"))
        room -= min(room, len(printed))
        yield from _ending(reply, words)
        yield BLANK


def _ending(reply: Reply, words: Words) -> Iterator[Content]:
    if reply.failure:
        yield marked(UNKNOWN, one_line(words.told(reply.message or reply.failure)))
    elif reply.status:
        yield dim(words.exit_status.format(status=reply.status))


def cut(text: str, words: Words) -> Content:
    """Output as much as a screen can hold."""
    lines = text[:CUT_CHARACTERS].splitlines()[:CUT_LINES]
    kept = Content(outside("\n".join(lines)))
    left = len(text) - sum(len(line) + 1 for line in lines)
    return stacked([kept, dim(words.cut_here.format(count=f"{left:,}"))]) if left > 1 else kept


def commands(evidence: Evidence, words: Words) -> Content:
    """What was asked of whom, when, and how long it took."""
    lines = [
        dim(f"{words.started} {evidence.started.astimezone():%Y-%m-%d %H:%M:%S}"),
        *(dim(f"{name} = {value_text(value, words)}") for name, value in evidence.arguments.items()),
        BLANK,
    ]
    for exchange in evidence.exchanges:
        took = seconds_text(words, exchange.reply.seconds)
        lines.append(dim(f"{target_name(words, exchange.request.target)} · {took}"))
        lines.append(indented(Content(_command(exchange))))
    return stacked(lines)


def _command(exchange: Exchange) -> str:
    return ("sudo " if exchange.request.sudo else "") + one_line(exchange.request.text)


# ------------------------------------------------------------------ diagnosis


def status_line(view: WalkView, lang: Lang, words: Words, *, paused: bool = False, waited: float = 0.0) -> Content:
    """Where the walk stands, in one line."""
    if paused:
        return marked(NONE, words.stepped_back)
    if view.diagnosis is not None:
        said = words.verdict[view.diagnosis.verdict]
        return marked(
            VERDICT_SYMBOLS[view.diagnosis.verdict], f"{said} · {seconds_text(words, view.seconds)}", "bold"
        )
    last = view.steps[-1] if view.steps else None
    if last is not None and last.state == "asking":
        return marked(YOURS, words.step_asking, "bold")
    if last is None or last.state != "running":
        return marked(BUSY, words.thinking, "dim")
    asked = words.step_running.format(probe=last.probe, target=target_name(words, last.target))
    return marked(BUSY, f"{asked} · {words.seconds.format(seconds=int(waited))}")


def verdict_lines(diagnosis: Diagnosis, lang: Lang, words: Words) -> Content:
    """Every cause: what, where, how sure, why. Without one, the verdict and its sentence."""
    if diagnosis.causes:
        causes = [stacked(cause_lines(cause, lang, words)) for cause in diagnosis.causes]
        return Content("\n\n").join(causes)
    said = marked(VERDICT_SYMBOLS[diagnosis.verdict], words.verdict[diagnosis.verdict], "bold")
    return stacked([said, outside(diagnosis.text[lang])])


def cause_lines(cause: CauseView, lang: Lang, words: Words) -> list[Content]:
    where = ", ".join(target_name(words, target) for target in cause.targets)
    sure = words.confidence[cause.confidence]
    lines = [
        marked(BAD, outside(cause.title[lang]), "bold"),
        dim(" · ".join(part for part in (where, sure) if part)),
        Content(outside(cause.why[lang])),
    ]
    if cause.sure is not None:
        lines.append(Content.assemble((f"{words.be_sure} ", "bold"), outside(cause.sure[lang])))
    lines += [marked(UNKNOWN, one_line(words.told(refused))) for refused in cause.refused]
    return lines


def fix_prompt(fix: FixView, lang: Lang, words: Words) -> Content:
    title = outside(fix.title[lang])
    if fix.unavailable:
        return stacked(
            [marked(NONE, title, "dim"), dim(f"  {words.unavailable}: {one_line(words.told(fix.unavailable))}")]
        )
    tags = [words.risk[fix.risk], *([words.recommended] if fix.recommended else [])]
    return stacked([marked(YOURS, title, "bold"), dim("  " + " · ".join(tags))])


def other_lines(diagnosis: Diagnosis, lang: Lang, words: Words) -> Content:
    """What it was not, what could not be seen, and what comes second."""
    parts: list[Content | str] = []
    if diagnosis.ruled_out:
        parts += ["", heading(words.ruled_out), *(ruled_out_line(one, lang, words) for one in diagnosis.ruled_out)]
    if diagnosis.unknown:
        parts += ["", heading(words.not_seen), *(unknown_lines(one, words) for one in diagnosis.unknown)]
    if diagnosis.runners_up:
        titles = (marked(UNKNOWN, outside(cause.title[lang])) for cause in diagnosis.runners_up)
        parts += ["", heading(words.runner_up), *titles]
    return stacked(parts)


def ruled_out_line(one: RuledOutView, lang: Lang, words: Words) -> Content:
    by = outside(one.step[lang]) + (f" [{one_line(one.evidence)}]" if one.evidence else f" ({words.by_hand})")
    return stacked([marked(NONE, f"{words.not_so}: {outside(one.title[lang])}"), dim(f"  {by}")])


def unknown_lines(one: UnknownView, words: Words) -> Content:
    lines = [
        marked(UNKNOWN, f"{one.probe} · {target_name(words, one.target)}"),
        indented(Content(outside(words.told(one.message) or words.could_not_look))),
    ]
    if one.hint:
        lines.append(indented(hint_line(words, one.hint)))
    return stacked(lines)


def tabs_line(panes: Sequence[str], shown: str, words: Words) -> Content:
    """`1 Steps  [2 Evidence]  3 Diagnosis`, for terminals too narrow for three columns."""
    tabs = []
    for number, (pane, title) in enumerate(zip(panes, words.panes, strict=True), 1):
        said = f"[{number} {title}]" if pane == shown else f" {number} {title} "
        tab = Content.styled(said, "bold $primary" if pane == shown else "dim")
        tabs.append(tab.stylize(Style.from_meta({"@click": f"screen.pane({pane!r})"})))
    return Content(" ").join(tabs)
