"""How the parts of lab/parts.py are built, in the order in which one stands on another."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.cloud import builder as openstack
from lab.instance import Instance
from lab.kube import cluster
from lab.kube.build import build
from lab.kube.cgroups import remove_cgroups, require_cgroup1
from lab.kube.node import shares
from lab.parts import KUBE, OPENSTACK


@dataclass(frozen=True, slots=True)
class Builder:
    look_before: Callable[[], None]
    """Refuses, or fills the cache, before any machine is started."""
    shares: Callable[[str], Mapping[str, Path]]
    """What a machine sees of this computer, read-only: path in the machine, and folder."""
    start: Callable[[Instance], None]
    """On machines that reach each other; returns when all of it works."""
    wait_healthy: Callable[[Instance], None]
    """After faults were taken out; LabError when it does not become healthy."""
    clean: Callable[[Instance], None]
    """What `down` does not end by killing processes."""


def _look_before_kube() -> None:
    require_cgroup1()
    build()


BUILDERS = {
    OPENSTACK: Builder(
        openstack.look_before, openstack.shares, openstack.build_cloud, openstack.wait_healthy, openstack.clean
    ),
    KUBE: Builder(_look_before_kube, shares, cluster.start, cluster.wait_healthy, remove_cgroups),
}


def builders_of(parts: Collection[str]) -> list[Builder]:
    return [builder for part, builder in BUILDERS.items() if part in parts]
