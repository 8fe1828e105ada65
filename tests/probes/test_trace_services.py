"""A Service as the end of a trace: by name, every address that it has, its port on a node; and its endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnosis.trace_words import bad_branches, sentence
from diagnosis.tracing import Wanted, planned
from probes.cluster import connection
from probes.errors import CommandFailed
from probes.site import Cluster, Host, Site
from probes.toolbox import LiveToolbox
from probes.trace import branches
from probes.trace.ends import End, backend_of, find_end
from probes.trace.facts import Branch, Trace
from probes.trace.marks import fresh_mark
from probes.trace.services import Door, address_of
from tests.hostile.hostile_http import Asked, Writer, answer, serving
from tests.probes.pki import kubeconfig

assert connection  # the client is imported before anybody waits for it

NODE = "192.0.2.1"
PORTS = [
    {"name": "http", "protocol": "TCP", "port": 80, "nodePort": 30080},
    {"name": "dns", "protocol": "UDP", "port": 53, "nodePort": 30053},
    {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": 30053},
]
WEB: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.7.7", "externalIPs": ["203.0.113.9"], "ports": PORTS},
    "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.80"}]}},
}
DNS = {**WEB, "metadata": {"name": "dns", "namespace": "shop"}, "spec": {**WEB["spec"], "ports": PORTS[1:2]}}
SLICE = {
    "ports": [{"name": "http", "port": 8080}, {"name": "dns", "port": 5353}, {"name": "dns-tcp", "port": 5354}],
    "endpoints": [
        {"addresses": ["10.244.1.7"], "conditions": {"ready": True}},
        {"addresses": ["10.244.2.9"], "conditions": {"ready": True}},
        {"addresses": ["10.244.2.10"], "conditions": {"ready": False}},
    ],
}
NODES = [{"metadata": {"name": "n1"}, "status": {"addresses": [{"type": "InternalIP", "address": NODE}]}}]
ANSWERS: Mapping[str, Any] = {
    "/endpointslices": {"items": [SLICE]},
    "/services/web": WEB,
    "/services/dns": DNS,
    "/services": {"items": [WEB]},
    "/nodes": {"items": NODES},
    "/pods": {"items": []},
}


async def behave(asked: Asked, writer: Writer) -> None:
    writer.write(answer(200, next(said for part, said in ANSWERS.items() if part in asked.path)))


@pytest.fixture
async def toolbox(tmp_path: Path) -> AsyncIterator[LiveToolbox]:
    async with serving(behave) as lab:
        clusters = (Cluster("lab", (kubeconfig(tmp_path / "lab", lab.url, name="lab", user={}),)),)
        hosts = (Host("n1", (NODE,)), Host("other", ("192.0.2.2",)))
        async with LiveToolbox(Site("test", hosts, clusters=clusters)) as live:
            yield live


@pytest.mark.parametrize("address", ["10.96.7.7", "203.0.113.9", "203.0.113.80"])
async def test_every_address_that_it_has(toolbox: LiveToolbox, address: str) -> None:
    """Its own is translated where it is sent from, the others on the node where they come in."""
    end = await find_end(toolbox, address, Door("tcp", 80))
    assert (end.kind, end.name, end.address) == ("service", "shop/web", address)
    assert (end.ports, end.udp) == ((80, 53), (53,))
    assert backend_of(end) == (("10.244.1.7", "10.244.2.9"), 8080)
    outside = address != "10.96.7.7"
    assert (end.at_node, end.nodes) == (outside, (NODE,) if outside else ())


@pytest.mark.parametrize(("door", "port"), [(Door("udp", 53), 5353), (Door("tcp", 53), 5354), (Door(), 8080)])
async def test_the_endpoints_of_the_port_and_protocol_that_is_meant(
    toolbox: LiveToolbox, door: Door, port: int
) -> None:
    assert backend_of(await find_end(toolbox, "shop/web", door))[1] == port


async def test_one_with_udp_alone_has_endpoints_and_is_asked_by_udp(toolbox: LiveToolbox) -> None:
    end = await find_end(toolbox, "svc/shop/dns")
    assert backend_of(end) == (("10.244.1.7", "10.244.2.9"), 5353)
    traced = planned(End("host", "n1", "n1", NODE), end, Wanted())
    assert (traced.wanted.protocol, traced.wanted.port) == ("udp", 53)
    assert traced.note
    assert "by UDP" in traced.note.en


async def test_its_port_on_a_node(toolbox: LiveToolbox) -> None:
    end = await find_end(toolbox, NODE, Door("tcp", 30080))
    assert (end.kind, end.name, end.host, end.ports, end.at_node) == ("service", "shop/web", "n1", (30080,), True)
    assert backend_of(end) == (("10.244.1.7", "10.244.2.9"), 8080)
    assert backend_of(await find_end(toolbox, NODE, Door("udp", 30053)))[1] == 5353


@pytest.mark.parametrize(
    ("word", "door"),
    [(NODE, Door("tcp", 30081)), (NODE, Door("tcp", 22)), (NODE, Door()), ("192.0.2.2", Door("tcp", 30080))],
)
async def test_what_is_no_port_of_a_node(toolbox: LiveToolbox, word: str, door: Door) -> None:
    assert (await find_end(toolbox, word, door)).kind == "address"


def test_who_translates() -> None:
    """A node, and a pod by its node, an address of the Service; a port of another node that node alone."""
    node, pod = End("host", "n1", "n1", NODE), End("pod", "a/b", "n1", "10.244.1.5", "10.244.1.5")
    outside = End("host", "other", "other", "192.0.2.2")
    shared: dict[str, Any] = {"ports": (80,), "backends": ("10.244.1.7:8080",), "at_node": True}
    external = End("service", "shop/web", "", "203.0.113.9", nodes=(NODE,), **shared)
    node_port = End("service", "shop/web", "n1", NODE, **shared)
    wanted = Wanted("tcp", 80)
    told = [bool(planned(one, external, wanted).arguments.get("at_target")) for one in (node, pod, outside)]
    assert told == [False, False, True]
    assert all(planned(one, node_port, wanted).arguments["at_target"] for one in (node, pod, outside))


# ------------------------------------------------------------------ endpoints


def trace(received: int, *found: Branch) -> Trace:
    verdict = "arrives" if received == 20 else "some-lost"
    return Trace(
        *("a", "10.96.7.7", "tcp", 80, 20, received, verdict, "", ""),
        (),
        (),
        "a",
        "",
        (),
        (),
        (),
        False,
        (),
        (),
        found,
    )


def test_the_endpoint_that_does_not_answer_is_named() -> None:
    good, deaf = Branch("10.244.1.7", 8080, 2, 2, 0), Branch("10.244.2.9", 8080, 2, 0, 0)
    refusing = Branch("10.244.2.10", 8080, 2, 2, 2)
    assert "of 2 endpoints behind it 10.244.2.9:8080 does not answer" in sentence(trace(11, good, deaf)).en
    assert "of 2 endpoints behind it 10.244.2.10:8080 refuses" in sentence(trace(20, good, refusing)).en
    assert "each of the 1 endpoints behind it answers" in sentence(trace(0, good)).en
    assert "behind" not in sentence(trace(20, good)).en
    assert "behind" not in sentence(trace(0)).en


async def test_each_is_tried_from_here(monkeypatch: pytest.MonkeyPatch, toolbox: LiveToolbox) -> None:
    async def outcomes(_: object, tries: list[Any], pod: str) -> tuple[str, ...]:
        assert pod == "10.244.1.5"
        return tuple({"10.244.1.7": "opened", "10.244.2.9": "timeout"}.get(one.address, "refused") for one in tries)

    monkeypatch.setattr(branches, "outcomes", outcomes)
    places = [(address, 8080) for address in ("10.244.1.7", "10.244.2.9", "10.244.2.10")]
    mark = fresh_mark("tcp", 80, "10.96.7.7")
    found = await branches.tried(toolbox, "n1", mark, places, "10.244.1.5")
    assert [(one.sent, one.received, one.refused) for one in found] == [(2, 2, 0), (2, 0, 0), (2, 2, 2)]
    assert await branches.tried(toolbox, "n1", fresh_mark("icmp", 0, "10.96.7.7"), places, "") == ()

    async def none(*_: object) -> tuple[str, ...]:
        raise CommandFailed("no bash there")

    monkeypatch.setattr(branches, "outcomes", none)
    assert await branches.tried(toolbox, "n1", mark, places, "") == ()


def test_silence_by_udp_is_no_fault_of_an_endpoint_unless_another_one_answers() -> None:
    """syslog answers nobody's question; of two resolvers one is dead."""
    silent, speaks = Branch("10.244.1.7", 514, 2, 0, 0), Branch("10.244.1.8", 514, 2, 2, 0)
    quiet = replace(trace(0, silent, replace(silent, address="10.244.1.9")), protocol="udp")
    assert bad_branches(quiet) == ()
    assert bad_branches(replace(quiet, branches=(silent, speaks))) == (silent,)
    assert len(bad_branches(replace(quiet, protocol="tcp"))) == 2


@pytest.mark.parametrize(
    ("text", "address"),
    [("::ffff:10.0.0.9", "10.0.0.9"), ("FD00::09", "fd00::9"), ("10.0.0.9", "10.0.0.9"), ("web-0", "")],
)
def test_addresses_as_they_are_spelled(text: str, address: str) -> None:
    assert address_of(text) == address
