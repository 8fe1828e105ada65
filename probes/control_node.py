"""Where control nodes keep what an administrator logs in with, read by root there; the first found counts."""

from __future__ import annotations

KUBECONFIGS = ("/etc/kubernetes/admin.conf", "/root/.kube/config", "/etc/rancher/k3s/k3s.yaml")
"""kubeadm, others, k3s."""
CLOUDS = ("/etc/openstack/clouds.yaml", "/etc/kolla/clouds.yaml", "/root/.config/openstack/clouds.yaml")
"""Packages, kolla-ansible, by hand."""
RCS = (
    "/etc/kolla/admin-openrc.sh",
    "/etc/kolla/admin-openrc-system.sh",
    "/root/keystonerc_admin",
    "/root/admin-openrc.sh",
    "/root/admin-openrc",
    "/root/openrc",
)
"""kolla-ansible, packstack, the installation guide, and what downstream guides call it."""
