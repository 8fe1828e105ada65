"""OpenStack's client as the administrator of this lab's cloud."""

import os
from pathlib import Path

from lab.cloud import venv
from lab.cloud.config import CLOUD
from lab.errors import LabError
from lab.instance import Instance


def openstack(lab: Instance, arguments: list[str]) -> None:
    """Becomes the client; does not return."""
    argv = ["env", *environment(lab), venv.program("openstack"), *arguments]
    os.execvp(argv[0], argv)


def clouds(lab: Instance) -> Path:
    if not lab.clouds.exists():
        raise LabError(f"the lab {lab.name!r} has no OpenStack", hint="python -m lab up --openstack")
    return lab.clouds


def environment(lab: Instance) -> list[str]:
    """NAME=VALUE, for `env`."""
    return [
        f"OS_CLIENT_CONFIG_FILE={clouds(lab)}",
        f"OS_CLOUD={CLOUD}",
        f"PATH={venv.venv()}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONWARNINGS=ignore",
    ]
