"""What many looks of a sweep need of an API is asked once, and again where there was no answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import probes.all
from diagnosis.session import Session
from diagnosis.sweep.store import Store
from journal.store import Journal
from probes.cluster import connection
from probes.probe import Evidence, checked_call
from probes.site import Cluster, Site
from tests.end_to_end.calico_policies import DENY, NAMED
from tests.hostile.hostile_http import Asked, Writer, answer, serving
from tests.probes.pki import kubeconfig

assert probes.all
assert connection  # the client is imported before anybody waits for it

NETWORK, CALICO = "/apis/networking.k8s.io/v1/networkpolicies", "/apis/crd.projectcalico.org/v1"
CILIUM = "/apis/cilium.io/v2"
POLICIES = (NETWORK, CALICO, f"{CALICO}/networkpolicies", f"{CALICO}/globalnetworkpolicies", CILIUM)
ADDRESSES = ("10.96.7.7", "10.96.7.8")


def _service(address: str) -> dict[str, Any]:
    return {
        "metadata": {"name": f"s-{address[-1]}", "namespace": "shop"},
        "spec": {"clusterIP": address, "ports": [{"port": 80}]},
    }


class Served:
    """Knows Calico and not Cilium; says 503 to so many questions for NetworkPolicies first."""

    def __init__(self, busy: int = 0) -> None:
        self.asked: Counter[str] = Counter()
        self._busy = busy

    async def __call__(self, asked: Asked, writer: Writer) -> None:
        path = asked.path.partition("?")[0]
        self.asked[path] += 1
        writer.write(self._said(path))

    def _said(self, path: str) -> bytes:
        if path == CILIUM:
            return answer(404, b"404 page not found\n", Content_Type="text/plain; charset=utf-8")
        if path == NETWORK and self.asked[path] <= self._busy:
            return answer(503, b"oops")
        items = {
            "/api/v1/services": [_service(one) for one in ADDRESSES],
            f"{CALICO}/globalnetworkpolicies": [DENY],
        }
        return answer(200, {"items": items.get(path, [])})

    @property
    def of_policies(self) -> dict[str, int]:
        return {path: self.asked[path] for path in POLICIES}


@asynccontextmanager
async def sweeping(folder: Path, cluster: Served) -> AsyncIterator[Store]:
    async with serving(cluster) as served:
        known = Cluster("lab", (kubeconfig(folder / "k", served.url, name="lab", user={}),))
        session = Session(
            Site("t", clusters=(known,)), argv=(), journal=Journal.create(folder, {"argv": ["sweep"]})
        )
        store = Store(session)
        try:
            yield store
        finally:
            await store.close()
            await session.close()


def looks(store: Store) -> list[asyncio.Task[Evidence]]:
    calls = [checked_call("k8s.service_path", "lab", {"address": one}) for one in ADDRESSES]
    calls += [checked_call(name, "lab", {}) for name in ("k8s.dns_policies", "k8s.pods_across")]
    return [store.look(call) for call in calls]


async def test_policies_are_asked_once_for_all_looks(tmp_path: Path) -> None:
    cluster = Served()
    async with sweeping(tmp_path, cluster) as store:
        found = await asyncio.gather(*looks(store))
        await store.look(checked_call("k8s.service_path", "lab", {"address": ADDRESSES[0], "port": 80}))
    assert [one.failure for one in found] == [None] * 4
    assert getattr(found[2].facts, "others", ()) == (NAMED,)
    assert cluster.of_policies == dict.fromkeys(POLICIES, 1)
    assert cluster.asked["/api/v1/services"] == 3, "what may change from one look to the next"
    for one in found:
        heard = [each.request.text for each in one.exchanges]
        assert any(NETWORK in each for each in heard), "each look tells whole what it is told by"


async def test_a_fresh_look_asks_anew(tmp_path: Path) -> None:
    cluster = Served()
    async with sweeping(tmp_path, cluster) as store:
        call = checked_call("k8s.dns_policies", "lab", {})
        await store.look(call)
        await store.look(call, fresh=True)
    assert cluster.of_policies == dict.fromkeys(POLICIES, 2)


async def test_what_was_not_answered_is_asked_again(tmp_path: Path) -> None:
    cluster = Served(busy=1)
    async with sweeping(tmp_path, cluster) as store:
        first = await store.look(checked_call("k8s.dns_policies", "lab", {}))
        second = await store.look(checked_call("k8s.pods_across", "lab", {}))
    assert first.failure is not None
    assert getattr(second.facts, "unread", None) == ()
    assert cluster.of_policies == {**dict.fromkeys(POLICIES, 1), NETWORK: 2}


async def test_who_gives_up_does_not_end_the_question_of_others(tmp_path: Path) -> None:
    cluster = Served()
    async with sweeping(tmp_path, cluster) as store:
        first = store.look(checked_call("k8s.dns_policies", "lab", {}))
        while not cluster.asked:
            await asyncio.sleep(0)
        second = store.look(checked_call("k8s.pods_across", "lab", {}))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await second).failure is None
    assert cluster.of_policies == dict.fromkeys(POLICIES, 1)
