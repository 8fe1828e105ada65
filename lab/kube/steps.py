"""What faults of the cluster are made of: commands on master and on nodes, manifests, conditions."""

import json
from typing import Any

from lab.faults import Fault, Run, Step
from lab.kube.versions import BUSYBOX_IMAGE
from lab.parts import KUBE

W1, W2, MASTER = "k8s-worker-1", "k8s-worker-2", "master"
MANIFESTS = "/etc/kubernetes/manifests"
GET_NODES = Run(MASTER, "kubectl get nodes")


def kube_fault(
    about: str,
    breaks: tuple[Step, ...],
    undo: tuple[Step, ...],
    shows: tuple[Run, ...],
    shown: Run | None = None,
) -> Fault:
    first, *more = shows
    return Fault(about, breaks, undo, first, more=tuple(more), shown=shown, part=KUBE)


def on_master(text: str) -> Run:
    return Run(MASTER, text)


def quietly(text: str) -> Run:
    """kubectl tells what it did; a step says something only when it fails."""
    return Run(MASTER, f'said=$( {{ {text}\n}} 2>&1 ) || {{ echo "$said"; exit 1; }}')


def in_pod(worker: int, command: str) -> Run:
    """From the client pod of a worker."""
    return Run(MASTER, f"kubectl exec deploy/client-{worker} -- {command}")


def ready_line(node: str) -> Run:
    return Run(MASTER, f"kubectl describe node {node} | grep -E '^  Ready |^Taints'")


def is_not_ready(node: str, why: str = "") -> Run:
    ready = 'jsonpath={.status.conditions[?(@.type=="Ready")]}'
    return Run(MASTER, f"kubectl get node {node} -o '{ready}' | grep -v '\"status\":\"True\"' | grep -q '{why}'")


def events_of(kind: str, pattern: str) -> Run:
    return Run(MASTER, f"kubectl get events -A --field-selector involvedObject.kind={kind} | grep -E '{pattern}'")


def told_of_pod(app: str) -> Run:
    return Run(MASTER, f"kubectl describe pod -l app={app} | sed -n '/^Events/,$p'")


def described(app: str, words: str) -> Run:
    """Of the pod that is there now: events of earlier ones stay for an hour."""
    return on_master(f"kubectl describe pod -l app={app} | grep -q '{words}'")


def apply(*objects: dict[str, object]) -> Run:
    """As JSON, which YAML contains."""
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    return quietly(f"kubectl apply -f - <<'EOF'\n{body}\nEOF")


def delete(*names: str, namespace: str = "default") -> Run:
    """Each name is KIND/NAME."""
    return quietly(f"kubectl -n {namespace} delete {' '.join(names)} --ignore-not-found")


def deployment(name: str, **container: object) -> dict[str, object]:
    labels = {"app": name}
    main = {"name": "main", "image": BUSYBOX_IMAGE, "command": ["sleep", "infinity"], **container}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [main]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def pod_with_claim(name: str, claim: str, command: tuple[str, ...] = ("sleep", "infinity")) -> dict[str, object]:
    mount = {"name": "data", "mountPath": "/data"}
    main = {"name": "main", "image": BUSYBOX_IMAGE, "command": command, "volumeMounts": [mount]}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "volumes": [volume], "containers": [main]},
    }


def service(name: str, port: int, target: int) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": port, "targetPort": target}]},
    }


def in_namespace(namespace: str, body: dict[str, Any]) -> dict[str, object]:
    return {**body, "metadata": {**body["metadata"], "namespace": namespace}}


def claim(name: str, volume: str = "") -> dict[str, object]:
    spec: dict[str, object] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec | ({"volumeName": volume} if volume else {}),
    }


def volume(name: str) -> dict[str, object]:
    path = {"path": f"/var/lib/{name}", "type": "DirectoryOrCreate"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": path},
    }


def coredns_on(node: str) -> str:
    """bash: moves CoreDNS to one node, so that a fault there decides. The node is JSON: a name, or null."""
    patch = f'{{"spec": {{"template": {{"spec": {{"nodeSelector": {{"kubernetes.io/hostname": {node}}}}}}}}}}}'
    return (
        f"kubectl -n kube-system patch deployment coredns -p '{patch}'\n"
        "kubectl -n kube-system rollout status deployment coredns --timeout=90s"
    )
