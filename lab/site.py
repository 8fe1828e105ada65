"""site.yaml of this lab: what deadhop reads to know the machines and their consoles."""

import json
import sys
from pathlib import Path

from lab.cloud.config import CLOUD
from lab.cloud.machines import CONTROLLER
from lab.errors import LabError
from lab.instance import Instance
from lab.kube.cluster import CONTEXT
from lab.kube.node import MASTER
from lab.machines import SSH_HOSTS

_REPOSITORY = Path(__file__).resolve().parent.parent


def write_site(lab: Instance, console: bool = True) -> Path:
    """Writes the file into the state folder; every value is JSON, which YAML contains."""
    if not lab.state.is_dir():
        raise LabError(f"the lab {lab.name!r} is not up", hint="python -m lab up")
    path = lab.state / ("site.yaml" if console else "site-no-console.yaml")
    hosts = "".join(_host(lab, machine.name, console) for machine in SSH_HOSTS)
    clusters = (_clusters(lab) if lab.kubeconfig.exists() else "") + (_clouds(lab) if lab.clouds.exists() else "")
    path.write_text(f"version: 1\nssh_config: {json.dumps(str(lab.ssh_config))}\nhosts:\n{hosts}{clusters}")
    return path


def _clusters(lab: Instance) -> str:
    cluster = {"kubeconfig": str(lab.kubeconfig), "context": CONTEXT, "host": MASTER}
    return f"clusters:\n  lab: {json.dumps(cluster)}\n"


def _clouds(lab: Instance) -> str:
    cloud = {"config": str(lab.clouds), "cloud": CLOUD, "host": CONTROLLER}
    return f"clouds:\n  lab: {json.dumps(cloud)}\n"


def _host(lab: Instance, name: str, console: bool) -> str:
    if not console:
        return f"  {name}: {{}}\n"
    return f"  {name}:\n    console: {json.dumps(console_argv(lab, name))}\n"


def console_argv(lab: Instance, name: str) -> list[str]:
    return [
        "env",
        f"DEADHOP_LAB={lab.name}",
        f"PYTHONPATH={_REPOSITORY}",
        sys.executable,
        "-m",
        "lab",
        "console",
        name,
    ]
