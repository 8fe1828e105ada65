"""The end of a sweep in words and values: what is wrong, what follows from it, what is not, what was unseen."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from base.tasks import end_all
from base.text import Lang, Text
from base.values import Value
from diagnosis.conclusion import could_not_ask, is_world, partly_seen
from diagnosis.fixes import cause_view
from diagnosis.sweep.case import of_the_first
from diagnosis.sweep.grouping import Group, is_open, ruled_out, standing
from diagnosis.sweep.holding import OWN
from diagnosis.sweep.store import SILENT
from diagnosis.sweep.touching import touching
from diagnosis.sweep.tree import Outcome, Way
from diagnosis.sweep.views import (
    Explained,
    Finding,
    Gap,
    LeftOut,
    OpenEnd,
    Question,
    Reference,
    SweepResult,
    SweptOut,
    Witness,
)
from diagnosis.sweep.words import places
from diagnosis.views import CauseView, Confidence, UnknownView
from knowledge.model import Verdict
from probes.target import called

if TYPE_CHECKING:
    from diagnosis.session import Session
    from diagnosis.sweep.baseline import Comparison, Difference
    from diagnosis.sweep.trees import NotSwept, Planned
    from knowledge.model import Knowledge
    from probes.probe import Evidence

_NOTHING = Text(
    "every tree came to its end, and none to a cause",
    "모든 진단이 끝까지 갔고 원인에 이른 것은 없다",
)
_NOT_ALL = Text(
    "No cause was found, and not everything could be seen",
    "원인을 찾지 못했다. 다만 확인하지 못한 곳이 있다",
)
_NO_TREE = Text(
    "Nothing was swept: the site has nothing that these trees look at",
    "진단한 것이 없다. 사이트에 해당하는 대상이 없다",
)
_NO_TREE_OF_THESE = Text(
    "Nothing was swept: nothing that these trees look at is at the named hosts alone",
    "진단한 것이 없다. 지정한 호스트에만 해당하는 대상이 없다",
)
_OF_THESE_HOSTS = Text(
    "no tree that begins or ends at the named hosts came to a cause; what is of no single host was not looked at",
    "지정한 호스트의 진단은 원인에 이르지 않았다. 한 호스트에 속하지 않는 진단은 돌리지 않았다",
)
_UNEXPLAINED = Text(
    "Something is wrong, and its cause could not be named",
    "이상은 있지만 원인을 짚지 못했다",
)
_TOO_SOON = Text(
    "It was ended before all could be looked at; no cause was found by then",
    "다 살펴보기 전에 끝났다. 그때까지 찾은 원인은 없다",
)
Key = tuple[str, str, tuple[Value, ...]]
_NAMED = 20
"""Of the trees of one symptom that were left out."""


class Rendering:
    """Fixes of what is found, rendered while the sweep goes on: it asks hosts whether sudo is needed there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tasks: dict[Key, asyncio.Task[CauseView]] = {}

    def begin(self, groups: Iterable[Group]) -> None:
        for group in groups:
            key = key_of(group)
            if key not in self._tasks:
                self._tasks[key] = asyncio.create_task(self._render(group))

    async def all_done(self) -> None:
        await asyncio.gather(*self._tasks.values())

    def views(self, group: Group) -> CauseView:
        """With its fixes, if there was time to render them."""
        task = self._tasks.get(key_of(group))
        if task is None or not task.done() or task.cancelled() or task.exception():
            return _bare(group)
        return task.result()

    async def close(self) -> None:
        await end_all(self._tasks.values())

    async def _render(self, group: Group) -> CauseView:
        view = await cause_view(
            self._session.knowledge,
            group.found,
            evidence=group.outcomes[0].evidence,
            confidence=_confidence(group),
            places=self._session,
            also=also(group),
        )
        return replace(view, targets=group.targets)


def also(group: Group) -> tuple[Mapping[str, Value], ...]:
    """How others saw it, where a fix of it repairs all of that together."""
    if not any(fix.together for fix in group.cause.fixes):
        return ()
    known: list[Mapping[str, Value]] = [group.found.values]
    for outcome in group.outcomes:
        found = outcome.found
        if found is not None and not found.refused and outcome.sure >= group.sure and found.values not in known:
            known.append(found.values)
    return tuple(known[1:])


def key_of(group: Group) -> Key:
    """The same while nothing better is known of the cause."""
    seen = (repr(sorted(values.items())) for values in (group.found.values, *also(group)))
    values = (*seen, *group.outcomes[0].evidence, str(group.sure))
    return group.cause.id, " ".join(group.targets), values


def _confidence(group: Group) -> Confidence:
    return Confidence.CERTAIN if group.sure else Confidence.LIKELY


def _bare(group: Group) -> CauseView:
    return CauseView(
        id=group.cause.id,
        symptom=group.found.symptom,
        title=group.cause.title,
        why=group.cause.why,
        values=group.found.values,
        targets=group.targets,
        confidence=_confidence(group),
        evidence=group.outcomes[0].evidence,
        sure=group.cause.sure,
        refused=group.found.refused,
        also=also(group),
        fixes_later=bool(group.cause.fixes) and not group.found.refused,
    )


# ------------------------------------------------------------------ the whole


def result_of(
    session: Session,
    groups: Sequence[Group],
    outcomes: Sequence[Outcome],
    evidence: Sequence[Evidence],
    waiting: tuple[NotSwept, ...],
    rendering: Rendering,
    left_out: Sequence[Planned] = (),
    comparison: Comparison | None = None,
) -> SweepResult:
    knowledge = session.knowledge
    findings = _ranked(groups, rendering, comparison.differences if comparison else ())
    causes = tuple(finding for finding, meant in findings if not meant)
    explained = {id(outcome) for group in groups for outcome in group.symptoms}
    left = [outcome for outcome in outcomes if id(outcome) not in explained]
    open_ends = tuple(_open_ends(left, knowledge))
    questions = tuple(_questions(left, knowledge))
    unknown = tuple(_gaps(evidence))
    verdict, text = _verdict(causes, [one for one in left if is_open(one)], unknown)
    if not outcomes:
        verdict, text = Verdict.UNKNOWN, _NO_TREE
    out = (
        SweptOut(id_, knowledge.causes[id_].title, seen, trees, knowledge.causes[id_].layer)
        for id_, seen, trees in ruled_out(outcomes, knowledge)
    )
    return SweepResult(
        verdict,
        text,
        causes,
        tuple(finding for finding, meant in findings if meant),
        open_ends,
        questions,
        tuple(out),
        unknown,
        waiting,
        tuple(_together(left_out)),
        tuple(_together([one for one in outcomes if one.way is Way.CUT])),
        compared=comparison,
    )


def cut_short(result: SweepResult, not_begun: tuple[str, ...]) -> SweepResult:
    """What was not even begun is no sign of health."""
    if not_begun and (result.verdict is Verdict.NOTHING_FOUND or result.text is _NO_TREE):
        result = replace(result, verdict=Verdict.UNKNOWN, text=_TOO_SOON)
    return replace(result, not_begun=not_begun)


def of_some(result: SweepResult, not_of_hosts: tuple[str, ...]) -> SweepResult:
    """What was not looked at, for it is of no single host, is no sign of health."""
    if not_of_hosts and result.verdict is Verdict.NOTHING_FOUND:
        result = replace(result, text=_OF_THESE_HOSTS)
    elif not_of_hosts and result.text is _NO_TREE:
        result = replace(result, text=_NO_TREE_OF_THESE)
    return replace(result, not_of_hosts=not_of_hosts)


def _ranked(
    groups: Sequence[Group], rendering: Rendering, differences: Sequence[Difference]
) -> list[tuple[Finding, bool]]:
    """Each with whether it may be meant. The order of the groups stays, but for equals of which one is explained by
    what has changed since the baseline."""
    found = [(group, _finding(group, rendering, differences)) for group in groups]
    found.sort(key=lambda one: (*standing(one[0]), not one[1].changed))
    return [(finding, group.is_meant) for group, finding in found]


def _together(trees: Sequence[Planned | Outcome]) -> Iterator[LeftOut]:
    for symptom in dict.fromkeys(one.symptom for one in trees):
        inputs = [one.inputs for one in trees if one.symptom == symptom]
        yield LeftOut(symptom, len(inputs), tuple(inputs[:_NAMED]))


def _verdict(
    causes: Sequence[Finding], open_ones: Sequence[Outcome], unknown: Sequence[Gap]
) -> tuple[Verdict, Text]:
    if causes:
        first = causes[0].cause
        en, ko = places(first.targets, Lang.EN), places(first.targets, Lang.KO)
        where = Text(f" (on {en})", f" ({ko})") if first.targets else Text("", "")
        others = sum(1 for one in causes[1:] if not one.explained_by)
        more = Text(f"; {others} more", f", 외 {others}건") if others else Text("", "")
        return Verdict.CAUSE, Text(first.title.en + where.en + more.en, first.title.ko + where.ko + more.ko)
    if any(one.way in (Way.ENDED, Way.ASKS) for one in open_ones):
        return Verdict.UNKNOWN, _UNEXPLAINED
    return (Verdict.UNKNOWN, _NOT_ALL) if open_ones or unknown else (Verdict.NOTHING_FOUND, _NOTHING)


def _finding(group: Group, rendering: Rendering, differences: Sequence[Difference]) -> Finding:
    view = rendering.views(group)
    counts: defaultdict[str, int] = defaultdict(int)
    for outcome in group.symptoms:
        counts[outcome.symptom] += 1
    return Finding(
        view,
        tuple(Witness(one.symptom, one.inputs, one.evidence) for one in group.outcomes),
        tuple(reference(other) for other in group.explains),
        tuple(Explained(symptom, count) for symptom, count in counts.items()),
        tuple(reference(other) for other in group.explained_by),
        touching(view, group.cause.differs, differences),
        of_the_first(group.outcomes[0].case, called(group.target)) if group.crowd else group.outcomes[0].case,
    )


def reference(group: Group) -> Reference:
    return Reference(group.cause.id, group.target, group.cause.title)


# ------------------------------------------------------------------ what is open


def _open_ends(outcomes: Iterable[Outcome], knowledge: Knowledge) -> Iterator[OpenEnd]:
    """Trees with a symptom and no cause, and what is no fault."""
    alike: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.way is Way.ENDED and outcome.verdict in (Verdict.UNKNOWN, Verdict.NOT_A_FAULT):
            alike[outcome.symptom, outcome.end].append(outcome)
    for (symptom, place), members in alike.items():
        tree, _, end = place.partition("/")
        text = knowledge.symptoms[tree].ends[end].text
        title, verdict = knowledge.symptoms[symptom].title, members[0].verdict
        yield OpenEnd(symptom, title, verdict, text, tuple(one.inputs for one in members))


def _questions(outcomes: Iterable[Outcome], knowledge: Knowledge) -> Iterator[Question]:
    alike: defaultdict[tuple[str, str], list[Mapping[str, Value]]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.way is Way.ASKS:
            alike[outcome.symptom, outcome.question].append(outcome.inputs)
    for (symptom, key), inputs in alike.items():
        tree, _, name = key.partition("/")
        step = knowledge.symptoms[tree].steps[name]
        options = {option.name: option.text for option in step.options}
        yield Question(symptom, name, step.ask, options, tuple(inputs))


def _gaps(evidence: Iterable[Evidence]) -> Iterator[Gap]:
    """The same words of the same place are one gap, under the reason that says most: that it is silent."""
    alike: defaultdict[tuple[str, str], list[Gap]] = defaultdict(list)
    for gap in _by_reason(evidence):
        alike[gap.target, gap.message].append(gap)
    told = {target for target, message in alike if is_world(target) and message != could_not_ask(target)}
    for (target, message), gaps in alike.items():
        if target in told and message == could_not_ask(target):
            continue  # another gap says why
        first = next((one for one in gaps if one.reason in SILENT), gaps[0])
        yield replace(first, looks=sum(one.looks for one in gaps))


def _by_reason(evidence: Iterable[Evidence]) -> Iterator[Gap]:
    """One for each place and reason, however many looks failed there; what looks that came back did not see is
    told by its words."""
    alike: defaultdict[tuple[str, str], list[UnknownView]] = defaultdict(list)
    for one in evidence:
        if one.failure is not None and one.probe not in OWN:
            failed = UnknownView(one.probe, one.target, one.failure.reason, one.failure.message, one.failure.hint)
            alike[one.target, one.failure.reason].append(failed)
        for partly in partly_seen(one):
            alike[partly.target, f"{partly.reason}: {partly.message}"].append(partly)
    for views in alike.values():
        first = views[0]
        yield Gap(first.probe, first.target, first.reason, first.message, first.hint, len(views))
