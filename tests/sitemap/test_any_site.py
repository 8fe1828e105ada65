"""Whatever the parts say, the map stands: every node once, nothing invented, fast."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from base.text import Lang
from probes.cluster.facts import Node
from sitemap.join import joined
from sitemap.lexicon import Lexicon
from sitemap.model import By, Kind, State
from sitemap.whatis import known_in
from sitemap.words import says
from tests.sitemap.samples import PODS, cloud, cluster, gathered, node, plug, plugged, port, server

IDS = [f"{number:08d}-0000-4000-8000-{number:012d}" for number in range(1, 6)]
ADDRESSES = st.sampled_from([f"10.0.0.{number}" for number in range(1, 6)])
HOSTS = st.sampled_from(["", "compute", "hv2", "elsewhere"])

nodes = st.builds(
    lambda name, addresses, provider, ready: node(name, *addresses, provider=provider, ready=ready),
    st.sampled_from([f"n{number}" for number in range(5)]),
    st.lists(st.one_of(ADDRESSES, st.just("not-an-address")), max_size=3),
    st.one_of(st.just(""), st.sampled_from(IDS), st.just("nonsense")),
    st.sampled_from(["True", "False", "Unknown", ""]),
)
servers = st.builds(
    lambda id_, name, host, addresses, status: server(id_, name, host, *addresses, status=status),
    st.sampled_from(IDS),
    st.sampled_from(["n0", "n1", "other", ""]),
    HOSTS,
    st.lists(ADDRESSES, max_size=2),
    st.sampled_from(["ACTIVE", "ERROR", "SHUTOFF", ""]),
)
ports = st.builds(
    lambda id_, device, host, addresses, vif, owner: port(id_, device, host, *addresses, vif_type=vif, owner=owner),
    st.sampled_from(IDS),
    st.sampled_from([*IDS, ""]),
    HOSTS,
    st.lists(ADDRESSES, max_size=2),
    st.sampled_from(["ovs", "unbound", "binding_failed", ""]),
    st.sampled_from(["compute:nova", "network:dhcp", ""]),
)


@given(
    st.lists(nodes, max_size=5, unique_by=lambda one: one.name),
    st.lists(servers, max_size=4, unique_by=lambda one: one.id),
    st.lists(ports, max_size=5, unique_by=lambda one: one.id),
    st.booleans(),
)
def test_every_node_is_there_once_and_no_server_is_guessed(
    some: list[Node], servers: list[Any], ports: list[Any], everywhere: bool
) -> None:
    where = cloud(servers, ports, everywhere=everywhere)
    found = gathered(
        clusters=(cluster(some, PODS, ()),),
        clouds=(where,),
        plugs=plugged(compute=[plug(one) for one in ports[:2]]),
    )
    map_ = joined(found)
    assert sorted(strip.node.name for strip in map_.nodes) == sorted(one.name for one in some)
    known = {one.id for one in servers} | {one.device for one in ports}
    taken = [strip.server.id for strip in map_.strips if strip.by or not strip.is_node]
    assert set(taken) <= known
    assert {one.id for one in servers} <= set(taken)
    for strip in map_.strips:
        assert strip.by is None or strip.by in By
        for cell in strip.cells:
            assert (cell.state is State.SEEN) == (cell.why is None), cell
            assert says(cell, Lang.KO) or cell.kind in (Kind.PODS, Kind.SERVICES)
    Lexicon(found, map_)


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert known_in(text, LEXICON) == () or text


LEXICON = Lexicon(gathered())


def test_five_thousand_nodes_take_no_quadratic_time() -> None:
    """Ten times as much may take not much more than ten times as long."""
    small, large = _seconds(300), _seconds(3000)
    assert large < 60 * small


def _seconds(count: int) -> float:
    ids = [f"{number:08d}-0000-4000-8000-{number:012d}" for number in range(count)]
    names = [f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}" for number in range(count)]
    found = gathered(
        clusters=(cluster([node(f"n{at}", names[at]) for at in range(count)], (), ()),),
        clouds=(
            cloud(
                [server(ids[at], f"s{at}", "compute", names[at]) for at in range(count)],
                [port(ids[at], ids[at], "compute", names[at]) for at in range(count)],
            ),
        ),
        plugs={},
    )
    begun = time.perf_counter()
    map_ = joined(found)
    assert all(strip.by is By.ADDRESS for strip in map_.strips)
    return time.perf_counter() - begun
