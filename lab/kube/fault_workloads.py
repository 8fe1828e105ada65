"""Faults of what runs in the cluster: images, crashes, scheduling, volumes."""

from typing import cast

from lab.faults import Fault
from lab.kube.steps import (
    W1,
    W2,
    apply,
    claim,
    delete,
    deployment,
    described,
    events_of,
    kube_fault,
    on_master,
    pod_with_claim,
    quietly,
    told_of_pod,
    volume,
)
from lab.kube.versions import REPOSITORY

_NO_FILE = "echo 'cannot open /etc/app.conf: No such file or directory' >&2; exit 3"
_CLASS: dict[str, object] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "disks"},
    "provisioner": "kubernetes.io/no-provisioner",
}


def _volume_of_class(name: str) -> dict[str, object]:
    """Made by hand, for claims of that class."""
    body = volume(name)
    spec = {**cast("dict[str, object]", body["spec"]), "storageClassName": "disks"}
    return {**body, "spec": spec}


WORKLOAD_FAULTS: dict[str, Fault] = {
    "pvc-pending": kube_fault(
        "a claim without storage class and without volume, and the pod that waits for it",
        breaks=(apply(claim("data"), pod_with_claim("db", "data")),),
        undo=(delete("pod/db"), delete("pvc/data"), delete("pv/data")),
        shows=(on_master("kubectl get pvc/data pod/db"), on_master("kubectl describe pvc data | tail -n 4")),
        shown=events_of("PersistentVolumeClaim", "no persistent volumes available"),
    ),
    "pvc-no-default": kube_fault(
        "a claim that names no storage class; the only one there is not the default, and its volume waits",
        breaks=(apply(_CLASS, _volume_of_class("shelf"), claim("shelf"), pod_with_claim("store", "shelf")),),
        undo=(delete("pod/store"), delete("pvc/shelf"), delete("pv/shelf"), delete("storageclass/disks")),
        shows=(
            on_master("kubectl get pvc/shelf pod/store storageclass/disks"),
            on_master("kubectl describe pvc shelf | tail -n 4"),
        ),
        shown=on_master("kubectl describe pvc shelf | grep -q 'no storage class is set'"),
    ),
    "pvc-leftover": kube_fault(
        "a claim of a deployment that is gone; deleting it hangs while a pod uses it",
        breaks=(
            apply(volume("old"), claim("old", "old"), pod_with_claim("user", "old")),
            quietly(
                "kubectl wait --for=condition=Ready pod/user --timeout=60s && kubectl delete pvc old --wait=false"
            ),
        ),
        undo=(delete("pod/user"), delete("pvc/old"), delete("pv/old")),
        shows=(
            on_master("kubectl get pvc"),
            on_master("kubectl describe pvc old | grep -E 'Status|Finalizers|Used By'"),
        ),
        shown=on_master("kubectl get pvc old | grep -q Terminating"),
    ),
    "crashloop": kube_fault(
        "an application that exits with an error",
        breaks=(apply(deployment("reports", command=["sh", "-c", _NO_FILE])),),
        undo=(delete("deployment/reports"),),
        shows=(on_master("kubectl get pods -l app=reports"), on_master("kubectl logs -l app=reports")),
        shown=on_master("kubectl get pods -l app=reports | grep -qE '(CrashLoopBackOff|Error) +[1-9]'"),
    ),
    "image-pull": kube_fault(
        "an image that does not exist",
        breaks=(apply(deployment("shop", image=f"{REPOSITORY}/shop:1")),),
        undo=(delete("deployment/shop"),),
        shows=(
            on_master("kubectl get pods -l app=shop"),
            told_of_pod("shop"),
        ),
        shown=on_master("kubectl get pods -l app=shop | grep -q ImagePullBackOff"),
    ),
    "update-crashes": kube_fault(
        "an update of an application, which exits with an error; the pod of before runs",
        breaks=(
            apply(deployment("orders")),
            quietly("kubectl rollout status deployment orders --timeout=90s"),
            apply(deployment("orders", command=["sh", "-c", _NO_FILE])),
        ),
        undo=(delete("deployment/orders"),),
        shows=(on_master("kubectl get pods -l app=orders"), on_master("kubectl rollout history deployment orders")),
        shown=on_master("kubectl get pods -l app=orders | grep -qE '(CrashLoopBackOff|Error) +[1-9]'"),
    ),
    "update-image": kube_fault(
        "an update of an application to an image that does not exist; the pod of before runs",
        breaks=(
            apply(deployment("bills")),
            quietly("kubectl rollout status deployment bills --timeout=90s"),
            apply(deployment("bills", image=f"{REPOSITORY}/bills:2")),
        ),
        undo=(delete("deployment/bills"),),
        shows=(on_master("kubectl get pods -l app=bills"), on_master("kubectl rollout history deployment bills")),
        shown=on_master("kubectl get pods -l app=bills | grep -q ImagePullBackOff"),
    ),
    "update-config": kube_fault(
        "an update of an application that reads a ConfigMap which nobody made; the pod of before runs",
        breaks=(
            apply(deployment("rates")),
            quietly("kubectl rollout status deployment rates --timeout=90s"),
            apply(deployment("rates", envFrom=[{"configMapRef": {"name": "rates"}}])),
        ),
        undo=(delete("deployment/rates"),),
        shows=(
            on_master("kubectl get pods -l app=rates"),
            told_of_pod("rates"),
            on_master("kubectl rollout history deployment rates"),
        ),
        shown=on_master("kubectl get pods -l app=rates | grep -q CreateContainerConfigError"),
    ),
    "pending-resources": kube_fault(
        "a pod asks for more CPU than any node has",
        breaks=(apply(deployment("batch", resources={"requests": {"cpu": "64"}})),),
        undo=(delete("deployment/batch"),),
        shows=(
            on_master("kubectl get pods -l app=batch"),
            told_of_pod("batch"),
        ),
        shown=described("batch", "FailedScheduling"),
    ),
    "pending-taint": kube_fault(
        "both workers carry a taint that the pod does not tolerate",
        breaks=(quietly(f"kubectl taint node {W1} {W2} maintenance=yes:NoSchedule"), apply(deployment("mail"))),
        undo=(
            quietly(f"kubectl taint node {W1} {W2} maintenance- || true"),
            delete("deployment/mail"),
        ),
        shows=(
            on_master("kubectl get pods -l app=mail"),
            told_of_pod("mail"),
        ),
        shown=described("mail", "FailedScheduling"),
    ),
    "node-cordoned": kube_fault(
        "both workers were cordoned for maintenance, and nobody took it back",
        breaks=(quietly(f"kubectl cordon {W1} {W2}"), apply(deployment("post"))),
        undo=(quietly(f"kubectl uncordon {W1} {W2}"), delete("deployment/post")),
        shows=(on_master("kubectl get pods -l app=post"), told_of_pod("post"), on_master("kubectl get nodes")),
        shown=described("post", "FailedScheduling"),
    ),
}
