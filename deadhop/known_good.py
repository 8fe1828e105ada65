"""deadhop sweep and the baseline of a site: saving one, and what is other than it in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from base.errors import UsageError
from deadhop.front import Front
from deadhop.output import wrap

if TYPE_CHECKING:
    from diagnosis.session import Session
    from diagnosis.sweep.baseline import Comparison
    from diagnosis.sweep.engine import Sweep
    from diagnosis.sweep.keeping_good import Wish
    from diagnosis.sweep.views import Finding, SweepResult

_MOST = 20
"""Lines of one kind; JSON holds all."""


def wish(front: Front) -> Wish:
    from diagnosis.sweep.keeping_good import Wish

    asked = front.arguments
    _refuse_empty(front, "--baseline", asked.baseline)
    _refuse_empty(front, "--save-baseline", asked.save_baseline)
    if asked.save_baseline is None:
        named = None if asked.baseline is None else Path(asked.baseline)
        if named and asked.no_baseline:
            raise UsageError(
                front.say(
                    "`--baseline` and `--no-baseline` exclude each other",
                    "`--baseline` 과 `--no-baseline` 은 함께 쓸 수 없다",
                )
            )
        return Wish(use=not asked.no_baseline, file=named)
    if asked.host or asked.layer or asked.watch or asked.baseline:
        message = front.say(
            "a baseline is of the whole site, and saved once: without --host, --layer, --watch and --baseline",
            "기준선은 사이트 전체를 한 번에 저장한다. --host, --layer, --watch, --baseline 과 함께 쓸 수 없다",
        )
        raise UsageError(message)
    return Wish(record=True)


def _refuse_empty(front: Front, option: str, given: object) -> None:
    """A variable that was not set must not choose another baseline than the one that was meant."""
    if given == "":
        message = front.say('`{} ""`: an empty name', '`{} ""`: 이름이 비어 있다').format(option)
        hint = front.say("name it, or leave the option out", "이름을 적거나 옵션을 빼야 한다")
        raise UsageError(message, hint=hint)


# ------------------------------------------------------------------ saving


@dataclass(frozen=True)
class Saved:
    lines: Sequence[str] = ()
    json: Mapping[str, object] = field(default_factory=dict)


def save_baseline(front: Front, session: Session, sweep: Sweep) -> Saved:
    """Nothing where nobody asked for it. A sweep that was cut short is no picture of the site."""
    if front.arguments.save_baseline is None:
        return Saved()
    result = sweep.view.result
    assert result is not None
    if sweep.view.cut:
        said = front.say(
            "no baseline was saved: the sweep was cut short", "진단이 중간에 끝나 기준선을 저장하지 않았다"
        )
        return Saved((f"\n{said}",), {"saved": None})
    return _saved(front, session, sweep, result)


def _saved(front: Front, session: Session, sweep: Sweep, result: SweepResult) -> Saved:
    from diagnosis.sweep.keeping_good import folder, save

    looks, causes = sweep.holding.looks, [one.cause.id for one in result.causes]
    named = front.arguments.save_baseline
    where = folder() if named is True else Path(named)
    file = save(where.absolute(), session.site, looks, causes, session.id)
    unread = [(one.place, kind, why) for one in looks for kind, why in one.unread.items()]
    unread += [(one.place, "", one.failure) for one in looks if one.failure is not None]
    json = {
        "file": str(file),
        "places": [one.place for one in looks if one.failure is None],
        "settings": sum(len(one.settings) for one in looks),
        "unread": [{"place": place, "kind": kind, "why": why.en} for place, kind, why in unread],
        "causes": causes,
    }
    return Saved(tuple(_saved_lines(front, json, unread)), {"saved": json})


def _saved_lines(
    front: Front, saved: Mapping[str, object], unread: Sequence[tuple[str, str, object]]
) -> Iterator[str]:
    from diagnosis.sweep.baseline import NotCompared
    from diagnosis.sweep.differing import missing

    yield f"\n{front.say('BASELINE SAVED', '기준선 저장')}"
    counted = front.say("{} settings in {}", "설정 {} 개, {}")
    yield wrap(counted.format(saved["settings"], saved["file"]), "  ")
    if saved["causes"]:
        said = front.say(
            "something was wrong when it was saved ({}): repair it and save another one",
            "저장할 때 이상이 있었다 ({}). 고친 뒤 다시 저장해야 한다",
        )
        yield wrap(said.format(", ".join(map(str, saved["causes"]))), "    ", first="  ! ")  # type: ignore[call-overload]
    for place, kind, why in unread[:_MOST]:
        one = NotCompared(place, kind, "then", why)  # type: ignore[arg-type]
        yield wrap(f"{missing(one, front.lang)}: {front.told(one.why.en)}", "    ", first="  ? ")
    yield from _and_more(front, len(unread))


def _and_more(front: Front, count: int) -> Iterator[str]:
    if count > _MOST:
        yield f"    {front.say('and {} more', '외 {}건').format(count - _MOST)}"


# ------------------------------------------------------------------ beside it


def changed_line(front: Front, finding: Finding, comparison: Comparison | None) -> Iterator[str]:
    """What a finding is explained by."""
    from diagnosis.sweep.differing import since
    from diagnosis.sweep.words import changed_by

    if finding.changed and comparison is not None:
        told = "; ".join(changed_by(finding, front.lang))
        since_when = front.text(since(comparison))
        label = front.say("changed since {}", "{} 이후 바뀜").format(since_when)
        yield wrap(f"{label}: {told}", "   ")


def baseline_lines(front: Front, result: SweepResult) -> Iterator[str]:
    """What is other than in the baseline and explains nothing that was found; never a cause."""
    from diagnosis.sweep.differing import missing, placed, taken_at

    comparison = result.compared
    if comparison is None:
        return
    if comparison.refused is not None:
        yield f"\n{front.say('BASELINE', '기준선')}"
        yield wrap(front.text(comparison.refused), "    ", first="  ! ")
        return
    rest, taken = result.elsewhere, taken_at(comparison.taken)
    if rest:
        yield f"\n{front.say('DIFFERENT SINCE THE BASELINE OF {}', '{} 의 기준선 이후 달라진 것').format(taken)}"
        for one in rest[:_MOST]:
            yield wrap(front.text(placed(one)), "    ", first="  ~ ")
        yield from _and_more(front, len(rest))
    elif not comparison.differences:
        same = front.say("nothing is other than in the baseline of {}", "{} 의 기준선과 다른 것이 없다")
        yield f"\n{same.format(taken)}"
    if comparison.causes and comparison.differences:
        said = front.say("something was wrong when it was saved: {}", "기준선을 저장할 때 이상이 있었다: {}")
        yield wrap(said.format(", ".join(comparison.causes)), "    ", first="  ! ")
    if comparison.not_compared:
        title = front.say("NOT COMPARED WITH THE BASELINE OF {}", "{} 의 기준선과 비교하지 못한 것")
        yield f"\n{title.format(taken)}"
    for gap in comparison.not_compared[:_MOST]:
        yield wrap(f"{missing(gap, front.lang)}: {front.told(front.text(gap.why))}", "    ", first="  ? ")
    yield from _and_more(front, len(comparison.not_compared))
