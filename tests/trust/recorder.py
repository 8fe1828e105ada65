"""An sshd that runs nothing: it keeps every script it is sent, and answers each command with a status."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import asyncssh

from tests.probes.ssh_server import SshServer

_NONCE = re.compile(rb"^N=(\S+) T=", re.MULTILINE)
_COMMAND = re.compile(r"^m (\d+) -\n(.*?)\nm \1 \$\?$", re.MULTILINE | re.DOTALL)

Answer = Callable[[str], tuple[int, str]]
"""Command as the machine would see it → status and output."""


class RecordingServer(SshServer):
    """`scripts`: what arrived on stdin, byte for byte; `ran`: the text behind each `sh -c`, in order."""

    def prepare(self, answer: Answer) -> None:
        self.answer = answer
        self.scripts: list[bytes] = []
        self.ran: list[str] = []

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        size = int(re.findall(r"head -c (\d+)", process.command or "")[0])
        script = await process.stdin.readexactly(size)
        self.scripts.append(script)
        nonce = _NONCE.findall(script)[0].decode()
        marks = f"{nonce} p all:yes 1\n"
        for number, line in _COMMAND.findall(script.decode()):
            status, output = self.answer(self._heard(line))
            process.stdout.write(f"{marks}{nonce} {number} - 1\n{output}{nonce} {number} {status} 1\n".encode())
            process.stderr.write(f"{marks}{nonce} {number} - 1\n{nonce} {number} {status} 1\n".encode())
            marks = ""
        process.exit(0)

    def _heard(self, line: str) -> str:
        """What a shell there makes of the line: the text of `sh -c`, or the words of a plain command."""
        words = shlex.split(line)
        if words[2:4] == ["sh", "-c"] and len(words) == 5:
            self.ran.append(words[4])
            return words[4]
        return shlex.join(words[1:] if words[0] == "command" else words[2:])
