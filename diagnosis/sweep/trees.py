"""Which trees a sweep walks, and on what: inputs that nobody gave come from the site."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from base.values import Value, check
from diagnosis.sweep.members import Member, probe_for

if TYPE_CHECKING:
    from diagnosis.sweep.pairs import Pair
    from knowledge.model import Input, Knowledge, Symptom
    from probes.site import Site

PAIR = frozenset({"site.hosts", "site.addresses"})
"""A tree that takes both is walked for pairs."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator wants swept; empty is all."""

    layers: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def layer(self, symptom: Symptom) -> bool:
        return not self.layers or symptom.layer in self.layers

    def host(self, *names: str) -> bool:
        return not self.hosts or not self.hosts.isdisjoint(names)


@dataclass(frozen=True, slots=True)
class Planned:
    """One tree on one set of inputs."""

    symptom: str
    inputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class NotSwept:
    symptom: str
    needs: tuple[str, ...]
    """Inputs that only an operator can give."""


def not_swept(knowledge: Knowledge, site: Site, wanted: Wanted) -> tuple[NotSwept, ...]:
    """Trees that wait for an operator, but for those of a host, a cloud or a cluster where there is none."""
    missing = _missing(site)
    chosen = (
        symptom
        for symptom in knowledge.symptoms.values()
        if wanted.layer(symptom) and not symptom.swept_by and missing.isdisjoint(_kinds(symptom))
    )
    told = ((symptom.id, tuple(one.name for one in symptom.inputs.values() if _open(one))) for symptom in chosen)
    return tuple(NotSwept(symptom, needs) for symptom, needs in told if needs)


def not_of_hosts(knowledge: Knowledge, site: Site, wanted: Wanted) -> tuple[str, ...]:
    """Symptoms that are of no single host, where only some hosts are wanted: their trees are not walked then."""
    missing = _missing(site)
    return tuple(
        symptom.id
        for symptom in (_swept(knowledge, wanted) if wanted.hosts else ())
        if missing.isdisjoint(_kinds(symptom)) and not _taken(symptom) & PAIR and not _listed(symptom)
    )


def swept_symptoms(knowledge: Knowledge, wanted: Wanted) -> Iterator[str]:
    return (symptom.id for symptom in _swept(knowledge, wanted))


def needs_pairs(knowledge: Knowledge, wanted: Wanted) -> bool:
    return any(_taken(symptom) >= PAIR for symptom in _swept(knowledge, wanted))


def lone_trees(knowledge: Knowledge, site: Site, wanted: Wanted) -> Iterator[Planned]:
    """Trees that need no pair, on everything they take; none where there is nothing at all."""
    if not (site.hosts or site.clusters or site.clouds):
        return
    for symptom in _swept(knowledge, wanted):
        taken = _taken(symptom)
        if not taken >= PAIR and not _listed(symptom) and (not wanted.hosts or taken & PAIR):
            yield from _planned(symptom, [_things(one, site, wanted) for one in symptom.inputs.values()])


def pair_trees(knowledge: Knowledge, site: Site, wanted: Wanted, pairs: Iterable[Pair]) -> Iterator[Planned]:
    swept = [symptom for symptom in _swept(knowledge, wanted) if _taken(symptom) >= PAIR]
    for pair in pairs:
        if not wanted.host(pair.source, pair.host):
            continue
        given = {"site.hosts": pair.source, "site.addresses": pair.target}
        for symptom in swept:
            things = [
                (given[one.each],) if one.each in given else _things(one, site, wanted)
                for one in symptom.inputs.values()
            ]
            yield from _planned(symptom, things)


def lists_for(knowledge: Knowledge, wanted: Wanted) -> frozenset[str]:
    """Probes that list what trees of a cluster or a cloud are walked on."""
    return frozenset(probe_for(one) for symptom in _swept(knowledge, wanted) for one in _listed(symptom))


def not_begun(knowledge: Knowledge, wanted: Wanted, *, pairs: bool, lists: Collection[str]) -> Iterator[str]:
    """Symptoms whose trees wait for what the routes (`pairs`) or these lists tell."""
    for symptom in _swept(knowledge, wanted):
        listed = any(probe_for(one) in lists for one in _listed(symptom))
        if listed or (pairs and _taken(symptom) >= PAIR):
            yield symptom.id


def member_trees(knowledge: Knowledge, wanted: Wanted, world: str, members: Iterable[Member]) -> Iterator[Planned]:
    """`world` is the name of the cluster or cloud that listed them."""
    swept = [symptom for symptom in _swept(knowledge, wanted) if _listed(symptom)]
    for member in members:
        for symptom in swept:
            if _listed(symptom) <= member.keys():
                given = {"site.clusters": world, "site.clouds": world, **member}
                things: list[tuple[str, ...]] = [
                    (given.get(one.each, one.default),) for one in symptom.inputs.values()
                ]
                yield from _planned(symptom, things)


def _listed(symptom: Symptom) -> frozenset[str]:
    """What the lists of a cluster or a cloud name."""
    return frozenset(one for one in _taken(symptom) if probe_for(one))


def _swept(knowledge: Knowledge, wanted: Wanted) -> Iterator[Symptom]:
    for symptom in knowledge.symptoms.values():
        if (
            wanted.layer(symptom)
            and not symptom.swept_by
            and not any(_open(one) for one in symptom.inputs.values())
        ):
            yield symptom


def _missing(site: Site) -> set[str]:
    worlds = (("host", site.hosts), ("cluster", site.clusters), ("cloud", site.clouds))
    return {kind for kind, there in worlds if not there}


def _kinds(symptom: Symptom) -> set[str]:
    return {one.kind for one in symptom.inputs.values()}


def _open(one: Input) -> bool:
    return not one.each and not one.default


def _taken(symptom: Symptom) -> frozenset[str]:
    return frozenset(one.each for one in symptom.inputs.values() if one.each)


def _things(one: Input, site: Site, wanted: Wanted) -> tuple[str, ...]:
    match one.each:
        case "site.hosts":
            return tuple(host.name for host in site.hosts if wanted.host(host.name))
        case "site.addresses":
            return tuple(text for host in site.hosts if wanted.host(host.name) for text in host.addresses)
        case "site.clusters":
            return tuple(cluster.name for cluster in site.clusters)
        case "site.clouds":
            return tuple(cloud.name for cloud in site.clouds)
        case _:
            return (one.default,)


def _planned(symptom: Symptom, things: list[tuple[str, ...]]) -> Iterator[Planned]:
    inputs = tuple(symptom.inputs.values())
    for chosen in product(*things):
        named = zip(inputs, chosen, strict=True)
        yield Planned(symptom.id, {one.name: check(one.kind, text, name=one.name) for one, text in named})
