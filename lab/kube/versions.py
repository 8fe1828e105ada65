"""Versions of what runs in the cluster, and the names of its images."""

KUBERNETES = "v1.35.4"
COREDNS = "v1.14.7"
FLANNEL = "v0.28.4"
ETCD = "3.6.5-0"
"""kubeadm chooses etcd's flags by this tag."""
PAUSE = "3.10.1"

REPOSITORY = "lab.invalid/k8s"
"""A name that never resolves: an image that was not imported fails to be pulled, for real."""
FLANNEL_IMAGE = f"{REPOSITORY}/flannel:{FLANNEL}"
BUSYBOX_IMAGE = f"{REPOSITORY}/busybox:1"
PAUSE_IMAGE = f"{REPOSITORY}/pause:{PAUSE}"
COREDNS_IMAGE = f"{REPOSITORY}/coredns:{COREDNS}"
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd")


def control_plane_image(program: str) -> str:
    return f"{REPOSITORY}/{program}:{ETCD if program == 'etcd' else KUBERNETES}"
