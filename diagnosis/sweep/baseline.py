"""A site beside its baseline: what is other than it was, and of what nobody can tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from base.text import Text
from probes.cluster.facts import Node, Nodes
from probes.facts import Setting, Snapshot

if TYPE_CHECKING:
    from probes.probe import Evidence

Key = tuple[str, str]
"""Kind and name of a setting."""
Lines = tuple[str, ...]
_OF_AN_INTERFACE = re.compile(r"net[./]ipv4[./]conf[./](?P<interface>.+)[./](?P<name>\w+)")
_SHARED = ("all", "default")
_PASSING = "NetworkUnavailable"
"""A condition that only some networks set, and take back when they like."""

NOT_THEN = Text("it is not in the baseline", "기준선에 없다")
NOT_READ_THEN = Text("it was not read for the baseline", "기준선을 저장할 때 읽지 못했다")
GONE = Text("it is not in the site any more", "더는 사이트에 없다")
NOT_READ = Text("it could not be read", "읽을 수 없다")
TOO_SOON = Text("the sweep ended before it was read", "읽기 전에 진단이 끝났다")


@dataclass(frozen=True, slots=True)
class Look:
    """One place as it was at one moment."""

    place: str
    """`host:NAME`, `cluster:NAME`, `cloud:NAME`."""
    settings: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    """What was read, also where nothing of it is there."""
    unread: Mapping[str, Text] = field(default_factory=dict)
    """Kind → why it was not read."""
    failure: Text | None = None
    """Why nothing at all was read."""


@dataclass(frozen=True, slots=True)
class Baseline:
    taken: str
    """When, UTC, ISO 8601."""
    file: str
    causes: tuple[str, ...]
    """What the sweep found that made it: then not all was well."""
    looks: Mapping[str, Look]
    """By place."""


@dataclass(frozen=True, slots=True)
class Difference:
    place: str
    kind: str
    name: str
    was: tuple[str, ...]
    """Empty: it was not there."""
    now: tuple[str, ...]

    @property
    def gone(self) -> tuple[str, ...]:
        return tuple(line for line in self.was if line not in self.now)

    @property
    def new(self) -> tuple[str, ...]:
        return tuple(line for line in self.now if line not in self.was)


@dataclass(frozen=True, slots=True)
class NotCompared:
    place: str
    kind: str
    """Empty: nothing of the place."""
    when: str
    """`then` or `now`: which of the two looks is missing."""
    why: Text


@dataclass(frozen=True, slots=True)
class Comparison:
    taken: str
    file: str
    causes: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    refused: Text | None = None
    """There is a baseline, and it is not used."""


def as_they_are(lines: Lines) -> Lines:
    return lines


def compared(
    baseline: Baseline, now: Iterable[Look], *, whole: bool = True, kept: Callable[[Lines], Lines] = as_they_are
) -> Comparison:
    """`whole`: all of the site was looked at, so that a place which was not is gone. `kept` makes of lines what a
    baseline keeps of them."""
    looks = {one.place: one for one in now}
    beside = [(baseline.looks.get(place), look) for place, look in looks.items()]
    differences = [one for then, look in beside if then is not None for one in _differences(then, look, kept)]
    missing = [one for then, look in beside for one in _not_compared(then, look)]
    gone = [place for place in baseline.looks if place not in looks] if whole else []
    missing += [NotCompared(place, "", "now", GONE) for place in gone]
    return Comparison(baseline.taken, baseline.file, baseline.causes, tuple(differences), tuple(missing))


def _differences(then: Look, now: Look, kept: Callable[[Lines], Lines]) -> Iterator[Difference]:
    """Only of kinds that were read both times."""
    kinds = then.kinds & now.kinds
    for key in {**then.settings, **now.settings}:
        kind, name = key
        was, is_ = then.settings.get(key, ()), now.settings.get(key, ())
        if kind in kinds and was != is_ and ((was and is_) or not of_interface(kind, name)):
            is_ = kept(is_)
            if was != is_:
                yield Difference(now.place, kind, name, was, is_)


def of_interface(kind: str, name: str) -> tuple[str, str]:
    """Interface and name of a sysctl that each interface has; it comes and goes with it. Empty for others."""
    found = _OF_AN_INTERFACE.fullmatch(name) if kind == "sysctl" else None
    return (found["interface"], found["name"]) if found else ()  # type: ignore[return-value]


def _not_compared(then: Look | None, now: Look) -> Iterator[NotCompared]:
    if then is None:
        yield NotCompared(now.place, "", "then", NOT_THEN)
    elif then.failure is not None:
        yield NotCompared(now.place, "", "then", then.failure)
    elif now.failure is not None:
        yield NotCompared(now.place, "", "now", now.failure)
    else:
        for kind in sorted((then.kinds | now.kinds | {*then.unread} | {*now.unread}) - (then.kinds & now.kinds)):
            if kind in then.unread or kind in now.kinds:
                yield NotCompared(now.place, kind, "then", then.unread.get(kind, NOT_READ_THEN))
            else:
                yield NotCompared(now.place, kind, "now", now.unread.get(kind, NOT_READ))


# ------------------------------------------------------------------ what probes say


def look_of(evidence: Evidence) -> Look:
    """Of the probes that a baseline is made of."""
    place, facts = evidence.target, evidence.facts
    if evidence.failure is not None:
        return Look(place, failure=_both(evidence.failure.message))
    if isinstance(facts, Nodes):
        return look_at(place, nodes(facts.nodes), ("node",))
    assert isinstance(facts, Snapshot)
    return look_at(place, facts.settings, facts.kinds, {one.kind: _both(one.why) for one in facts.unread})


def look_at(
    place: str, settings: Iterable[Setting], kinds: Iterable[str], unread: Mapping[str, Text] | None = None
) -> Look:
    held = {(one.kind, one.name): one.lines for one in settings}
    return Look(place, held, frozenset(kinds), unread or {})


def _both(message: str) -> Text:
    """What the rooms below say is put into Korean where it is read."""
    return Text(message, message)


def nodes(found: Sequence[Node]) -> Iterator[Setting]:
    """Conditions without their words and times, and what somebody configures: taints, ranges, versions."""
    for one in found:
        conditions = sorted(f"{each.kind} {each.status}" for each in one.conditions if each.kind != _PASSING)
        cordoned = ("cordoned",) if one.unschedulable else ()
        taints = (f"taint {taint}" for taint in sorted(one.taints) if not taint.startswith("node.kubernetes.io/"))
        ranges = (f"pod range {cidr}" for cidr in one.pod_cidrs)
        versions = (f"kubelet {one.kubelet}", f"runtime {one.runtime}", f"kernel {one.kernel}")
        address = f"address {one.internal_address}"
        yield Setting("node", one.name, (*conditions, *cordoned, *taints, *ranges, address, *versions))
