"""A sweep of some hosts: what the lists of a cluster or a cloud name is walked where it is on these hosts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from diagnosis.sweep.members import NODES, Here, anywhere
from probes.cluster.facts import Node, Nodes
from probes.linux.facts import Address, Addresses
from probes.node.machine import host_named
from probes.probe import PROBES, checked_call

if TYPE_CHECKING:
    from diagnosis.sweep.store import Store
    from diagnosis.sweep.trees import Wanted
    from probes.probe import Evidence
    from probes.site import Site


class OfHosts:
    def __init__(self, store: Store, site: Site, wanted: Wanted) -> None:
        self._store, self._site, self._wanted = store, site, wanted
        self._nodes: dict[str, frozenset[str]] = {}

    def listing(self, probe: str, world: str) -> asyncio.Task[Evidence]:
        """A list that comes back when it is known as well which nodes the hosts are."""
        look = self._store.look(checked_call(probe, world, {}))
        if not self._wanted.hosts or PROBES[probe].on != "cluster":
            return look
        return asyncio.create_task(self._listed(look, world))

    def here(self, world: str) -> Here:
        """Whether what a cluster or a cloud calls so is one of the hosts."""
        if not self._wanted.hosts:
            return anywhere
        nodes = self._nodes.get(world, frozenset())
        return lambda name: name in nodes or host_named(name, self._site) in self._wanted.hosts

    async def _listed(self, look: asyncio.Task[Evidence], world: str) -> Evidence:
        listed = self._store.look(checked_call(NODES, world, {}))
        asked = [self._store.look(checked_call("linux.addresses", host, {})) for host in sorted(self._wanted.hosts)]
        await asyncio.wait((look, listed, *asked))
        held = {text for host in self._site.hosts if self._wanted.host(host.name) for text in host.addresses}
        held |= {one.address for task in asked for one in _addresses(task.result().facts)}
        self._nodes[world] = frozenset(
            node.name for node in _nodes(listed.result().facts) if not held.isdisjoint(node.addresses)
        )
        return look.result()


def _addresses(facts: object) -> tuple[Address, ...]:
    return facts.addresses if isinstance(facts, Addresses) else ()


def _nodes(facts: object) -> tuple[Node, ...]:
    return facts.nodes if isinstance(facts, Nodes) else ()
