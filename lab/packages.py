"""Debian packages the lab needs, from packages.txt."""

import os
from pathlib import Path

from lab.errors import LabError
from lab.processes import run

_LIST = Path(__file__).resolve().parent / "packages.txt"


def wanted() -> list[str]:
    return _LIST.read_text().split()


def missing() -> list[str]:
    """Those of packages.txt that are not installed."""
    answer = run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted()).stdout
    installed = {line.split()[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [name for name in wanted() if name not in installed]


def install() -> list[str]:
    """Installs what is missing and returns its names; needs root and Debian or Ubuntu."""
    names = missing()
    if not names:
        return []
    if os.geteuid():
        raise LabError(f"not installed: {' '.join(names)}", hint="run this as root")
    for argv in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *names]):
        done = run("env", "DEBIAN_FRONTEND=noninteractive", *argv, timeout=900)
        if done.returncode and argv[1] == "install":
            raise LabError(f"`{' '.join(argv)}` failed: {done.stderr.strip()[-800:]}")
    return names
