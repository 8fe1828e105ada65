"""Ends a lab, whole or half built, whatever became of the process that built it."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.builders import builders_of
from lab.errors import LabError
from lab.instance import Instance, cgroup2_mount
from lab.parts import parts_of
from lab.processes import run

PATIENCE = 20.0
"""Seconds until we say that something does not go away."""


def down(lab: Instance) -> None:
    """Leaves nothing of the lab; does nothing when there is nothing. Ends a running `up` as well."""
    _end_processes(lab.cgroup)
    for builder in builders_of(parts_of(lab)):
        builder.clean(lab)
    _delete_uplink(lab)
    shutil.rmtree(lab.state, ignore_errors=True)
    if lab.state.exists():
        raise LabError(f"cannot remove {lab.state}", hint="are you root?")


@contextmanager
def counted_in(lab: Instance) -> Iterator[None]:
    """Puts this process and all it starts into the lab's cgroup: `down` ends them after a crash."""
    home = cgroup2_mount() / _own_cgroup().lstrip("/")
    builder = lab.cgroup / "up"
    builder.mkdir(parents=True, exist_ok=True)
    _move(builder)
    try:
        yield
    finally:
        _move(home)


def _move(cgroup: Path) -> None:
    (cgroup / "cgroup.procs").write_text(str(os.getpid()))


def _own_cgroup() -> str:
    entries = Path("/proc/self/cgroup").read_text().splitlines()
    return next(entry[3:] for entry in entries if entry.startswith("0::"))


def _end_processes(cgroup: Path) -> None:
    """Kills and removes a cgroup with all below it, again and again until nothing new appears."""
    end = time.monotonic() + PATIENCE
    killed: set[int] = set()
    while cgroup.exists():
        killed.update(_kill(cgroup))
        for folder in sorted((found for found, *_ in os.walk(cgroup)), reverse=True):
            _remove(folder)
        if time.monotonic() > end:
            raise LabError(f"processes in {cgroup} do not end", hint=f"look at {cgroup}/**/cgroup.procs")
        time.sleep(0.02)
    _wait_for_ends(killed)


def _wait_for_ends(killed: set[int], seconds: float = 2) -> None:
    """No longer than that: under a process 1 that buries nobody they stay half dead, and harmless."""
    end = time.monotonic() + seconds
    while any(_runs(pid) for pid in killed) and time.monotonic() < end:
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """A process leaves its cgroup a moment before it has ended; burying it is its parent's business."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _kill(cgroup: Path) -> list[int]:
    """Pids that were in it."""
    members = _members(cgroup)
    try:
        (cgroup / "cgroup.kill").write_text("1")
    except OSError:  # gone, or a kernel before 5.14, which has no cgroup.kill
        for pid in members:
            _kill_one(pid)
    return members


def _members(cgroup: Path) -> list[int]:
    found: list[int] = []
    for folder, *_ in os.walk(cgroup):
        try:
            found += [int(pid) for pid in Path(folder, "cgroup.procs").read_text().split()]
        except OSError:
            continue
    return found


def _kill_one(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _remove(folder: str) -> None:
    try:
        Path(folder).rmdir()
    except OSError:
        return  # a process has not ended yet: the caller comes again


def _delete_uplink(lab: Instance) -> None:
    """The kernel deletes it too once the switch is gone, but later."""
    end = time.monotonic() + PATIENCE
    while run("ip", "link", "show", lab.uplink).returncode == 0:
        run("ip", "link", "del", lab.uplink)
        if time.monotonic() > end:
            raise LabError(f"interface {lab.uplink} does not go away", hint="are you root?")
