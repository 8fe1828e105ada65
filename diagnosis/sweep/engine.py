"""All trees of a site at once: each asks what it wants to know next, and each question is put once."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from base.errors import UsageError
from base.tasks import end_all
from diagnosis.sweep.grouping import Group, grouped
from diagnosis.sweep.holding import Holding
from diagnosis.sweep.keeping_good import Wish
from diagnosis.sweep.members import NODES, beyond, members_of
from diagnosis.sweep.of_hosts import OfHosts
from diagnosis.sweep.pairs import pairs, standpoint_of
from diagnosis.sweep.results import Rendering, cut_short, of_some, reference, result_of
from diagnosis.sweep.store import AT_ONCE, Store
from diagnosis.sweep.tree import Outcome, Tree, Way
from diagnosis.sweep.trees import (
    Planned,
    Wanted,
    lists_for,
    lone_trees,
    member_trees,
    needs_pairs,
    not_begun,
    not_of_hosts,
    not_swept,
    pair_trees,
    swept_symptoms,
)
from diagnosis.sweep.unlisted import Unlisted
from diagnosis.sweep.views import SweepView
from diagnosis.sweep.wires import UNKNOWN, Wires, wires_of
from knowledge.tree import Ask, Found, Known, Resolve
from probes.linux.facts import Links, Neighbours, Route, Routes
from probes.probe import PROBES, checked_call
from probes.site import target_of

if TYPE_CHECKING:
    from diagnosis.session import Session
    from probes.probe import Evidence

DEADLINE = 120.0
LEARNING = 10.0
"""Seconds hosts have to say which routes they know; who says nothing by then begins no pair."""
_RESOLVING = 10.0
_WIRES = ("linux.links", "linux.neighbours")
"""Travel with the routes, in one exec."""
NO_BASELINE = Wish()
_MOMENT = 0.02
"""What comes within this time goes on together: their next commands travel in one exec."""

Heard = tuple[Tree, Ask]


class Sweep:
    """Used once. `run` yields a snapshot at every change; cancelled, `partial` says what is known by then; `close`
    ends what runs here and on the far sides."""

    def __init__(
        self,
        session: Session,
        wanted: Wanted,
        *,
        deadline: float = DEADLINE,
        baseline: Wish = NO_BASELINE,
        at_once: int = AT_ONCE,
    ) -> None:
        self._session, self._wanted, self._deadline = session, wanted, deadline
        self.holding = Holding(session, baseline)
        self._store = Store(session, at_once)
        self._of_hosts = OfHosts(self._store, session.site, wanted)
        named = [host.name for host in session.site.hosts if wanted.host(host.name)]
        self._unlisted = Unlisted(self._store, named)
        self._rendering = Rendering(session)
        self._open: dict[int, Tree] = {}
        self._layers: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.outcomes: list[Outcome] = []
        """Trees that ended."""
        self._groups: tuple[Group, ...] = ()
        self._hosts: dict[str, str] = {}
        self._waiting: dict[asyncio.Task[Evidence], list[Heard]] = {}
        self._resolving: dict[str, asyncio.Task[str]] = {}
        self._blocked: list[Tree] = []
        self._learning: dict[str, asyncio.Task[Evidence]] = {}
        self._wires: dict[str, list[asyncio.Task[Evidence]]] = {}
        self._listing: dict[asyncio.Task[Evidence], tuple[str, str]] = {}
        """What is to say what of a cluster or a cloud is in trouble: its probe, and whose it is."""
        self._left_out: list[Planned] = []
        self._ready: list[Tree] = []
        self._begun = time.monotonic()
        self._cut = ""
        self._has_begun = False
        self.view = SweepView(0, 0, 0)

    @property
    def evidence(self) -> list[Evidence]:
        return self._store.evidence

    # ------------------------------------------------------------ running

    async def run(self) -> AsyncIterator[SweepView]:
        await self.holding.open()
        self._begin()
        while self._ready or self._under_way():
            await self._advance()
            yield self._show()
            if self._ready or not self._under_way():
                continue
            await self._wait()
            if self._left() <= 0:
                self._cut = "deadline"
                break
            self._collect()
        yield await self._finish()

    def partial(self, why: str = "interrupted") -> SweepView:
        """What is known now, without another look."""
        self._cut = why
        return self._conclude()

    async def close(self) -> None:
        await self._rendering.close()
        await end_all([*self._resolving.values(), *self._listing])
        await self._store.close()

    def _begin(self) -> None:
        self._begun = time.monotonic()
        asked = {"layers": sorted(self._wanted.layers), "hosts": sorted(self._wanted.hosts)}
        self._session.note("sweep", {**asked, "deadline": self._deadline})
        knowledge, site = self._session.knowledge, self._session.site
        self._store.heed_load()
        self.holding.begin(self._store, self._wanted)
        self._add(lone_trees(knowledge, site, self._wanted))
        for probe in sorted(lists_for(knowledge, self._wanted)):
            worlds = site.clusters if PROBES[probe].on == "cluster" else site.clouds
            for world in worlds:
                self._listing[self._of_hosts.listing(probe, world.name)] = (probe, world.name)
        if needs_pairs(knowledge, self._wanted):
            hosts = [host.name for host in site.hosts if self._wanted.host(host.name)]
            for host in hosts:
                self._learning[host] = self._store.look(checked_call("linux.routes", host, {}))
                self._store.look(checked_call("linux.load", host, {}))
                self._wires[host] = [self._store.look(checked_call(probe, host, {})) for probe in _WIRES]
        self._has_begun = True

    def _add(self, planned: Iterable[Planned]) -> None:
        for one in planned:
            tree = Tree(one, len(self._open) + len(self.outcomes))
            self._open[id(tree)] = tree
            self._ready.append(tree)
            self._layers[self._session.knowledge.symptoms[one.symptom].layer][1] += 1

    def _left(self) -> float:
        return self._deadline - (time.monotonic() - self._begun)

    def _under_way(self) -> bool:
        asked = self._waiting or self._learning or self._listing or self._blocked
        return bool(asked or self.holding.waiting or self._unlisted.open)

    async def _wait(self) -> None:
        """For the next answer, and then for those that come in the same moment."""
        learned = self._unlisted.known or (self._learning and all(task.done() for task in self._learning.values()))
        asked = {*self._waiting, *self._listing, *self._resolving.values(), *self.holding.waiting}
        answers: set[asyncio.Task[object]] = asked
        learning = cast("set[asyncio.Task[object]]", {*self._learning.values(), *self._unlisted.waiting})
        if not learned and not any(task.done() for task in answers):
            running = {task for task in answers | learning if not task.done()}
            patience = max(min(self._left(), self._learning_left()), 0)
            await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(_MOMENT)

    def _learning_left(self) -> float:
        return LEARNING - (time.monotonic() - self._begun) if self._learning else self._left()

    # ------------------------------------------------------------ answers

    def _collect(self) -> None:
        """Trees that may go on."""
        for task in [task for task in self._waiting if task.done()]:
            evidence = task.result()
            for tree, ask in self._waiting.pop(task):
                tree.hear(ask, evidence)
                self._ready.append(tree)
        for task in [task for task in self._listing if task.done()]:
            self._list(task.result(), self._listing.pop(task)[1])
        for world, members, rest in self._unlisted.told():
            self._add(member_trees(self._session.knowledge, self._wanted, world, members))
            self._left_out += member_trees(self._session.knowledge, self._wanted, world, rest)
        known = [address for address, task in self._resolving.items() if task.done()]
        for address in known:
            self._hosts[address] = self._resolving.pop(address).result()
        if known:
            self._ready.extend(self._blocked)
            self._blocked = []
        learned = all(task.done() for task in self._learning.values())
        if self._learning and (learned or self._learning_left() <= 0):
            self._pair()

    def _list(self, evidence: Evidence, world: str) -> None:
        knowledge, wanted, here = self._session.knowledge, self._wanted, self._of_hosts.here(world)
        self._unlisted.heed(evidence, world)
        self._add(member_trees(knowledge, wanted, world, members_of(evidence, here)))
        self._left_out += member_trees(knowledge, wanted, world, beyond(evidence, here))

    def _pair(self) -> None:
        """The pairs that matter, by the routes that the hosts know."""
        routes = {host: _routes(task) for host, task in self._learning.items()}
        self._learning = {}
        wires = {host: _wires(tasks) for host, tasks in self._wires.items()}
        standpoints = [
            standpoint_of(host.name, host.addresses, routes.get(host.name), wires.get(host.name, UNKNOWN))
            for host in self._session.site.hosts
        ]
        self._add(pair_trees(self._session.knowledge, self._session.site, self._wanted, pairs(standpoints)))

    # ------------------------------------------------------------ trees

    async def _advance(self) -> None:
        ready, self._ready = self._ready, []
        await asyncio.to_thread(self._move, ready, dict(self._hosts))
        ended = [tree for tree in ready if not self._ask(tree)]
        for tree in ended:
            self._end(tree)
        if any(outcome.found for outcome in self.outcomes[-len(ended) :] if ended):
            self._groups = grouped(self.outcomes, self._session.knowledge)
            with self._store.politely():
                self._rendering.begin(self._groups)

    def _move(self, trees: list[Tree], hosts: dict[str, str]) -> None:
        for tree in trees:
            tree.move(self._session.knowledge, hosts)

    def _ask(self, tree: Tree) -> bool:
        """Whether the tree wants to know more; it is then asked for."""
        if tree.first_unseen:
            return False
        match tree.position.pending:
            case Resolve(addresses):
                self._blocked.append(tree)
                for address in addresses:
                    self._resolve(address)
            case Ask() as ask if not ask.step.probe:
                return self._answer(tree, ask)
            case Ask() as ask:
                self._look(tree, ask)
            case _:
                return False
        return True

    def _answer(self, tree: Tree, ask: Ask) -> bool:
        """What the operator said beforehand (`--set`); without that the tree ends."""
        option = self._session.presets.get(ask.step.id)
        if option not in {one.name for one in ask.step.options}:
            return False
        tree.answers[ask.key] = Known({"answer": option})
        self._ready.append(tree)
        return True

    def _look(self, tree: Tree, ask: Ask) -> None:
        try:
            call = checked_call(ask.step.probe, ask.host, ask.arguments)
        except UsageError as error:
            tree.cannot_ask(ask, error.message)
            self._ready.append(tree)
            return
        task = self._store.look(call, fresh=ask.step.fresh)
        self._waiting.setdefault(task, []).append((tree, ask))

    def _resolve(self, address: str) -> None:
        if address not in self._resolving and address not in self._hosts:
            with self._store.politely():
                self._resolving[address] = asyncio.create_task(self._host_of(address))

    async def _host_of(self, address: str) -> str:
        with suppress(TimeoutError):
            async with asyncio.timeout(_RESOLVING):
                return await self._session.toolbox.host_of(address)
        return ""

    def _end(self, tree: Tree, way: Way | None = None) -> None:
        self._open.pop(id(tree), None)
        knowledge = self._session.knowledge
        self._layers[knowledge.symptoms[tree.planned.symptom].layer][0] += 1
        self.outcomes.append(tree.outcome(way or _way(tree), knowledge, self._session.site))

    # ------------------------------------------------------------ showing

    def _show(self) -> SweepView:
        self.view = SweepView(
            trees=len(self._open) + len(self.outcomes),
            ended=len(self.outcomes),
            looks=self._store.count,
            running=self._store.running,
            layers={name: (ended, all_) for name, (ended, all_) in sorted(self._layers.items())},
            hosts=self._heard(),
            silent=self._store.silent,
            found=tuple(reference(group) for group in self._groups if _is_root(group)),
            cut=self._cut,
            seconds=round(time.monotonic() - self._begun, 3),
        )
        return self.view

    def _heard(self) -> tuple[int, int]:
        wanted = [target_of(host.name) for host in self._session.site.hosts if self._wanted.host(host.name)]
        return len(self._store.heard.intersection(wanted)), len(wanted)

    async def _finish(self) -> SweepView:
        if not self._cut:
            await self._rendering.all_done()
        return self._conclude()

    def _conclude(self) -> SweepView:
        for tree in list(self._open.values()):
            self._end(tree, Way.CUT)
        groups = grouped(self.outcomes, self._session.knowledge)
        waiting = not_swept(self._session.knowledge, self._session.site, self._wanted)
        evidence = self._store.evidence
        result = result_of(
            self._session,
            groups,
            self.outcomes,
            evidence,
            waiting,
            self._rendering,
            self._left_out,
            self.holding.compared(),
        )
        if self._cut:
            result = cut_short(result, self._not_begun())
        result = of_some(result, not_of_hosts(self._session.knowledge, self._session.site, self._wanted))
        shown = self._show()
        self.view = replace(shown, running=(), result=result)
        self._session.note_sweep(self.view)
        return self.view

    def _not_begun(self) -> tuple[str, ...]:
        """Trees that wait for routes or lists are not planned yet; before anything is, that is all of them."""
        knowledge, wanted = self._session.knowledge, self._wanted
        if not self._has_begun:
            return tuple(swept_symptoms(knowledge, wanted))
        lists = {probe for probe, _ in self._listing.values()} | ({NODES} if self._unlisted.open else set())
        return tuple(not_begun(knowledge, wanted, pairs=bool(self._learning), lists=lists))


def _routes(task: asyncio.Task[Evidence]) -> tuple[Route, ...] | None:
    if not task.done():
        return None
    facts = task.result().facts
    return facts.routes if isinstance(facts, Routes) else None


def _wires(tasks: list[asyncio.Task[Evidence]]) -> Wires:
    """Nothing where one of both is not known: without it a network may be two."""
    links, met = (task.result().facts if task.done() else None for task in tasks)
    if isinstance(links, Links) and isinstance(met, Neighbours):
        return wires_of(links.links, met.neighbours)
    return UNKNOWN


def _way(tree: Tree) -> Way:
    if tree.first_unseen:
        return Way.UNSEEN
    if isinstance(tree.position.conclusion, Found):
        return Way.FOUND
    return Way.ENDED if tree.position.conclusion else Way.ASKS


def _is_root(group: Group) -> bool:
    return not group.explained_by and not group.is_meant
