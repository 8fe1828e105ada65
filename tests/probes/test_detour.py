"""An address that is looked for where nobody has it: who does the looking, and which neighbour may lead there."""

from __future__ import annotations

import pytest

from probes.linux.facts import Address, Neighbour, RouteGet
from probes.path.detour import Way, candidate, last_router, unanswered
from probes.path.facts import Detour, Hop, RouteWalk
from tests.probes.test_path_replayed import call_of, recording, refusing, replayed

TARGET = "192.168.200.129"


def address(interface: str, text: str, length: int = 24) -> Address:
    return Address(interface, text, length, "global", "inet", True)


OWN = (address("virbr10", "192.168.100.1"), address("virbr10", "192.168.200.1"), address("enp7s0", "10.10.10.1"))
NEAR = (address("enp2s0", "10.10.10.3"), address("virbr10", "45.120.120.1"))


def way(*, gateway: str = "45.120.120.154", error: str = "", local: bool = False, forwards: bool = True) -> Way:
    return Way("near", NEAR, RouteGet("near", TARGET, gateway, "virbr10", "", local, error), forwards)


def test_a_neighbour_with_a_way_of_its_own() -> None:
    found = candidate(OWN, "virbr10", way())
    assert found is not None
    assert (found.host, found.gateway, found.interface) == ("near", "10.10.10.3", "enp7s0")
    assert candidate(OWN, "virbr10", way(gateway="", local=True, forwards=False)) is not None, "it has it itself"


@pytest.mark.parametrize(
    "wrong",
    [way(error="unreachable"), way(gateway="10.10.10.1"), way(forwards=False)],
    ids=["no way", "leads back", "does not forward"],
)
def test_who_is_no_way(wrong: Way) -> None:
    assert candidate(OWN, "virbr10", wrong) is None


def test_a_neighbour_on_the_wire_where_nobody_answers_is_none() -> None:
    assert candidate(OWN, "enp7s0", way()) is None
    elsewhere = Way("far", (address("eth0", "172.16.0.9"),), way().route, True)
    assert candidate(OWN, "virbr10", elsewhere) is None


def test_the_last_router_sends_to_the_address_itself() -> None:
    first = Hop("a", "", "eth0", "10.0.0.1", True, 0, True, "")
    last = Hop("b", "eth1", "virbr10", "", True, 0, True, "")
    owner = Hop("c", "lo", "", "", True, 0, True, "")
    walked = RouteWalk("a", TARGET, (first, last, owner), True, "c", "", "", "", "", "", ())
    assert last_router(walked) == last
    assert last_router(RouteWalk("a", TARGET, (first,), False, "", "", "", "", "a", "", ())) is None
    blocked = RouteWalk("a", TARGET, (first, last), False, "", "forwarding-off", "b", "", "", "", ())
    assert last_router(blocked) is None


@pytest.mark.parametrize(
    ("state", "interface", "nobody"),
    [
        ("FAILED", "virbr10", True),
        ("INCOMPLETE", "virbr10", True),
        ("STALE", "virbr10", False),
        ("FAILED", "enp7s0", False),
    ],
)
def test_whether_anybody_answers(state: str, interface: str, nobody: bool) -> None:
    known = (Neighbour(TARGET, interface, "", state), Neighbour("192.168.200.106", "virbr10", "", "FAILED"))
    assert unanswered(known, TARGET, "virbr10") is nobody


async def test_recorded_on_the_lab() -> None:
    facts = (await replayed("fip-arp", "path.detour")).facts
    assert facts == Detour(
        "controller", TARGET, "openstack-host", "virbr10", True, True, "compute-2-host", "10.10.10.3", "enp7s0"
    )


async def test_neighbours_that_cannot_be_asked_are_no_way() -> None:
    held = refusing(recording(call_of("fip-arp", "path.detour")), "ip -j route get", "host:compute-2-host")
    facts = (await replayed("fip-arp", "path.detour", held)).facts
    assert isinstance(facts, Detour)
    assert (facts.unanswered, facts.found) == (True, False)
