"""From the ends of many trees to few findings: what is one cause, what explains what, what comes first. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from diagnosis.sweep.tree import Outcome, Way
from knowledge.model import WORLDS, Cause, Goto, Knowledge, Verdict
from knowledge.tree import Found, causes_from

_LAYERS = ("host", "cloud", "cluster")
"""From the ground up: what is below breaks what is above."""
_MANY = 3
"""So many at once are no chance: what they share is broken."""
_SETTLED = (Verdict.NOTHING_FOUND, Verdict.NOT_A_FAULT)


@dataclass(eq=False)
class Group:
    """One cause, and every tree that came to it."""

    cause: Cause
    found: Found
    sure: bool
    outcomes: list[Outcome]
    explains: list[Group] = field(default_factory=list)
    explained_by: list[Group] = field(default_factory=list)
    symptoms: list[Outcome] = field(default_factory=list)
    """Trees without a cause of their own that it explains."""

    crowd: list[Group] = field(default_factory=list)
    """Its like at other targets, which share what is broken."""

    @property
    def target(self) -> str:
        return target_of_cause(self.cause, self.found)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self.target, *(one.target for one in self.crowd)))))

    @property
    def places(self) -> tuple[str, ...]:
        """Where it touches what follows from it. A cloud or a cluster is no place on the way, so of what sits there
        the hosts that it names count as well."""
        kinds = {name: value.kind for name, value in self.cause.values.items()}
        if kinds.get(self.cause.target) not in WORLDS:
            return self.targets
        hosts = (
            f"host:{value}" for name, value in self.found.values.items() if kinds.get(name) == "host" and value
        )
        return tuple(dict.fromkeys((*self.targets, *hosts)))

    @property
    def passes(self) -> frozenset[str]:
        return frozenset().union(*(outcome.passes for outcome in self.outcomes))

    @property
    def is_meant(self) -> bool:
        """It may be, and nobody is known to suffer from it."""
        return self.cause.may_be_meant and not any(outcome.suffered for outcome in self.outcomes)

    def weight(self) -> int:
        """Trees that are as they are because of it."""
        return len(self.outcomes) + len(self.symptoms) + sum(len(other.outcomes) for other in self.explains)


def target_of_cause(cause: Cause, found: Found) -> str:
    place = found.values.get(cause.target)
    kind = cause.values[cause.target].kind if cause.target in cause.values else ""
    return f"{kind if kind in WORLDS else 'host'}:{place}" if place else ""


def grouped(outcomes: Iterable[Outcome], knowledge: Knowledge) -> tuple[Group, ...]:
    """Worst first: roots before what they explain, sure ones before likely ones, what breaks most, from the
    ground up, and in the order of the site."""
    ended = tuple(outcomes)
    groups = _crowded(_merged([outcome for outcome in ended if outcome.found], knowledge))
    _explain(groups, [outcome for outcome in ended if is_open(outcome)])
    return tuple(sorted(groups, key=_rank))


def is_open(outcome: Outcome) -> bool:
    """It came to no cause, and somebody would want to know one."""
    unsettled = outcome.way is Way.ENDED and outcome.verdict is Verdict.UNKNOWN
    unasked = outcome.way is Way.UNSEEN and not outcome.evidence
    return unsettled or unasked or outcome.way in (Way.ASKS, Way.CUT)


def _rank(group: Group) -> tuple[object, ...]:
    first = min(outcome.number for outcome in group.outcomes)
    return (*standing(group), first, group.cause.id)


def standing(group: Group) -> tuple[bool, bool, int, int]:
    """How bad it is; among equals the one that a difference from the baseline explains comes first."""
    layer = _LAYERS.index(group.cause.layer) if group.cause.layer in _LAYERS else len(_LAYERS)
    return (bool(group.explained_by), not group.sure, -group.weight(), layer)


# ------------------------------------------------------------------ what is one cause


def _merged(outcomes: Sequence[Outcome], knowledge: Knowledge) -> list[Group]:
    groups: defaultdict[tuple[str, str], list[Group]] = defaultdict(list)
    for outcome in outcomes:
        assert outcome.found is not None
        cause = knowledge.causes[outcome.found.cause]
        alike = groups[cause.id, target_of_cause(cause, outcome.found)]
        group = next((one for one in alike if _same(cause, one.found, outcome.found)), None)
        if group is None:
            alike.append(Group(cause, outcome.found, outcome.sure, [outcome]))
        else:
            _join(group, outcome)
    return [group for alike in groups.values() for group in alike]


def _crowded(groups: Sequence[Group]) -> list[Group]:
    """Many that are alike and share a wire are one, and the first of them speaks for all."""
    sharing: defaultdict[tuple[str, ...], list[Group]] = defaultdict(list)
    for group in groups:
        if shared := tuple(str(group.found.values.get(name, "")) for name in group.cause.crowd):
            sharing[group.cause.id, *shared].append(group)
    many = [alike for shared, alike in sharing.items() if all(shared) and len(alike) >= _MANY]
    for first, *others in many:
        first.crowd += others
        first.outcomes += [outcome for other in others for outcome in other.outcomes]
    gone = {id(other) for _, *others in many for other in others}
    return [group for group in groups if id(group) not in gone]


def _same(cause: Cause, one: Found, other: Found) -> bool:
    """Nothing that tells them apart is known of both and different."""
    both = (name for name in cause.subject if name in one.values and name in other.values)
    return all(one.values[name] == other.values[name] for name in both)


def _join(group: Group, outcome: Outcome) -> None:
    """The one that is sure, can be repaired and knows most speaks for all."""
    assert outcome.found is not None
    if _worth(outcome.found, outcome.sure) > _worth(group.found, group.sure):
        group.found, group.sure = outcome.found, outcome.sure
        group.outcomes.insert(0, outcome)
    else:
        group.outcomes.append(outcome)


def _worth(found: Found, sure: bool) -> tuple[bool, bool, int]:
    said = sum(1 for value in found.values.values() if value not in ("", (), []))
    return (not found.refused, sure, said)


# ------------------------------------------------------------------ what explains what


def _explain(groups: Sequence[Group], open_ones: Sequence[Outcome]) -> None:
    for root in groups:
        for other in groups:
            meant = root.is_meant and not other.is_meant
            if (
                other is not root
                and not meant
                and other.cause.id in root.cause.explains.causes
                and not other.passes.isdisjoint(root.places)
            ):
                root.explains.append(other)
                other.explained_by.append(root)
    for outcome in open_ones:
        for one in [group for group in groups if explains_symptom(group, outcome)][:1]:
            one.symptoms.append(outcome)


def explains_symptom(group: Group, outcome: Outcome) -> bool:
    return outcome.symptom in group.cause.explains.symptoms and not outcome.passes.isdisjoint(group.places)


# ------------------------------------------------------------------ what it is not


def ruled_out(outcomes: Iterable[Outcome], knowledge: Knowledge) -> Iterator[tuple[str, str, int]]:
    """Causes that nobody came to, that some tree ruled out and none leaves open: each with the first evidence and
    how many trees ruled it out."""
    by: dict[str, str] = {}
    times: defaultdict[str, int] = defaultdict(int)
    left: set[str] = set()
    for outcome in outcomes:
        gone = dict(outcome.ruled_out)
        for cause, evidence in gone.items():
            by.setdefault(cause, evidence)
            times[cause] += 1
        if outcome.found is not None:
            left.add(outcome.found.cause)
        elif not (outcome.way is Way.ENDED and outcome.verdict in _SETTLED):
            tree = knowledge.symptoms[outcome.symptom]
            left.update(cause for cause in causes_from(knowledge, tree, Goto(tree.first)) if cause not in gone)
    yield from ((cause, evidence, times[cause]) for cause, evidence in by.items() if cause not in left)
