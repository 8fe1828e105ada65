"""Faults of the control plane and of joining it."""

from lab.bash import write
from lab.faults import Fault, Run
from lab.kube.steps import GET_NODES, MANIFESTS, MASTER, W2, kube_fault, on_master, quietly
from lab.machines import MACHINES

_APISERVER, _KEPT_APISERVER = f"{MANIFESTS}/kube-apiserver.yaml", "/root/kube-apiserver.yaml"
_UNTIL_READY = (
    "for i in $(seq 180); do kubectl get --raw /readyz >/dev/null 2>&1 && exit 0; sleep 0.5; done; exit 1"
)

JOIN_TOKEN = "abcdef.0123456789abcdef"
_JOIN = f"""\
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken:
    token: {JOIN_TOKEN}
    apiServerEndpoint: {MACHINES[MASTER].ip}:6443
    unsafeSkipCAVerification: true
timeouts: {{discovery: 5s}}
"""
_PREFLIGHT = "kubeadm join phase preflight --config /root/join.yaml --ignore-preflight-errors=all"
_ONLY_ERRORS = " 2>&1 | grep ^error"

CONTROL_FAULTS: dict[str, Fault] = {
    "apiserver-down": kube_fault(
        "the API server's static pod manifest was moved away",
        breaks=(on_master(f"mv {_APISERVER} {_KEPT_APISERVER}"),),
        undo=(
            on_master(
                f"[ -e {_APISERVER} ] || mv {_KEPT_APISERVER} {_APISERVER}; rm -f {_KEPT_APISERVER}; {_UNTIL_READY}"
            ),
        ),
        shows=(GET_NODES,),
        shown=on_master("! kubectl get --raw /livez 2>/dev/null"),
    ),
    "token-expired": kube_fault(
        "a join with a bootstrap token that has expired (discovery only, nothing joins)",
        breaks=(
            quietly(f"kubeadm token create {JOIN_TOKEN} --ttl 1s"),
            Run(W2, write("/root/join.yaml", _JOIN, "600")),
        ),
        undo=(
            quietly(f"kubeadm token delete {JOIN_TOKEN.partition('.')[0]} || true"),
            Run(W2, "rm -f /root/join.yaml"),
        ),
        shows=(Run(W2, _PREFLIGHT + _ONLY_ERRORS), on_master("kubeadm token list")),
        shown=on_master("! kubeadm token list | grep -q abcdef"),
    ),
}
