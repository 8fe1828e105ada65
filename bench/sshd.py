"""OpenSSH's own server for benches: one sshd, many names."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Server:
    folder: Path
    port: int

    @property
    def config(self) -> Path:
        """Of ssh, for clients."""
        return self.folder / "ssh_config"


@contextlib.contextmanager
def sshd(addresses: dict[str, str], *, listen: str = "127.0.0.1") -> Iterator[Server]:
    """As the current user, on a free port; `addresses` are those of the names in the clients' configuration."""
    with tempfile.TemporaryDirectory(prefix="deadhop-bench-") as name:
        server = Server(Path(name), _free_port())
        _write(server, addresses, listen)
        Path("/run/sshd").mkdir(exist_ok=True) if os.getuid() == 0 else None
        argv = ["/usr/sbin/sshd", "-D", "-e", "-f", str(server.folder / "sshd_config")]
        with (server.folder / "log").open("w") as log, subprocess.Popen(argv, stderr=log) as daemon:
            try:
                _wait_for(server.port)
                yield server
            finally:
                daemon.terminate()


def _write(server: Server, addresses: dict[str, str], listen: str) -> None:
    folder = server.folder
    for key in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    (folder / "authorized_keys").write_text((folder / "client.pub").read_text())
    public = (folder / "host.pub").read_text()
    known = (f"[{address}]:{server.port} {public}" for address in sorted(set(addresses.values())))
    (folder / "known_hosts").write_text("".join(known))
    # Start files of whoever runs this are not what is measured: HOME is elsewhere
    (folder / "sshd_config").write_text(
        f"Port {server.port}\nListenAddress {listen}\nHostKey {folder}/host\nPidFile none\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nMaxStartups 500\n"
        f"MaxSessions 500\n{'PerSourcePenalties no' if _has_penalties() else ''}\nSetEnv HOME={folder}\n"
    )
    lines = [f"Host {name}\n  HostName {address}\n" for name, address in addresses.items()]
    common = f"  Port {server.port}\n  IdentityFile {folder}/client\n  IdentitiesOnly yes\n"
    server.config.write_text("".join(lines) + f"Host *\n{common}  UserKnownHostsFile {folder}/known_hosts\n")


def _has_penalties() -> bool:
    """OpenSSH 9.8 and later."""
    asked = ["/usr/sbin/sshd", "-t", "-o", "PerSourcePenalties=no"]
    return subprocess.run(asked, capture_output=True).returncode == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit("sshd did not start")
