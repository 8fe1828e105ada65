"""Programs on the operator's own machine: the operator's shell, and consoles that lead into a host."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import cast

from probes.errors import HostUnreachable
from probes.execution import Execution
from probes.runner import launch, launch_in_own_session

_REAPING = 1.0
"""Seconds a child that was killed has to be waited for."""
_ENDING = 1.0
"""Seconds a child has to end by itself once its script is over."""


class LocalShell:
    """`/bin/sh` as a child in a session of its own, or a console program that behaves like `sh` inside a host."""

    def __init__(self, name: str, program: tuple[str, ...] = ("/bin/sh",), *, console: bool = False) -> None:
        self._name, self._program = name, program
        self._launch: Callable[[int], str] = launch_in_own_session if console else launch

    async def ready(self) -> None:
        """There is nothing to log in to."""

    async def start(self, execution: Execution) -> _Child:
        argv = (*self._program, "-c", self._launch(len(execution.script)))
        loop = asyncio.get_running_loop()
        try:
            _, child = await loop.subprocess_exec(lambda: _Child(execution), *argv, start_new_session=True)
        except OSError as error:
            raise HostUnreachable(
                f"{self._name}: `{self._program[0]}` cannot be started: {error.strerror}",
                hint="check `console` of the host in site.yaml",
            ) from error
        return child

    def doubt(self) -> None:
        """Each exec is a process of its own; there is no link to lose."""

    async def close(self) -> None:
        """Execs are ended by their own tasks."""


class _Child(asyncio.SubprocessProtocol):
    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        self._execution.started()
        self._stdin.write(self._execution.script)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        self._execution.received(fd - 1, cast(bytes, data))

    def process_exited(self) -> None:
        if not self._exited.done():
            self._exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """All its pipes are closed and it has ended."""
        self._execution.ended()
        if not self._gone.done():
            self._gone.set_result(None)

    async def close(self) -> None:
        """After the script's end the child goes by itself; before it, its whole group is ended."""
        try:
            if not self._execution.complete:
                self._end_group(signal.SIGTERM)
            self._stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._gone), _ENDING if self._execution.complete else 0.2)
        finally:
            await self._reaped()
            self._transport.close()

    async def _reaped(self) -> None:
        """The transport's own way to end a child may take its exit status from the thread that waits for it, which
        then complains of an "unknown child process" on the operator's screen."""
        if self._transport.get_returncode() is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._transport.get_pid(), signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._exited), _REAPING)

    def _end_group(self, number: signal.Signals) -> None:
        """What is root's in it is ended by the script itself when it sees stdin's end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._transport.get_pid(), number)
