"""One exec on the far side: hears its two streams and turns them into a reply for each command."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable, Sequence
from typing import Protocol

from probes.connection import Command
from probes.errors import AccessDenied, HostUnreachable, ProbeError
from probes.exchange import Reply
from probes.runner import (
    Far,
    Frames,
    Marker,
    far_from,
    judged,
    limits_itself,
    new_nonce,
    script,
    timed_out,
    too_long,
)

GRACE = 1.5
"""Seconds a command that is timed on the far side has past its limit before the whole exec is ended from here."""


class Channel(Protocol):
    """A running exec."""

    async def close(self) -> None:
        """Ends it on the far side too."""
        ...


class Shell(Protocol):
    """A way to run the runner's script somewhere."""

    async def ready(self) -> None:
        """Logs in if need be; ProbeError when there is no way in. Nothing has been run then."""
        ...

    async def start(self, execution: Execution) -> Channel:
        """Starts the script; ProbeError when it cannot."""
        ...

    def doubt(self) -> None:
        """The far side said nothing at all within a time limit: do not trust the link any more."""
        ...

    async def close(self) -> None: ...


class _Part:
    """Output of one command as it comes."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.output = (bytearray(), bytearray())
        self._decoders = [codecs.getincrementaldecoder("utf-8")("replace") for _ in range(2)]
        self.heard_at: float | None = None
        self.uptime = 0.0
        self.ended = [False, False]

    def add(self, stream: int, data: bytes) -> bool:
        """False when that was more than its limit."""
        room = self.command.limit - len(self.output[stream])
        self.output[stream].extend(data[:room])
        if self.command.on_output and (text := self._decoders[stream].decode(data[:room])):
            self.command.on_output(text)
        return len(data) <= room

    def reply(self, status: int | None, seconds: float) -> Reply:
        stdout, stderr = (bytes(output).decode("utf-8", "replace") for output in self.output)
        return Reply(status, stdout, stderr, round(seconds, 3))


class Execution:
    """Used once. `over` is done when there is nothing more to hear; `replies` then holds what was settled."""

    def __init__(
        self, commands: Sequence[Command], far: Far, on_reply: Callable[[int, Reply], None] = lambda *_: None
    ) -> None:
        nonce = new_nonce()
        self.script = script(commands, nonce, far)
        self.far = far
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.replies: list[Reply | None] = [None] * len(commands)
        self._on_reply = on_reply
        self.noise = b""
        self.heard = False
        self.left_out = False
        """It was ended because of one command; those without a reply have not been run to their end."""
        self._parts = [_Part(command) for command in commands]
        self._current: list[int | None] = [None, None]
        self._frames = [self._frames_of(nonce, stream) for stream in range(2)]
        self._timer: asyncio.TimerHandle | None = None
        self._begun = self._now()

    @property
    def complete(self) -> bool:
        """Every command came to its end, so the script does too."""
        return not self.left_out and all(reply and reply.status is not None for reply in self.replies)

    def started(self) -> None:
        """The script is on its way: the first command's time runs."""
        self._begun = self._now()
        self._limit(0)

    def received(self, stream: int, data: bytes) -> None:
        """0 is stdout, 1 is stderr. A bug in an asker's `on_output` is the asker's to see."""
        if self.over.done():
            return
        try:
            self._frames[stream].feed(data)
        except ProbeError as forged:
            self.ended(forged)
        except Exception as bug:
            self._finish(bug)

    def ended(self, error: ProbeError | None = None) -> None:
        """The far side will say nothing more. Commands without an end are unreachable, never a success."""
        if self.over.done():
            return
        error = error or self._ended_early()
        for index, part in enumerate(self._parts):
            if self.replies[index] is None:
                self._settle(index, failed(error, part.reply(None, self._elapsed(part))))
        self._finish()

    def _ended_early(self) -> ProbeError:
        if self.heard:
            return HostUnreachable("the connection was lost before the command's end", hint="look again")
        said = self.noise.decode("utf-8", "replace").strip()
        return AccessDenied(
            f"the login runs no commands: {said[-300:] or 'it ended at once'}",
            hint="check the login's shell, ForceCommand and ~/.bashrc",
        )

    def _frames_of(self, nonce: str, stream: int) -> Frames:
        return Frames(nonce, lambda data: self._data(stream, data), lambda marker: self._marker(stream, marker))

    def _data(self, stream: int, data: bytes) -> None:
        current = self._current[stream]
        if current is None:
            self.noise = (self.noise + data)[-2000:] if not self.heard else self.noise
        elif not self._parts[current].add(stream, data) and not self.over.done():
            part = self._parts[current]
            self._end_because_of(current, too_long(part.command, part.reply(None, self._elapsed(part))))

    def _marker(self, stream: int, marker: Marker) -> None:
        self.heard = True
        if marker.word == "p":
            self.far = far_from(marker)
        elif not (marker.word.isdigit() and int(marker.word) < len(self._parts)):
            return
        elif marker.value == "-":
            self._begin(stream, int(marker.word), marker.uptime)
        elif marker.value.isdigit():
            self._end(stream, int(marker.word), marker)

    def _begin(self, stream: int, index: int, uptime: float) -> None:
        self._current[stream] = index
        part = self._parts[index]
        part.uptime = uptime
        if part.heard_at is None:
            part.heard_at = self._now()
            self._limit(index)

    def _end(self, stream: int, index: int, marker: Marker) -> None:
        self._current[stream] = None
        part = self._parts[index]
        part.ended[stream] = True
        if all(part.ended) and self.replies[index] is None:
            seconds = marker.uptime - part.uptime if marker.uptime else self._elapsed(part)
            self._settle(index, judged(part.command, part.reply(int(marker.value), max(seconds, 0.0))))
        if all(self.replies):
            self._finish()

    def _limit(self, index: int) -> None:
        if self._timer:
            self._timer.cancel()
        command = self._parts[index].command
        seconds = command.timeout + (GRACE if limits_itself(command) else 0)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._too_late, index)

    def _too_late(self, index: int) -> None:
        if self.over.done():
            return
        part = self._parts[index]
        self._end_because_of(index, timed_out(part.command, part.reply(None, self._elapsed(part))))

    def _end_because_of(self, index: int, reply: Reply) -> None:
        self.left_out = True
        self._settle(index, reply)
        self._finish()

    def _settle(self, index: int, reply: Reply) -> None:
        self.replies[index] = reply
        self._on_reply(index, reply)

    def _elapsed(self, part: _Part) -> float:
        return self._now() - (self._begun if part.heard_at is None else part.heard_at)

    def _finish(self, bug: Exception | None = None) -> None:
        if self._timer:
            self._timer.cancel()
        if self.over.done():
            return
        if bug:
            self.over.set_exception(bug)
        else:
            self.over.set_result(None)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def failed(error: ProbeError, reply: Reply | None = None) -> Reply:
    """The reply of a command that could not be run, or not to its end."""
    kept = reply or Reply(None)
    return Reply(None, kept.stdout, kept.stderr, kept.seconds, error.reason, error.message, error.hint)
