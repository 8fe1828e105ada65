"""A sweep in plain words: what is wrong and what follows from it, what is not, and what could not be seen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deadhop.front import Front
from deadhop.known_good import baseline_lines, changed_line
from deadhop.output import wrap
from deadhop.showing import CONFIDENCE, VERDICTS
from diagnosis.sweep.names import cause_names
from diagnosis.sweep.words import (
    CUT,
    IN_THIS_CASE,
    SHOWN,
    by_layer,
    end_of,
    follows,
    left_out_lines,
    named,
    places,
    referred,
    seen_by,
)
from knowledge.model import Verdict
from probes.target import called

if TYPE_CHECKING:
    from diagnosis.session import Session
    from diagnosis.sweep.views import Finding, OpenEnd, Question, Reference, SweepResult, SweepView

NOT_OF_HOSTS = (
    "NOT LOOKED AT WITH --host, FOR THEY ARE OF NO SINGLE HOST",
    "--host 로는 살펴보지 않은 것 (한 호스트에 속하지 않음)",
)
_RULED_OUT = 6
"""Names of what it is not."""


def progress_line(front: Front, view: SweepView) -> str:
    layers = "  ".join(f"{name} {ended}/{all_}" for name, (ended, all_) in view.layers.items())
    heard, hosts = view.hosts
    answered = front.say("hosts heard {}/{}", "응답한 호스트 {}/{}").format(heard, hosts) if hosts else ""
    silent = _silent(front, view)
    found = front.say("{} found", "원인 {}").format(len(view.found)) if view.found else ""
    now = f"{view.running[0][0]} @ {front.text(called(view.running[0][1]))}" if view.running else ""
    return "  ".join(part for part in (f"… {layers}", answered, found, silent, now) if part)


class Early:
    """Names each cause when it is found: the rest of a sweep may take minutes. What follows from what is only known
    at its end."""

    def __init__(self) -> None:
        self._named: set[Reference] = set()

    def lines(self, front: Front, view: SweepView) -> Iterator[str]:
        new = [one for one in view.found if one not in self._named] if view.result is None else []
        self._named.update(new)
        label = front.say("found", "찾음")
        yield from (wrap(f"{label}: {referred(one, front.lang)}", "    ", first="  + ") for one in new)


def _silent(front: Front, view: SweepView) -> str:
    """Who is asked no more: while the sweep runs somebody can already walk to the machine."""
    return f"{front.say('no answer', '무응답')}: {places(view.silent, front.lang)}" if view.silent else ""


def sweep_lines(front: Front, view: SweepView) -> Iterator[str]:
    result = view.result
    assert result is not None
    yield wrap(f"{front.text(VERDICTS[result.verdict])}: {front.text(result.text)}", "  ", first="")
    if view.cut:
        yield wrap(front.text(CUT[view.cut]), "  ")
    yield from _causes(front, result)
    yield from _open(front, result)
    yield from _unseen(front, result)
    yield from baseline_lines(front, result)
    said = front.say("{} trees, {} looks, {:.1f} s", "진단 {}개, 확인 {}번, {:.1f} 초")
    yield f"\n{said.format(view.trees, view.looks, view.seconds)}"


# ------------------------------------------------------------------ what is wrong


def _causes(front: Front, result: SweepResult) -> Iterator[str]:
    for number, finding in enumerate((one for one in result.causes if not one.explained_by), 1):
        yield ""
        yield from _cause(front, finding, f"{number}. ")
        yield from changed_line(front, finding, result.compared)
    if result.may_be_meant:
        yield f"\n{front.say('MAY BE MEANT', '의도된 설정일 수 있음')}"
        for finding in result.may_be_meant:
            yield wrap(f"{named(finding, front.lang)}: {seen_by(finding, front.lang)}", "    ", first="  - ")
            yield from changed_line(front, finding, result.compared)


def _cause(front: Front, finding: Finding, number: str) -> Iterator[str]:
    cause = finding.cause
    yield wrap(named(finding, front.lang), "   ", first=number)
    yield wrap(f"{cause.id}, {front.text(CONFIDENCE[cause.confidence.value])}", "   ")
    yield from _case(front, finding)
    yield wrap(front.text(cause.why), "   ")
    yield wrap(f"{front.say('seen by', '근거')}: {seen_by(finding, front.lang)}", "   ")
    if after := follows(finding, front.lang):
        yield wrap(f"{front.say('explains', '이 때문에 생긴 것')}: {after}", "   ")


def _case(front: Front, finding: Finding) -> Iterator[str]:
    if finding.case:
        yield f"   {front.text(IN_THIS_CASE)}:"
    yield from (wrap(front.text(line), "       ", first="     - ") for line in finding.case)


# ------------------------------------------------------------------ what is open, what is not


def _open(front: Front, result: SweepResult) -> Iterator[str]:
    unknown = [one for one in result.open_ends if one.verdict is Verdict.UNKNOWN]
    meant = [one for one in result.open_ends if one.verdict is Verdict.NOT_A_FAULT]
    for title, ends in ((("NOT EXPLAINED", "원인 미상"), unknown), (("NOT A FAULT", "장애 아님"), meant)):
        if ends:
            yield f"\n{front.say(*title)}"
            for end in ends:
                yield from _end(front, end)
    if result.questions:
        yield f"\n{front.say('WANT AN ANSWER', '답이 필요한 것')}"
        for question in result.questions:
            yield from _question(front, question)
    if result.ruled_out:
        yield from _ruled_out(front, result)


def _ruled_out(front: Front, result: SweepResult) -> Iterator[str]:
    """How many of each layer, and by name those that the most trees ruled out; many lines would hide the rest."""
    layers = by_layer(result.ruled_out, front.lang)
    counts = ", ".join(f"{layer} {len(causes)}" for layer, causes in layers.items())
    yield f"\n{front.say('RULED OUT', '아닌 것')} ({counts})"
    first = sorted(result.ruled_out, key=lambda one: -one.trees)[:_RULED_OUT]
    yield from (wrap(front.text(one.title), "    ", first="  - ") for one in first)
    if more := len(result.ruled_out) - len(first):
        said = front.say(
            "and {} more: the export and `--json` name them all", "외 {}건. export 와 `--json` 에 모두 나온다"
        )
        yield f"    {said.format(more)}"


def _end(front: Front, end: OpenEnd) -> Iterator[str]:
    yield wrap(end_of(end, front.lang), "    ", first="  ? ")
    yield wrap(front.text(end.text), "    ")


def _question(front: Front, question: Question) -> Iterator[str]:
    yield wrap(front.text(question.ask), "    ", first="  ? ")
    sets = " ".join(f"--set {shlex.quote(f'{name}={value}')}" for name, value in question.inputs[0].items())
    options = "|".join(question.options)
    yield f"    deadhop diagnose {question.symptom} {sets} --set {question.step}={options}{_site(front)}"


def _unseen(front: Front, result: SweepResult) -> Iterator[str]:
    if result.unknown:
        yield f"\n{front.say('COULD NOT SEE', '확인하지 못한 것')}"
    for gap in result.unknown:
        where = front.text(called(gap.target)) or "-"
        yield wrap(f"{where}: {front.told(gap.message)}", "    ", first="  ? ")
        if gap.hint:
            yield wrap(f"{front.say('hint', '힌트')}: {front.told(gap.hint)}", "    ")
    yield from _left_out(front, result)
    if result.not_swept:
        yield f"\n{front.say('NOT SWEPT, FOR THEY NEED TO BE TOLD MORE', '입력이 필요해 돌리지 않은 진단')}"
        yield wrap(", ".join(f"{one.symptom} ({' '.join(one.needs)})" for one in result.not_swept), "  ")


def _left_out(front: Front, result: SweepResult) -> Iterator[str]:
    """What a list shows in trouble beyond what a sweep takes, and what it was cut in; and how to look at it."""
    for title, trees in (
        (("MORE THAN A SWEEP TAKES, NOT LOOKED AT", "너무 많아 살펴보지 않은 것"), result.left_out),
        (("NOT LOOKED AT TO THE END", "끝까지 살펴보지 못한 것"), result.unfinished),
    ):
        if trees:
            yield f"\n{front.say(*title)}"
        for one in trees:
            said, command = left_out_lines(one, front.lang)
            yield wrap(said, "    ", first="  - ")
            yield f"    {command}{_site(front)}"
    if result.not_begun:
        yield f"\n{front.say('NOT BEGUN', '시작하지 못한 것')}"
        yield wrap(", ".join(result.not_begun), "  ")
    if result.not_of_hosts:
        yield f"\n{front.say(*NOT_OF_HOSTS)}"
        yield wrap(", ".join(result.not_of_hosts), "  ")


def _site(front: Front) -> str:
    """What is to be run next is about this site."""
    return f" --site {shlex.quote(str(front.site))}" if front.site else ""


def next_lines(front: Front, session: Session, result: SweepResult) -> Iterator[str]:
    site = _site(front)
    named = cause_names([one.cause for one in result.causes])
    fixable = [
        name
        for name, cause in named.items()
        if cause.fixes_later or any(not fix.unavailable for fix in cause.fixes)
    ]
    yield f"\n{front.say('NEXT', '다음')}"
    for name in fixable[:SHOWN]:
        yield f"  deadhop fix {session.id} --cause {shlex.quote(name)}{site}"
    yield f"  deadhop export {session.id}"
