"""A sweep beside its baseline: what is asked for it, and what came back so far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from base.threads import in_daemon
from diagnosis.sweep.baseline import TOO_SOON, Comparison, Look, compared, look_of
from diagnosis.sweep.keeping_good import Known, Wish, as_kept, known
from probes.probe import ProbeCall, checked_call

if TYPE_CHECKING:
    import asyncio

    from diagnosis.session import Session
    from diagnosis.sweep.store import Store
    from diagnosis.sweep.trees import Wanted
    from probes.probe import Evidence
    from probes.site import Site

OWN = frozenset({"linux.snapshot", "cloud.snapshot"})
"""Asked for the baseline alone: that they fail is said with it."""


class Holding:
    def __init__(self, session: Session, wish: Wish) -> None:
        self._session, self._wish = session, wish
        self._known = Known()
        self._asked: dict[str, asyncio.Task[Evidence]] = {}
        self._whole = True

    async def open(self) -> None:
        """ConfigError where a baseline was named that cannot be used."""
        if self._wish.use:
            self._known = await in_daemon(lambda: known(self._session.site, self._wish))

    def begin(self, store: Store, wanted: Wanted) -> None:
        self._whole = not wanted.hosts
        if self._wish.record or self._known.baseline is not None:
            for place, call in calls_for(self._session.site, wanted):
                self._asked[place] = store.look(call)

    @property
    def waiting(self) -> set[asyncio.Task[Evidence]]:
        return {task for task in self._asked.values() if not task.done()}

    @property
    def looks(self) -> list[Look]:
        return [
            look_of(task.result()) if _is_back(task) else Look(place, failure=TOO_SOON)
            for place, task in self._asked.items()
        ]

    def compared(self) -> Comparison | None:
        """None where there is no baseline."""
        if self._known.baseline is not None:
            return compared(self._known.baseline, self.looks, whole=self._whole, kept=as_kept)
        refused = self._known.refused
        return Comparison("", self._known.file, refused=refused) if refused else None


def calls_for(site: Site, wanted: Wanted) -> Iterator[tuple[str, ProbeCall]]:
    """Place and call. Only hosts where the operator has named hosts."""
    for host in site.hosts:
        if wanted.host(host.name):
            yield f"host:{host.name}", checked_call("linux.snapshot", host.name, {})
    if not wanted.hosts:
        for cluster in site.clusters:
            yield f"cluster:{cluster.name}", checked_call("k8s.nodes", cluster.name, {})
        for cloud in site.clouds:
            yield f"cloud:{cloud.name}", checked_call("cloud.snapshot", cloud.name, {})


def _is_back(task: asyncio.Task[Evidence]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
