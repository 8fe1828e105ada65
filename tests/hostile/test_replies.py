"""Whatever a machine answers, a probe yields facts or says why it could not look. Nothing else comes of it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import cycle
from pathlib import Path

import pytest

from probes.exchange import Exchange, Reply, from_json
from probes.probe import PROBES, Evidence, observe
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from tests.hostile.asking import valid_call
from tests.hostile.strings import ALL, INVALID_UTF8, SHORT

RECORDINGS = Path(__file__).parents[1] / "probes" / "recordings"
HOSTS = ("master", "openstack-host", "kubernetes-host", "controller", "compute-2-host")
SITE = Site("recorded", tuple(Host(name, ("192.168.100.1",) if name == "openstack-host" else ()) for name in HOSTS))
BYTES = tuple(data.decode("utf-8", "replace") for data in INVALID_UTF8)
AS_TEXTS = {
    "ip -j addr": "ip-addr",
    "ip -j -s -d link": "ip-link",
    "ip -j neigh": "ip-neigh",
    "ip -j route show": "ip-route",
    "ip -j rule": "ip-rule",
    "ip -j route get": "ip-route-get",
    "iptables-save": "iptables-save",
    "iptables-legacy-save": "iptables-legacy-save",
    "nft": "nft-openstack.json",
    "cat /proc/net/snmp": "counters",
    "grep -Hs": "sysctls",
    "systemctl show": "systemctl-show-sshd",
    "ss ": "ss-listening",
    "ssh-keyscan": "ssh-keyscan",
    "ping": "ping-port-unreachable",
    "traceroute": "traceroute",
    "tracepath": "tracepath",
    "timeout": "tcpdump",
}


@cache
def usual(text: str) -> str:
    """What a machine of the lab says to it."""
    for start, name in AS_TEXTS.items():
        if text.startswith(start):
            return (RECORDINGS / f"{name}.txt").read_text()
    return ""


class Answering(ReplayToolbox):
    """A replay in which every reply is made by a function of the question."""

    def __init__(self, answer: Callable[[str], Reply], exchanges: Iterable[Exchange] = ()) -> None:
        super().__init__(SITE, exchanges)
        self._answer = answer

    def _reply(self, target: str, text: str) -> Reply:
        return self._answer(text)


async def observed(name: str, answer: Callable[[str], Reply]) -> Evidence:
    async with Answering(answer) as toolbox:
        return await observe(valid_call(name, "master", "controller", "192.168.100.101"), toolbox, "e1")


def is_an_answer(evidence: Evidence) -> None:
    assert (evidence.facts is None) != (evidence.failure is None)
    if evidence.facts is not None:
        assert isinstance(evidence.facts, PROBES[evidence.probe].facts)
    else:
        assert evidence.failure is not None
        assert evidence.failure.reason
        assert evidence.failure.message
        assert len(evidence.failure.message) < 20_000


def the_probes() -> list[str]:
    return sorted(PROBES)


@pytest.mark.parametrize("name", the_probes())
async def test_hostile_from_beginning_to_end(name: str) -> None:
    for status in (0, 1):
        for text in (*ALL, *BYTES):
            is_an_answer(await observed(name, lambda _, text=text, status=status: Reply(status, text, text)))


def words_replaced(text: str, by: str, seed: int) -> str:
    """One word of it is another; JSON stays JSON."""
    chance = random.Random(seed)
    words = list(re.finditer(r"[^\s\"{}\[\]:,]+", text))
    if not words:
        return by
    word = chance.choice(words)
    quoted = json.dumps(by)[1:-1] if text.lstrip().startswith(("[", "{")) else by
    return text[: word.start()] + quoted + text[word.end() :]


def in_one_place(place: int, by: str) -> Callable[[str], Reply]:
    return lambda question: Reply(0, words_replaced(usual(question), by, place))


@pytest.mark.parametrize("name", the_probes())
async def test_hostile_in_one_place_of_a_good_answer(name: str) -> None:
    for place, text in enumerate(SHORT):
        is_an_answer(await observed(name, in_one_place(place, text)))


OF_JSON = (
    "null",
    "{}",
    "[]",
    "[[]]",
    "[{}]",
    "[null]",
    "0",
    '""',
    "[1]",
    '[{"": null}]',
    "1e999",
    "NaN",
    "-Infinity",
)
NUMBERS = (
    "-1",
    "1e999",
    "NaN",
    "9" * 4000,
    "9" * 5000,
    "0x10",
    "²",
    "١",
    "1_0",
    "+1",
    "00",
    "18446744073709551616",
)


@pytest.mark.parametrize("name", the_probes())
async def test_json_of_another_shape(name: str) -> None:
    for text in (*OF_JSON, "[" * 5000, "[" * 100_000, '{"a":' * 5000, *(f'[{{"mtu": {one}}}]' for one in NUMBERS)):
        is_an_answer(await observed(name, lambda _, text=text: Reply(0, text)))


def other_values(data: object, chance: random.Random, others: Iterable[object]) -> object:
    """The same JSON with some of its values of another type."""
    if isinstance(data, dict):
        return {key: other_values(value, chance, others) for key, value in data.items() if chance.random() > 0.05}
    if isinstance(data, list):
        return [other_values(value, chance, others) for value in data]
    return next(iter(others)) if chance.random() < 0.1 else data


@pytest.mark.parametrize("name", the_probes())
async def test_values_of_another_type(name: str) -> None:
    kinds = cycle((None, -1, 1.5, 10**30, True, "", "x", [], {}, [None], {"a": 1}, "\x00", "10.0.0.0/33", "::/0"))
    for seed in range(150):
        chance = random.Random(seed)

        def answer(question: str, chance: random.Random = chance) -> Reply:
            text = usual(question)
            if not text.startswith(("[", "{")):
                return Reply(0, words_replaced(text, chance.choice(NUMBERS), chance.randrange(10**6)))
            return Reply(0, json.dumps(other_values(json.loads(text), chance, kinds)))

        is_an_answer(await observed(name, answer))


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda path: path.stem)
async def test_recordings_whose_replies_were_replaced(path: Path) -> None:
    from tests.probes.path_calls import CALLS
    from tests.probes.test_path_replayed import SITE as RECORDED

    call = next(one for one in CALLS if one.name == path.stem)
    held = [from_json(json.loads(line)) for line in path.read_text().splitlines()]
    for place, text in enumerate(SHORT):
        at = place % len(held)
        reply = replace(held[at].reply, stdout=words_replaced(held[at].reply.stdout, text, place))
        changed = [*held[:at], replace(held[at], reply=reply), *held[at + 1 :]]
        async with ReplayToolbox(RECORDED, changed) as toolbox:
            wanted = valid_call(call.probe, call.host, "controller", "192.168.100.101", **call.arguments)
            is_an_answer(await observe(wanted, toolbox, "e1"))


async def test_failures_and_messages_from_outside_stay_failures() -> None:
    for text in SHORT:
        evidence = await observed(
            "linux.routes", lambda _, text=text: Reply(None, "", "", 0.0, "denied", text, text)
        )
        assert evidence.failure is not None
        assert evidence.failure.reason == "denied"
