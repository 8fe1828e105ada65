"""cgroup v1 for kubelet and containerd: is it there, and what machines leave in it."""

import time
from pathlib import Path

from lab.errors import LabError
from lab.instance import Instance
from lab.processes import run

_CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids")
_PATIENCE = 20.0
# Mounted anew, and for this command only: the caller's own mounts may be hidden by `ip netns exec`.
# The lab's cgroups lie below that of the process that built it.
_REMOVE = r"""for c in $0; do
  mount -t cgroup -o $c cgroup /mnt || exit 1
  find /mnt -depth -type d \( -name $1 -o -path "*/$1/*" \) -exec rmdir {} +
  umount /mnt
done
"""


def require_cgroup1() -> None:
    """A cgroup v1 hierarchy has a number of its own, v2 is number 0."""
    table = [line.split() for line in Path("/proc/cgroups").read_text().splitlines()[1:]]
    there = {name for name, hierarchy, _, enabled in table if hierarchy != "0" and enabled == "1"}
    if absent := [name for name in _CONTROLLERS if name not in there]:
        raise LabError(
            f"the lab's Kubernetes needs cgroup v1, and these controllers are not in it: {', '.join(absent)}",
            hint="start this computer with systemd.unified_cgroup_hierarchy=0",
        )


def remove_cgroups(lab: Instance) -> None:
    """Those of machines that have ended; a process that dies just now is waited for."""
    end = time.monotonic() + _PATIENCE
    argv = ("unshare", "-m", "sh", "-c", _REMOVE, " ".join(_CONTROLLERS), lab.cgroup.name)
    while (done := run(*argv)).returncode:
        if time.monotonic() > end:
            raise LabError(f"cgroups of the nodes do not go away: {done.stderr.strip()[-300:]}")
        time.sleep(0.1)
