"""OpenStack's client, loaded once: 3 s of imports are spent once, and each command gets a fork of it.

`PYTHON forked_client.py FOLDER`, with that Python, puts a program `openstack` into FOLDER and answers it."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer

PROGRAM = """#!{python} -SE
import json, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"fds"], [0, 1, 2])
    server.sendall(json.dumps(sys.argv[1:]).encode() + b"\\n")
    sys.exit(int(server.makefile().readline() or 127))
"""


class Command(StreamRequestHandler):
    """In a process of its own: its input and output become the asking program's."""

    rbufsize = 0

    def handle(self) -> None:
        _, descriptors, _, _ = socket.recv_fds(self.connection, 3, 3)
        words = json.loads(self.rfile.readline())
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        self.wfile.write(b"%d\n" % status_of(words))


def status_of(words: list[str]) -> int:
    from openstackclient import shell  # type: ignore[import-not-found]

    try:
        return int(shell.main(words))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


class Server(ForkingMixIn, UnixStreamServer):
    pass


def main(folder: Path) -> None:
    address = folder / "socket"
    sys.argv[0] = "openstack"  # what it calls itself
    # Loads what commands load, the classes of the cloud's services too; the port is not there.
    status_of(["port", "show", "none"])
    status_of(["server", "show", "none"])
    with Server(str(address), Command) as server:
        program = folder / "openstack.new"
        program.write_text(PROGRAM.format(python=sys.executable, address=str(address)))
        program.chmod(0o700)
        program.rename(folder / "openstack")
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
