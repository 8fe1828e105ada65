"""A real SSH server in this process: every exec is a real `/bin/sh` in a session of its own, as sshd starts it."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from probes.site import Host, Site


@dataclass
class SshServer:
    folder: Path
    noise: bytes = b""
    """What the login's start files print."""
    login_shell: tuple[str, ...] = ("/bin/sh", "-c")
    logins: int = 0
    execs: list[str] = field(default_factory=list)
    open_now: int = 0
    open_most: int = 0
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    async def start(self) -> None:
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        client = asyncssh.generate_private_key("ssh-ed25519")
        client.write_private_key(self.folder / "client")
        client.write_public_key(self.folder / "authorized_keys")
        self.acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.key],
            authorized_client_keys=str(self.folder / "authorized_keys"),
            server_factory=lambda: _Server(self),
            process_factory=self._exec,
            encoding=None,
        )
        self.port = self.acceptor.get_port()
        self.know(self.key)
        self.configure()

    async def stop(self) -> None:
        for connection in self.connections:
            connection.abort()
        self.acceptor.close()
        await self.acceptor.wait_closed()

    def know(self, key: asyncssh.SSHKey | None) -> None:
        line = f"[127.0.0.1]:{self.port} {key.export_public_key().decode()}" if key else ""
        (self.folder / "known_hosts").write_text(line)

    def configure(self, before: str = "") -> None:
        (self.folder / "config").write_text(
            f"{before}\nHost *\n  HostName 127.0.0.1\n  Port {self.port}\n  IdentityFile {self.folder}/client\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.folder}/known_hosts\n  StrictHostKeyChecking no\n"
        )

    def site(self, *names: str, console: tuple[str, ...] = ()) -> Site:
        return Site("test", tuple(Host(name, console=console) for name in names), (self.folder / "config",))

    async def _exec(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        self.execs.append(process.command or "")
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        try:
            await self._run(process)
        finally:
            self.open_now -= 1

    async def _run(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        process.stdout.write(self.noise)
        process.stderr.write(self.noise)
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            *self.login_shell, process.command or "", stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        await process.redirect(child.stdin, child.stdout, child.stderr)
        await child.wait()
        with contextlib.suppress(asyncssh.Error, OSError):
            await process.stdout.drain()
        process.exit(child.returncode or 0)


class _Server(asyncssh.SSHServer):
    def __init__(self, server: SshServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connections.append(conn)

    def auth_completed(self) -> None:
        self._server.logins += 1

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True
