"""Names of one lab. Several labs can run at once: everything a lab owns is named after its instance."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

STATE_ROOT = Path("/run")
_MOUNTED = "DEADHOP_LAB_CGROUP2"


@dataclass(frozen=True, slots=True)
class Instance:
    name: str

    @property
    def state(self) -> Path:
        """Keys, pids, logs and ssh_config; mode 0700, gone after `down`."""
        return STATE_ROOT / f"deadhop-lab-{self.name}"

    @property
    def cgroup(self) -> Path:
        """Holds every process of the lab, so that none can be missed."""
        return cgroup2_mount() / f"deadhop-lab-{self.name}"

    @property
    def uplink(self) -> str:
        """Interface that joins the namespace the lab was started from to the lab's switch."""
        return f"dh-{self.name}"

    @property
    def ssh_config(self) -> Path:
        return self.state / "ssh_config"

    @property
    def kubeconfig(self) -> Path:
        """Of the cluster's admin; only a lab with Kubernetes has one."""
        return self.state / "admin.conf"

    @property
    def clouds(self) -> Path:
        """clouds.yaml of the administrator; only a lab with OpenStack has one."""
        return self.state / "clouds.yaml"

    @property
    def kubernetes(self) -> Path:
        """The programs this lab runs, whatever the sources would build now."""
        return self.state / "kubernetes"

    @property
    def known_hosts(self) -> Path:
        return self.state / "known_hosts"


def current() -> Instance:
    """The instance named by DEADHOP_LAB; LabError when the name cannot name an interface."""
    name = os.environ.get("DEADHOP_LAB") or "main"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,11}", name):
        raise LabError(
            f"DEADHOP_LAB={name!r} cannot name a lab",
            hint="use up to 12 lower-case letters, digits and dashes",
        )
    return Instance(name)


def cgroup2_mount() -> Path:
    """Where cgroup2 can be written: /sys/fs/cgroup, or beside v1 at /sys/fs/cgroup/unified."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in mounts:
        if mount[2] == "cgroup2" and "rw" in mount[3].split(",") and os.access(mount[1], os.W_OK):
            return Path(mount[1])
    raise LabError(
        "no writable cgroup2 file system here",
        hint="run this as root; in a container, start the container with --privileged",
    )


def see_cgroup2(argv: list[str]) -> None:
    """Starts `python -m lab` anew where cgroup2 is mounted, if it is not here.

    `ip netns exec` hides it under a fresh /sys. The mount is ours alone and ends with us.
    """
    try:
        cgroup2_mount()
    except LabError:
        if os.geteuid() or os.environ.get(_MOUNTED):
            raise
        mount = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"'
        again = [sys.executable, "-m", "lab", *argv]
        environment = {**os.environ, _MOUNTED: "1"}
        os.execvpe("unshare", ["unshare", "-m", "sh", "-c", mount, "sh", *again], environment)
