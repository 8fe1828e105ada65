"""Faults between a Service's address and the pods behind it."""

from lab.faults import Fault, Run
from lab.kube.steps import W1, apply, delete, in_pod, kube_fault, on_master, quietly
from lab.kube.versions import BUSYBOX_IMAGE

_CLUSTER_IP = "$(kubectl get service web -o jsonpath='{.spec.clusterIP}')"
_SIX_TIMES = in_pod(1, f"get{f' http://{_CLUSTER_IP}' * 6}")
_ENDPOINTS = on_master("kubectl get endpointslices -l kubernetes.io/service-name=web")
_DEAF: dict[str, object] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web-deaf", "labels": {"app": "web"}},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "main", "image": BUSYBOX_IMAGE, "command": ["sleep", "infinity"]}],
    },
}


def _fails(look: Run) -> Run:
    return on_master(f"! {{ {look.text}; }}")


SERVICE_FAULTS: dict[str, Fault] = {
    "backend-deaf": kube_fault(
        "one pod behind the Service `web` is ready, for nobody asks it, and listens on no port",
        breaks=(apply(_DEAF), quietly("kubectl wait --for=condition=Ready pod/web-deaf --timeout=60s")),
        undo=(delete("pod/web-deaf"),),
        shows=(_SIX_TIMES, on_master("kubectl get pods -l app=web -o wide"), _ENDPOINTS),
        shown=_fails(_SIX_TIMES),
    ),
    "kube-proxy-stuck": kube_fault(
        "kube-proxy of k8s-worker-1 hangs while the pods of `web` are replaced: its rules lead nowhere",
        breaks=(
            Run(W1, "pkill -STOP -x kube-proxy"),
            quietly("kubectl delete pod -l app=web && kubectl rollout status deployment web --timeout=90s"),
        ),
        undo=(Run(W1, "pkill -CONT -x kube-proxy; true"),),
        shows=(_SIX_TIMES, _ENDPOINTS, Run(W1, "ps -o stat,comm -C kube-proxy")),
        shown=_fails(_SIX_TIMES),
    ),
}
