"""Commands for one target that are wanted at the same moment travel in one exec."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from base.tasks import end_all
from probes.connection import Command
from probes.errors import HostUnreachable, ProbeError, ProbeTimeout
from probes.exchange import Reply
from probes.execution import Execution, Shell, failed
from probes.runner import Far, Power

CHANNELS = 8
"""Execs at once on one connection; sshd allows 10 by default."""
_MOMENT = 3
"""Turns of the event loop that count as the same moment."""


@dataclass(slots=True, eq=False)
class _Wanted:
    command: Command
    answer: asyncio.Future[Reply]
    askers: int = 0


@dataclass(slots=True, eq=False)
class _Batch:
    """Commands that travel together. It takes more of them until it leaves."""

    wanted: list[_Wanted] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    def want(self, command: Command) -> _Wanted:
        """The same command wanted twice is asked once."""
        wanted = next((one for one in self.wanted if one.command == command), None)
        if wanted is None:
            wanted = _Wanted(command, asyncio.get_running_loop().create_future())
            self.wanted.append(wanted)
        wanted.askers += 1
        return wanted

    def leave(self, wanted: _Wanted) -> bool:
        """One asker is gone; with the last one of all the far side is told to stop."""
        wanted.askers -= 1
        abandoned = not any(one.askers for one in self.wanted)
        if self.task and abandoned:
            self.task.cancel()
        return abandoned


class BatchedConnection:
    """A Connection over a Shell."""

    def __init__(self, target: str, shell: Shell, channels: int = CHANNELS) -> None:
        self.target = target
        self._shell = shell
        self._far = Far()
        self._gathering: _Batch | None = None
        self._slots = asyncio.Semaphore(channels)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def run(self, command: Command) -> Reply:
        if self._closed:
            return failed(self._leaving())
        batch = self._batch_for(command)
        wanted = batch.want(command)
        try:
            return await asyncio.shield(wanted.answer)
        except asyncio.CancelledError:
            if batch.leave(wanted):
                self._depart(batch)
            raise

    async def close(self) -> None:
        """Ends everything that runs, here and there."""
        self._closed = True
        tasks = list(self._tasks)
        await end_all(tasks)
        await self._shell.close()

    def _batch_for(self, command: Command) -> _Batch:
        if command.alone or command.on_output or command.script:
            return self._new_batch()
        if self._gathering is None:
            self._gathering = self._new_batch()
        return self._gathering

    def _new_batch(self) -> _Batch:
        batch = _Batch()
        batch.task = asyncio.get_running_loop().create_task(self._travel(batch))
        self._tasks.add(batch.task)
        batch.task.add_done_callback(self._tasks.discard)
        return batch

    async def _travel(self, batch: _Batch) -> None:
        """Waits for the moment's end, the login and a free channel; what is wanted by then travels."""
        try:
            for _ in range(_MOMENT):
                await asyncio.sleep(0)
            await self._shell.ready()
            async with self._slots:
                self._depart(batch)
                await self._run([wanted for wanted in batch.wanted if wanted.askers])
        except ProbeError as error:
            _answer_all(batch.wanted, failed(error))
        except asyncio.CancelledError:
            _answer_all(batch.wanted, failed(self._leaving()))
            raise
        except Exception as bug:  # no swallowing: it is raised where the answer is waited for
            for wanted in batch.wanted:
                if not wanted.answer.done():
                    wanted.answer.set_exception(bug)
        finally:
            self._depart(batch)

    def _depart(self, batch: _Batch) -> None:
        if self._gathering is batch:
            self._gathering = None

    async def _run(self, wanted: list[_Wanted]) -> None:
        """One exec after another until all are answered: a command that had to be ended takes its exec along,
        and those behind it travel again."""
        while wanted:
            execution = await self._exec(wanted)
            self._learn(execution.far)
            if execution.left_out and not execution.heard:
                self._shell.doubt()
                raise ProbeTimeout(f"{self.target}: the shell said nothing within the time limit")
            wanted = [one for one in wanted if one.askers and not one.answer.done()]

    async def _exec(self, wanted: list[_Wanted]) -> Execution:
        def answer(index: int, reply: Reply) -> None:
            _answer_all([wanted[index]], reply)

        execution = Execution([one.command for one in wanted], self._far, answer)
        channel = await self._shell.start(execution)
        try:
            await execution.over
        finally:
            await channel.close()
        return execution

    def _learn(self, far: Far) -> None:
        power = self._far.power if far.power is Power.UNKNOWN else far.power
        self._far = Far(power, far.limits or self._far.limits)

    def _leaving(self) -> HostUnreachable:
        return HostUnreachable(f"{self.target}: asked while deadhop was leaving")


def _answer_all(wanted: list[_Wanted], reply: Reply) -> None:
    for one in wanted:
        if not one.answer.done():
            one.answer.set_result(reply)
