"""Outages of Kubernetes: how each is asked for, what is named, and what is broken while it is in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.kube.health import ailments
from lab.session import Lab

YES = ("--yes", "--max-risk", "disruptive")
W1, W2, MASTER = "k8s-worker-1", "k8s-worker-2", "master"
MANIFESTS = "/etc/kubernetes/manifests"
MANAGER = f"{MANIFESTS}/kube-controller-manager.yaml"


def pod_of(app: str) -> str:
    """The input that names an application's first pod."""
    return f"pod=$(kubectl get pod -l app={app} -o jsonpath='{{.items[0].metadata.name}}')"


def newest_pod_of(app: str) -> str:
    """The input that names the pod that an update made."""
    by_age = "--sort-by=.metadata.creationTimestamp -o jsonpath='{.items[-1:].metadata.name}'"
    return f"pod=$(kubectl get pod -l app={app} {by_age})"


@dataclass(frozen=True)
class Outage:
    fault: str
    cause: str
    target: str
    """Empty where chance decides."""
    symptom: str
    inputs: tuple[str, ...]
    """NAME=VALUE; `$(COMMAND)` is what it says on master."""
    broken: tuple[str, str]
    """Machine and a command that succeeds there while the fault is in, not before and not after."""
    undone: bool = True
    """False where the repair has nothing to take back."""
    leaves: str = ""
    """What a narrow repair leaves of the fault."""


ADDRESSES = (
    Outage(
        "libvirt-hides-pods",
        "bridge-hides-network",
        f"host:{W1}",
        "pods-across-nodes",
        (),
        (W1, "ip -4 addr show virbr0 | grep -q 10.244."),
    ),
)
NODES = (
    Outage(
        "kubelet-down",
        "kubelet-stopped",
        f"host:{W2}",
        "node-not-ready",
        (f"node={W2}",),
        (W2, "! systemctl is-active -q kubelet"),
    ),
    Outage(
        "containerd-down",
        "runtime-stopped",
        f"host:{W2}",
        "node-not-ready",
        (f"node={W2}",),
        (W2, "! systemctl is-active -q containerd"),
    ),
    Outage(
        "swap-on",
        "kubelet-refuses-swap",
        f"host:{W1}",
        "node-not-ready",
        (f"node={W1}",),
        (W1, "grep -q vda2 /proc/swaps && ! systemctl is-active -q kubelet"),
    ),
    Outage(
        "nodeip-missing",
        "node-ip-not-here",
        f"host:{W1}",
        "node-not-ready",
        (f"node={W1}",),
        (W1, "! ip -4 addr show lo | grep -q 192.168.200.106"),
    ),
    Outage(
        "no-cni",
        "cni-config-missing",
        f"host:{W1}",
        "node-not-ready",
        (f"node={W1}",),
        (W1, "! ls /etc/cni/net.d/*.conflist"),
        undone=False,
    ),
    Outage(
        "partition-not-grown",
        "partition-not-grown",
        f"host:{W1}",
        "node-not-ready",
        (f"node={W1}",),
        (W1, "df --output=pcent /var/lib/kubelet | grep -q 100%"),
        undone=False,
    ),
)
RANGES = (
    Outage(
        "flannel-no-podcidr",
        "pod-cidrs-not-allocated",
        f"host:{MASTER}",
        "node-without-pod-cidr",
        (f"node={W2}",),
        (MASTER, f"grep -q allocate-node-cidrs=false {MANAGER}"),
    ),
    Outage(
        "cluster-cidr-small",
        "cluster-cidr-too-small",
        f"host:{MASTER}",
        "node-without-pod-cidr",
        ("node=$(cat /run/third-node)",),
        (MASTER, f"grep -q cluster-cidr=10.244.0.0/23 {MANAGER}"),
    ),
)
PODS = (
    Outage(
        "flannel-env-missing",
        "flannel-subnet-env-missing",
        f"host:{W1}",
        "pod-does-not-start",
        (pod_of("client-1"),),
        (W1, "! test -e /run/flannel/subnet.env"),
        undone=False,
    ),
    Outage(
        "pending-taint",
        "taint-not-tolerated",
        f"host:{W1}",
        "pod-does-not-start",
        (pod_of("mail"),),
        (MASTER, f"kubectl get node {W1} -o jsonpath='{{.spec.taints[*].key}}' | grep -q maintenance"),
        leaves=f"node {W2} has taints maintenance",
    ),
    Outage(
        "node-cordoned",
        "node-cordoned",
        f"host:{W1}",
        "pod-does-not-start",
        (pod_of("post"),),
        (MASTER, f"kubectl get node {W1} -o jsonpath={{.spec.unschedulable}} | grep -q true"),
        leaves=f"node {W2} has taints node.kubernetes.io/unschedulable",
    ),
)
CLAIMS = (
    Outage(
        "pvc-no-default",
        "claim-not-bound",
        "",
        "pod-does-not-start",
        ("pod=store",),
        (MASTER, "! kubectl get storageclass disks -o yaml | grep -q 'is-default-class: .true'"),
    ),
)
_CONTAINER = "jsonpath={.spec.template.spec.containers[0]}"
UPDATES = (
    Outage(
        "update-crashes",
        "container-exits",
        "",
        "pod-does-not-start",
        (newest_pod_of("orders"),),
        (MASTER, f"kubectl get deployment orders -o '{_CONTAINER}' | grep -q app.conf"),
    ),
    Outage(
        "update-image",
        "image-cannot-be-pulled",
        "",
        "pod-does-not-start",
        (newest_pod_of("bills"),),
        (MASTER, f"kubectl get deployment bills -o '{_CONTAINER}' | grep -q bills:2"),
    ),
    Outage(
        "update-config",
        "container-cannot-be-made",
        "",
        "pod-does-not-start",
        (newest_pod_of("rates"),),
        (MASTER, f"kubectl get deployment rates -o '{_CONTAINER}' | grep -q configMapRef"),
    ),
)
CONTROL = tuple(
    Outage(fault, cause, f"host:{MASTER}", "kubernetes-api-does-not-answer", (), (MASTER, broken))
    for fault, cause, broken in (
        ("apiserver-down", "static-pod-manifest-missing", f"! test -e {MANIFESTS}/kube-apiserver.yaml"),
        ("etcd-down", "static-pod-manifest-missing", f"! test -e {MANIFESTS}/etcd.yaml"),
        ("apiserver-crash", "apiserver-asks-wrong-etcd", f"grep -q 127.0.0.1:2378 {MANIFESTS}/kube-apiserver.yaml"),
        (
            "apiserver-cert-expired",
            "apiserver-certificate-expired",
            "! openssl x509 -checkend 0 -noout -in /etc/kubernetes/pki/apiserver.crt",
        ),
    )
)
ETCD = tuple(
    Outage(
        fault,
        "etcd-space-exceeded",
        f"host:{MASTER}",
        "kubernetes-api-does-not-answer",
        (),
        (MASTER, "curl -s http://127.0.0.1:2381/health | grep -q NOSPACE"),
        undone=False,
    )
    for fault in ("etcd-space", "etcd-fragmented")
)
_POOL = "kubectl get ippools.crd.projectcalico.org -o jsonpath={{.items[0].spec.{}}}"
NAMES = tuple(
    Outage(fault, cause, target, "pod-dns-fails", (), broken)
    for fault, cause, target, broken in (
        (
            "coredns-none",
            "coredns-scaled-to-zero",
            "cluster:lab",
            (MASTER, "kubectl -n kube-system get deployment coredns -o jsonpath={.spec.replicas} | grep -qx 0"),
        ),
        (
            "dns-upstream",
            "resolver-firewall-drops-dns",
            "host:openstack-host",
            ("openstack-host", "iptables -S INPUT 1 | grep -q 'dport 53 -j DROP'"),
        ),
        (
            "node-forward-off",
            "node-does-not-forward",
            f"host:{W1}",
            (W1, "grep -qx 0 /proc/sys/net/ipv4/ip_forward"),
        ),
        (
            "node-no-default-route",
            "node-without-default-route",
            f"host:{W2}",
            (W2, "! ip route | grep -q ^default"),
        ),
        (
            "pods-not-masqueraded",
            "pods-not-masqueraded",
            "",
            (MASTER, "! kubectl -n kube-flannel get daemonset kube-flannel-ds -o yaml | grep -q -e '- --ip-masq$'"),
        ),
        (
            "calico-no-nat",
            "pods-not-masqueraded",
            "",
            (MASTER, f"{_POOL.format('natOutgoing')} | grep -qx false"),
        ),
    )
)
SCHEDULER = (
    Outage(
        "scheduler-down",
        "static-pod-manifest-missing",
        f"host:{MASTER}",
        "pod-does-not-start",
        (pod_of("queue"),),
        (MASTER, f"! test -e {MANIFESTS}/kube-scheduler.yaml"),
    ),
)
WEB = "address=$(kubectl get service web -o jsonpath={.spec.clusterIP})"
SERVICES = (
    Outage(
        "service-selector",
        "service-selects-no-pod",
        "host:web",
        "service-does-not-answer",
        (WEB,),
        (MASTER, "kubectl get service web -o jsonpath={.spec.selector.app} | grep -qx wbe"),
    ),
    Outage(
        "backend-deaf",
        "backend-does-not-listen",
        "host:web-deaf",
        "service-does-not-answer",
        (WEB,),
        (MASTER, "kubectl get pod web-deaf -o jsonpath={.metadata.labels.app} | grep -qx web"),
    ),
    Outage(
        "kube-proxy-stuck",
        "kube-proxy-does-not-follow",
        f"host:{W1}",
        "service-does-not-answer",
        (WEB,),
        (W1, "grep -q '^State:.T' /proc/$(pgrep -x kube-proxy)/status"),
        undone=False,
    ),
    Outage(
        "br-netfilter-off",
        "bridge-netfilter-off",
        f"host:{W1}",
        "service-does-not-answer",
        (WEB,),
        (W1, "sysctl -n net.bridge.bridge-nf-call-iptables | grep -qx 0"),
    ),
)
HARBOR = (
    Outage(
        "harbor-jobservice",
        "jobservice-refused-by-core",
        "host:harbor-jobservice",
        "harbor-does-not-start",
        ("in_namespace=harbor",),
        (MASTER, "kubectl -n harbor get pods | grep -q 'harbor-jobservice-.* 0/1 '"),
        undone=False,
    ),
)
LEFT = "kubectl get pvc database-data-harbor-database-0 -o jsonpath={.status.phase} | grep -qx Bound"
SWEPT = (
    Outage(
        "calico-crosssubnet",
        "calico-direct-routing-dropped",
        "cluster:lab",
        "pods-across-nodes",
        (),
        (MASTER, f"{_POOL.format('ipipMode')} | grep -qx CrossSubnet"),
    ),
    Outage(
        "calico-vxlan-crosssubnet",
        "calico-direct-routing-dropped",
        "cluster:lab",
        "pods-across-nodes",
        (),
        (MASTER, f"{_POOL.format('vxlanMode')} | grep -qx CrossSubnet"),
    ),
    Outage(
        "harbor-leftover",
        "release-left-in-other-namespace",
        "host:database-data-harbor-database-0",
        "harbor-does-not-start",
        ("in_namespace=harbor",),
        (MASTER, LEFT),
    ),
)
"""Their walks have tests of their own; a sweep must find them as it finds the others."""
OUTAGES = (*ADDRESSES, *NODES, *RANGES, *PODS, *CLAIMS, *UPDATES, *CONTROL, *ETCD, *SCHEDULER, *NAMES, *SERVICES)
"""A sweep finds them too."""


def read(lab: Lab, given: str) -> str:
    name, _, value = given.partition("=")
    return f"{name}={lab.run(MASTER, f'echo {value}').stdout.strip()}"


def is_broken(lab: Lab, outage: Outage) -> bool:
    machine, command = outage.broken
    return lab.run(machine, command).returncode == 0


def is_healthy(lab: Lab, outage: Outage) -> bool:
    return [said for said in ailments(lab.instance) if said != outage.leaves] == []


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(1)
    return True
