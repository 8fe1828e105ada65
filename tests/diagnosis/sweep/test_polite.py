"""A sweep is nobody's emergency."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from diagnosis.sweep.polite import Pace, is_busy
from diagnosis.sweep.slots import Slots
from probes.connection import Command
from probes.errors import UnreadableOutput
from probes.linux.facts import Load
from probes.linux.load import parse_cores, parse_load
from probes.probe import Evidence
from probes.runner import Far, new_nonce, script


async def test_a_burst_goes_at_once_and_then_there_is_a_pace() -> None:
    loop, pace = asyncio.get_running_loop(), Pace(pace=50, burst=10)
    for _ in range(10):
        with pytest.raises(StopIteration):  # it is through without a wait
            pace.turn().send(None)
    begun = loop.time()
    for _ in range(20):
        await pace.turn()
    assert loop.time() - begun >= 0.35


async def test_many_who_wait_at_once_keep_the_pace() -> None:
    loop, pace = asyncio.get_running_loop(), Pace(pace=100, burst=1)
    begun = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(30)))
    assert loop.time() - begun >= 0.28


def ran(*commands: Command) -> str:
    return script(commands, new_nonce(), Far()).decode()


def test_gentle_commands_run_with_low_priority_and_others_never() -> None:
    gentle, other = Command(("uptime",), gentle=True), Command(("id",))
    assert "renice -n 10 -p $$" in ran(gentle)
    assert "ionice" in ran(gentle, gentle)
    assert "nice" not in ran(other)
    assert "nice" not in ran(gentle, other)


def test_what_is_shown_does_not_change() -> None:
    assert Command(("uptime",), gentle=True).text == Command(("uptime",)).text


@pytest.mark.parametrize(
    ("load", "cores", "busy"), [(8.1, 2, True), (8.0, 2, False), (3.9, 1, False), (5.0, 0, True)]
)
def test_a_host_is_busy_above_four_for_each_core(load: float, cores: int, busy: bool) -> None:
    facts = Load("web1", load, cores)
    assert is_busy(Evidence("e1", "linux.load", "host:web1", {}, facts, None, (), datetime.now(UTC), 0.1)) is busy


def test_load_is_read_or_refused() -> None:
    assert (parse_load("0.42 0.30 0.20 2/512 999\n"), parse_cores("16\n")) == (0.42, 16)
    for wrong in ("", "cat: no such file", "-1 0 0"):
        with pytest.raises(UnreadableOutput):
            parse_load(wrong)
    with pytest.raises(UnreadableOutput):
        parse_cores("nproc: not found")


async def test_who_waits_for_a_place_that_turns_out_to_be_busy_goes_in_one_by_one() -> None:
    slots, inside, most = Slots(8), 0, []

    async def go() -> None:
        nonlocal inside
        async with slots:
            inside += 1
            most.append(inside)
            await asyncio.sleep(0)
            slots.narrow(1)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(go() for _ in range(40)))
    assert (len(most), max(most[:8]), max(most[8:])) == (40, 8, 1)


async def test_one_that_gives_up_waiting_takes_no_place() -> None:
    slots = Slots(1)
    async with slots:
        waiting = [asyncio.create_task(slots.__aenter__()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    waiting[1].cancel()  # its turn has just come
    async with asyncio.timeout(30):
        await waiting[2]
    assert waiting[1].cancelled()
