"""A played cluster answers as a real one does, and leaves nothing."""

import json
import subprocess
import sys

import pytest

from lab.instance import current
from lab.kube.build import cache
from lab.kube.scale import scale_of

pytestmark = [pytest.mark.lab, pytest.mark.kube, pytest.mark.long]


def lab(*arguments: str) -> str:
    argv = [sys.executable, "-m", "lab", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=1800, check=True).stdout


def kubectl(kubeconfig: str, *arguments: str) -> list[dict[str, object]]:
    argv = ["kubectl", f"--kubeconfig={kubeconfig}", "get", *arguments, "-o", "json"]
    done = subprocess.run(
        argv, executable=cache() / "bin" / "hyperkube", capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    items: list[dict[str, object]] = json.loads(done.stdout)["items"]
    return items


def test_played_nodes_and_pods_are_listed_and_end_with_it() -> None:
    here = scale_of(current())
    try:
        kubeconfig = lab("scale", "up", "20", "300").strip()
        assert len(kubectl(kubeconfig, "nodes")) == 20
        assert len(kubectl(kubeconfig, "pods", "-A")) == 300
        assert kubectl(kubeconfig, "pods", "-A", "--field-selector=status.phase!=Running") == []
    finally:
        lab("scale", "down")
    assert not here.state.exists()
    assert not here.cgroup.exists()
