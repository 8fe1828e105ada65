"""What is other than in the sweep before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from base.text import Text
from base.values import Value
from diagnosis.sweep.baseline import Comparison, Difference
from diagnosis.sweep.differing import differs, thing
from diagnosis.sweep.store import SILENT
from diagnosis.sweep.views import Finding, SweepResult


NOBODY: Mapping[str, str] = MappingProxyType({})


class Kind(StrEnum):
    NEW = "new"
    GONE = "gone"
    """Looked for again, and no longer there."""
    NOT_SEEN = "not-seen"
    """Found before, and this time nobody could look."""
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


def changes(
    before: SweepResult, now: SweepResult, *, partial: bool = False, holders: Mapping[str, str] = NOBODY
) -> tuple[Change, ...]:
    """A sweep that was cut short says of nothing that it is gone. `holders`: address to host."""
    causes = _causes(before, now, partial, holders)
    return (*causes, *_ends(before, now, partial, holders), *_places(before, now), *_settings(before, now))


def _causes(before: SweepResult, now: SweepResult, partial: bool, holders: Mapping[str, str]) -> Iterator[Change]:
    was, is_ = ({_key(one): one for one in result.causes} for result in (before, now))
    dark = _dark(now)
    for key in is_.keys() - was.keys():
        yield _of(Kind.NEW, is_[key])
    for key in was.keys() - is_.keys():
        seen = _seen_from((one.inputs for one in was[key].witnesses), holders)
        lost = partial or not dark.isdisjoint({*was[key].cause.targets, *seen})
        yield _of(Kind.NOT_SEEN if lost else Kind.GONE, was[key])


def _seen_from(inputs: Iterable[Mapping[str, Value]], holders: Mapping[str, str]) -> set[str]:
    """Places that trees were walked on."""
    names = {holders.get(str(value), str(value)) for one in inputs for value in one.values()}
    return {f"{kind}:{name}" for kind in ("host", "cluster", "cloud") for name in names}


def _key(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.cause.id, tuple(finding.cause.targets)


def _of(kind: Kind, finding: Finding) -> Change:
    return Change(kind, finding.cause.id, tuple(finding.cause.targets), finding.cause.title)


def _ends(before: SweepResult, now: SweepResult, partial: bool, holders: Mapping[str, str]) -> Iterator[Change]:
    """Symptoms without a cause, each once, whatever it was looked at on."""
    was, is_ = ({(one.symptom, one.text.en): one for one in result.open_ends} for result in (before, now))
    dark = _dark(now)
    for key in is_.keys() - was.keys():
        yield Change(Kind.NEW, is_[key].symptom, (), is_[key].text)
    for key in was.keys() - is_.keys():
        lost = partial or not dark.isdisjoint(_seen_from(was[key].inputs, holders))
        yield Change(Kind.NOT_SEEN if lost else Kind.GONE, was[key].symptom, (), was[key].text)


def _dark(result: SweepResult) -> set[str]:
    """Places that tell nothing at all; one look that failed makes none dark."""
    return {gap.target for gap in result.unknown if gap.target and gap.reason in SILENT}


def _places(before: SweepResult, now: SweepResult) -> Iterator[Change]:
    said = {gap.target: gap.message for gap in (*before.unknown, *now.unknown)}
    for kind, targets in ((Kind.UNREACHED, _dark(now) - _dark(before)), (Kind.REACHED, _dark(before) - _dark(now))):
        for target in sorted(targets):
            yield Change(kind, "", (target,), Text(said[target], said[target]))


def _settings(before: SweepResult, now: SweepResult) -> Iterator[Change]:
    """Of a setting that was not compared this time nobody says that it is as it was."""
    was, is_ = ({_setting(one): one for one in _differences(result)} for result in (before, now))
    for key in is_.keys() - was.keys():
        yield Change(Kind.DIFFERS, "", (is_[key].place,), differs(is_[key]))
    still = {(one.place, one.kind, one.name) for one in is_.values()}
    for key in was.keys() - is_.keys():
        one = was[key]
        if now.compared and (one.place, one.kind, one.name) not in still and not _unseen(now.compared, one):
            yield Change(Kind.AS_IT_WAS, "", (one.place,), thing(one))


def _differences(result: SweepResult) -> tuple[Difference, ...]:
    return result.compared.differences if result.compared else ()


def _setting(one: Difference) -> tuple[str, str, str, tuple[str, ...]]:
    return one.place, one.kind, one.name, one.now


def _unseen(comparison: Comparison, one: Difference) -> bool:
    return any(gap.place == one.place and gap.kind in ("", one.kind) for gap in comparison.not_compared)
