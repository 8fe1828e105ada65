"""What a lab has beyond its network, as asked for with `up --PART`."""

from collections.abc import Collection

from lab.instance import Instance

OPENSTACK = "openstack"
"""Keystone, Placement, Glance, Nova and Neutron, with real agents and the workers as servers."""

KUBE = "kube"
"""A kubeadm cluster on master and the two workers, instead of a stand-in kubelet and pods as namespaces."""


def save_parts(lab: Instance, parts: Collection[str]) -> None:
    folder = lab.state / "parts"
    folder.mkdir()
    for part in parts:
        (folder / part).touch()


def parts_of(lab: Instance) -> frozenset[str]:
    """Nothing for a lab that is not up."""
    return frozenset(mark.name for mark in (lab.state / "parts").glob("*"))
