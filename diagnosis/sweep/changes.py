"""What is other than in the sweep before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from base.text import Text
from base.values import Value
from diagnosis.sweep.baseline import Comparison, Difference
from diagnosis.sweep.differing import differs, thing
from diagnosis.sweep.store import SILENT
from diagnosis.sweep.views import Finding, OpenEnd, SweepResult


class Kind(StrEnum):
    NEW = "new"
    GONE = "gone"
    """Looked for again, and no longer there."""
    NOT_SEEN = "not-seen"
    """Found before, and this time nobody could look."""
    STILL = "still-there"
    """Seen again after it was not seen."""
    UNREACHED = "unreached"
    """A place that tells nothing, and told something before."""
    REACHED = "reached"
    DIFFERS = "differs"
    """Other than in the baseline, and not so the sweep before."""
    AS_IT_WAS = "as-it-was"
    """As in the baseline again."""


@dataclass(frozen=True, slots=True)
class Change:
    kind: Kind
    id: str
    """Of the cause, or of the symptom that has no cause; empty for a place and for a setting."""
    targets: tuple[str, ...]
    title: Text


Thing = Finding | OpenEnd
Key = tuple[str, ...]
CAUSE, OPEN = "cause", "open"


@dataclass(frozen=True, slots=True)
class Known:
    """What is taken to be so after a sweep: what it saw, and what one before it saw and it could not look for."""

    things: Mapping[Key, Thing] = field(default_factory=dict)
    unseen: frozenset[Key] = frozenset()
    """Those of them that were said to be not seen."""
    dark: Mapping[str, str] = field(default_factory=dict)
    """Places that tell nothing, and why."""
    settings: Mapping[Key, Difference] = field(default_factory=dict)


def known_from(result: SweepResult) -> Known:
    things: tuple[Thing, ...] = (*result.causes, *result.open_ends)
    by_key = {_key(one): one for one in things}
    return Known(by_key, frozenset(), _dark(result), {_setting(one): one for one in _differences(result)})


def after(
    was: Known, result: SweepResult, *, partial: bool = False, holders: Mapping[str, str] | None = None
) -> tuple[tuple[Change, ...], Known]:
    """What is other, and what is known then. A sweep that was cut short says of nothing that it is gone. `holders`:
    address to host."""
    now = known_from(result)
    lost = {
        key: one
        for key, one in was.things.items()
        if key not in now.things and (partial or not now.dark.keys().isdisjoint(_places_of(one, holders or {})))
    }
    silent = {target: why for target, why in was.dark.items() if partial and target not in now.dark}
    unread = {key: one for key, one in was.settings.items() if key not in now.settings and _unread(result, one)}
    then = Known({**now.things, **lost}, frozenset(lost), {**now.dark, **silent}, {**now.settings, **unread})
    things = (change for key in (CAUSE, OPEN) for change in _things(was, now, then, key))
    return (*things, *_places(was, then), *_settings(was, now, then)), then


def changes(
    before: SweepResult, now: SweepResult, *, partial: bool = False, holders: Mapping[str, str] | None = None
) -> tuple[Change, ...]:
    return after(known_from(before), now, partial=partial, holders=holders)[0]


def _things(was: Known, now: Known, then: Known, what: str) -> Iterator[Change]:
    """Causes, or symptoms without one: each once, whatever it was looked at on."""
    for key, one in now.things.items():
        if key[0] == what and key not in was.things:
            yield _of(Kind.NEW, one)
        elif key[0] == what and key in was.unseen:
            yield _of(Kind.STILL, one)
    for key, one in was.things.items():
        if key[0] != what:
            continue
        if key not in then.things:
            yield _of(Kind.GONE, one)
        elif key in then.unseen and key not in was.unseen:
            yield _of(Kind.NOT_SEEN, one)


def _places_of(one: Thing, holders: Mapping[str, str]) -> set[str]:
    """Where it is, and on what the trees were walked that saw it."""
    walked = one.inputs if isinstance(one, OpenEnd) else [witness.inputs for witness in one.witnesses]
    targets = () if isinstance(one, OpenEnd) else one.cause.targets
    return {*targets, *_named(walked, holders)}


def _named(inputs: Iterable[Mapping[str, Value]], holders: Mapping[str, str]) -> Iterator[str]:
    for name in {holders.get(str(value), str(value)) for one in inputs for value in one.values()}:
        yield from (f"{kind}:{name}" for kind in ("host", "cluster", "cloud"))


def _key(one: Thing) -> Key:
    if isinstance(one, OpenEnd):
        return OPEN, one.symptom, one.text.en
    return CAUSE, one.cause.id, *one.cause.targets


def _of(kind: Kind, one: Thing) -> Change:
    if isinstance(one, OpenEnd):
        return Change(kind, one.symptom, (), one.text)
    return Change(kind, one.cause.id, tuple(one.cause.targets), one.cause.title)


def _dark(result: SweepResult) -> dict[str, str]:
    """Places that tell nothing at all, and why; one look that failed makes none dark."""
    return {gap.target: gap.message for gap in result.unknown if gap.target and gap.reason in SILENT}


def _places(was: Known, then: Known) -> Iterator[Change]:
    for kind, ones, others in ((Kind.UNREACHED, then.dark, was.dark), (Kind.REACHED, was.dark, then.dark)):
        for target in sorted(ones.keys() - others.keys()):
            yield Change(kind, "", (target,), Text(ones[target], ones[target]))


def _settings(was: Known, now: Known, then: Known) -> Iterator[Change]:
    """Of a setting that was not compared this time nobody says that it is as it was."""
    for key, one in now.settings.items():
        if key not in was.settings:
            yield Change(Kind.DIFFERS, "", (one.place,), differs(one))
    still = {(one.place, one.kind, one.name) for one in now.settings.values()}
    for key, one in was.settings.items():
        if key not in then.settings and (one.place, one.kind, one.name) not in still:
            yield Change(Kind.AS_IT_WAS, "", (one.place,), thing(one))


def _differences(result: SweepResult) -> tuple[Difference, ...]:
    return result.compared.differences if result.compared else ()


def _setting(one: Difference) -> Key:
    return one.place, one.kind, one.name, *one.now


def _unread(result: SweepResult, one: Difference) -> bool:
    return result.compared is None or _unseen(result.compared, one)


def _unseen(comparison: Comparison, one: Difference) -> bool:
    return any(gap.place == one.place and gap.kind in ("", one.kind) for gap in comparison.not_compared)
