"""A cluster that does not list its nodes: the site's hosts are asked which of them has a kubelet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from diagnosis.sweep.members import MOST, NODES, Member
from probes.node.facts import Kubelet
from probes.probe import checked_call

if TYPE_CHECKING:
    from diagnosis.sweep.store import Store
    from probes.probe import Evidence


class Unlisted:
    """Clusters that did not tell, and the looks at hosts in their place."""

    def __init__(self, store: Store, hosts: Iterable[str]) -> None:
        self._store, self._hosts = store, tuple(hosts)
        self._looks: dict[str, list[asyncio.Task[Evidence]]] = {}

    @property
    def waiting(self) -> frozenset[asyncio.Task[Evidence]]:
        return frozenset(task for looks in self._looks.values() for task in looks)

    @property
    def open(self) -> bool:
        return bool(self._looks)

    @property
    def known(self) -> tuple[str, ...]:
        """Clusters whose hosts have all been asked."""
        return tuple(world for world, looks in self._looks.items() if all(task.done() for task in looks))

    def heed(self, evidence: Evidence, world: str) -> None:
        """Whether the cluster did not list its nodes."""
        if evidence.probe == NODES and evidence.failure is not None:
            self._looks[world] = [self._store.look(checked_call("node.kubelet", host, {})) for host in self._hosts]

    def told(self) -> Iterator[tuple[str, tuple[Member, ...], tuple[Member, ...]]]:
        """Of each cluster that is known: its name, what is worth a tree, and what is too much."""
        for world in self.known:
            members = tuple(by_kubelet(task.result().facts for task in self._looks.pop(world)))
            yield world, members[:MOST], members[MOST:]


def by_kubelet(facts: Iterable[object]) -> Iterator[Member]:
    """Hosts that have one, and first those where it does not run or complains. What the cluster calls the node is
    not known: the host's own name stands for it."""
    found = [one for one in facts if isinstance(one, Kubelet) and one.installed]
    for kubelet in sorted(found, key=_is_well):
        yield {"cluster.nodes-in-trouble": kubelet.host}


def _is_well(kubelet: Kubelet) -> bool:
    return (kubelet.active, kubelet.runtime_active) == ("active", "active") and not kubelet.errors
