"""Fills a running cloud with the lab's networks and servers."""

import json
from dataclasses import asdict

from lab.bash import FILES
from lab.cloud import venv
from lab.cloud.agents import HYPERVISORS, units_of
from lab.cloud.client import environment
from lab.cloud.machines import CONTROLLER
from lab.errors import LabError
from lab.instance import Instance
from lab.machines import WORKERS
from lab.processes import run


def seed(lab: Instance, what: str) -> None:
    """`networks`: what stays in the databases' copy. `servers`: what is made in every lab."""
    units = [(unit, vm) for vm in (CONTROLLER, *HYPERVISORS) for unit in units_of(vm)]
    wanted = {
        "hypervisors": HYPERVISORS,
        "agents": [(unit, vm) for unit, vm in units if unit != "nova-compute"],
        "servers": {name: asdict(worker) for name, worker in WORKERS.items()},
    }
    argv = (venv.program("python"), str(FILES / "openstack/seed.py"), what)
    done = run("env", *environment(lab), *argv, stdin=json.dumps(wanted), timeout=300)
    if done.returncode:
        raise LabError(f"{what} could not be made: {(done.stdout + done.stderr).strip()[-1500:]}")
