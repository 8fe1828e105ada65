"""An interrupt at any moment: over long before the work would be, the journal readable, no traceback.

Deadlines are generous, for a busy machine starts slowly; what is interrupted would take far longer."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from deadhop import running
from deadhop.main import _interrupt
from journal.store import read
from tests.deadhop.desk import Desk

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
STARTED = 0.15
"""Seconds the interpreter itself takes to come to our first line; before it, signals are its own affair."""
SOON = 20.0
"""Seconds. The commands below that do not obey would run for 29 and more."""
STUBBORN = """
import asyncio, os, sys
from deadhop import main, running

async def work():
    print("working", flush=True)
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            print("refused", flush=True)

running.before_end(lambda: os.write(1, b"given back\\n"))
main.main = lambda argv: running.run(work())
main.entry()
"""
"""A command that will not let go."""


REMOVING = """
import asyncio
from base.unfinished import unfinished
from deadhop import main, running

async def work():
    with unfinished():
        try:
            print("working", flush=True)
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(LONG)
            print("removed", flush=True)

main.main = lambda argv: running.run(work())
main.entry()
"""
"""A command with something to remove first; that takes longer than others are given."""


TELLING = """
import asyncio, sys, time
from deadhop import main, running

async def work():
    try:
        print("working", flush=True)
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        with running.telling():
            print("half", flush=True)
            time.sleep(LONG)
            print("told", flush=True)
        await asyncio.sleep(600)

main.main = lambda argv: running.run(work())
main.entry()
"""
"""A command that says what it knows by then, and then does not let go."""


WRAPPED = """
import os, signal
from deadhop import main

class Field:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)

def importing(argv):
    try:
        class Bearer:
            token = Field()
    except KeyboardInterrupt as error:  # as it is from CPython 3.12 on
        raise RuntimeError("what was being imported is not whole") from error

main.main = importing
main.entry()
"""
"""A class that is being made when the interrupt comes."""


def interrupted(desk: Desk, words: tuple[str, ...], after: float, number: signal.Signals) -> tuple[int, str]:
    process = subprocess.Popen(
        desk.command(*words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=desk.environment,
        cwd=desk.home,
    )
    time.sleep(after)
    process.send_signal(number)
    _, said = process.communicate(timeout=SOON)
    return process.returncode, said.decode()


def journals(desk: Desk) -> list[Path]:
    return list((desk.home / "state" / "sessions").glob("*.jsonl"))


@pytest.mark.parametrize("number", SIGNALS)
def test_a_walk_at_random_moments(desk: Desk, number: signal.Signals) -> None:
    chance = random.Random(number)
    for _ in range(4):
        after = chance.uniform(STARTED, 1.2)
        code, said = interrupted(desk, desk.marked, after, number)
        # Before Python has run a line of ours the signal itself ends it; a shell says 130 for that as well.
        assert code in (130, 1, -number, -signal.SIGINT), (after, said)  # -2 is 130 to a shell
        assert "Traceback" not in said
    for path in journals(desk):
        assert read(path).damage == ()


@pytest.mark.parametrize("number", SIGNALS)
def test_what_does_not_let_go_is_ended(desk: Desk, number: signal.Signals) -> None:
    """In this order: cancelled, refused, what must be done before the end, the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=desk.environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"
    process.send_signal(number)
    rest, said = process.communicate(timeout=SOON)
    assert (process.returncode, rest) == (130, b"refused\ngiven back\n"), said.decode()


def _removing(long: float, script: str = REMOVING) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", script.replace("LONG", str(long))]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"
    process.send_signal(signal.SIGINT)
    return process


def test_what_was_made_for_a_look_is_removed_first() -> None:
    process = _removing(3 * running.GRACE)
    rest, said = process.communicate(timeout=SOON)
    assert (process.returncode, rest) == (130, b"removed\n"), said.decode()


def test_who_interrupts_twice_does_not_wait() -> None:
    process = _removing(600)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=SOON)
    assert (process.returncode, rest) == (130, b""), said.decode()


def test_what_is_being_said_is_said_to_its_end() -> None:
    process = _removing(3 * running.GRACE, TELLING)
    rest, said = process.communicate(timeout=SOON)
    assert (process.returncode, rest) == (130, b"half\ntold\n"), said.decode()


def test_who_interrupts_twice_does_not_wait_for_the_rest_of_it() -> None:
    process = _removing(600, TELLING)
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=SOON)
    assert (process.returncode, rest) == (130, b""), said.decode()


def test_in_the_middle_of_an_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deadhop.running", ModuleType("deadhop.running"))
    with pytest.raises(KeyboardInterrupt):
        _interrupt(signal.SIGINT, None)


def test_one_that_an_import_turned_into_another_error() -> None:
    ended = subprocess.run([sys.executable, "-c", WRAPPED], capture_output=True, timeout=SOON)
    assert (ended.returncode, ended.stderr) == (130, b"")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_fix_that_is_running(desk: Desk, number: signal.Signals) -> None:
    assert desk.diagnose().code == 1
    (path,) = journals(desk)
    words = ("fix", "latest", "--cause", "marker-was-removed", "--fix", "slow", "--yes", "--max-risk", "disruptive")
    process = subprocess.Popen(
        desk.command(*words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=desk.environment,
        cwd=desk.home,
    )
    end = time.monotonic() + 60
    while path.read_text().count('"kind":"intent"') < 2 and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=SOON)
    assert process.returncode == 130, said
    recording = read(path)
    assert recording.damage == ()
    states = [entry.data["state"] for entry in recording.entries if entry.kind == "outcome"]
    assert states == ["done", "interrupted"]
    undone = desk.run("fix", "latest", "--undo", "--yes")
    assert undone.code == 0, undone.err
    assert not desk.marker.exists()
