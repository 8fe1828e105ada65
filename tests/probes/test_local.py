"""The operator's own shell and consoles: real processes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest

import probes.all
from probes.batch import BatchedConnection
from probes.connection import Command
from probes.local import LocalShell
from probes.probe import checked_call, observe
from probes.site import Site
from probes.toolbox import LiveToolbox

assert probes.all


@pytest.fixture
async def shell() -> AsyncIterator[BatchedConnection]:
    connection = BatchedConnection("operator", LocalShell("operator"))
    yield connection
    await connection.close()


async def test_output_status_and_both_streams(shell: BatchedConnection) -> None:
    reply = await shell.run(Command(("sh", "-c", "printf 'a\\377b'; echo e >&2; exit 3")))
    assert (reply.status, reply.stdout, reply.stderr, reply.failure) == (3, "a\ufffdb", "e\n", "")


async def test_stdin_is_empty(shell: BatchedConnection) -> None:
    assert (await shell.run(Command(("cat",), timeout=2))).status == 0


async def test_locale_and_path(shell: BatchedConnection) -> None:
    reply = await shell.run(Command(("sh", "-c", 'echo "$LC_ALL $PATH"')))
    assert reply.stdout.startswith("C ")
    assert "/usr/sbin" in reply.stdout


async def test_a_time_limit_does_not_hold_up_the_rest(shell: BatchedConnection) -> None:
    slow, quick = await asyncio.gather(
        shell.run(Command(("sleep", "30"), timeout=0.5)), shell.run(Command(("echo", "here")))
    )
    assert (slow.failure, slow.status) == ("timeout", None)
    assert quick.stdout == "here\n"


async def test_a_flood_is_cut_and_ended_and_the_rest_still_runs(shell: BatchedConnection) -> None:
    flood, other = await asyncio.gather(
        shell.run(Command(("sh", "-c", "while :; do echo flood; done"), limit=1000)),
        shell.run(Command(("echo", "here"))),
    )
    assert (flood.failure, len(flood.stdout)) == ("too-long", 1000)
    assert other.stdout == "here\n"


async def test_pieces_come_as_they_are_printed(shell: BatchedConnection) -> None:
    pieces: list[tuple[str, float]] = []
    text = "printf one; sleep 1; printf two"
    reply = await shell.run(Command(script=text, on_output=lambda piece: pieces.append((piece, time.monotonic()))))
    assert reply.stdout == "onetwo"
    assert [piece for piece, _ in pieces] == ["one", "two"]
    assert pieces[1][1] - pieces[0][1] > 0.3  # not both at the end


async def test_a_script_is_run_byte_for_byte(shell: BatchedConnection) -> None:
    text = "x='a  b'\necho \"$x\" | tr a-z A-Z # it's a comment\nexit 7"
    reply = await shell.run(Command(script=text, sudo=True))
    assert (reply.stdout, reply.status) == ("A  B\n", 7)


async def test_cancel_ends_children_and_grandchildren(shell: BatchedConnection) -> None:
    pids: asyncio.Queue[int] = asyncio.Queue()
    command = Command(script="sleep 321 & echo $!; wait", on_output=lambda text: pids.put_nowait(int(text)))
    task = asyncio.create_task(shell.run(command))
    pid = await asyncio.wait_for(pids.get(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(pid)


async def test_close_ends_what_runs() -> None:
    shell = BatchedConnection("operator", LocalShell("operator"))
    pids: asyncio.Queue[int] = asyncio.Queue()
    command = Command(script="echo $$; exec sleep 321", on_output=lambda text: pids.put_nowait(int(text)))
    task = asyncio.create_task(shell.run(command))
    pid = await asyncio.wait_for(pids.get(), 5)
    await shell.close()
    assert (await task).failure == "unreachable"
    assert await gone(pid)


async def test_a_background_child_that_keeps_the_pipes_holds_nobody_up(shell: BatchedConnection) -> None:
    begun = time.monotonic()
    reply = await shell.run(Command(script="sleep 60 & echo started"))
    assert reply.stdout == "started\n"
    assert time.monotonic() - begun < 30


async def test_a_console_that_is_a_shell() -> None:
    console = BatchedConnection("console:x", LocalShell("x", ("env", "INSIDE=yes", "/bin/sh"), console=True))
    reply = await console.run(Command(("sh", "-c", "echo $INSIDE")))
    await console.close()
    assert reply.stdout == "yes\n"


async def test_a_console_that_is_not_there() -> None:
    console = BatchedConnection("console:x", LocalShell("x", ("/nonexistent/console",), console=True))
    reply = await console.run(Command(("true",)))
    assert (reply.failure, reply.status) == ("unreachable", None)
    assert "console" in reply.hint


async def gone(pid: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_children_that_are_ended_early_leave_no_word_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio waits for each child in a thread. On a busy machine that comes late, and whoever takes the exit
    status before it makes it complain on the operator's screen."""
    wait, end = os.waitpid, os.killpg

    def late(process: int, options: int) -> tuple[int, int]:
        time.sleep(0.8)
        return wait(process, options)

    def busy(group: int, number: int) -> None:
        end(group, number)
        time.sleep(0.1)  # it is gone before anything else happens here

    monkeypatch.setattr(os, "waitpid", late)
    monkeypatch.setattr(os, "killpg", busy)
    connection = BatchedConnection("operator", LocalShell("operator"))
    task = asyncio.create_task(connection.run(Command(script="sleep 30", alone=True)))
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await connection.close()
    await asyncio.sleep(1)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


async def test_a_host_that_the_site_has_not_is_a_look_that_failed() -> None:
    """A cloud names its hypervisors, and not all of them need be in the site: what was seen before stays."""
    async with LiveToolbox(Site("test")) as box:
        evidence = await observe(checked_call("linux.clock", "compute", {}), box, "e1")
    assert evidence.failure is not None
    assert (evidence.facts, evidence.failure.reason) == (None, "no-such-host")
