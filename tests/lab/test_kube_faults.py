"""Each fault of the cluster shows in what an operator pastes, its documented repair ends it, undo leaves no trace.

Faults that do not meet are broken together: waiting for Kubernetes to notice is most of the time.
"""

import re
import time
from dataclasses import dataclass

import pytest

from lab.kube.fault_control import ETCDCTL, JOIN_TOKEN
from lab.kube.faults import KUBE_FAULTS
from lab.kube.node import RESOLVER
from lab.kube.steps import MANIFESTS, W1, W2
from lab.processes import parallel
from lab.session import Lab

pytestmark = pytest.mark.lab

M = "master"
ETCD = f"{MANIFESTS}/etcd.yaml"
ETCD_IS_WELL = (
    "for i in $(seq 180); do curl -s http://127.0.0.1:2381/health | grep -q true && exit; sleep 0.5; done; exit 1"
)


@dataclass(frozen=True)
class Expected:
    pasted: str
    """Pattern in what the operator's commands print while it is broken, and only then."""
    cause: str
    """Pattern that names the cause; it may stay in logs and events after the repair."""
    repair: tuple[tuple[str, str], ...]
    """(machine, bash), as documentation tells."""


def restart_flannel(node: str) -> tuple[str, str]:
    return (M, f"kubectl -n kube-flannel delete pod -l app=flannel --field-selector spec.nodeName={node}")


def set_flag(wrong: str, right: str) -> tuple[str, str]:
    return (M, f"sed -i 's#--{wrong}#--{right}#' /etc/kubernetes/manifests/kube-controller-manager.yaml")


def patch_command(name: str) -> tuple[str, str]:
    path = "/spec/template/spec/containers/0/command"
    patch = f'[{{"op": "replace", "path": "{path}", "value": ["sleep", "infinity"]}}]'
    return (M, f"kubectl patch deployment {name} --type=json -p '{patch}'")


ALLOW_PODS = (
    ("compute", "ipset add NIPv4d50ff2aa-01 10.244.0.0/16"),
    ("compute2", "ipset add NIPv43e6cb1aa-02 10.244.0.0/16"),
)
ALWAYS_VXLAN = (
    M,
    "kubectl patch ippools.crd.projectcalico.org default-ipv4-ippool --type=merge "
    """-p '{"spec":{"vxlanMode":"Always"}}'""",
)
NAT_OUTGOING = (
    M,
    "kubectl patch ippools.crd.projectcalico.org default-ipv4-ippool --type=merge "
    """-p '{"spec":{"natOutgoing":true}}'""",
)
PV = """kubectl apply -f - <<'EOF'
apiVersion: v1
kind: PersistentVolume
metadata: {name: data}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  hostPath: {path: /var/lib/data, type: DirectoryOrCreate}
EOF"""
LOST = "100% packet loss"
POD_CIDR_MISSING = r"(?m)^k8s-worker-\d +<none>$"

EXPECTED = {
    "no-cni": Expected(f"{W1} +NotReady", "cni plugin not initialized", (restart_flannel(W1),)),
    "flannel-env-missing": Expected(
        "0/1 +ContainerCreating", "subnet.env: no such file or directory", (restart_flannel(W1),)
    ),
    "flannel-no-podcidr": Expected(
        POD_CIDR_MISSING,
        "pod cidr not assigned",
        (set_flag("allocate-node-cidrs=false", "allocate-node-cidrs=true"),),
    ),
    "cluster-cidr-small": Expected(
        POD_CIDR_MISSING,
        "CIDRNotAvailable",
        (set_flag("cluster-cidr=10.244.0.0/23", "cluster-cidr=10.244.0.0/16"),),
    ),
    "swap-on": Expected(
        "/dev/vda2",
        "running with swap on is not supported",
        ((W1, "sed -i '/ swap /d' /etc/fstab; swapoff -a; systemctl restart kubelet"),),
    ),
    "nodeip-missing": Expected(
        "192.168.200.106.* not found in the host",
        "failed to validate nodeIP",
        ((W1, "ip addr add 192.168.200.106/32 dev lo; systemctl restart kubelet"),),
    ),
    "kubelet-down": Expected(
        f"{W2} +NotReady", "Kubelet stopped posting node status", ((W2, "systemctl start kubelet"),)
    ),
    "containerd-down": Expected(
        f"{W2} +NotReady", "container runtime is down", ((W2, "systemctl start containerd"),)
    ),
    "apiserver-down": Expected(
        "The connection to the server 172.20.112.101:6443 was refused",
        "did you specify the right host or port",
        ((M, "mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/"),),
    ),
    "apiserver-crash": Expected(
        "(?m)^(The connection to the server|Unable to connect|Get .*6443)",
        "127.0.0.1:2378",
        ((M, "sed -i 's#127.0.0.1:2378#127.0.0.1:2379#' /etc/kubernetes/manifests/kube-apiserver.yaml"),),
    ),
    "etcd-down": Expected(
        "(?m)^(Error from server|The connection to the server|Unable to connect|error:|Get .*6443)",
        "127.0.0.1:2379.*connection refused",
        ((M, "mv /root/etcd.yaml /etc/kubernetes/manifests/"),),
    ),
    "etcd-space": Expected(
        "mvcc: database space exceeded",
        "ALARM NOSPACE",
        (
            (
                M,
                f"revision=$({ETCDCTL} endpoint status -w json | grep -o 'revision\":[0-9]*' | cut -d: -f2); "
                f"{ETCDCTL} compaction $revision && {ETCDCTL} defrag && {ETCDCTL} alarm disarm",
            ),
        ),
    ),
    "etcd-fragmented": Expected(
        "mvcc: database space exceeded", "ALARM NOSPACE", ((M, f"{ETCDCTL} defrag && {ETCDCTL} alarm disarm"),)
    ),
    "etcd-no-quorum": Expected(
        "(?m)^(Error from server|The connection to the server|Unable to connect|error:|Get .*6443)",
        "RAFT NO LEADER",
        (
            (M, f"sed -i 's/^    - etcd$/&\\n    - --force-new-cluster/' {ETCD}; {ETCD_IS_WELL}"),
            (M, f"sed -i '/--force-new-cluster/d' {ETCD}; sleep 30; {ETCD_IS_WELL}"),
        ),
    ),
    "apiserver-cert-expired": Expected(
        "certificate has expired or is not yet valid",
        "current time .* is after",
        ((M, "kubeadm certs renew apiserver >/dev/null; pkill -x kube-apiserver"),),
    ),
    "scheduler-down": Expected(
        r"queue-\S+ +0/1 +Pending",
        "Events: +<none>",
        ((M, "mv /root/kube-scheduler.yaml /etc/kubernetes/manifests/"),),
    ),
    "disk-full": Expected(
        "100% /var/lib/kubelet", "no space left on device", ((W1, "rm /var/lib/kubelet/core.4711"),)
    ),
    "disk-full-of-journals": Expected(
        "100% /var/log", "no space left on device", ((W1, "journalctl --rotate --vacuum-size=100M"),)
    ),
    "partition-not-grown": Expected(
        "100% /var/lib/kubelet",
        "320M +0 part /var/lib/kubelet",
        ((W1, "p=$(df --output=source /var/lib/kubelet | tail -n 1); growpart ${p%p1} 1; xfs_growfs ${p}"),),
    ),
    "br-netfilter-off": Expected(
        "bridge-nf-call-iptables = 0",
        "Client.Timeout exceeded|i/o timeout|deadline exceeded",
        ((W1, "sysctl -w net.bridge.bridge-nf-call-iptables=1"),),
    ),
    "harbor-leftover": Expected(
        "connection refused",
        "default +database-data-harbor-database-0 +Bound",
        (
            (M, "kubectl -n default delete pvc database-data-harbor-database-0"),
            (M, 'kubectl patch pv harbor-database -p \'{"spec": {"claimRef": null}}\''),
        ),
    ),
    "harbor-jobservice": Expected(
        r"harbor-jobservice-\S+ +0/1",
        "connection refused",
        ((M, "kubectl -n harbor rollout restart deployment harbor-jobservice"),),
    ),
    "token-expired": Expected(
        "could not find a JWS signature in the cluster-info ConfigMap",
        'token ID "abcdef"',
        ((M, f"kubeadm token create {JOIN_TOKEN} --ttl 5m"),),
    ),
    "node-not-prepared": Expected(
        "ip_forward contents are not set to 1",
        r"net\.ipv4\.ip_forward = 0",
        ((W2, "sysctl -qw net.ipv4.ip_forward=1"),),
    ),
    "kubeadm-too-new": Expected(
        "only supports deploying clusters with the control plane version",
        r"(?m)^v1\.37\.0$",
        ((W2, "apt-get install -qq -y --allow-downgrades --allow-change-held-packages kube{let,adm}=1.35.4-1.1"),),
    ),
    "coredns-none": Expected(
        "connection refused|timed out",
        "kube-dns-\\S+ +IPv4 +\\S+ +<unset>|<unset>",
        ((M, "kubectl -n kube-system scale deployment coredns --replicas=2"),),
    ),
    "dns-upstream": Expected(
        "can't resolve|timed out|SERVFAIL",
        f"{RESOLVER}:53: i/o timeout",
        (("openstack-host", f"iptables -D INPUT -d {RESOLVER} -p udp --dport 53 -j DROP"),),
    ),
    "dns-loop": Expected(
        "CrashLoopBackOff",
        "Loop .* detected",
        (
            *((node, f"echo nameserver {RESOLVER} > /etc/resolv.conf") for node in (W1, W2)),
            (M, "kubectl -n kube-system delete pod -l k8s-app=kube-dns"),
        ),
    ),
    "node-forward-off": Expected(
        "timed out", r"net\.ipv4\.ip_forward = 0", ((W1, "sysctl -qw net.ipv4.ip_forward=1"),)
    ),
    "node-no-default-route": Expected(
        "Network is unreachable", "Network is unreachable", ((W2, "ip route add default via 10.0.0.1"),)
    ),
    "pods-not-masqueraded": Expected(
        "timed out",
        r'\["--kube-subnet-mgr"\]',
        (
            (
                M,
                "kubectl -n kube-flannel patch daemonset kube-flannel-ds --type=json -p "
                """'[{"op": "add", "path": "/spec/template/spec/containers/0/args/1", "value": "--ip-masq"}]'""",
            ),
        ),
    ),
    "dns-denied-by-policy": Expected("only-web", "only-web", ((M, "kubectl delete networkpolicy only-web"),)),
    "dns-denied-for-real": Expected(
        "no servers could be reached", "only-web", ((M, "kubectl delete networkpolicy only-web"),)
    ),
    "backend-deaf": Expected("connection refused", "web-deaf +1/1 +Running", ((M, "kubectl delete pod web-deaf"),)),
    "kube-proxy-stuck": Expected(
        "no route to host|context deadline exceeded", r"T\S* +kube-proxy", ((W1, "pkill -CONT -x kube-proxy"),)
    ),
    "service-selector": Expected(
        "connection refused", "Selector: +app=wbe", ((M, "kubectl set selector service web app=web"),)
    ),
    "vxlan-blocked": Expected(LOST, LOST, ((W1, "iptables -D INPUT -p udp --dport 4789 -j DROP"),)),
    "hostgw-port-security": Expected(LOST, r"10\.244\.\d\.0/24 via 10\.0\.0\.34 dev eth0", ALLOW_PODS),
    "libvirt-hides-pods": Expected(
        "dev virbr0", LOST, ((W1, "ip addr flush dev virbr0; ip -4 route flush dev virbr0"),)
    ),
    "services-overlap": Expected(
        "dev backup0|local 10.96.0", "10.96.0.10", (("openstack-host", "ip link del backup0"),)
    ),
    "calico-crosssubnet": Expected(LOST, "default-ipv4-ippool +CrossSubnet +Never", ALLOW_PODS),
    "calico-vxlan-crosssubnet": Expected(LOST, "default-ipv4-ippool +Never +CrossSubnet", (ALWAYS_VXLAN,)),
    "calico-no-nat": Expected("timed out", "default-ipv4-ippool +false", (NAT_OUTGOING,)),
    "directrouting-port-security": Expected(LOST, r"10\.244\.\d\.0/24 via 10\.0\.0\.34 dev eth0", ALLOW_PODS),
    "pvc-pending": Expected("data +Pending", "no persistent volumes available", ((M, PV),)),
    "pvc-no-default": Expected(
        "shelf +Pending",
        "no storage class is set",
        ((M, "kubectl annotate storageclass disks storageclass.kubernetes.io/is-default-class=true"),),
    ),
    "pvc-leftover": Expected("old +Terminating", "Used By: +user", ((M, "kubectl delete pod user"),)),
    "crashloop": Expected(
        "(CrashLoopBackOff|Error) +[1-9]", "cannot open /etc/app.conf", (patch_command("reports"),)
    ),
    "image-pull": Expected(
        "ImagePullBackOff",
        "lab.invalid.* no such host",
        ((M, "kubectl set image deployment/shop main=lab.invalid/k8s/busybox:1"),),
    ),
    "update-crashes": Expected(
        "(CrashLoopBackOff|Error) +[1-9]",
        r"(?m)^2 +<none>",
        ((M, "kubectl rollout undo deployment orders && kubectl rollout status deployment orders --timeout=60s"),),
    ),
    "update-image": Expected(
        "ImagePullBackOff",
        r"(?m)^2 +<none>",
        ((M, "kubectl rollout undo deployment bills && kubectl rollout status deployment bills --timeout=60s"),),
    ),
    "update-config": Expected(
        "CreateContainerConfigError",
        'configmap "rates" not found',
        ((M, "kubectl rollout undo deployment rates && kubectl rollout status deployment rates --timeout=60s"),),
    ),
    "pending-resources": Expected(
        "Pending", "Insufficient cpu", ((M, "kubectl set resources deployment batch --requests=cpu=10m"),)
    ),
    "pending-taint": Expected(
        "Pending", r"untolerated taint\(?s?\)?", ((M, f"kubectl taint node {W1} {W2} maintenance-"),)
    ),
    "node-cordoned": Expected("Pending", "Ready,SchedulingDisabled", ((M, f"kubectl uncordon {W1}"),)),
}
BATCHES = (
    (
        "pvc-pending",
        "pvc-leftover",
        "crashloop",
        "image-pull",
        "update-crashes",
        "update-image",
        "update-config",
        "pending-resources",
        "token-expired",
        "coredns-none",
    ),
    ("no-cni", "kubelet-down"),
    ("flannel-env-missing", "containerd-down"),
    ("disk-full",),
    ("partition-not-grown",),
    ("disk-full-of-journals",),
    ("pvc-no-default",),
    ("service-selector", "kubeadm-too-new", "harbor-jobservice"),
    ("node-forward-off",),
    ("calico-crosssubnet",),
    ("calico-vxlan-crosssubnet",),
    ("calico-no-nat",),
    ("node-no-default-route",),
    ("pods-not-masqueraded", "dns-denied-by-policy"),
    ("backend-deaf",),
    ("dns-denied-for-real", "services-overlap"),
    ("libvirt-hides-pods",),
    ("kube-proxy-stuck",),
    ("node-cordoned",),
    ("swap-on",),
    ("nodeip-missing", "dns-loop"),
    ("hostgw-port-security", "pending-taint"),
    ("directrouting-port-security", "dns-upstream"),
    ("vxlan-blocked", "harbor-leftover"),
    ("br-netfilter-off",),
    ("flannel-no-podcidr",),
    ("cluster-cidr-small",),
    ("apiserver-down",),
    ("apiserver-crash",),
    ("apiserver-cert-expired",),
    ("etcd-down",),
    ("etcd-space",),
    ("etcd-fragmented",),
    ("etcd-no-quorum",),
    ("scheduler-down",),
    ("node-not-prepared",),
)


def test_every_fault_is_tested_once() -> None:
    batches = [fault for batch in BATCHES for fault in batch]
    assert sorted(batches) == sorted(EXPECTED)
    assert EXPECTED.keys() == KUBE_FAULTS.keys() - {"clusterip-ping"}


def shows(lab: Lab, fault: str, pattern: str) -> bool:
    return re.search(pattern, lab.paste(fault)) is not None


def wait_until_gone(lab: Lab, fault: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while shows(lab, fault, EXPECTED[fault].pasted):
        assert time.monotonic() < end, f"{fault} is still there {seconds:g} s after its repair: {lab.paste(fault)}"
        time.sleep(0.5)


def objects(lab: Lab) -> list[str]:
    """What the administrator made; pods and events come and go by themselves."""
    kinds = "deployments,daemonsets,services,configmaps,pvc,pv"
    return lab.run(M, f"kubectl get {kinds} -A -o name; kubectl get node -o jsonpath='{{..taints}}'").stdout.split()


def break_(lab: Lab, batch: tuple[str, ...]) -> None:
    for fault in batch:
        assert not shows(lab, fault, EXPECTED[fault].pasted)
    parallel(lab.break_, batch)
    for fault in batch:
        pasted = lab.paste(fault)
        assert re.search(EXPECTED[fault].pasted, pasted), pasted
        assert re.search(EXPECTED[fault].cause, pasted), pasted


def repair(lab: Lab, fault: str) -> None:
    for where, command in EXPECTED[fault].repair:
        done = lab.run(where, command)
        assert done.returncode == 0, done.stdout
    wait_until_gone(lab, fault)


@pytest.mark.parametrize("batch", BATCHES, ids=" ".join)
def test_fault_shows_and_its_repair_ends_it(healed_kube_lab: Lab, batch: tuple[str, ...]) -> None:
    before = objects(healed_kube_lab)
    break_(healed_kube_lab, batch)
    parallel(lambda fault: repair(healed_kube_lab, fault), batch)
    healed_kube_lab.heal()
    assert objects(healed_kube_lab) == before
