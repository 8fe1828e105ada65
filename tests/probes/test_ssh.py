"""SSH against a real server in this process, whose execs are real shells."""

import asyncio
import contextlib
import importlib
import inspect
import os
import pkgutil
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

from base.errors import UsageError
from probes.connection import Command
from probes.errors import ProbeError
from probes.exchange import Exchange
from probes.patience import hurrying
from probes.ssh import BANNER
from probes.ssh_errors import KINDS, as_probe_error
from probes.toolbox import LiveToolbox
from tests.probes.ssh_server import SshServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SshServer]:
    server = SshServer(tmp_path)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def toolbox(server: SshServer) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(server.site("one", "two")) as toolbox:
        yield toolbox


def echo(word: str) -> Command:
    return Command(("echo", word))


# ------------------------------------------------------------------ logins


async def test_one_login_for_all_that_ask(server: SshServer, toolbox: LiveToolbox) -> None:
    replies = await asyncio.gather(
        *(toolbox.connection("host:one").run(Command(("echo", str(n)), alone=n % 2 == 0)) for n in range(20))
    )
    assert [reply.stdout for reply in replies] == [f"{n}\n" for n in range(20)]
    assert server.logins == 1
    assert server.open_most <= 8


async def test_many_commands_one_exec(server: SshServer, toolbox: LiveToolbox) -> None:
    await asyncio.gather(*(toolbox.connection("host:one").run(echo(str(n))) for n in range(6)))
    assert len(server.execs) == 1


async def test_noise_of_the_login_is_nobodys_output(server: SshServer, toolbox: LiveToolbox) -> None:
    server.noise = b"Welcome!\n\x1b[31mlast login ...\x1b[0m without an end"
    reply = await toolbox.connection("host:one").run(echo("clean"))
    assert (reply.stdout, reply.stderr) == ("clean\n", "")


async def test_a_login_that_runs_no_commands(server: SshServer, toolbox: LiveToolbox) -> None:
    server.login_shell = (
        "/bin/sh",
        "-c",
        "echo This account is currently not available.; timeout 0.3 cat >/dev/null; exit 1",
    )
    reply = await toolbox.connection("host:one").run(echo("x"))
    assert reply.failure == "denied"
    assert "not available" in reply.message


@pytest.mark.parametrize("strict", ["yes", "no", "accept-new"])
async def test_an_unknown_key_is_refused_whatever_the_configuration_says(server: SshServer, strict: str) -> None:
    server.know(None)
    server.configure(before=f"StrictHostKeyChecking {strict}")
    async with LiveToolbox(server.site("one")) as toolbox:
        reply = await toolbox.connection("host:one").run(echo("x"))
    assert (reply.failure, reply.status, server.execs) == ("host-key", None, [])
    assert reply.hint


async def test_without_any_known_hosts_file_the_key_is_refused(server: SshServer) -> None:
    server.configure(before="UserKnownHostsFile none\nGlobalKnownHostsFile none")
    async with LiveToolbox(server.site("one")) as toolbox:
        assert (await toolbox.connection("host:one").run(echo("x"))).failure == "host-key"


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_a_changed_key_is_refused(server: SshServer, toolbox: LiveToolbox, kind: str) -> None:
    server.know(asyncssh.generate_private_key(kind))
    reply = await toolbox.connection("host:one").run(echo("x"))
    assert (reply.failure, server.execs) == ("host-key", [])


async def test_a_refused_login(server: SshServer, toolbox: LiveToolbox, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    other.write_private_key(tmp_path / "client")
    other.write_public_key(tmp_path / "client.pub")
    reply = await toolbox.connection("host:one").run(echo("x"))
    assert reply.failure == "denied"
    assert "IdentityFile" in reply.hint


async def test_an_unreadable_key(server: SshServer, toolbox: LiveToolbox, tmp_path: Path) -> None:
    (tmp_path / "client").write_text("this is no key\n")
    assert (await toolbox.connection("host:one").run(echo("x"))).failure == "denied"


async def test_a_closed_port(server: SshServer, toolbox: LiveToolbox) -> None:
    await server.stop()
    reply = await toolbox.connection("host:one").run(echo("x"))
    assert reply.failure == "unreachable"
    assert "refused" in reply.message.lower()


async def test_a_name_that_does_not_resolve(server: SshServer) -> None:
    server.configure(before="Host one\n  HostName no-such-host.invalid")
    async with LiveToolbox(server.site("one")) as toolbox:
        assert (await toolbox.connection("host:one").run(echo("x"))).failure == "unreachable"


async def test_a_hanging_host_costs_its_time_limit_once(server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.ssh.BANNER", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # accepts and says nothing, as a stopped sshd does
        server.configure(before=f"Host one\n  Port {frozen.getsockname()[1]}")
        async with LiveToolbox(server.site("one", "two")) as toolbox:
            replies = await asyncio.gather(*(toolbox.connection("host:one").run(echo(str(n))) for n in range(3)))
            again = await toolbox.connection("host:one").run(echo("again"))
            other = await toolbox.connection("host:two").run(echo("fine"))
        assert connections(frozen) == 1
    assert {reply.failure for reply in [*replies, again]} == {"unreachable"}
    assert other.stdout == "fine\n"


async def test_who_is_in_a_hurry_goes_on_without_a_hanging_host_and_others_wait(
    server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.ssh.BANNER", 5)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        server.configure(before=f"Host one\n  Port {frozen.getsockname()[1]}")
        async with LiveToolbox(server.site("one", "two")) as toolbox:
            patient = asyncio.create_task(toolbox.connection("host:one").run(echo("patient")))
            with hurrying(0.1):
                assert (await toolbox.connection("host:two").run(echo("fine"))).stdout == "fine\n"
                hurried = await toolbox.connection("host:one").run(echo("x"))
                assert await toolbox.addresses_of("one") == ()
            assert "others were quicker" in hurried.message
            assert not patient.done()
            assert "says nothing within" in (await patient).message
            assert "says nothing within" in (await toolbox.connection("host:one").run(echo("later"))).message


async def test_the_first_login_of_all_is_waited_for(server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every login is slow none is slower than the others."""
    monkeypatch.setattr("probes.ssh.BANNER", 0.8)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        server.configure(before=f"Host one\n  Port {frozen.getsockname()[1]}")
        async with LiveToolbox(server.site("one")) as toolbox:
            with hurrying(0.1):
                assert "says nothing within" in (await toolbox.connection("host:one").run(echo("x"))).message


async def test_the_console_of_a_hanging_host_is_asked_sooner_by_who_is_in_a_hurry(
    server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.toolbox.CONSOLE_AFTER", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        server.configure(before=f"Host one\n  Port {frozen.getsockname()[1]}")
        async with LiveToolbox(server.site("one", "two", console=("/bin/sh",))) as toolbox:
            with hurrying():
                assert (await toolbox.connection("host:two").run(echo("fine"))).stdout == "fine\n"
                begun = time.monotonic()
                over = await toolbox.connection("host:one").run(echo("x"))
            assert (over.stdout, over.failure) == ("x\n", "")
            assert over.message.startswith("via console")
            assert time.monotonic() - begun < BANNER


async def test_a_failure_is_remembered_until_it_is_forgotten(server: SshServer, toolbox: LiveToolbox) -> None:
    server.know(None)
    assert (await toolbox.connection("host:one").run(echo("x"))).failure == "host-key"
    server.know(server.key)
    assert (await toolbox.connection("host:one").run(echo("x"))).failure == "host-key"
    toolbox.forget("one")
    assert (await toolbox.connection("host:one").run(echo("x"))).stdout == "x\n"


async def test_after_a_change_failures_are_forgotten(server: SshServer, toolbox: LiveToolbox) -> None:
    server.know(None)
    assert (await toolbox.connection("host:one").run(echo("x"))).failure == "host-key"
    toolbox.changing()
    assert (await toolbox.connection("host:one").run(echo("x"))).failure == "host-key"
    server.know(server.key)
    assert (await toolbox.connection("operator").run(Command(script="true", changes=True))).status == 0
    assert (await toolbox.connection("host:one").run(echo("x"))).stdout == "x\n"


async def test_a_fix_asks_a_hanging_host_once_before_it_changes_it(
    server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.ssh.BANNER", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        server.configure(before=f"Host one\n  Port {frozen.getsockname()[1]}")
        async with LiveToolbox(server.site("one", console=("/bin/sh",))) as toolbox:
            for word in "abcd":
                reply = await toolbox.connection("host:one").run(Command(script=f"echo {word}"))
                assert (reply.stdout, reply.message[:11]) == (f"{word}\n", "via console")
            assert connections(frozen) == 1
            await toolbox.connection("console:one").run(Command(script="true", changes=True))
            await toolbox.connection("host:one").run(echo("tried anew"))
            assert connections(frozen) == 1


# ------------------------------------------------------------------ jumps


JUMPS = "Host inner\n  ProxyJump middle\nHost middle\n  ProxyJump outer\nHost outer\n  ProxyJump none\n"


async def test_jumps_share_their_logins(server: SshServer) -> None:
    server.configure(before=JUMPS)
    async with LiveToolbox(server.site("outer", "middle", "inner")) as toolbox:
        replies = await asyncio.gather(
            *(toolbox.connection(f"host:{name}").run(echo(name)) for name in ("inner", "middle", "outer"))
        )
        assert [reply.stdout for reply in replies] == ["inner\n", "middle\n", "outer\n"]
        assert server.logins == 3


async def test_a_list_of_jumps_with_user_and_port(server: SshServer) -> None:
    server.configure(before=f"Host inner\n  ProxyJump outer,root@127.0.0.1:{server.port}")
    async with LiveToolbox(server.site("inner")) as toolbox:
        assert (await toolbox.connection("host:inner").run(echo("x"))).stdout == "x\n"
    assert server.logins == 3


async def test_a_jump_host_that_a_pattern_sends_through_itself(server: SshServer) -> None:
    server.configure(before="Host *\n  ProxyJump outer")
    async with LiveToolbox(server.site("outer", "inner")) as toolbox:
        assert (await toolbox.connection("host:inner").run(echo("x"))).stdout == "x\n"


async def test_a_broken_jump_is_named(server: SshServer) -> None:
    server.configure(before="Host inner\n  ProxyJump outer\nHost outer\n  Port 1\n  ProxyJump none")
    async with LiveToolbox(server.site("inner")) as toolbox:
        reply = await toolbox.connection("host:inner").run(echo("x"))
    assert reply.failure == "unreachable"
    assert "outer" in reply.message


async def test_jumps_in_a_circle_end(server: SshServer) -> None:
    server.configure(before="Host a\n  ProxyJump b\nHost b\n  ProxyJump c\nHost c\n  ProxyJump a")
    async with LiveToolbox(server.site("a")) as toolbox, asyncio.timeout(20):
        reply = await toolbox.connection("host:a").run(echo("x"))
    assert reply.failure


# ------------------------------------------------------------------ links that die


async def test_a_link_lost_in_the_middle_is_no_success(server: SshServer, toolbox: LiveToolbox) -> None:
    printed = asyncio.Event()
    command = Command(script="echo half; sleep 300", on_output=lambda _: printed.set())
    task = asyncio.create_task(toolbox.connection("host:one").run(command))
    await asyncio.wait_for(printed.wait(), 10)
    server.connections[0].abort()
    reply = await task
    assert (reply.failure, reply.status, reply.stdout) == ("unreachable", None, "half\n")


async def test_a_link_lost_meanwhile_is_made_again(server: SshServer, toolbox: LiveToolbox) -> None:
    connection = toolbox.connection("host:one")
    assert (await connection.run(echo("a"))).stdout == "a\n"
    server.connections[0].abort()
    assert (await connection.run(echo("b"))).stdout == "b\n"
    assert server.logins == 2


async def test_cancel_ends_the_remote_command(server: SshServer, toolbox: LiveToolbox) -> None:
    pids: asyncio.Queue[int] = asyncio.Queue()
    command = Command(script="sleep 321 & echo $!; wait", on_output=lambda text: pids.put_nowait(int(text)))
    task = asyncio.create_task(toolbox.connection("host:one").run(command))
    pid = await asyncio.wait_for(pids.get(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(pid)
    assert (await toolbox.connection("host:one").run(echo("alive"))).stdout == "alive\n"


async def test_a_command_over_its_time_limit_is_ended(server: SshServer, toolbox: LiveToolbox) -> None:
    reply = await toolbox.connection("host:one").run(Command(script="echo $$; exec sleep 321", timeout=0.5))
    assert reply.failure == "timeout"
    assert await gone(int(reply.stdout))


async def test_a_login_shell_that_hangs_costs_one_time_limit(server: SshServer, toolbox: LiveToolbox) -> None:
    server.login_shell = ("/bin/sh", "-c", "sleep 30")
    begun = time.monotonic()
    replies = await asyncio.gather(
        *(toolbox.connection("host:one").run(Command(("echo", str(n)), timeout=0.3)) for n in range(4))
    )
    assert {reply.failure for reply in replies} == {"timeout"}
    assert time.monotonic() - begun < 25


async def test_close_leaves_no_connection(server: SshServer) -> None:
    toolbox = LiveToolbox(server.site("one"))
    running = asyncio.create_task(toolbox.connection("host:one").run(Command(("sleep", "300"), alone=True)))
    while not server.open_now:
        await asyncio.sleep(0.02)
    begun = time.monotonic()
    await toolbox.close()
    assert (await running).failure == "unreachable"
    assert time.monotonic() - begun < 60
    assert not asyncio.all_tasks() - {asyncio.current_task()} - server_tasks()


def server_tasks() -> set["asyncio.Task[object]"]:
    return {task for task in asyncio.all_tasks() if "SshServer" in repr(task) or "asyncssh" in repr(task)}


# ------------------------------------------------------------------ the toolbox


async def test_exchanges_are_recorded_with_their_phase(server: SshServer) -> None:
    heard: list[Exchange] = []
    async with LiveToolbox(server.site("one"), heard.append, phase=2) as toolbox:
        await toolbox.connection("host:one").run(Command(("id", "-u"), sudo=True))
        toolbox.changing()
        await toolbox.connection("operator").run(echo("x"))
    assert [(one.request.target, one.request.text, one.request.sudo, one.phase) for one in heard] == [
        ("host:one", "id -u", True, 2),
        ("operator", "echo x", False, 3),
    ]


async def test_the_console_is_used_where_ssh_fails(server: SshServer) -> None:
    server.know(None)
    async with LiveToolbox(server.site("one", console=("/bin/sh",))) as toolbox:
        over = await toolbox.connection("host:one").run(echo("x"))
        alone = await toolbox.connection("console:one").run(echo("y"))
    assert over.stdout == "x\n"
    assert over.message.startswith("via console")
    assert alone.stdout == "y\n"
    assert server.execs == []


@pytest.mark.parametrize("target", ["host:nobody", "console:one", "cloud:x", "one", ""])
async def test_unknown_targets(toolbox: LiveToolbox, target: str) -> None:
    with pytest.raises(UsageError):
        toolbox.connection(target)


# ------------------------------------------------------------------ asyncssh's exceptions


def exceptions_of_asyncssh() -> set[type[Exception]]:
    """Every exception class in every module of asyncssh that imports here."""
    found: set[type[Exception]] = set()
    for module in pkgutil.iter_modules(asyncssh.__path__):
        if "win32" in module.name or module.name == "gss_unix":  # stand behind optional packages
            continue
        loaded = importlib.import_module(f"asyncssh.{module.name}")
        for _, kind in inspect.getmembers(loaded, inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__.startswith("asyncssh"):
                found.add(kind)
    return found


def test_every_exception_of_asyncssh_has_a_meaning() -> None:
    unmapped = {kind.__name__ for kind in exceptions_of_asyncssh() if not set(kind.__mro__) & set(KINDS)}
    assert unmapped == set()


def test_a_meaning_has_words_and_a_hint() -> None:
    for kind in (asyncssh.ConnectionLost, asyncssh.PermissionDenied, asyncssh.HostKeyNotVerifiable):
        error = as_probe_error(kind("so it is"), "one")
        assert isinstance(error, ProbeError)
        assert error.message == "one: so it is"
        assert error.hint


def test_bugs_pass_through() -> None:
    with pytest.raises(ZeroDivisionError):
        as_probe_error(ZeroDivisionError(), "one")


def connections(listening: socket.socket) -> int:
    """How many came since the last time."""
    listening.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listening.accept()[0].close()
            count += 1
    return count


async def gone(pid: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        await asyncio.sleep(0.02)
    return False
