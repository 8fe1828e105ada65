"""Makes a machine a Kubernetes node that lacks only `kubeadm init` or `kubeadm join`.

Nothing here asks who plugged the machine's network card. All of it ends with the machine, but for
the cgroups, see lab/kube/cgroups.py.
"""

from pathlib import Path

from lab.bash import lines, shipped, write
from lab.instance import Instance
from lab.kube.build import cache
from lab.kube.versions import PAUSE_IMAGE
from lab.machines import MACHINES, WORKERS

MASTER = "master"
NODES = (MASTER, *WORKERS)
PROGRAMS = "/opt/kube"
"""Where a node sees the cache."""
RESOLVER = "192.168.200.1"
"""On openstack-host: what the nodes, and behind CoreDNS the pods, ask for other names."""

METADATA = "http://169.254.169.254/openstack/latest/meta_data.json"

_MASTER_IMAGES = ("hyperkube", "small", "flannel")
_WORKER_IMAGES = (*_MASTER_IMAGES, "coredns")
# the root is an overlay, which cannot hold another overlay's upper folder
_MEMORY = {"containerd": "3g", "kubelet": "1g", "etcd": "2g"}


def shares(name: str) -> dict[str, Path]:
    return {PROGRAMS: cache()} if name in NODES else {}


def node_script(lab: Instance, name: str) -> str:
    return "".join(
        [
            _places(name),
            _namespaces_with_cgroup1(lab),
            _containerd(),
            _kubelet(name),
            "systemctl daemon-reload\nsystemctl start containerd\nsystemctl enable -q kubelet\n",
            _load_images(name),
        ]
    )


def _places(name: str) -> str:
    address = f"ip addr replace {MACHINES[name].ip}/32 dev lo" if name in WORKERS else ""
    return lines(
        "mount --make-rshared /          # kubelet's and containerd's mounts must be visible to each other",
        *(
            f"mkdir -p /var/lib/{folder}; mount -t tmpfs -o mode=755,size={size} kube-{folder} /var/lib/{folder}"
            for folder, size in _MEMORY.items()
        ),
        f"rm -f /etc/resolv.conf; echo nameserver {RESOLVER} > /etc/resolv.conf",
        "ln -sf null /dev/kmsg           # kubelet insists on reading the kernel's log",
        "mkdir -p /opt/cni/bin /etc/cni/net.d /etc/kubernetes/manifests /etc/containerd /etc/sysconfig",
        "rm -f /etc/cni/net.d/*          # Debian's examples",
        "ln -sf /usr/lib/cni/* /opt/cni/bin/",
        f"for p in kubelet kubeadm kubectl; do ln -sf {PROGRAMS}/bin/hyperkube /usr/bin/$p; done",
        address,
    )


def _namespaces_with_cgroup1(lab: Instance) -> str:
    unit = _node_file("kube-cgroups.service").replace("@LAB@", lab.cgroup.name)
    return (
        write("/usr/local/sbin/kube-cgroups", _node_file("kube-cgroups"), "755")
        + write("/usr/local/sbin/in-kube-cgroups", _node_file("in-kube-cgroups"), "755")
        + write("/etc/systemd/system/kube-cgroups.service", unit)
    )


def _containerd() -> str:
    return (
        write("/usr/local/sbin/runc-without-mknod", _node_file("runc-without-mknod"), "755")
        + write("/etc/containerd/config.toml", _node_file("containerd.toml").replace("@PAUSE@", PAUSE_IMAGE))
        + write("/etc/systemd/system/containerd.service", _node_file("containerd.service"))
    )


def _kubelet(name: str) -> str:
    return write("/etc/systemd/system/kubelet.service", _node_file("kubelet.service")) + write(
        "/etc/sysconfig/kubelet", f"KUBELET_EXTRA_ARGS=--node-ip={MACHINES[name].ip}"
    )


def provider_id_script() -> str:
    """Before the node registers: a server asks who it is, as cloud-provider-openstack would."""
    asks = f"import json, urllib.request as ask; print(json.load(ask.urlopen('{METADATA}', timeout=20))['uuid'])"
    return lines(
        f'server=$(python3 -c "{asks}")',
        'sed -i "s|$| --provider-id=openstack:///$server|" /etc/sysconfig/kubelet',
    )


def _load_images(name: str) -> str:
    images = _MASTER_IMAGES if name == MASTER else _WORKER_IMAGES
    return lines(*(f"ctr -n k8s.io images import {PROGRAMS}/images/{image}.tar >/dev/null" for image in images))


def _node_file(name: str) -> str:
    return shipped(f"kube/node/{name}")
