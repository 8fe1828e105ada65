"""What travels together, and what one command does to the others."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from probes.batch import BatchedConnection
from probes.connection import Command
from probes.errors import HostUnreachable
from probes.execution import Execution
from probes.local import LocalShell


class Counting(LocalShell):
    """The local shell, noting each exec's script."""

    def __init__(self) -> None:
        super().__init__("operator")
        self.scripts: list[bytes] = []
        self.running = self.most = 0
        self.doubts = 0
        self.refuse = False

    async def ready(self) -> None:
        if self.refuse:
            raise HostUnreachable("no way in", hint="look again")

    async def start(self, execution: Execution) -> "Noted":  # type: ignore[override]
        self.scripts.append(execution.script)
        self.running += 1
        self.most = max(self.most, self.running)
        return Noted(self, await super().start(execution))

    def doubt(self) -> None:
        self.doubts += 1


class Noted:
    def __init__(self, shell: Counting, channel: object) -> None:
        self._shell, self._channel = shell, channel

    async def close(self) -> None:
        await self._channel.close()  # type: ignore[attr-defined]
        self._shell.running -= 1


@pytest.fixture
def shell() -> Counting:
    return Counting()


@pytest.fixture
async def connection(shell: Counting) -> AsyncIterator[BatchedConnection]:
    connection = BatchedConnection("operator", shell)
    yield connection
    await connection.close()


def echo(word: str) -> Command:
    return Command(("echo", word))


async def test_what_is_wanted_at_one_moment_travels_together(
    shell: Counting, connection: BatchedConnection
) -> None:
    replies = await asyncio.gather(*(connection.run(echo(str(n))) for n in range(6)))
    assert [reply.stdout for reply in replies] == [f"{n}\n" for n in range(6)]
    assert len(shell.scripts) == 1


async def test_the_same_command_is_asked_once(shell: Counting, connection: BatchedConnection) -> None:
    unique = Command(("cat", "/proc/sys/kernel/random/uuid"))
    first, second = await asyncio.gather(connection.run(unique), connection.run(unique))
    third = await connection.run(unique)
    assert first == second
    assert third.stdout != first.stdout


async def test_the_same_words_with_another_limit_are_another_command(connection: BatchedConnection) -> None:
    short, long = await asyncio.gather(
        connection.run(Command(("echo", "abcdef"), limit=3)), connection.run(Command(("echo", "abcdef")))
    )
    assert (short.stdout, long.stdout) == ("abc", "abcdef\n")


async def test_long_ones_travel_alone(shell: Counting, connection: BatchedConnection) -> None:
    await asyncio.gather(connection.run(echo("a")), connection.run(Command(("sleep", "0"), alone=True)))
    assert len(shell.scripts) == 2


async def test_at_most_eight_at_once(shell: Counting, connection: BatchedConnection) -> None:
    await asyncio.gather(*(connection.run(Command(("sleep", f"0.2{n:02}"), alone=True)) for n in range(20)))
    assert shell.most == 8


async def test_one_who_leaves_takes_nothing_from_the_others(connection: BatchedConnection) -> None:
    leaving = asyncio.create_task(connection.run(Command(("sleep", "0.3"))))
    staying = asyncio.create_task(connection.run(echo("still here")))
    await asyncio.sleep(0.1)
    leaving.cancel()
    assert (await staying).stdout == "still here\n"


async def test_who_comes_after_all_have_left_is_served(connection: BatchedConnection) -> None:
    leaving = asyncio.create_task(connection.run(echo("a")))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    assert (await connection.run(echo("b"))).stdout == "b\n"


async def test_no_way_in_is_everybodys_answer(shell: Counting, connection: BatchedConnection) -> None:
    shell.refuse = True
    replies = await asyncio.gather(*(connection.run(echo(str(n))) for n in range(3)))
    assert {(reply.failure, reply.message, reply.hint) for reply in replies} == {
        ("unreachable", "no way in", "look again")
    }
    shell.refuse = False
    assert (await connection.run(echo("again"))).stdout == "again\n"


async def test_a_shell_that_ends_early_is_never_a_success(connection: BatchedConnection) -> None:
    first, second, third = await asyncio.gather(
        connection.run(echo("one")),
        connection.run(Command(("sh", "-c", "kill -9 0"))),
        connection.run(echo("three")),
    )
    assert first.stdout == "one\n"
    assert {(reply.status, reply.failure) for reply in (second, third)} == {(None, "unreachable")}


async def test_an_asker_that_raises_is_a_bug_that_shows(connection: BatchedConnection) -> None:
    def broken(text: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await connection.run(Command(("echo", "x"), on_output=broken))


async def test_after_close_nothing_runs(shell: Counting) -> None:
    connection = BatchedConnection("operator", shell)
    await connection.close()
    assert (await connection.run(echo("late"))).failure == "unreachable"
    assert shell.scripts == []
