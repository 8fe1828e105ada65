"""A NetworkPolicy, on paper with flannel alone, and where somebody makes policies come true."""

from lab.bash import shipped
from lab.faults import Fault, Run
from lab.kube.steps import W1, W2, apply, delete, in_pod, kube_fault, on_master, quietly
from lab.kube.versions import control_plane_image

_INSIDE = in_pod(1, "nslookup web.default.svc.cluster.local")
_POLICIES = on_master("kubectl get networkpolicy")
_ONLY_WEB: dict[str, object] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "only-web"},
    "spec": {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"podSelector": {}}], "ports": [{"port": 8080}]}],
    },
}
_NAME, _SPACE = "kube-router", "kube-system"
_OWN = {"name": _NAME, "namespace": _SPACE}
_LABELS = {"k8s-app": _NAME}
_ACCOUNT: dict[str, object] = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _OWN}
_ROLE: dict[str, object] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": _NAME},
    "rules": [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list"]},
    ],
}
_BINDING: dict[str, object] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": _NAME},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _NAME},
    "subjects": [{"kind": "ServiceAccount", **_OWN}],
}
_SPEC: dict[str, object] = {
    "serviceAccountName": _NAME,
    "hostNetwork": True,
    "terminationGracePeriodSeconds": 0,
    "containers": [
        {
            "name": _NAME,
            "image": control_plane_image("kube-proxy"),
            "command": ["sh", "-c", shipped("kube/policy-engine")],
            "securityContext": {"privileged": True},
        }
    ],
}
_ENGINE: dict[str, object] = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {**_OWN, "labels": _LABELS},
    "spec": {
        "selector": {"matchLabels": _LABELS},
        "template": {"metadata": {"labels": _LABELS}, "spec": _SPEC},
    },
}
_NO_CHAIN = """iptables -D FORWARD -j KUBE-ROUTER-FORWARD 2>/dev/null
iptables -F KUBE-ROUTER-FORWARD 2>/dev/null; iptables -X KUBE-ROUTER-FORWARD 2>/dev/null; true"""

POLICY_FAULTS: dict[str, Fault] = {
    "dns-denied-by-policy": kube_fault(
        "a NetworkPolicy lets pods of default send to each other and not to kube-dns; flannel enforces none",
        breaks=(apply(_ONLY_WEB),),
        undo=(delete("networkpolicy/only-web"),),
        shows=(_INSIDE, _POLICIES),
    ),
    "dns-denied-for-real": kube_fault(
        "a NetworkPolicy lets pods of default send to each other and not to kube-dns, and it is enforced",
        breaks=(
            apply(_ACCOUNT, _ROLE, _BINDING, _ENGINE),
            quietly(f"kubectl -n {_SPACE} rollout status daemonset {_NAME} --timeout=90s"),
            apply(_ONLY_WEB),
        ),
        undo=(
            delete("networkpolicy/only-web"),
            delete(f"daemonset/{_NAME}", f"serviceaccount/{_NAME}", namespace=_SPACE),
            delete(f"clusterrole/{_NAME}", f"clusterrolebinding/{_NAME}"),
            quietly(f"kubectl -n {_SPACE} wait --for=delete pod -l k8s-app={_NAME} --timeout=60s"),
            *(Run(node, _NO_CHAIN) for node in (W1, W2)),
        ),
        shows=(_INSIDE, _POLICIES),
        shown=on_master(f"! {{ {_INSIDE.text}; }}"),
    ),
}
