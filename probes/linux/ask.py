"""Puts a command to a connection and turns what came back into text or the right ProbeError."""

from __future__ import annotations

from collections.abc import Iterator

from base.text import clip, inert
from probes.connection import MEBIBYTE, Command, Connection
from probes.errors import AccessDenied, CommandFailed, CommandMissing, ProbeError
from probes.exchange import Reply

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_NO_SYSTEMD = "System has not been booted with systemd"
_SUDO_SAYS = ("sudo: a password is required", "sudo: sorry, you must", "is not in the sudoers file")


async def ask(
    connection: Connection,
    *argv: str,
    sudo: bool = False,
    ok: tuple[int, ...] | None = (0,),
    seconds: float = 10.0,
    alone: bool = False,
) -> str:
    """The standard output. `ok` names the exit statuses that are answers; None takes them all;
    after `seconds` the far side ends it. Raises the ProbeError that says why there is no answer."""
    return (await reply_to(connection, *argv, sudo=sudo, ok=ok, seconds=seconds, alone=alone)).stdout


async def reply_to(
    connection: Connection,
    *argv: str,
    sudo: bool = False,
    ok: tuple[int, ...] | None = (0,),
    seconds: float = 10.0,
    alone: bool = False,
    limit: int = MEBIBYTE,
) -> Reply:
    """As `ask`, with both streams and the exit status, of at most so many bytes."""
    command = Command(argv=argv, sudo=sudo, timeout=seconds, alone=alone, limit=limit)
    reply = await connection.run(command)
    error = why_no_answer(reply, command, connection.target, ok)
    if error is not None:
        raise error
    return reply


def why_no_answer(
    reply: Reply, command: Command, target: str, ok: tuple[int, ...] | None = (0,)
) -> ProbeError | None:
    """The ProbeError a reply stands for; None when it is an answer."""
    tool = command.argv[0] if command.argv else "sh"
    if reply.failure:
        kind = _KINDS.get(reply.failure, ProbeError)
        return kind(reply.message or f"{target}: `{tool}`: {reply.failure}", hint=reply.hint)
    if reply.status in (_NOT_FOUND, _NOT_EXECUTABLE):
        return CommandMissing(f"{target}: `{tool}` is not there", hint=f"install the package that has `{tool}`")
    if command.sudo and any(words in reply.stderr for words in _SUDO_SAYS):
        return AccessDenied(
            f"{target}: sudo wants a password for `{tool}`", hint="allow it without one, or log in as root"
        )
    if reply.status == 1 and _NO_SYSTEMD in reply.stderr:
        return CommandMissing(
            f"{target}: no systemd runs there", hint="its services are another init's: look by hand"
        )
    if ok is not None and reply.status not in ok:
        said = clip(inert((reply.stderr or reply.stdout).strip()), 200)
        return CommandFailed(f"{target}: `{clip(command.text, 100)}` said {reply.status}: {said}")
    return None


def _kinds(kind: type[ProbeError]) -> Iterator[type[ProbeError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


_KINDS = {kind.reason: kind for kind in _kinds(ProbeError)}
