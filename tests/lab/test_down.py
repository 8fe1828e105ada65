"""`down` leaves nothing, at whatever moment `up` was killed; `up` copes with what a killed run left.

These labs stand in a network namespace of their own, beside the lab of the other tests.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.instance import current
from lab.machines import MACHINES

pytestmark = pytest.mark.lab

NAME = f"crash-{current().name}"[:12]
"""Another one in each group of tests: they run beside each other."""
MOMENTS = [round(random.Random(3).uniform(low, low + 1.2), 2) for low in (0.0, 0.3, 0.8, 1.5, 2.5, 4.0, 6.0)]
FOSTER_PARENT = """
import ctypes, os, sys
PR_SET_CHILD_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
up = os.fork()
if up == 0:
    os.dup2(2, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
print(up, flush=True)
while True:
    try:
        pid, status = os.wait()
    except ChildProcessError:
        break
    if pid == up:
        print(status, flush=True)
"""
LIST_CGROUPS = ("unshare", "-m", "sh", "-c", "mount -t cgroup2 cgroup2 /mnt && find /mnt -type d")


@dataclass(frozen=True)
class Place:
    """A network namespace, by the process that holds it."""

    pid: int

    def command(self, *argv: str) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-n", *argv]

    def lab(self, *verb: str) -> list[str]:
        return self.command("env", f"DEADHOP_LAB={NAME}", sys.executable, "-m", "lab", *verb)

    def run(self, *verb: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.lab(*verb), capture_output=True, text=True, timeout=timeout)


@pytest.fixture
def place() -> Iterator[Place]:
    with subprocess.Popen(["unshare", "-n", "sleep", "infinity"]) as holder:
        here = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{holder.pid}/ns/net").readlink() == here:
            time.sleep(0.01)
        found = Place(holder.pid)
        try:
            assert found.run("down").returncode == 0  # what a killed run of the tests left
            yield found
        finally:
            found.run("down")
            holder.kill()


class Building:
    """An `up` whose descendants, orphans as well, are all below one process that ends with the last."""

    def __init__(self, place: Place, *parts: str) -> None:
        argv = [sys.executable, "-c", FOSTER_PARENT, *place.lab("up", *parts)]
        self.parent = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self.up = int(self.said())

    def said(self) -> str:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline().strip()

    def exit_status(self) -> int:
        """Waits until `up` itself has ended."""
        return os.waitstatus_to_exitcode(int(self.said()))

    def all_gone(self, seconds: float = 2) -> bool:
        try:
            self.parent.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


@dataclass(frozen=True)
class Inventory:
    mounts: frozenset[str]
    namespaces: frozenset[str]
    links: str
    cgroups: frozenset[str]
    run: frozenset[str]


def inventory(place: Place) -> Inventory:
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return Inventory(
        mounts=frozenset(line for line in mounts if "/run/netns" not in line and not _of_another_lab(line)),
        namespaces=frozenset(name for name in said("ip", "netns").split() if of_a_lab(name)),
        links=said("ip", "-br", "link") + said(*place.command("ip", "-br", "link")),
        cgroups=frozenset(line for line in said(*LIST_CGROUPS).splitlines() if NAME in line),
        run=frozenset(path.name for path in Path("/run").glob(f"*{NAME}*")),
    )


def _of_another_lab(mount: str) -> bool:
    """Labs of other parts run beside this one."""
    return "deadhop-lab-" in mount and NAME not in mount


def of_a_lab(name: str) -> bool:
    """Others may make namespaces on this computer meanwhile."""
    return NAME in name or any(machine in name for machine in (*MACHINES, "switch", "pod"))


def said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def kill_up_after(place: Place, seconds: float) -> Building:
    building = Building(place)
    time.sleep(seconds)
    os.kill(building.up, signal.SIGKILL)
    return building


@pytest.mark.parametrize("seconds", MOMENTS)
def test_down_after_a_kill_leaves_nothing(place: Place, seconds: float) -> None:
    before = inventory(place)
    killed = kill_up_after(place, seconds)
    done = place.run("down")
    assert done.returncode == 0, done.stderr
    assert killed.all_gone()
    assert inventory(place) == before


def cgroups1() -> set[Path]:
    """What kubelet and containerd leave outside of cgroup2."""
    return {path for path in Path("/sys/fs/cgroup").glob("**/") if NAME in str(path)}


@pytest.mark.kube
@pytest.mark.parametrize("seconds", [0.5, 20.0], ids=["containerd", "kubeadm"])
def test_down_after_a_kill_with_kubernetes_leaves_nothing(place: Place, seconds: float) -> None:
    assert place.run("build", "--kube", timeout=1800).returncode == 0
    before = inventory(place)
    building = Building(place, "--kube")
    while not cgroups1():
        time.sleep(0.2)
    time.sleep(seconds)
    os.kill(building.up, signal.SIGKILL)
    done = place.run("down")
    assert done.returncode == 0, done.stderr
    assert building.all_gone()
    assert inventory(place) == before
    assert cgroups1() == set()


@pytest.mark.openstack
def test_down_after_a_kill_with_openstack_leaves_nothing(place: Place) -> None:
    """Amid the start of databases and services."""
    assert place.run("build", "--openstack", timeout=1800).returncode == 0
    before = inventory(place)
    building = Building(place, "--openstack")
    time.sleep(20)
    os.kill(building.up, signal.SIGKILL)
    assert place.run("down").returncode == 0
    assert building.all_gone()
    assert inventory(place) == before


def test_up_copes_with_what_two_kills_left(place: Place) -> None:
    before = inventory(place)
    killed = [kill_up_after(place, seconds) for seconds in (1.0, 3.0)]
    built = Building(place)
    assert built.exit_status() == 0
    assert all(building.all_gone() for building in killed)
    assert place.run("check").returncode == 0
    assert place.run("down").returncode == 0
    assert built.all_gone()
    assert inventory(place) == before


def test_down_ends_a_running_up(place: Place) -> None:
    before = inventory(place)
    building = Building(place)
    time.sleep(3)
    assert place.run("down").returncode == 0
    assert building.all_gone()
    assert inventory(place) == before


def test_down_ends_open_consoles(place: Place) -> None:
    before = inventory(place)
    assert place.run("up").returncode == 0
    with subprocess.Popen(place.lab("console", "compute", "-c", "sleep 4321")):
        time.sleep(0.5)
        assert place.run("down").returncode == 0
    assert inventory(place) == before


def test_ctrl_c_cleans_up(place: Place) -> None:
    before = inventory(place)
    building = Building(place)
    time.sleep(2)
    os.kill(building.up, signal.SIGINT)
    assert building.exit_status() == 130
    assert building.all_gone()
    assert inventory(place) == before


def test_down_of_nothing_is_fine(place: Place) -> None:
    assert place.run("down").returncode == 0
    answer = place.run("status")
    assert answer.returncode == 3
    assert "is not up" in answer.stderr
    assert "hint: python -m lab up" in answer.stderr


def test_a_second_lab_in_one_namespace_is_refused(place: Place) -> None:
    said(*place.command("ip", "link", "add", "taken", "type", "bridge"))
    said(*place.command("ip", "addr", "add", "10.10.10.7/24", "dev", "taken"))
    answer = place.run("up")
    assert answer.returncode == 3
    assert "10.10.10.0/24 is already on taken" in answer.stderr
    assert "hint: ip netns add" in answer.stderr
