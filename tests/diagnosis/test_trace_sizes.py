"""What a trace says of sizes, from recordings of the broken lab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnosis.trace_words import VERDICTS, concluded, rule_of, sentence
from probes.path.facts import Hit
from probes.path.mtu_facts import PathMtu
from probes.trace.facts import OwnSizes, Trace
from probes.trace.sizing import verdict
from tests.probes.test_path_replayed import replayed
from tests.tui.traces import ARRIVES, DIES, evidence

SAYS = {
    "mtu-icmp-dropped": "openstack-host should have said that enp7s0 takes 1400, and openstack-host drops what ",
    "mtu-blackhole": "between flannel.1 of k8s-worker-1, which takes 1450, and k8s-worker-2",
    "mtu-mismatch": "between openstack-host and kubernetes-host: enp0s20f0u2 of kubernetes-host takes 1400, and",
}
DROPS = "-A OUTPUT -p icmp -m icmp --icmp-type 3/4 -j DROP"


async def sized(fault: str, said: str = "arrives", *, asked: bool = False) -> Trace:
    facts = (await replayed(fault, "path.mtu")).facts
    assert isinstance(facts, PathMtu)
    return replace(ARRIVES, verdict=verdict(said, (facts,), asked=asked), sizes=(facts,))


@pytest.mark.parametrize("fault", SAYS)
async def test_where_the_size_stops_and_who_should_have_said_so(fault: str) -> None:
    trace = await sized(fault)
    assert trace.verdict == "sizes-lost"
    told = sentence(trace)
    assert told.en.startswith("20 of 20 answered; echo requests of up to 14")
    assert SAYS[fault] in told.en
    assert all(one in told.ko for one in (str(trace.sizes[0].largest), trace.sizes[0].before_host))
    assert rule_of(trace) == (DROPS if fault == "mtu-icmp-dropped" else "")
    assert concluded([evidence(trace)])[0] == "cause"


async def test_a_way_that_takes_every_size_arrives() -> None:
    trace = await sized("")
    assert trace.verdict == "arrives"
    assert sentence(trace).en == "20 of 20 answered"


NAMED = PathMtu("a", "10.0.0.9", 1500, True, 1400, 0, "10.0.0.1", 1400)
VANISHED = replace(NAMED, lost=1500, told_by="", told_mtu=0, before_host="b")


@pytest.mark.parametrize(
    ("said", "sizes", "asked", "expected"),
    [
        ("arrives", (), False, "arrives"),
        ("arrives", (NAMED,), False, "arrives"),
        ("refused", (VANISHED,), False, "sizes-lost"),
        ("dies", (VANISHED,), False, "dies"),
        ("dies", (VANISHED,), True, "sizes-lost"),
        ("unseen", (NAMED,), True, "too-large"),
        ("arrives", (NAMED,), True, "arrives"),
        ("dies", (), True, "dies"),
    ],
)
def test_what_sizes_make_of_a_verdict(said: str, sizes: tuple[PathMtu, ...], asked: bool, expected: str) -> None:
    assert verdict(said, sizes, asked=asked) == expected
    assert expected in VERDICTS


def test_too_large_says_who_said_so() -> None:
    trace = replace(DIES, verdict="too-large", sizes=(NAMED,), dead=())
    assert sentence(trace).en == "10.0.0.1 says that it takes 1400 bytes; echo requests of 1400 arrive"
    own = replace(trace, sizes=(replace(NAMED, told_by=""),))
    assert sentence(own).en.startswith("a itself says")
    assert concluded([evidence(own)])[0] == "unknown"


def test_nobody_tells_where() -> None:
    told = sentence(replace(ARRIVES, verdict="sizes-lost", sizes=(VANISHED,)))
    assert told.en.endswith("vanish without a word: behind b")
    none = sentence(replace(ARRIVES, verdict="sizes-lost", sizes=(replace(VANISHED, before_host=""),)))
    assert none.en.endswith("nobody on the way tells where")


FITS, GONE = OwnSizes("tcp", 22, 1500, 0, 1500), OwnSizes("tcp", 22, 1400, 1401, 1500)
ASKED, UNHEARD = OwnSizes("udp", 53, 1500, 0, 0), OwnSizes("udp", 53, 1232, 1500, 0)
TAKEN = replace(UNHEARD, hits_host="b", hits=(Hit("filter", "FORWARD", 1, "-m length", (), "DROP", 8, False),))
UNTRIED = OwnSizes("tcp", 22, 0, 0, 0)
WHOLE = replace(NAMED, largest=1500, told_by="", told_mtu=0)


@pytest.mark.parametrize(
    ("own", "echo", "expected"),
    [
        (FITS, WHOLE, "arrives"),
        (FITS, VANISHED, "arrives"),  # the traced protocol itself arrives
        (GONE, WHOLE, "sizes-lost"),
        (UNTRIED, VANISHED, "sizes-lost"),
        (ASKED, WHOLE, "arrives"),
        (UNHEARD, WHOLE, "arrives"),  # a server that answers no such large ones
        (UNHEARD, VANISHED, "sizes-lost"),
        (TAKEN, WHOLE, "sizes-lost"),
    ],
    ids=str,
)
def test_the_traced_protocol_decides(own: OwnSizes, echo: PathMtu, expected: str) -> None:
    said = verdict("arrives", (echo,), (own,), asked=False)
    assert said == expected
    assert verdict("dies", (), (own,), asked=False) == "dies"
    trace = replace(ARRIVES, verdict=said, sizes=(echo,), own_sizes=(own,))
    told = sentence(trace)
    assert all(str(size) in text for size in (own.largest, own.lost) if size for text in (told.en, told.ko))
    assert ("the server does not answer" in told.en) is (own is UNHEARD)
    assert ("a rule of b" in told.en) is bool(own.hits)
    assert rule_of(trace) == ("-m length" if own.hits else "")
    assert ("vanish without a word" in told.en) is bool(echo.lost)
