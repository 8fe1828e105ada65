"""A host that hangs, floods, lies and forges: said as "could not look", in time, in little memory, nothing left."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh
import pytest
from asyncssh.channel import SSHServerChannel

from base.text import inert
from probes.connection import Command
from probes.exchange import Reply
from probes.reach import parse_reach
from probes.site import Host, Site
from probes.toolbox import LiveToolbox
from tests.hostile.counting import memory_within, nothing_left
from tests.hostile.strings import HOSTILE, INVALID_UTF8, acting
from tests.probes.ssh_server import SshServer

Process = asyncssh.SSHServerProcess[bytes]
Behaviour = Callable[[Process], Awaitable[None]]
ASK = Command(("echo", "x"), timeout=1.0)
PATIENCE = 15.0
_release: dict[str, asyncio.Event] = {}


class Sshd(SshServer):
    """A server whose execs do what a test wants of them."""

    behaviour: Behaviour

    async def _run(self, process: Process) -> None:
        with suppress(asyncssh.Error, OSError):
            await self.behaviour(process)


@asynccontextmanager
async def hostile(folder: Path, behaviour: Behaviour) -> AsyncIterator[LiveToolbox]:
    async with nothing_left():
        release = _release["now"] = asyncio.Event()
        server = Sshd(folder)
        server.behaviour = behaviour
        await server.start()
        try:
            async with LiveToolbox(server.site("one")) as toolbox:
                yield toolbox
        finally:
            release.set()
            await server.stop()


async def asked(toolbox: LiveToolbox, command: Command = ASK) -> Reply:
    begun = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        reply = await toolbox.connection("host:one").run(command)
    assert time.monotonic() - begun < PATIENCE
    assert not acting(inert(reply.message), "\n\t")
    return reply


# ------------------------------------------------------------------ before there is a login


Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def only_a_banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await reader.read()


async def half_a_banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-Open")
    await reader.read()


async def half_a_packet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n" + b"\x00\x00\x03\xfc\x0a\x14" + b"\x00" * 30)
    await reader.read()


async def a_huge_packet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\xff\xff\xff\xff")
    await flood(writer)


async def no_end_of_banners(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"welcome \x1b]0;owned\x07\r\n" * 100)
        await writer.drain()


async def a_banner_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await flood(writer, b"x" * 65536)


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"SSH-2.0-slow" * 1000:
        writer.write(bytes((byte,)))
        with suppress(TimeoutError):
            if not await asyncio.wait_for(reader.read(4096), 0.2):
                return


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def speaks_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>")
    writer.close()


async def flood(writer: asyncio.StreamWriter, block: bytes = b"\x00" * 65536) -> None:
    for _ in range(1 << 14):  # a gibibyte
        if writer.is_closing():
            return
        writer.write(block)
        await writer.drain()


@asynccontextmanager
async def raw(folder: Path, behaviour: Raw) -> AsyncIterator[LiveToolbox]:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await behaviour(reader, writer)
        writer.close()

    async with nothing_left():
        server = await asyncio.start_server(served, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = folder / "config"
        config.write_text(f"Host *\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile {folder}/known\n")
        try:
            async with LiveToolbox(Site("test", (Host("one"),), (config,))) as toolbox:
                yield toolbox
        finally:
            server.close()


STAGES: tuple[Raw, ...] = (
    says_nothing,
    only_a_banner,
    half_a_banner,
    half_a_packet,
    a_huge_packet,
    no_end_of_banners,
    a_banner_without_end,
    drips,
    closes_at_once,
    speaks_http,
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, sooner."""
    monkeypatch.setattr("probes.ssh.BANNER", 1.0)
    monkeypatch.setattr("probes.ssh.LOGIN", 1.5)
    monkeypatch.setattr("probes.ssh.OPENING", 1.0)
    monkeypatch.setattr("probes.ssh_handshake.BANNER_SECONDS", 1.0)
    monkeypatch.setattr("probes.ssh_handshake.LOGIN_SECONDS", 1.0)
    monkeypatch.setattr("probes.ssh_handshake.KEY_SECONDS", 1.0)
    monkeypatch.setattr("probes.ssh_look.ALL_SECONDS", 5.0)
    monkeypatch.setattr("probes.ssh_look.SUDO_SECONDS", 1.5)


@pytest.mark.parametrize("behaviour", STAGES, ids=lambda one: one.__name__)
async def test_no_way_in(tmp_path: Path, behaviour: Raw) -> None:
    async with raw(tmp_path, behaviour) as toolbox, memory_within(100):
        reply = await asked(toolbox)
        assert (reply.failure, reply.status) == ("unreachable", None)
        async with asyncio.timeout(PATIENCE):
            reach = parse_reach((await toolbox.reach("one")).stdout)
        assert reach.stopped_at in ("banner", "key")
        assert len(reach.error) <= 300
        assert not acting(reach.error + reach.banner)


@pytest.mark.parametrize("category", ["ansi", "bidi", "control", "markup", "surrogate"])
async def test_hostile_banners_and_messages(tmp_path: Path, category: str) -> None:
    texts = iter(HOSTILE[category] * 2)

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        text = next(texts).encode("utf-8", "surrogatepass")[:200].replace(b"\n", b" ")
        writer.write(b"SSH-2.0-" + text + b"\r\n")
        writer.close()

    async with raw(tmp_path, behaviour) as toolbox:
        for _ in range(20):
            toolbox.forget("one")
            reach = parse_reach((await toolbox.reach("one")).stdout)
            assert reach.stopped_at in ("banner", "key")
            assert not acting(reach.error + reach.banner)


# ------------------------------------------------------------------ at the login and at the channel


async def never(*_: object) -> None:
    """Hangs until the test is over."""
    await _release["now"].wait()


async def test_a_login_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def begin_auth(self: object, username: str) -> bool:
        await never()
        return True

    monkeypatch.setattr("tests.probes.ssh_server._Server.begin_auth", begin_auth, raising=False)
    async with hostile(tmp_path, never) as toolbox:
        reply = await asked(toolbox)
        assert reply.failure == "unreachable"
        assert parse_reach((await toolbox.reach("one")).stdout).stopped_at == "login"


async def test_a_channel_that_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncssh.channel.SSHServerChannel._finish_open_request", never)
    async with hostile(tmp_path, never) as toolbox:
        assert (await asked(toolbox)).failure == "timeout"
        assert parse_reach((await toolbox.reach("one")).stdout).stopped_at == "sudo"


async def test_a_command_that_is_never_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SSHServerChannel, "_process_exec_request", lambda self, packet: None)
    async with hostile(tmp_path, never) as toolbox:
        assert (await asked(toolbox)).failure == "timeout"
        assert parse_reach((await toolbox.reach("one")).stdout).stopped_at == "sudo"


async def test_a_command_that_says_nothing(tmp_path: Path) -> None:
    async with hostile(tmp_path, never) as toolbox:
        assert (await asked(toolbox)).failure == "timeout"


async def test_a_login_that_closes_at_once(tmp_path: Path) -> None:
    async def behaviour(process: Process) -> None:
        process.exit(0)

    async with hostile(tmp_path, behaviour) as toolbox:
        assert (await asked(toolbox)).failure == "denied"


# ------------------------------------------------------------------ floods


async def send_for_ever(process: Process, block: bytes) -> None:
    """A gibibyte, or what is taken of it."""
    for _ in range((1 << 30) // len(block)):
        if process.is_closing():
            return
        process.stdout.write(block)
        await process.stdout.drain()


async def nonce_of(process: Process) -> str:
    """What the far side can read in its script."""
    script = b""
    while (found := re.search(rb"\bN=(\x1e[0-9a-f]{24})", script)) is None:
        more = await process.stdin.read(4096)
        assert more
        script += more
    return found[1].decode()


def marks(nonce: str, *marks: str) -> bytes:
    return "".join(f"{nonce} {mark}\n" for mark in marks).encode()


BLOCKS = (b"x" * 65536, b"line of noise\n" * 4096, b"\x00" * 65536, INVALID_UTF8[-1] * 256)


@pytest.mark.parametrize("block", BLOCKS, ids=["no line end", "lines", "zeros", "no text"])
@pytest.mark.parametrize("marked", [False, True], ids=["before the answer", "in the answer"])
async def test_a_gibibyte(tmp_path: Path, block: bytes, marked: bool) -> None:
    async def behaviour(process: Process) -> None:
        nonce = await nonce_of(process)
        if marked:
            process.stdout.write(marks(nonce, "p root:yes 1.0", "0 - 1.0"))
            process.stderr.write(marks(nonce, "p root:yes 1.0", "0 - 1.0"))
        await send_for_ever(process, block)

    async with hostile(tmp_path, behaviour) as toolbox, memory_within(100):
        reply = await asked(toolbox)
        assert reply.failure == ("too-long" if marked else "timeout")
        assert len(reply.stdout) <= ASK.limit


async def test_a_gibibyte_where_the_shell_is_looked_at(tmp_path: Path) -> None:
    async def behaviour(process: Process) -> None:
        await send_for_ever(process, BLOCKS[0])

    async with hostile(tmp_path, behaviour) as toolbox, memory_within(100):
        async with asyncio.timeout(PATIENCE):
            reach = parse_reach((await toolbox.reach("one")).stdout)
        assert reach.stopped_at == "sudo"
        assert len(reach.error) <= 300


# ------------------------------------------------------------------ lies


async def exchange(tmp_path: Path, said: Callable[[str], bytes], *, status: int = 0) -> Reply:
    """The reply to a far side that says this on both streams and goes."""

    async def behaviour(process: Process) -> None:
        nonce = await nonce_of(process)
        process.stdout.write(said(nonce))
        process.stderr.write(said(nonce))
        await process.stdout.drain()
        process.exit(status)

    async with hostile(tmp_path, behaviour) as toolbox, memory_within(100):
        return await asked(toolbox)


async def test_closed_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    reply = await exchange(tmp_path, lambda nonce: marks(nonce, "p root:yes 1.0", "0 - 1.0") + b"half")
    assert (reply.failure, reply.status, reply.stdout) == ("unreachable", None, "half")


@pytest.mark.parametrize("status", [0, 1, 255, 2**31])
async def test_an_exit_status_of_the_channel_is_not_the_commands(tmp_path: Path, status: int) -> None:
    reply = await exchange(tmp_path, lambda nonce: marks(nonce, "p root:yes 1.0", "0 - 1.0"), status=status)
    assert (reply.failure, reply.status) == ("unreachable", None)


FORGED = (
    "0 0 1.0",
    "0 - nan",
    "0 - -1e400",
    "0 -",
    "0",
    "",
    "1 0 1.0",
    "99999999999999999999 0 1.0",
    "-1 0 1.0",
    "² 0 1.0",
    "0 99999999999999999999 inf",
    "p x:y:z nan",
    "p",
    "\x1b[2J \x1b]52;c;x\x07 9",
    "0 -\x00 1",
)


@pytest.mark.parametrize("mark", FORGED)
async def test_wrong_marks(tmp_path: Path, mark: str) -> None:
    reply = await exchange(tmp_path, lambda nonce: marks(nonce, mark, "0 - 1", mark, mark) + b"x")
    assert reply.failure or reply.status is not None
    assert 0 <= reply.seconds < 100


async def test_marks_of_somebody_else(tmp_path: Path) -> None:
    reply = await exchange(tmp_path, lambda nonce: marks("0" * 24, "p root:yes 1", "0 - 1", "0 0 1"))
    assert reply.failure == "denied"


@pytest.mark.parametrize("tail", [b"0 " + b"9" * 6000 + b" 1\n", b"x" * 200, b"\x00" * (1 << 20)])
async def test_a_mark_without_end(tmp_path: Path, tail: bytes) -> None:
    reply = await exchange(tmp_path, lambda nonce: nonce.encode() + b" " + tail)
    assert reply.failure == "unreadable"


async def test_a_mark_without_end_of_a_gibibyte(tmp_path: Path) -> None:
    async def behaviour(process: Process) -> None:
        process.stdout.write((await nonce_of(process)).encode() + b" ")
        await send_for_ever(process, BLOCKS[0])

    async with hostile(tmp_path, behaviour) as toolbox, memory_within(100):
        assert (await asked(toolbox)).failure == "unreadable"


async def test_many_hosts_and_questions_leave_nothing(tmp_path: Path) -> None:
    async with hostile(tmp_path, never) as toolbox:
        connection = toolbox.connection("host:one")
        asking = [asyncio.create_task(connection.run(Command(("echo", str(n)), timeout=0.5))) for n in range(40)]
        await asyncio.sleep(0.3)
        for task in asking[::2]:
            task.cancel()
        done = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), PATIENCE)
        replies = [one for one in done if isinstance(one, Reply)]
        assert {one.failure for one in replies} == {"timeout"}
