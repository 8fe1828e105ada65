"""Debian packages the lab needs: packages.txt, and packages-PART.txt for what `up --PART` adds."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError
from lab.processes import run

_HERE = Path(__file__).resolve().parent
_POLICY = Path("/usr/sbin/policy-rc.d")


def wanted(parts: Collection[str] = ()) -> list[str]:
    lists = [_HERE / "packages.txt", *(_HERE / f"packages-{part}.txt" for part in parts)]
    return sorted({name for path in lists for name in path.read_text().split()})


def missing(parts: Collection[str] = ()) -> list[str]:
    """Those of the lists that are not installed."""
    names = wanted(parts)
    answer = run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names).stdout
    installed = {line.split()[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def install(parts: Collection[str] = ()) -> list[str]:
    """Installs what is missing and returns its names; needs root and Debian or Ubuntu."""
    names = missing(parts)
    if not names:
        return []
    if os.geteuid():
        raise LabError(f"not installed: {' '.join(names)}", hint="run this as root")
    with _no_service_starts():
        for argv in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *names]):
            done = run("env", "DEBIAN_FRONTEND=noninteractive", *argv, timeout=900)
            if done.returncode and argv[1] == "install":
                raise LabError(f"`{' '.join(argv)}` failed: {done.stderr.strip()[-800:]}")
    return names


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """The daemons are for the lab's machines: this computer runs none of them."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
