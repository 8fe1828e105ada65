"""The end of a walk in words: what is wrong, what is not, and what could not be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from base.text import Text
from diagnosis.fixes import cause_view
from diagnosis.views import (
    CauseView,
    Confidence,
    Diagnosis,
    RuledOutView,
    StepState,
    StepView,
    UnknownView,
)
from knowledge.model import WORLDS, Verdict
from knowledge.tree import Ended, Found, Position
from probes.probe import Evidence
from probes.site import target_of
from probes.target import called

if TYPE_CHECKING:
    from diagnosis.session import Session


async def conclude(
    session: Session,
    position: Position,
    steps: tuple[StepView, ...],
    evidence: Mapping[str, Evidence],
) -> Diagnosis:
    """The diagnosis of a finished walk."""
    unknown = told_once(
        (
            *(_unknown(step) for step in steps if step.state is StepState.UNKNOWN),
            *(partly for step in steps for partly in _partly(session, step)),
        )
    )
    ruled_out = _ruled_out(session, position, evidence)
    match position.conclusion:
        case Found() as found:
            cause = await _cause(session, found, steps)
            others = tuple([await _cause(session, other, steps) for other in _others(position, found)])
            return Diagnosis(Verdict.CAUSE, _sentence(cause), (cause,), others, ruled_out, unknown)
        case Ended(symptom, end, verdict):
            text = session.knowledge.symptoms[symptom].ends[end].text
            if unknown and verdict is Verdict.NOTHING_FOUND:
                verdict, text = Verdict.UNKNOWN, _not_sure(text)
            return Diagnosis(verdict, text, (), (), ruled_out, unknown)
        case None:
            raise AssertionError("the walk has not come to its end")


def _not_sure(text: Text) -> Text:
    """ "Nothing found" would claim too much where something could not be seen."""
    return Text(
        f"Could not tell, for not everything could be seen. What was seen last: {text.en}",
        f"볼 수 없는 것이 있어 단정할 수 없다. 마지막으로 확인한 것: {text.ko}",
    )


def _others(position: Position, found: Found) -> list[Found]:
    """Runners-up that are not the cause itself, each once."""
    return list({other.cause: other for other in position.runners_up if other.cause != found.cause}.values())


async def _cause(session: Session, found: Found, steps: tuple[StepView, ...]) -> CauseView:
    doubtful = any(step.state is StepState.UNKNOWN or (step.by_hand and step.probe) for step in steps)
    return await cause_view(
        session.knowledge,
        found,
        evidence=tuple(step.evidence.id for step in steps if step.evidence),
        confidence=Confidence.LIKELY if doubtful else Confidence.CERTAIN,
        places=session,
    )


def _sentence(cause: CauseView) -> Text:
    if not cause.targets:
        return cause.title
    places = [called(target) for target in cause.targets]
    english, korean = ", ".join(place.en for place in places), ", ".join(place.ko for place in places)
    return Text(f"{cause.title.en} (on {english})", f"{cause.title.ko} ({korean})")


def _ruled_out(session: Session, position: Position, evidence: Mapping[str, Evidence]) -> tuple[RuledOutView, ...]:
    asks = {decision.ask.key: decision.ask.step.ask for decision in position.decisions}
    named = {found.cause for found in position.runners_up}
    if isinstance(position.conclusion, Found):
        named.add(position.conclusion.cause)
    return tuple(
        RuledOutView(
            entry.cause,
            session.knowledge.causes[entry.cause].title,
            evidence[entry.by].id if entry.by in evidence else "",
            asks[entry.by],
        )
        for entry in position.ruled_out
        if entry.cause not in named and not _waits(evidence.get(entry.by))
    )


def _waits(evidence: Evidence | None) -> bool:
    """Tries of it wait for a pod: what was not tried rules out nothing."""
    return evidence is not None and evidence.wish is not None


def _partly(session: Session, step: StepView) -> Iterator[UnknownView]:
    if not step.evidence:
        return
    wish = step.evidence.wish
    why = session.looks.why_not(wish) if wish is not None else None
    for partly in partly_seen(step.evidence):
        if why is not None and partly.reason == NOT_AGREED:  # somebody did, and it came to nothing
            yield replace(partly, reason=why.failure, message=why.message, hint=why.hint)
        else:
            yield partly


def partly_seen(evidence: Evidence) -> Iterator[UnknownView]:
    """What a look that did come back could not see: an API that did not tell, hosts it could not ask, a route it
    could not find."""
    facts = evidence.facts
    untold = getattr(facts, "untold", ())
    for said in (untold,) if isinstance(untold, str) and untold else tuple(untold):
        yield UnknownView(evidence.probe, evidence.target, "unseen", said, hint=getattr(facts, "hint", ""))
    unseen = getattr(facts, "unseen", ())
    for host in (unseen,) if isinstance(unseen, str) and unseen else tuple(unseen):
        yield UnknownView(
            evidence.probe,
            place := _place(str(host)),
            "unseen",
            could_not_ask(place),
            hint="" if is_world(place) else _A_LOGIN,
        )
    if getattr(facts, "route_back", "") == "unknown":
        yield UnknownView(
            evidence.probe,
            evidence.target,
            "unseen",
            "the source address was not seen as it arrives",
            hint="tcpdump with sudo on that host shows it",
        )
    if evidence.wish is not None:
        yield UnknownView(evidence.probe, evidence.target, NOT_AGREED, NOT_FROM_A_POD, hint=FROM_A_STARTED_POD)


_A_LOGIN = "it wants a login that works, and sudo without a password for firewalls"


def could_not_ask(target: str) -> str:
    return f"{called(target).en} could not be asked"


def is_world(target: str) -> bool:
    return target.partition(":")[0] in WORLDS


def _place(name: str) -> str:
    """A host by its name, a cluster or a cloud with its kind before it."""
    kind, _, rest = name.partition(" ")
    return f"{kind}:{rest}" if rest and kind in WORLDS else target_of(name)


NOT_AGREED = "not-agreed"
NOT_FROM_A_POD = "nothing could be tried from a pod: no node can be entered from here"
FROM_A_STARTED_POD = (
    "a short-lived pod can try it: `--pod-look` asks before it makes one; in the app the key `p` does"
)


def told_once(views: Iterable[UnknownView]) -> tuple[UnknownView, ...]:
    """The same words of the same place are one gap, however many looks met it; by the first of them."""
    first: dict[tuple[str, str], UnknownView] = {}
    for one in views:
        first.setdefault((one.target, one.message), one)
    return tuple(first.values())


def _unknown(step: StepView) -> UnknownView:
    failure = step.evidence.failure if step.evidence else None
    return UnknownView(
        probe=step.probe,
        target=step.evidence.target if step.evidence else step.target,
        reason=failure.reason if failure else "not-asked",
        message=failure.message if failure else step.reason,
        hint=failure.hint if failure else "",
    )
