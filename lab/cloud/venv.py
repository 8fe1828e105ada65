"""The programs of OpenStack, from PyPI, in a virtual environment of their own."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from lab.cache import cache_folder, only_one_builds
from lab.errors import LabError
from lab.processes import run

_CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints-openstack.txt"
_WANTED = (
    "keystone",
    "neutron",
    "nova",
    "openstack-placement",
    "glance",
    "python-openstackclient",
    "PyMySQL",
    "pyuwsgi",
)
_PYTHON = "/usr/bin/python3"
"""The machines see the system's interpreter, and none in somebody's home."""
_IMPORTS = "import keystone, neutron, nova, placement, glance, openstack, openstackclient, pymysql"


@cache
def folder() -> Path:
    """Cache of this set of versions: the virtual environment, and later the filled databases."""
    version = run(_PYTHON, "--version").stdout.strip()
    return cache_folder("openstack", version, *_WANTED, _CONSTRAINTS.read_text())


def venv() -> Path:
    return folder() / "venv"


def program(name: str) -> str:
    return str(venv() / "bin" / name)


def build() -> Path:
    """Installs what is not there yet (about 170 packages, some minutes); the virtual environment."""
    with only_one_builds(folder()):
        if not _ready().exists():
            _install()
            _ready().touch()
    return venv()


def _ready() -> Path:
    return folder() / "ready"


def _install() -> None:
    _must(_PYTHON, "-m", "venv", "--clear", "--without-pip", str(venv()))
    pip = (sys.executable, "-m", "pip", "--python", program("python"))
    options = ("-q", "--no-cache-dir", "--disable-pip-version-check", "-c", str(_CONSTRAINTS))
    _must(*pip, "install", *options, *_WANTED)
    _must(program("python"), "-c", _IMPORTS)


def _must(*argv: str) -> None:
    """With our whole environment: pip reads its settings from there as well."""
    done = subprocess.run(["nice", *argv], capture_output=True, text=True, env=_environment())
    if done.returncode:
        raise LabError(
            f"`{' '.join(argv[:4])} …` failed: {done.stderr.strip()[-800:]}",
            hint="is there a way to a package index? pip reads its usual settings",
        )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
