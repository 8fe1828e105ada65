"""Tries in pods that were started for them: the script in a real shell, what it says, what keeps a pod from it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import msgspec
import pytest

from probes.cluster import shapes
from probes.cluster.look_pods import look_pod
from probes.cluster.pods_said import PodSaid, read_pods, written
from probes.cluster.standpoints import Tried
from probes.cluster.suspects import only_the_address_fails
from probes.errors import CommandMissing, UnreadableOutput
from probes.exchange import Exchange, Reply
from probes.node.dns_message import asked_name, question
from probes.node.pod_tries import command, parse_log
from probes.node.tries import Try
from probes.replay import ReplayToolbox
from probes.site import Site
from probes.toolbox import LiveToolbox
from probes.wish import Wish

NAME = "kubernetes.default.svc.cluster.local"
IN_BUSYBOX = """\
0 1 nc: can't connect to remote host (127.0.0.1): Connection refused
2 1 nc: can't connect to remote host (10.9.9.1): No route to host
3 1 nc: timed out
5 0 Server: 127.0.0.2 Address: 127.0.0.2:53 Non-authoritative answer: Name: kubernetes Address: 10.96.0.1
4 1 nslookup: write to '127.0.0.1': Connection refused ;; connection timed out; no servers could be reached
6 1 Server: 127.0.0.3 Address: 127.0.0.3:53 ** server can't find deadhop-abcde6.invalid.: NXDOMAIN
8 1 Server: 127.0.0.5 Address: 127.0.0.5:53 ** server can't find kubernetes: SERVFAIL
7 1 ;; connection timed out; no servers could be reached
9 143
1 0 open
end
"""
"""Of busybox 1.35 as Debian builds it."""


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def test_in_an_image_with_bash_the_script_tries_all_at_once(listener: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        closed = gone.getsockname()[1]
    tries = [Try("tcp", "127.0.0.1", listener), Try("tcp", "127.0.0.1", closed)]
    tries.append(Try("udp", "127.0.0.1", closed, question(NAME)))
    process = await asyncio.create_subprocess_exec(*command(tries), stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert parse_log(said.decode(), tries) == ("opened", "refused", "refused")


async def test_an_image_without_programs_says_so() -> None:
    """`sh` alone: nothing is on the PATH."""
    process = await asyncio.create_subprocess_exec(
        "/bin/bash",
        "--posix",
        *command([])[1:],
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": "/nonexistent"},
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    with pytest.raises(CommandMissing, match="no programs") as error:
        parse_log(said.decode(), [])
    assert "nslookup" in error.value.hint


def test_what_a_busybox_says() -> None:
    kinds = ["tcp"] * 4 + ["udp"] * 5 + ["udp"]
    tries = [Try(kind, "10.9.9.1", 53, question(NAME) if kind == "udp" else "") for kind in kinds]
    assert parse_log(IN_BUSYBOX, tries) == (
        *("refused", "opened", "unreachable", "timeout"),
        *("refused", "answered", "nxdomain", "timeout", "servfail"),
        "timeout",
    )


def test_a_log_without_its_end_is_no_answer() -> None:
    with pytest.raises(UnreadableOutput):
        parse_log(IN_BUSYBOX.removesuffix("end\n"), [Try("tcp", "a", 1)])


def test_the_name_of_a_question() -> None:
    assert asked_name(question(NAME)) == NAME
    assert asked_name(question("deadhop-zzzz.invalid")) == "deadhop-zzzz.invalid"
    assert asked_name("") == ""


def test_pods_are_read_each_for_itself() -> None:
    tries = [Try("tcp", "10.9.9.1", 80)]
    pods = [PodSaid("w1", "10.244.1.9", "0 0 open\nend\n"), PodSaid("w2", "", why="the pod finds no place: taint")]
    found, why = read_pods(Reply(0, written([*pods, PodSaid("w3", "10.244.3.9", "0 0 op")])), tries)
    assert [(pod.node, outcomes) for pod, outcomes in found] == [("w1", ("opened",))]
    assert why == ("w2: the pod finds no place: taint", "w3: the pod did not come to the end of its tries")
    assert read_pods(Reply(None, failure="denied", message="no"), tries) == ((), ("no",))
    with pytest.raises(UnreadableOutput):
        read_pods(Reply(0, "{"), tries)


@pytest.mark.parametrize(
    ("status", "over", "why"),
    [
        ({"phase": "Succeeded"}, True, ""),
        ({"phase": "Pending"}, False, ""),
        (
            {
                "containerStatuses": [
                    {"image": "x:1", "state": {"waiting": {"reason": "ErrImagePull", "message": "a\nb"}}}
                ]
            },
            False,
            "the image x:1 cannot be pulled (ErrImagePull): a b",
        ),
        (
            {"containerStatuses": [{"state": {"waiting": {"reason": "CreateContainerConfigError"}}}]},
            False,
            "the container cannot be started (CreateContainerConfigError): nothing more is said",
        ),
        (
            {"containerStatuses": [{"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]},
            False,
            "the container ended with 137 (OOMKilled): nothing more is said",
        ),
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "cpu"}
                ]
            },
            False,
            "the pod finds no place: cpu",
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "disk\u202e"},
            False,
            "the node did not take the pod (Evicted): disk<U+202E>",
        ),
    ],
)
def test_what_keeps_a_pod_from_its_end(status: dict[str, object], over: bool, why: str) -> None:
    body = msgspec.json.encode({"metadata": {"name": "x"}, "status": status})
    found = look_pod(msgspec.json.decode(body, type=shapes.Pod))
    assert (found.over, found.why) == (over, why)


def _tried(node: str, of: str, to: str, outcome: str) -> Tried:
    return Tried(node, "", "10.244.9.9", to, 80, of, outcome, pod_was_started=True)


def test_a_node_is_suspected_only_where_nothing_else_explains_it() -> None:
    nodes = {"10.244.1.4": "w1", "10.244.2.3": "w2"}
    lost = [_tried("w1", "service", "10.96.7.7", "timeout")] * 8
    backends = [_tried("w1", "backend", "10.244.1.4", "opened"), _tried("w1", "backend", "10.244.2.3", "opened")]
    assert only_the_address_fails("w1", [*lost, *backends], nodes)
    assert not only_the_address_fails("w2", [*lost, *backends], nodes)
    assert not only_the_address_fails(
        "w1", [*lost, _tried("w1", "service", "10.96.7.7", "opened"), *backends], nodes
    )
    assert not only_the_address_fails("w1", [*lost, *backends, _tried("w1", "backend", "x", "timeout")], nodes)
    assert not only_the_address_fails("w1", [*lost, backends[0]], nodes)  # a bridge that iptables does not see
    assert not only_the_address_fails("w1", lost, nodes)


async def test_a_replay_knows_what_the_pods_said_and_of_nobody_elses() -> None:
    wish = Wish("lab", ("w1",), (Try("tcp", "10.96.7.7", 80),))
    said = Reply(0, written([PodSaid("w1", "10.244.1.9", "0 0 open\nend\n")]))
    recorded: list[Exchange] = []
    live = LiveToolbox(Site("s"), recorded.append)
    assert live.from_pods(wish) is None  # nobody has agreed
    live.pods_said = {wish: said}.get
    assert live.from_pods(wish) == said
    await live.close()
    async with ReplayToolbox(Site("s"), recorded) as replay:
        assert replay.from_pods(wish) == said
        assert replay.from_pods(Wish("lab", ("w2",), wish.tries)) is None
