"""What else is on the wires of a site that works: pings and bulk between the machines of the network lab."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import DEVNULL, Popen

from lab.inside import enter
from lab.instance import current
from lab.machines import PATHS

_TRAFFIC = (("master", "192.168.100.102"), ("controller", "10.10.10.3"), ("kubernetes-host", "10.10.10.1"))
"""Twenty a second each; along every other path of the lab (`machines.PATHS`) one."""
_BULK = (("kubernetes-host", "openstack-host", "10.10.10.1"), ("compute-2-host", "kubernetes-host", "10.10.10.2"))
"""From, to, and the address of the latter. Not through Open vSwitch, which loses some without its module."""
_TAKES = """
import socket
with socket.create_server(('', 5201)) as server:
    taken = server.accept()[0]
    while taken.recv(1 << 20): pass
"""
_GIVES = """
import socket, sys, time
while True:
    try:
        with socket.create_connection((sys.argv[1], 5201)) as given:
            while True: given.sendall(bytes(1 << 17)); time.sleep(0.02)
    except ConnectionRefusedError:
        time.sleep(0.1)
"""
"""Some 50 Mbit/s: what a network carries without taking both processors from the sweep."""


@contextmanager
def traffic(*, whole: bool = True) -> Iterator[None]:
    """As long as the block; AssertionError when some of it ended by itself. On a broken lab some cannot go on:
    `whole` is false there."""
    lab = current()
    busy = [(where, ["ping", "-q", "-i", "0.05", address]) for where, address in _TRAFFIC]
    pings = [*busy, *((where, ["ping", "-q", "-i", "1", address]) for where, address in PATHS)]
    takers = [(to, ["python3", "-c", _TAKES]) for _, to, _ in _BULK]
    givers = [(where, ["python3", "-c", _GIVES, address]) for where, _, address in _BULK]
    running = [
        Popen([*enter(lab, where), *words], stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
        for where, words in (*pings, *takers, *givers)
    ]
    try:
        yield
        assert not whole or [one.args for one in running if one.poll() is not None] == []
    finally:
        for one in running:
            with suppress(ProcessLookupError):  # it ended by itself, which is said above
                os.killpg(one.pid, signal.SIGKILL)  # what enters the machine would leave its child behind
            one.wait()
