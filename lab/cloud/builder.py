"""OpenStack as a part of the lab."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lab.bash import until
from lab.check import wait_ready
from lab.cloud import venv
from lab.cloud.control import must, start
from lab.cloud.machines import CONTROLLER, LEASE, operator_routes
from lab.cloud.seed import seed
from lab.cloud.steps import all_alive
from lab.errors import LabError
from lab.instance import Instance
from lab.machines import MACHINES, ROOT, WORKERS
from lab.processes import parallel


def look_before() -> None:
    venv.build()


def shares(machine: str) -> Mapping[str, Path]:
    if MACHINES[machine].kind != "ovs-vm":
        return {}
    return {str(venv.venv()): venv.venv()}


def build_cloud(lab: Instance) -> None:
    """Services, agents, networks, servers with their leases; every path answers when it returns."""
    must(lab, ROOT, "\n".join(operator_routes()))
    _timed(lab, "services and agents", start)
    _timed(lab, "servers", lambda lab: seed(lab, "servers"))
    _timed(lab, "leases", lambda lab: parallel(lambda name: _lease(lab, name), WORKERS))
    wait_healthy(lab)


def _timed(lab: Instance, what: str, step: Callable[[Instance], object]) -> None:
    started = time.monotonic()
    step(lab)
    with (lab.state / "openstack.log").open("a") as log:
        log.write(f"{what}: {time.monotonic() - started:.1f} s\n")


def _lease(lab: Instance, server: str) -> None:
    must(lab, server, f"for i in 1 2 3 4 5 6; do {LEASE} >/dev/null 2>&1 && exit 0; sleep 2; done; {LEASE}")


def wait_healthy(lab: Instance) -> None:
    """Every agent and service reports, and every path answers."""
    must(lab, CONTROLLER, until(all_alive().text, 180))
    if bad := wait_ready(lab):
        paths = ", ".join(f"{where} → {ip}" for where, ip in bad)
        raise LabError(f"no answer along {paths}", hint="python -m lab openstack network agent list")


def clean(lab: Instance) -> None:
    """All of it ends with the machines."""
