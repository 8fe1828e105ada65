"""Faults of nodes: CNI, flannel's subnet, kubelet, container runtime."""

from lab.faults import Fault, Run
from lab.kube.steps import (
    GET_NODES,
    MANIFESTS,
    W1,
    W2,
    described,
    is_not_ready,
    kube_fault,
    on_master,
    quietly,
    ready_line,
    told_of_pod,
)
from lab.machines import MACHINES

_FLOATING = MACHINES[W1].ip
_CONTROLLER = f"{MANIFESTS}/kube-controller-manager.yaml"
_CONFLIST, _KEPT_CONFLIST = "/etc/cni/net.d/10-flannel.conflist", "/run/10-flannel.conflist"
_SUBNET, _KEPT_SUBNET = "/run/flannel/subnet.env", "/run/flannel-subnet.env"
_FLANNEL_PODS = on_master("kubectl -n kube-flannel get pods -o wide")
_POD_CIDRS = on_master("kubectl get nodes -o custom-columns=NAME:.metadata.name,PODCIDR:.spec.podCIDR")
_FLANNEL_LOGS = on_master(
    "for p in $(kubectl -n kube-flannel get pods -o name); do "
    "kubectl -n kube-flannel logs $p -c kube-flannel --tail=3 | grep -i error; done"
)
_FLANNEL_CRASHED = (
    "kubectl -n kube-flannel get pods "
    "-o jsonpath='{.items[*].status.containerStatuses[0].lastState.terminated.reason}' | grep -q Error"
)


def _flag(before: str, after: str) -> str:
    """bash: changes a flag of the controller-manager, and waits until one runs with it and nothing else."""
    return (
        f"sed -i 's#--{before}$#--{after}#' {_CONTROLLER}\n"
        f"for i in $(seq 120); do pgrep -f 'kube-controller-manager.*--{after}( |$)' >/dev/null"
        f" && ! pgrep -f 'kube-controller-manager.*--{before}( |$)' >/dev/null && break; sleep 0.5; done\n"
        "kubectl -n kube-system delete lease kube-controller-manager   # the old one's ends in 15 s"
    )


def _flag_back(broken: str, healthy: str) -> Run:
    """The crashed flannel pods need not wait for their next try."""
    return quietly(
        f"grep -q -e '--{broken}$' {_CONTROLLER} || exit 0\n{_flag(broken, healthy)}\n"
        "until [ $(kubectl get nodes -o jsonpath='{.items[*].spec.podCIDR}' | wc -w) = 3 ]; do sleep 0.5; done\n"
        "kubectl -n kube-flannel delete pod -l app=flannel"
    )


def _restart_kubelet(node: str) -> Run:
    return Run(node, "systemctl restart kubelet")


_ALLOCATE = ("allocate-node-cidrs=true", "allocate-node-cidrs=false")
_RANGE = ("cluster-cidr=10.244.0.0/16", "cluster-cidr=10.244.0.0/23")
_FAKE_SWAP = r"""printf 'Filename\tType\tSize\tUsed\tPriority\n/dev/vda2\tpartition\t6201340\t0\t-2\n' > /run/swaps
mount --bind /run/swaps /proc/swaps
echo '/dev/vda2 none swap defaults 0 0' >> /etc/fstab
cd /usr/local/sbin   # a bind mount is no swap to the real ones
printf '#!/bin/sh\ncase $1 in -a | /dev/vda2) umount /proc/swaps ;; *) exit 1 ;; esac\n' > swapoff
printf '#!/bin/sh\nmount --bind /run/swaps /proc/swaps\n' > swapon
chmod 755 swapon swapoff; systemctl restart kubelet"""

# a small disk, so that no memory is needed to fill it
_FILL_DISK = """cd /var/lib/kubelet; mount -o remount,size=256k .
dd if=/dev/zero of=core.4711 bs=4k 2>/dev/null; true"""

NODE_FAULTS: dict[str, Fault] = {
    "no-cni": kube_fault(
        "the CNI configuration is gone from k8s-worker-1",
        breaks=(Run(W1, f"mv {_CONFLIST} {_KEPT_CONFLIST}"),),
        undo=(Run(W1, f"[ -e {_CONFLIST} ] || [ ! -e {_KEPT_CONFLIST} ] || mv {_KEPT_CONFLIST} {_CONFLIST}"),),
        shows=(GET_NODES, ready_line(W1)),
        shown=is_not_ready(W1, "cni plugin not initialized"),
    ),
    "flannel-env-missing": kube_fault(
        "/run/flannel/subnet.env is gone on k8s-worker-1 and a pod has to start there",
        breaks=(Run(W1, f"mv {_SUBNET} {_KEPT_SUBNET}"), quietly("kubectl delete pod -l app=client-1")),
        undo=(Run(W1, f"[ -e {_SUBNET} ] || [ ! -e {_KEPT_SUBNET} ] || mv {_KEPT_SUBNET} {_SUBNET}"),),
        shows=(
            on_master("kubectl get pods -l app=client-1"),
            told_of_pod("client-1"),
        ),
        shown=described("client-1", "subnet.env"),
    ),
    "flannel-no-podcidr": kube_fault(
        "controller-manager does not allocate node CIDRs; k8s-worker-2 registers anew",
        breaks=(
            quietly(f"{_flag(*_ALLOCATE)}\nkubectl delete node {W2}"),
            _restart_kubelet(W2),
            quietly(
                f"until kubectl get node {W2}; do sleep 0.5; done\n"
                f"kubectl -n kube-flannel delete pod --field-selector spec.nodeName={W2}"
            ),
        ),
        undo=(_flag_back(_ALLOCATE[1], _ALLOCATE[0]),),
        shows=(GET_NODES, _FLANNEL_PODS, _FLANNEL_LOGS, _POD_CIDRS),
        shown=on_master(_FLANNEL_CRASHED),
    ),
    "cluster-cidr-small": kube_fault(
        "--cluster-cidr has room for two nodes; the third registers anew and gets no pod CIDR",
        breaks=(
            quietly(
                "kubectl get nodes -o jsonpath='{.items[?(@.spec.podCIDR==\"10.244.2.0/24\")].metadata.name}' "
                "> /run/third-node; kubectl delete node $(cat /run/third-node)\n" + _flag(*_RANGE)
            ),
            *(_restart_kubelet(node) for node in (W1, W2)),
            quietly(
                "until kubectl get node $(cat /run/third-node); do sleep 0.5; done\n"
                "kubectl -n kube-flannel delete pod --field-selector spec.nodeName=$(cat /run/third-node)"
            ),
        ),
        undo=(_flag_back(_RANGE[1], _RANGE[0]),),
        shows=(_POD_CIDRS, _FLANNEL_PODS, on_master("kubectl get events -A | grep CIDR"), _FLANNEL_LOGS),
        shown=on_master(f"kubectl get events -A | grep -q CIDRNotAvailable && {_FLANNEL_CRASHED}"),
    ),
    "swap-on": kube_fault(
        "swap is on at k8s-worker-1: kubelet refuses to start",
        breaks=(Run(W1, _FAKE_SWAP),),
        undo=(
            Run(
                W1,
                "umount /proc/swaps 2>/dev/null; rm -f /usr/local/sbin/swapo*; sed -i '/ swap /d' /etc/fstab; "
                "systemctl is-active -q kubelet || systemctl restart kubelet",
            ),
        ),
        shows=(Run(W1, "journalctl -u kubelet -n 5 --no-pager"), Run(W1, "cat /proc/swaps")),
        shown=Run(W1, "journalctl -u kubelet -n 5 --no-pager | grep -q 'running with swap on'"),
    ),
    "nodeip-missing": kube_fault(
        "kubelet's --node-ip, the floating IP, is on no interface of k8s-worker-1",
        breaks=(Run(W1, f"ip addr del {_FLOATING}/32 dev lo; systemctl restart kubelet"),),
        undo=(
            Run(
                W1,
                f"ip -4 addr show lo | grep -q {_FLOATING} && systemctl is-active -q kubelet && exit 0\n"
                f"ip addr replace {_FLOATING}/32 dev lo; systemctl restart kubelet",
            ),
        ),
        shows=(Run(W1, "journalctl -u kubelet --since -15s --no-pager | grep -i 'node IP' | tail -n 2"),),
        shown=Run(W1, "journalctl -u kubelet --since -15s --no-pager | grep -q 'not found in the host'"),
    ),
    "disk-full": kube_fault(
        "/var/lib/kubelet of k8s-worker-1 is full and a pod has to start there",
        breaks=(Run(W1, _FILL_DISK), quietly("kubectl delete pod -l app=client-1")),
        undo=(
            Run(W1, "rm -f /var/lib/kubelet/core.4711; mount -o remount,size=1g /var/lib/kubelet"),
            quietly("kubectl get pods -l app=client-1 | grep -q Running || kubectl delete pod -l app=client-1"),
        ),
        shows=(
            on_master("kubectl get pods -l app=client-1"),
            told_of_pod("client-1"),
            Run(W1, "df -h /var/lib/kubelet"),
        ),
        shown=described("client-1", "no space left on device"),
    ),
    "kubelet-down": kube_fault(
        "kubelet is stopped on k8s-worker-2",
        breaks=(Run(W2, "systemctl stop kubelet"),),
        undo=(Run(W2, "systemctl start kubelet"),),
        shows=(GET_NODES, ready_line(W2)),
        shown=is_not_ready(W2, "Kubelet stopped posting node status"),
    ),
    "containerd-down": kube_fault(
        "containerd is stopped on k8s-worker-2",
        breaks=(Run(W2, "systemctl stop containerd"),),
        undo=(Run(W2, "systemctl start containerd"),),
        shows=(GET_NODES, ready_line(W2)),
        shown=is_not_ready(W2, "container runtime is down"),
    ),
}
