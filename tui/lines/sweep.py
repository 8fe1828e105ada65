"""A sweep in lines: how far it is, an item for each finding and each kind of rest, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from base.text import Lang
from diagnosis.sweep.differing import missing, placed, taken_at
from diagnosis.sweep.words import (
    CUT,
    FIXES_LATER,
    IN_THIS_CASE,
    by_layer,
    changed_by,
    end_of,
    follows,
    left_out_lines,
    named,
    places,
    referred,
    seen_by,
)
from knowledge.model import Verdict
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
from tui.lines.walk import VERDICT_SYMBOLS, fix_prompt
from tui.words import Words

if TYPE_CHECKING:
    from diagnosis.sweep.views import Finding, Gap, OpenEnd, Question, SweepResult, SweepView

MOST_GAPS = 200


@dataclass(frozen=True, slots=True)
class Item:
    prompt: Content
    details: Sequence[Content] = ()
    finding: Finding | None = None
    """What `enter` repairs."""


# ------------------------------------------------------------------ how far it is


def progress_lines(view: SweepView, seconds: float, words: Words, lang: Lang) -> Content:
    """By layer and host, what is being asked just now, and who says nothing."""
    layers = [f"{one_line(name)} {ended}/{all_}" for name, (ended, all_) in view.layers.items()]
    looks = words.sweep_looks.format(looks=view.looks)
    heard, all_hosts = view.hosts
    hosts = [words.sweep_hosts.format(heard=heard, hosts=all_hosts)] if all_hosts else []
    trees = [f"{words.sweep_trees}: {'   '.join(layers)}"] if layers else []
    lines: list[Content | str] = [marked(BUSY, "   ".join([words.seconds.format(seconds=int(seconds)), *trees]))]
    lines.append("  " + " · ".join([*hosts, looks]))
    if view.running:
        probe, target = view.running[0]
        more = f"  +{len(view.running) - 1}" if len(view.running) > 1 else ""
        asking = words.step_running.format(probe=probe, target=target_name(words, target))
        lines.append(dim(f"  {asking}{more}"))
    if view.silent:
        lines.append(marked(UNKNOWN, words.sweep_silent.format(names=one_line(places(view.silent, lang)))))
    return stacked(lines)


def result_lines(view: SweepView, words: Words, lang: Lang) -> Content:
    """The verdict, whether it is partial, and how much was looked at."""
    result = view.result
    assert result is not None
    symbol = VERDICT_SYMBOLS[result.verdict]
    said = marked(symbol, f"{words.verdict[result.verdict]}: {one_line(result.text[lang])}", "bold")
    took = seconds_text(words, view.seconds)
    counts = words.sweep_counts.format(trees=view.trees, looks=view.looks, seconds=took)
    looked = marked(UNKNOWN, f"{CUT[view.cut][lang]} · {counts}") if view.cut else dim(f"  {counts}")
    return stacked([said, looked, *_beside_baseline(result, words, lang)])


def _beside_baseline(result: SweepResult, words: Words, lang: Lang) -> Iterator[Content]:
    """One line; none where the site has no baseline."""
    comparison = result.compared
    if comparison is None:
        return
    if comparison.refused is not None:
        yield marked(UNKNOWN, one_line(comparison.refused[lang]))
        return
    taken, count = taken_at(comparison.taken), len(comparison.differences)
    if count:
        found = count - len(result.elsewhere)
        said = words.sweep_unlike_baseline.format(taken=taken, count=count, found=found)
        yield marked(NONE, one_line(said))
    else:
        same = words.sweep_partly_as_baseline if comparison.not_compared else words.sweep_as_baseline
        yield dim("  " + one_line(same.format(taken=taken)))


def early_items(view: SweepView, lang: Lang) -> list[Item]:
    """Causes as they come, before the sweep is over."""
    return [Item(marked(BAD, one_line(referred(one, lang)), "bold")) for one in view.found]


# ------------------------------------------------------------------ what was found


def items(result: SweepResult, words: Words, lang: Lang) -> list[Item]:
    """Worst first; what another one explains follows, then what is open, what was not seen, what it is not."""
    roots = [one for one in result.causes if not one.explained_by]
    after = [one for one in result.causes if one.explained_by]
    return [
        *(_finding(one, BAD, words, lang) for one in roots),
        *(_finding(one, NONE, words, lang) for one in after),
        *(_finding(one, UNKNOWN, words, lang) for one in result.may_be_meant),
        *(_end(one, words, lang) for one in result.open_ends),
        *(_question(one, words, lang) for one in result.questions),
        *_rest(result, words, lang),
    ]


def _finding(finding: Finding, symbol: str, words: Words, lang: Lang) -> Item:
    cause = finding.cause
    below = words.confidence[cause.confidence]
    if symbol == UNKNOWN:
        below = words.sweep_may_be_meant
    elif finding.explained_by:
        below = f"{words.sweep_explained_by} {', '.join(referred(one, lang) for one in finding.explained_by)}"
    title = marked(symbol, one_line(named(finding, lang)), "bold" if symbol == BAD else "")
    return Item(stacked([title, dim(f"  {one_line(below)}")]), list(_details(finding, words, lang)), finding)


def _details(finding: Finding, words: Words, lang: Lang) -> Iterator[Content]:
    cause = finding.cause
    yield Content.styled(outside(cause.title[lang]), "bold")
    yield dim(f"{one_line(cause.id)} · {words.confidence[cause.confidence]}")
    if finding.case:
        yield Content.styled(f"{IN_THIS_CASE[lang]}:", "bold")
    yield from (marked(NONE, one_line(line[lang])) for line in finding.case)
    yield from Content(outside(cause.why[lang])).split("\n")
    if cause.sure is not None:
        yield Content.assemble((f"{words.be_sure} ", "bold"), outside(cause.sure[lang]))
    yield Content.assemble((f"{words.sweep_seen_by}: ", "bold"), one_line(seen_by(finding, lang)))
    if after := follows(finding, lang):
        yield Content.assemble((f"{words.sweep_explains}: ", "bold"), one_line(after))
    for changed in changed_by(finding, lang):
        yield Content.assemble((f"{words.sweep_changed}: ", "bold"), one_line(changed))
    for refused in cause.refused:
        yield marked(UNKNOWN, one_line(words.told(refused)))
    if cause.fixes_later:
        yield marked(UNKNOWN, FIXES_LATER[lang])
    if cause.fixes:
        yield BLANK
        yield heading(words.fixes)
        for fix in cause.fixes:
            yield from fix_prompt(fix, lang, words).split("\n")


def _end(end: OpenEnd, words: Words, lang: Lang) -> Item:
    meant = end.verdict is Verdict.NOT_A_FAULT
    symbol, below = (OK, words.verdict[end.verdict]) if meant else (UNKNOWN, words.sweep_not_explained)
    prompt = stacked([marked(symbol, one_line(end.title[lang])), dim(f"  {below}")])
    details = [
        Content.styled(outside(end.title[lang]), "bold"),
        dim(one_line(end_of(end, lang))),
        *Content(outside(end.text[lang])).split("\n"),
    ]
    return Item(prompt, details)


def _question(question: Question, words: Words, lang: Lang) -> Item:
    prompt = stacked([marked(YOURS, one_line(question.ask[lang])), dim(f"  {words.step_asking}")])
    inputs = ("  ".join(f"{name} = {value}" for name, value in one.items()) for one in question.inputs)
    details = [
        Content.styled(outside(question.ask[lang]), "bold"),
        *(marked(NONE, outside(text[lang])) for text in question.options.values()),
        BLANK,
        dim(words.sweep_asks.format(symptom=one_line(question.symptom))),
        *(dim(f"  {one_line(one)}") for one in inputs),
    ]
    return Item(prompt, details)


def _rest(result: SweepResult, words: Words, lang: Lang) -> Iterator[Item]:
    if result.unknown:
        lines = [line for gap in result.unknown[:MOST_GAPS] for line in _gap(gap, words)]
        yield _kind(UNKNOWN, words.not_seen, len(result.unknown), lines)
    yield from _baseline_rest(result, words, lang)
    for title, trees in ((words.sweep_left_out, result.left_out), (words.sweep_unfinished, result.unfinished)):
        if trees:
            lines = [marked(UNKNOWN, one_line(line)) for one in trees for line in left_out_lines(one, lang)]
            yield _kind(UNKNOWN, title, sum(one.count for one in trees), lines)
    if result.not_begun:
        waiting = (marked(UNKNOWN, one_line(one)) for one in result.not_begun)
        yield _kind(UNKNOWN, words.sweep_not_begun, len(result.not_begun), waiting)
    if result.ruled_out:
        yield _kind(OK, words.sweep_ruled_out, len(result.ruled_out), _ruled_out(result, words, lang))
    if result.not_swept:
        waiting = (marked(NONE, f"{one.symptom} ({' '.join(one.needs)})") for one in result.not_swept)
        yield _kind(NONE, words.sweep_not_swept, len(result.not_swept), waiting)


def _ruled_out(result: SweepResult, words: Words, lang: Lang) -> Iterator[Content]:
    """Each says by itself that it is not so: its heading may lie above the screen."""
    for layer, causes in by_layer(result.ruled_out, lang).items():
        yield dim(f"{one_line(layer)} ({len(causes)})")
        yield from (marked(NONE, f"{words.not_so}: {outside(one.title[lang])}") for one in causes)


def _baseline_rest(result: SweepResult, words: Words, lang: Lang) -> Iterator[Item]:
    """What differs and explains nothing, and what was not compared: neither is a cause."""
    if rest := result.elsewhere:
        lines = (marked(NONE, one_line(placed(one)[lang])) for one in rest[:MOST_GAPS])
        yield _kind(NONE, words.sweep_differences, len(rest), lines)
    unseen = result.compared.not_compared if result.compared else ()
    if unseen:
        told = (f"{missing(one, lang)}: {words.told(one.why[lang])}" for one in unseen[:MOST_GAPS])
        yield _kind(
            UNKNOWN, words.sweep_not_compared, len(unseen), (marked(UNKNOWN, one_line(one)) for one in told)
        )


def _kind(symbol: str, title: str, count: int, lines: Iterable[Content]) -> Item:
    return Item(marked(symbol, f"{title} ({count})"), [heading(title), *lines])


def _gap(gap: Gap, words: Words) -> Iterator[Content]:
    yield marked(UNKNOWN, f"{target_name(words, gap.target)}: {one_line(words.told(gap.message))}")
    if gap.hint:
        yield indented(hint_line(words, gap.hint))
