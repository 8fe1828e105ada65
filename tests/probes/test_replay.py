"""A recording answers as the live toolbox did."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import probes.all
from probes.connection import Command
from probes.exchange import LOOK, Exchange, Reply, Request, from_json, to_json
from probes.probe import checked_call, observe
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from probes.toolbox import LiveToolbox

assert probes.all

SITE = Site("test", (Host("a", ("10.0.0.1",)), Host("b"), Host("c")))
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def exchange(target: str, text: str, reply: str | Reply, phase: int = 0, second: int = 0) -> Exchange:
    full = reply if isinstance(reply, Reply) else Reply(0, reply)
    return Exchange(Request(target, text), full, BEGUN + timedelta(seconds=second), phase)


async def ask(toolbox: ReplayToolbox, *argv: str, target: str = "host:a") -> Reply:
    return await toolbox.connection(target).run(Command(argv))


async def test_replies_come_in_their_order_and_the_last_one_again() -> None:
    toolbox = ReplayToolbox(SITE, [exchange("host:a", "date", "2", second=2), exchange("host:a", "date", "1")])
    assert [(await ask(toolbox, "date")).stdout for _ in range(4)] == ["1", "2", "2", "2"]


async def test_a_target_answers_for_itself_alone() -> None:
    toolbox = ReplayToolbox(SITE, [exchange("host:a", "date", "a"), exchange("operator", "date", "mine")])
    assert (await ask(toolbox, "date", target="operator")).stdout == "mine"
    assert (await ask(toolbox, "date", target="host:b")).failure == "not-recorded"


async def test_what_was_not_asked_then_is_no_answer_now() -> None:
    reply = await ask(ReplayToolbox(SITE, []), "date")
    assert (reply.status, reply.failure) == (None, "not-recorded")
    assert reply.hint


async def test_phases_are_not_mixed() -> None:
    recording = [exchange("host:a", "ping", "dead"), exchange("host:a", "ping", "alive", phase=1)]
    toolbox = ReplayToolbox(SITE, recording)
    before = [(await ask(toolbox, "ping")).stdout for _ in range(3)]
    toolbox.changing()
    after = (await ask(toolbox, "ping")).stdout
    assert (before, after) == (["dead"] * 3, "alive")


async def test_looks_that_read_the_same_counters_at_once_hear_their_own_again() -> None:
    recording = [
        replace(exchange("host:a", "counters", text, second=second), look=look)
        for second, (look, text) in enumerate([("one", "1"), ("two", "2"), ("two", "4"), ("one", "9")])
    ]
    toolbox = ReplayToolbox(SITE, [from_json(to_json(one)) for one in recording])

    async def look(name: str) -> list[str]:
        LOOK.set(name)
        return [(await ask(toolbox, "counters")).stdout for _ in range(2)]

    one = asyncio.create_task(look("one"))
    assert (await one, await asyncio.create_task(look("two"))) == (["1", "9"], ["2", "4"])
    assert await asyncio.create_task(look("of nobody who was there")) == ["1", "2"]


async def test_a_live_look_says_who_asked() -> None:
    heard: list[Exchange] = []
    async with LiveToolbox(Site("here"), heard.append) as live:
        seen = await observe(checked_call("linux.load", "operator", {}), live, "e1")
    assert seen.failure is None
    assert {one.look for one in heard} == {"linux.load operator"}


async def test_a_phase_without_an_answer_has_that_of_the_latest_before_it() -> None:
    recording = [
        exchange("host:a", "id", "old"),
        exchange("host:a", "id", "newer", 1),
        exchange("host:a", "id", "x", 3),
    ]
    toolbox = ReplayToolbox(SITE, recording)
    toolbox.changing()
    toolbox.changing()
    assert (await ask(toolbox, "id")).stdout == "newer"


async def test_nothing_of_a_later_phase_is_said_early() -> None:
    toolbox = ReplayToolbox(SITE, [exchange("host:a", "ping", "alive", phase=1)])
    assert (await ask(toolbox, "ping")).failure == "not-recorded"


async def test_at_full_speed_it_takes_no_time_and_at_half_it_takes_half() -> None:
    recording = [exchange("host:a", "ping", Reply(0, "one\ntwo\n", seconds=4.0))]
    begun = time.monotonic()
    await ask(ReplayToolbox(SITE, recording), "ping")
    at_once = time.monotonic() - begun
    await ask(ReplayToolbox(SITE, recording, speed=0.5), "ping")
    half = time.monotonic() - begun - at_once
    assert at_once < 1
    assert 1.9 < half < 3.9


async def test_output_streams_in_lines() -> None:
    pieces: list[str] = []
    toolbox = ReplayToolbox(SITE, [exchange("host:a", "ping x", Reply(1, "one\ntwo\n", "no\n", 0.1))], speed=1)
    reply = await toolbox.connection("host:a").run(Command(("ping", "x"), on_output=pieces.append))
    assert pieces == ["one\n", "two\n", "no\n"]
    assert reply.status == 1


async def test_reach_is_replayed_too() -> None:
    toolbox = ReplayToolbox(SITE, [exchange("host:b", "reach", '{"host": "b"}')])
    assert (await toolbox.reach("b")).stdout == '{"host": "b"}'
    assert (await toolbox.reach("c")).failure == "not-recorded"


def addresses(*values: str) -> str:
    return '[{"addr_info": [' + ", ".join(f'{{"local": "{value}"}}' for value in values) + "]}]"


def held(replies: Sequence[tuple[str, str]]) -> ReplayToolbox:
    return ReplayToolbox(SITE, [exchange(f"host:{name}", "ip -j addr", reply) for name, reply in replies])


async def test_who_holds_an_address_is_known_from_the_site_or_from_the_hosts() -> None:
    toolbox = held([("b", addresses("127.0.0.1", "10.0.0.2", "fe80::1", "fd00::2")), ("c", addresses("10.0.0.3"))])
    asked = ["10.0.0.1", "10.0.0.2", "fd00:0::2", "10.0.0.3", "10.0.0.4"]
    assert [await toolbox.host_of(address) for address in asked] == ["a", "b", "b", "c", ""]
    assert await toolbox.addresses_of("b") == ("10.0.0.2", "fd00::2")
    assert await toolbox.addresses_of("a") == ()


async def test_what_every_host_has_identifies_none() -> None:
    toolbox = held([("b", addresses("127.0.0.1", "fe80::1", "169.254.1.1", "0.0.0.0"))])
    asked = ["127.0.0.1", "::1", "fe80::1", "169.254.1.1", "0.0.0.0", "no address", ""]
    assert [await toolbox.host_of(address) for address in asked] == [""] * 7


async def test_an_address_two_hosts_hold_identifies_neither() -> None:
    toolbox = held([("b", addresses("192.168.122.1")), ("c", addresses("192.168.122.1"))])
    assert await toolbox.host_of("192.168.122.1") == ""


async def test_a_host_that_says_nonsense_holds_nothing() -> None:
    toolbox = held([("b", "{]"), ("c", '[{"addr_info": [3]}]')])
    assert await toolbox.host_of("10.0.0.2") == ""


async def test_addresses_may_change_with_a_phase() -> None:
    recording = [
        exchange("host:b", "ip -j addr", addresses("10.0.0.2")),
        exchange("host:c", "ip -j addr", addresses("10.0.0.2"), phase=1),
        exchange("host:b", "ip -j addr", addresses("10.0.0.9"), phase=1),
    ]
    toolbox = ReplayToolbox(SITE, recording)
    assert await toolbox.host_of("10.0.0.2") == "b"
    toolbox.changing()
    assert await toolbox.host_of("10.0.0.2") == "c"


async def test_what_is_recorded_live_replays_the_same() -> None:
    heard: list[Exchange] = []
    commands = [Command(("echo", "x")), Command(("sh", "-c", "echo no >&2; exit 3")), Command(("no-such-program",))]
    async with LiveToolbox(SITE, heard.append) as live:
        said = await asyncio.gather(*(live.connection("operator").run(command) for command in commands))
    replay = ReplayToolbox(SITE, heard).connection("operator")
    assert [await replay.run(command) for command in commands] == said


async def test_a_capture_listens_before_it_hears_anything() -> None:
    pieces: list[str] = []
    said = "tcpdump: data link type LINUX_SLL2\ntcpdump: listening on any\n0 packets dropped by kernel\n"
    toolbox = ReplayToolbox(SITE, [exchange("host:a", "tcpdump", Reply(0, "one\ntwo\n", said))])
    await toolbox.connection("host:a").run(Command(("tcpdump",), on_output=pieces.append))
    assert pieces[:2] == ["tcpdump: listening on any\n", "one\n"]
    assert sorted(pieces) == sorted([*said.splitlines(keepends=True), "one\n", "two\n"])
