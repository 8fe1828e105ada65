"""The way to a host, layer by layer, against real servers on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest

from probes.connection import Command
from probes.errors import UnreadableOutput
from probes.facts import Reach
from probes.keys import fingerprint
from probes.known_hosts import public_key
from probes.reach import parse_reach
from probes.site import Site
from probes.ssh_config import hosts_of
from probes.toolbox import LiveToolbox

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BROKEN_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nno\n-----END OPENSSH PRIVATE KEY-----\n"


@dataclass
class Place:
    """A folder with keys, known_hosts and an SSH configuration; hosts are added as servers start."""

    folder: Path
    client_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    blocks: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def host(self, name: str, port: int, *more: str, address: str = "127.0.0.1") -> None:
        self.blocks.append("\n  ".join([f"Host {name}", f"HostName {address}", f"Port {port}", *more]))

    def know(self, port: int, key: asyncssh.SSHKey, marker: str = "") -> None:
        self.known.append(f"{marker}[127.0.0.1]:{port} {public_key(key)}")

    def site(self) -> Site:
        self.client_key.write_private_key(self.folder / "id")
        (self.folder / "known_hosts").write_text("\n".join(self.known) + "\n")
        rest = f"Host *\n  User ops\n  IdentityFile {self.folder}/id\n  IdentitiesOnly yes\n"
        rest += f"  UserKnownHostsFile {self.folder}/known_hosts\n  GlobalKnownHostsFile /dev/null\n"
        config = self.folder / "config"
        config.write_text("\n\n".join([*self.blocks, rest]))
        return Site(str(config), hosts_of(config), (config,))

    async def reach(self, name: str) -> tuple[Reach, float]:
        async with LiveToolbox(self.site()) as toolbox:
            begun = time.monotonic()
            reply = await toolbox.reach(name)
            seconds = time.monotonic() - begun
        assert not reply.failure
        return parse_reach(reply.stdout), seconds


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class _Server(asyncssh.SSHServer):
    logins = 0

    def auth_completed(self) -> None:
        type(self).logins += 1

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True


def answering(power: str) -> Callable[[asyncssh.SSHServerProcess[str]], Awaitable[None]]:
    async def handle(process: asyncssh.SSHServerProcess[str]) -> None:
        process.stdout.write(f"{power}\n")
        process.exit(0)

    return handle


@asynccontextmanager
async def ssh_server(
    place: Place, key: asyncssh.SSHKey, *, power: str = "root", lets_in: bool = True, kind: type = _Server
) -> AsyncIterator[int]:
    allowed = place.client_key if lets_in else asyncssh.generate_private_key("ssh-ed25519")
    keys = asyncssh.import_authorized_keys(public_key(allowed))
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=kind,
        server_host_keys=[key],
        authorized_client_keys=keys,
        process_factory=answering(power),
        gss_host=None,
    )
    async with server:
        yield server.get_port()


@asynccontextmanager
async def raw_server(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def new_key(kind: str = "ssh-ed25519") -> asyncssh.SSHKey:
    return asyncssh.generate_private_key(kind)


async def test_all_is_well(place: Place) -> None:
    key = new_key()
    async with ssh_server(place, key) as port:
        place.know(port, key)
        place.host("web", port)
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.port_state, reach.key_state, reach.login) == ("", "open", "known", "ok")
    assert (reach.sudo, reach.user, reach.via, reach.error) == ("root", "ops", "", "")
    assert reach.banner.startswith("SSH-2.0-AsyncSSH")
    assert reach.presented_key == public_key(key)
    assert reach.known_fingerprints == (reach.presented_fingerprint,) == (key.get_fingerprint(),)
    assert (reach.known_hosts_file, reach.known_hosts_line) == (str(place.folder / "known_hosts"), 1)


@pytest.mark.parametrize(
    ("power", "stopped"), [("passwordless", ""), ("password", "sudo"), ("missing", "sudo"), ("huh", "sudo")]
)
async def test_sudo(place: Place, power: str, stopped: str) -> None:
    key = new_key()
    async with ssh_server(place, key, power=power) as port:
        place.know(port, key)
        place.host("web", port)
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.login) == ("" if power == "passwordless" else "sudo", "ok")
    assert reach.sudo == ("untried" if power == "huh" else power)


async def test_one_login_only(place: Place) -> None:
    class Counted(_Server):
        logins = 0

    key = new_key()
    async with ssh_server(place, key, kind=Counted) as port:
        place.know(port, key)
        place.host("web", port)
        await place.reach("web")
    assert Counted.logins == 1


async def test_the_login_is_used_by_who_comes_next(place: Place) -> None:
    class Counted(_Server):
        logins = 0

    key = new_key()
    async with ssh_server(place, key, kind=Counted) as port:
        place.know(port, key)
        place.host("web", port)
        async with LiveToolbox(place.site()) as toolbox:
            await toolbox.reach("web")
            await toolbox.connection("host:web").run(Command(("true",), timeout=1))
            assert Counted.logins == 1
            await toolbox.reach("web")
            assert Counted.logins == 2  # each look is a fresh one


async def test_what_was_seen_is_not_tried_again_by_who_comes_next(place: Place) -> None:
    connections = 0

    async def frozen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read()
        writer.close()

    async with raw_server(frozen) as port:
        place.host("web", port)
        async with LiveToolbox(place.site()) as toolbox:
            await toolbox.reach("web")
            reply = await toolbox.connection("host:web").run(Command(("true",)))
            assert (reply.failure, connections) == ("unreachable", 1)
            await toolbox.reach("web")
            assert connections == 2


async def test_unknown_key(place: Place) -> None:
    key = new_key()
    async with ssh_server(place, key) as port:
        place.host("web", port)
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.key_state, reach.login) == ("key", "unknown", "untried")
    assert reach.presented_fingerprint == key.get_fingerprint()
    assert (reach.known_fingerprints, reach.known_hosts_line) == ((), 0)


@pytest.mark.parametrize("old_kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_changed_key(place: Place, old_kind: str) -> None:
    """Also when the host has no key of the known type any more."""
    key, old = new_key(), new_key(old_kind)
    async with ssh_server(place, key) as port:
        place.known.append("# a comment")
        place.know(port, old)
        place.host("web", port)
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.key_state, reach.login) == ("key", "changed", "untried")
    assert reach.presented_fingerprint == key.get_fingerprint()
    assert reach.known_fingerprints == (old.get_fingerprint(),)
    assert reach.known_hosts_line == 2


async def test_revoked_key(place: Place) -> None:
    key = new_key()
    async with ssh_server(place, key) as port:
        place.know(port, key, "@revoked ")
        place.host("web", port)
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.key_state) == ("key", "revoked")
    assert reach.presented_fingerprint == key.get_fingerprint()


async def test_hashed_entry_and_broken_lines(place: Place) -> None:
    key = new_key()
    async with ssh_server(place, key) as port:
        salt = b"01234567890123456789"
        digest = hmac.new(salt, f"[127.0.0.1]:{port}".encode(), hashlib.sha1).digest()
        name = f"|1|{b64encode(salt).decode()}|{b64encode(digest).decode()}"
        place.known += ["broken", "@strange x y z", f"{name} {public_key(key)}"]
        place.host("web", port)
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.key_state, reach.known_hosts_line) == ("", "known", 3)


async def test_denied_login(place: Place) -> None:
    key = new_key()
    async with ssh_server(place, key, lets_in=False) as port:
        place.know(port, key)
        place.host("web", port)
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.key_state, reach.login, reach.sudo) == ("login", "known", "denied", "untried")


async def test_unreadable_own_key(place: Place) -> None:
    key = new_key()
    async with ssh_server(place, key) as port:
        place.know(port, key)
        (place.folder / "broken").write_text(
            "-----BEGIN OPENSSH PRIVATE KEY-----\nno\n-----END OPENSSH PRIVATE KEY-----\n"
        )
        place.host("web", port, f"IdentityFile {place.folder}/broken")
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.key_state) == ("login", "known")
    assert reach.error.startswith("own key: ")


async def test_refused(place: Place) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        place.host("web", bound.getsockname()[1])
        reach, seconds = await place.reach("web")
    assert (reach.stopped_at, reach.port_state, reach.address) == ("port", "refused", "127.0.0.1")
    assert seconds < 2


@pytest.mark.parametrize("jump", [False, True])
async def test_frozen_server_sends_no_banner(place: Place, jump: bool) -> None:
    async def frozen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    key = new_key()
    async with raw_server(frozen) as port, ssh_server(place, key) as jump_port:
        place.know(jump_port, key)
        place.host("jump", jump_port)
        place.host("web", port, *(["ProxyJump jump"] if jump else []))
        reach, seconds = await place.reach("web")
    assert (reach.stopped_at, reach.port_state, reach.banner) == ("banner", "open", "")
    assert 2.9 < seconds < 5


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff" * 40000])
async def test_no_ssh_server_there(place: Place, said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    async with raw_server(talk) as port:
        place.host("web", port)
        reach, seconds = await place.reach("web")
    assert (reach.stopped_at, reach.port_state) == ("banner", "open")
    assert seconds < 2


async def test_server_stops_after_its_banner(place: Place) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-Half\x1b[31m\r\n")
        await reader.read()
        writer.close()

    async with raw_server(half) as port:
        place.host("web", port)
        reach, seconds = await place.reach("web")
    assert (reach.stopped_at, reach.key_state) == ("key", "unseen")
    assert "\x1b" not in reach.banner
    assert seconds < 8.5


async def test_name_that_does_not_resolve(place: Place) -> None:
    place.host("web", 22, address="no-such-host.invalid")
    reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.port_state, reach.address) == ("name", "unknown", "no-such-host.invalid")


async def test_through_a_jump_host(place: Place) -> None:
    jump_key, key = new_key(), new_key()
    async with ssh_server(place, jump_key) as jump_port, ssh_server(place, key) as port:
        place.know(jump_port, jump_key)
        place.know(port, key)
        place.host("jump", jump_port)
        place.host("web", port, "ProxyJump jump")
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.host, reach.via, reach.login) == ("", "web", "jump", "ok")


@pytest.mark.parametrize(
    ("code", "said", "layer", "state"),
    [
        (asyncssh.OPEN_CONNECT_FAILED, "Connection refused", "port", "refused"),
        (asyncssh.OPEN_CONNECT_FAILED, "Connection timed out", "port", "silent"),
        (asyncssh.OPEN_CONNECT_FAILED, "No route to host", "route", "unreachable"),
        (asyncssh.OPEN_CONNECT_FAILED, "Network is unreachable", "route", "unreachable"),
        (asyncssh.OPEN_CONNECT_FAILED, "Name or service not known", "name", "unknown"),
        (asyncssh.OPEN_CONNECT_FAILED, "open failed", "port", "unknown"),
        (asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed", "port", "prohibited"),
    ],
)
async def test_what_the_jump_host_says(place: Place, code: int, said: str, layer: str, state: str) -> None:
    """In the words of OpenSSH's server."""

    class Says(_Server):
        def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
            raise asyncssh.ChannelOpenError(code, said)

    key = new_key()
    async with ssh_server(place, key, kind=Says) as jump_port:
        place.know(jump_port, key)
        place.host("jump", jump_port)
        place.host("web", 22, "ProxyJump jump")
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.port_state, reach.host, reach.via) == (layer, state, "web", "jump")


async def test_another_port_is_another_host(place: Place) -> None:
    """A key known for port 22 is good on another port if it fits, and no sign of a change if it does not."""
    key, other = new_key(), new_key()
    async with ssh_server(place, key) as port:
        place.host("web", port)
        place.known = [f"127.0.0.1 {public_key(other)}"]
        changed, _ = await place.reach("web")
        place.known = [f"127.0.0.1 {public_key(key)}"]
        same, _ = await place.reach("web")
    assert (changed.key_state, same.key_state) == ("unknown", "known")


async def test_host_key_alias(place: Place) -> None:
    key = new_key()
    async with ssh_server(place, key) as port:
        place.host("web", port, "HostKeyAlias web-alias")
        place.known = [f"web-alias {public_key(key)}"]
        reach, _ = await place.reach("web")
    assert (reach.stopped_at, reach.key_state) == ("", "known")


async def test_a_dead_jump_host_is_what_is_described(place: Place) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        place.host("jump", bound.getsockname()[1])
        place.host("web", 22, "ProxyJump jump")
        place.host("far", 22, "ProxyJump web")
        reach, _ = await place.reach("far")
    assert (reach.asked, reach.host, reach.stopped_at, reach.port_state) == ("far", "jump", "port", "refused")


async def test_jump_hosts_in_a_circle(place: Place) -> None:
    place.host("one", 22, "ProxyJump two")
    place.host("two", 22, "ProxyJump one")
    reach, seconds = await place.reach("one")
    assert reach.stopped_at == "name"
    assert "circle" in reach.error
    assert seconds < 3


async def test_unknown_host(place: Place) -> None:
    async with LiveToolbox(place.site()) as toolbox:
        reply = await toolbox.reach("nobody")
    assert (reply.failure, reply.status) == ("could-not-look", None)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"asked": 1}'])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_reach(text)


def test_fingerprint() -> None:
    key = new_key()
    assert fingerprint(public_key(key)) == key.get_fingerprint()
    with pytest.raises(ValueError):
        fingerprint("nonsense")
