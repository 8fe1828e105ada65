"""SSH on real machines: OpenSSH's sshd, real logins, sudo, jump hosts, links cut on the way."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lab.session import Lab
from probes.connection import Command
from probes.exchange import Reply
from probes.site import Host, Site
from probes.toolbox import LiveToolbox

pytestmark = pytest.mark.lab

NAMES = ("openstack-host", "kubernetes-host", "compute-2-host", "controller", "compute", "master")
SLEEP = "sleep 43210"


@pytest.fixture
def site(lab: Lab, tmp_path: Path) -> Callable[[str], Site]:
    """The lab's hosts, with lines of the SSH configuration that win over the lab's own."""

    def make(first: str = "") -> Site:
        (tmp_path / "first").write_text(first)
        return Site("lab", tuple(map(Host, NAMES)), (tmp_path / "first", lab.ssh_config))

    return make


@pytest.fixture
async def as_ops(lab: Lab, site: Callable[[str], Site]) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(site("Host openstack-host\n  User ops\n")) as toolbox:
        yield toolbox


def running(lab: Lab, host: str, words: str = SLEEP) -> bool:
    return lab.run(host, f"pgrep -f '^({words})$'").returncode == 0


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await asyncio.to_thread(condition):
            return True
        await asyncio.sleep(0.05)
    return False


async def cancelled(lab: Lab, toolbox: LiveToolbox, command: Command) -> None:
    """Starts it, waits until it runs there, cancels it; it must not run any more after that."""
    task = asyncio.create_task(toolbox.connection("host:openstack-host").run(command))
    assert await until(lambda: running(lab, "openstack-host"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await until(lambda: not running(lab, "openstack-host"))


# ------------------------------------------------------------------ logins and channels


async def test_one_login_per_host_and_at_most_eight_channels(lab: Lab, site: Callable[[str], Site]) -> None:
    before = logins(lab, "openstack-host")
    commands = [Command(("sleep", f"1.{n}"), alone=True) for n in range(12)]
    async with LiveToolbox(site()) as toolbox:
        connection = toolbox.connection("host:openstack-host")
        tasks = [asyncio.create_task(connection.run(command)) for command in commands]
        most = 0
        while not all(task.done() for task in tasks):
            count = await asyncio.to_thread(lab.run, "openstack-host", "pgrep -cf '^sleep 1[.]'")
            most = max(most, int(count.stdout.strip() or 0))
            await asyncio.sleep(0.1)
        assert {task.result().status for task in tasks} == {0}
    assert most == 8
    assert logins(lab, "openstack-host") == before + 1


def logins(lab: Lab, host: str) -> int:
    return int(lab.run(host, "journalctl -u ssh | grep -c 'Accepted publickey'").stdout.strip() or 0)


async def test_machines_behind_jump_hosts_share_the_login_there(lab: Lab, site: Callable[[str], Site]) -> None:
    before = logins(lab, "openstack-host")
    deep = "Host master\n  HostName 192.168.100.102\n  HostKeyAlias compute\n  ProxyJump controller\n"
    async with LiveToolbox(site(deep)) as toolbox:
        replies = await asyncio.gather(
            *(
                toolbox.connection(f"host:{name}").run(Command(("hostname",)))
                for name in ("controller", "compute", "openstack-host", "master")
            )
        )
    assert [reply.stdout.strip() for reply in replies] == ["controller", "compute", "openstack-host", "compute"]
    assert logins(lab, "openstack-host") == before + 1


async def test_a_changed_host_key_is_refused(healed_lab: Lab, site: Callable[[str], Site]) -> None:
    healed_lab.break_("hostkey-changed")
    async with LiveToolbox(site("StrictHostKeyChecking no\n")) as toolbox:
        replies = await asyncio.gather(
            *(toolbox.connection(f"host:{name}").run(Command(("true",))) for name in NAMES)
        )
    assert [reply.failure for reply in replies].count("host-key") == 1
    assert {reply.failure for reply in replies} == {"", "host-key"}


# ------------------------------------------------------------------ root


async def test_sudo_without_a_password_is_used(as_ops: LiveToolbox) -> None:
    plain, root = await asyncio.gather(
        *(as_ops.connection("host:openstack-host").run(Command(("id", "-un"), sudo=sudo)) for sudo in (False, True))
    )
    assert (plain.stdout, root.stdout) == ("ops\n", "root\n")


async def test_sudo_that_wants_a_password_is_no_look(lab: Lab, site: Callable[[str], Site]) -> None:
    async with LiveToolbox(site("Host openstack-host\n  User plain\n")) as toolbox:
        reply = await toolbox.connection("host:openstack-host").run(Command(("iptables-save",), sudo=True))
    assert reply.failure == "denied"
    assert "NOPASSWD" in reply.hint


async def test_a_sudo_that_permits_one_command(healed_lab: Lab, site: Callable[[str], Site]) -> None:
    rule = "plain ALL=(root) NOPASSWD: /usr/sbin/iptables-save"
    healed_lab.run("openstack-host", f"echo '{rule}' >/etc/sudoers.d/plain; chmod 440 /etc/sudoers.d/plain")
    try:
        async with LiveToolbox(site("Host openstack-host\n  User plain\n")) as toolbox:
            connection = toolbox.connection("host:openstack-host")
            permitted, other = await asyncio.gather(
                connection.run(Command(("iptables-save",), sudo=True)), connection.run(Command(("id",), sudo=True))
            )
    finally:
        healed_lab.run("openstack-host", "rm /etc/sudoers.d/plain")
    assert (permitted.status, permitted.failure) == (0, "")
    assert "COMMIT" in permitted.stdout
    assert other.failure == "denied"


@pytest.mark.parametrize("program", [("sleep", "43210"), ("no-such-program",)])
async def test_limits_and_missing_programs_under_sudo(
    lab: Lab, as_ops: LiveToolbox, program: tuple[str, ...]
) -> None:
    reply: Reply = await as_ops.connection("host:openstack-host").run(Command(program, sudo=True, timeout=1))
    assert reply.failure == ("timeout" if program[0] == "sleep" else "missing-command")
    assert await until(lambda: not running(lab, "openstack-host"))


# ------------------------------------------------------------------ nothing is left behind


async def test_cancel_ends_it_as_root(lab: Lab, site: Callable[[str], Site]) -> None:
    async with LiveToolbox(site()) as toolbox:
        await cancelled(lab, toolbox, Command(("sleep", "43210"), timeout=100))
        await cancelled(lab, toolbox, Command(script=f"{SLEEP} & {SLEEP}; true", timeout=100))


@pytest.mark.parametrize("pty", ["!use_pty", "use_pty"])
@pytest.mark.parametrize(
    "command",
    [
        Command(("sleep", "43210"), sudo=True, timeout=100),
        Command(script="sudo -n sleep 43210", sudo=True, timeout=100),
        Command(script="trap '' TERM; sudo -n sh -c \"trap '' TERM; sleep 43210; true\"", timeout=100),
    ],
    ids=["probe", "fix", "stubborn"],
)
async def test_cancel_ends_roots_command_of_another_login(
    lab: Lab, as_ops: LiveToolbox, command: Command, pty: str
) -> None:
    lab.run("openstack-host", f"echo 'Defaults {pty}' >/etc/sudoers.d/pty; chmod 440 /etc/sudoers.d/pty")
    try:
        await cancelled(lab, as_ops, command)
    finally:
        lab.run("openstack-host", "rm /etc/sudoers.d/pty")


@pytest.mark.parametrize("user", ["root", "ops"])
async def test_a_killed_client_leaves_nothing_running(
    lab: Lab, site: Callable[[str], Site], user: str, tmp_path: Path
) -> None:
    site(f"Host openstack-host\n  User {user}\n")
    program = f"""
import asyncio
from pathlib import Path
from probes.connection import Command
from probes.site import Host, Site
from probes.toolbox import LiveToolbox
site = Site("lab", (Host("openstack-host"),), (Path({str(tmp_path / "first")!r}), Path({str(lab.ssh_config)!r})))
command = Command(("sleep", "43210"), sudo=True, timeout=100)
asyncio.run(LiveToolbox(site).connection("host:openstack-host").run(command))
"""
    with subprocess.Popen([sys.executable, "-c", program]) as child:
        started = await until(lambda: running(lab, "openstack-host"), 10)
        child.kill()
    assert started
    assert await until(lambda: not running(lab, "openstack-host"))


async def test_a_link_that_breaks_in_the_middle_is_no_success(lab: Lab, site: Callable[[str], Site]) -> None:
    async with LiveToolbox(site()) as toolbox:
        connection = toolbox.connection("host:openstack-host")
        task = asyncio.create_task(connection.run(Command(script=f"echo half; {SLEEP}", timeout=100)))
        assert await until(lambda: running(lab, "openstack-host"))
        lab.run("openstack-host", "pkill -KILL -f '^sshd: root@notty'")
        reply = await task
        assert (reply.failure, reply.status, reply.stdout) == ("unreachable", None, "half\n")
        assert await until(lambda: not running(lab, "openstack-host"))
        assert (await connection.run(Command(("echo", "back")))).stdout == "back\n"


# ------------------------------------------------------------------ login shells


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/dash", "/usr/bin/fish", "/usr/bin/tcsh", "/usr/bin/zsh"])
async def test_any_login_shell_with_noisy_start_files(lab: Lab, site: Callable[[str], Site], shell: str) -> None:
    noise = "echo noise; echo noise >&2"
    lab.run("openstack-host", f"usermod -s {shell} plain; mkdir -p /home/plain/.config/fish; cd /home/plain")
    for file in (".bashrc", ".zshenv", ".config/fish/config.fish"):
        lab.run("openstack-host", f"echo '{noise}' >/home/plain/{file}")
    lab.run("openstack-host", "echo 'echo noise' >/home/plain/.tcshrc; chown -R plain: /home/plain")
    try:
        async with LiveToolbox(site("Host openstack-host\n  User plain\n")) as toolbox:
            reply = await toolbox.connection("host:openstack-host").run(Command(("echo", "it's $HOME !! `id`")))
    finally:
        lab.run(
            "openstack-host", "usermod -s /bin/bash plain; cd /home/plain; rm -rf .bashrc .zshenv .config .tcshrc"
        )
    assert (reply.stdout, reply.stderr, reply.status) == ("it's $HOME !! `id`\n", "", 0)


async def test_a_login_without_a_shell(lab: Lab, site: Callable[[str], Site]) -> None:
    lab.run("openstack-host", "usermod -s /usr/sbin/nologin plain")
    try:
        async with LiveToolbox(site("Host openstack-host\n  User plain\n")) as toolbox:
            reply = await toolbox.connection("host:openstack-host").run(Command(("true",)))
    finally:
        lab.run("openstack-host", "usermod -s /bin/bash plain")
    assert reply.failure == "denied"
    assert "not available" in reply.message


# ------------------------------------------------------------------ consoles, holders, hanging hosts


async def test_the_console_is_a_root_shell_that_ends_with_its_client(lab: Lab) -> None:
    from probes.site_file import load_site

    async with LiveToolbox(load_site(lab.site())) as toolbox:
        console = toolbox.connection("console:openstack-host")
        name, user = await asyncio.gather(
            console.run(Command(("hostname",))), console.run(Command(("id", "-un"), sudo=True))
        )
        assert (name.stdout, user.stdout) == ("openstack-host\n", "root\n")
        task = asyncio.create_task(console.run(Command(script=SLEEP, timeout=100)))
        assert await until(lambda: running(lab, "openstack-host"))
        task.cancel()
        assert await until(lambda: not running(lab, "openstack-host"))


@pytest.mark.parametrize("fault", ["sshd-down", "ssh-frozen", "ssh-drop"])
async def test_the_console_is_used_where_ssh_fails(healed_lab: Lab, fault: str) -> None:
    from probes.site_file import load_site

    healed_lab.break_(fault)
    async with LiveToolbox(load_site(healed_lab.site())) as toolbox:
        names = [host.name for host in toolbox.site.hosts]
        begun = time.monotonic()
        replies = await asyncio.gather(
            *(toolbox.connection(f"host:{name}").run(Command(("hostname",))) for name in names)
        )
        assert time.monotonic() - begun < 60
    assert [reply.stdout.strip() for reply in replies] == names
    assert [reply.message.startswith("via console") for reply in replies].count(True) >= 1


async def test_who_holds_an_address(lab: Lab, site: Callable[[str], Site]) -> None:
    async with LiveToolbox(site()) as toolbox:
        assert await toolbox.host_of("192.168.100.102") == "compute"
        assert await toolbox.host_of("192.168.100.1") == "openstack-host"
        assert await toolbox.host_of("127.0.0.1") == ""
        assert await toolbox.host_of("8.8.8.8") == ""
        assert "10.10.10.1" in await toolbox.addresses_of("openstack-host")


async def test_a_silent_host_holds_nobody_up_for_long(healed_lab: Lab, site: Callable[[str], Site]) -> None:
    healed_lab.break_("host-silent")
    async with LiveToolbox(site()) as toolbox:
        begun = time.monotonic()
        assert await toolbox.host_of("192.168.100.1") == "openstack-host"
        first = time.monotonic() - begun
        assert await toolbox.host_of("8.8.8.8") == ""
        begun = time.monotonic()
        assert await toolbox.host_of("8.8.4.4") == ""
        again = time.monotonic() - begun
    assert first < 30
    assert again < 3
