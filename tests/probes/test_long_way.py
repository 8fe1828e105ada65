"""Ways that no packet would survive, and ways that come back."""

from __future__ import annotations

from typing import cast

import pytest

from probes.errors import OutputTooLong
from probes.path import route_walk
from probes.path.facts import Hop
from probes.path.hop import Looked, Next
from probes.probe import Toolbox


class Chain:
    """Hosts h0, h1, …, each of which sends on to the next; the last one to `turn`."""

    def __init__(self, last: int, turn: int) -> None:
        self.last, self.turn = last, turn

    async def host_of(self, address: str) -> str:
        return f"h{address.split('.')[2]}"

    async def look(self, _: object, step: Next, target: str) -> Looked:
        number = int(step.host[1:])
        following = self.turn if number == self.last else number + 1
        gateway = f"10.0.{following}.1"
        hop = Hop(step.host, "eth0", "eth1", gateway, True, 0, True, "")
        return Looked(step, hop, False, gateway, "10.0.0.9", ("10.0.0.1",))


@pytest.mark.parametrize(("last", "turn"), [(9, 3), (62, 0)])
async def test_a_way_that_comes_back_is_a_loop(monkeypatch: pytest.MonkeyPatch, last: int, turn: int) -> None:
    chain = Chain(last, turn)
    monkeypatch.setattr(route_walk, "look", chain.look)
    found = await route_walk.steps(cast("Toolbox", chain), Next("h0", f"10.0.{turn}.1", "", "", ()), "192.0.2.9")
    assert (found.loop, found.unseen, len(found.walked)) == (True, "", last + 1)


@pytest.mark.parametrize(("sources", "hosts"), [((), 10), (("10.9.9.9",), 11)])
async def test_back_at_the_host_that_sends(
    monkeypatch: pytest.MonkeyPatch, sources: tuple[str, ...], hosts: int
) -> None:
    """Its kernel takes no packet of its own from outside; a pod's it would send on."""
    chain = Chain(9, 0)
    monkeypatch.setattr(route_walk, "look", chain.look)
    found = await route_walk.steps(cast("Toolbox", chain), Next("h0", "", "", "", sources), "192.0.2.9")
    assert found.loop
    assert [one.hop.host for one in found.walked[:10]] == [f"h{number}" for number in range(10)]
    assert (len(found.walked) > 10) is (hosts > 10)


async def test_a_way_of_more_than_64_hops_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain(1000, 0)
    monkeypatch.setattr(route_walk, "look", chain.look)
    with pytest.raises(OutputTooLong, match="more than 64 hops"):
        await route_walk.steps(cast("Toolbox", chain), Next("h0", "", "", "", ()), "192.0.2.9")
