"""Faults of Harbor: pods that stand for its database, core and jobservice, with their names and last words."""

from typing import cast

from lab.faults import Fault
from lab.kube.steps import (
    apply,
    claim,
    delete,
    deployment,
    in_namespace,
    kube_fault,
    on_master,
    pod_with_claim,
    quietly,
    service,
    volume,
)

_NAMESPACE: dict[str, object] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "harbor"}}
_PODS = on_master("kubectl -n harbor get pods")
_JOBSERVICE_LOGS = on_master("kubectl -n harbor logs deploy/harbor-jobservice")
_REFUSED = on_master(f"{_JOBSERVICE_LOGS.text} 2>&1 | grep -q 'connection refused'")
_NO_HARBOR = quietly("kubectl delete namespace harbor --ignore-not-found")
_ASK_CORE = "get http://harbor-core/api/v2.0/ping"
_HARBOR_CLAIM = "database-data-harbor-database-0"
_HELM = {
    "app": "harbor",
    "release": "harbor",
    "heritage": "Helm",
    "chart": "harbor",
    "app.kubernetes.io/managed-by": "Helm",
}


def _of_release(namespace: str) -> dict[str, str]:
    return {"meta.helm.sh/release-name": "harbor", "meta.helm.sh/release-namespace": namespace}


def _left_set() -> dict[str, object]:
    """A StatefulSet that was scaled down instead of removed."""
    body = deployment("harbor-database")
    metadata = {"name": "harbor-database", "labels": _HELM, "annotations": _of_release("default")}
    spec: dict[str, object] = {**cast("dict[str, object]", body["spec"]), "replicas": 0, "serviceName": ""}
    return {**body, "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def _harbor_claim(namespace: str, volume_name: str = "") -> dict[str, object]:
    """As the chart makes it; helm keeps it when it removes the release."""
    body = claim(_HARBOR_CLAIM, volume_name)
    keep = {"helm.sh/resource-policy": "keep", **_of_release(namespace)}
    metadata = {"name": _HARBOR_CLAIM, "namespace": namespace, "labels": _HELM, "annotations": keep}
    return {**body, "metadata": metadata}


def _harbor() -> list[dict[str, object]]:
    """A database that waits for its volume, a core that ends without it, a jobservice that core refuses."""
    database = pod_with_claim("harbor-database", _HARBOR_CLAIM, ("httpd", "-f", "-p", "5432"))
    core = "get http://harbor-database:5432 && exec httpd -f -p 8080"
    jobs = f"{_ASK_CORE} && exec sleep infinity"
    pods = [
        deployment("harbor-core", command=["sh", "-c", core]),
        deployment("harbor-jobservice", command=["sh", "-c", jobs]),
        service("harbor-core", 80, 8080),
        service("harbor-database", 5432, 5432),
    ]
    return [_harbor_claim("harbor"), *(in_namespace("harbor", body) for body in (database, *pods))]


def _early_jobservice() -> dict[str, object]:
    """It keeps what core told it for as long as the pod lives: the nodes here try again after 20 s at most, and the
    minutes in which a real one only waits for its next try would be none."""
    said = "/data/refused"
    jobs = (
        f"[ -e {said} ] && cat {said} && exit 1; {_ASK_CORE} > /tmp/said 2>&1 && exec sleep infinity; "
        f"cat /tmp/said; grep -q refused /tmp/said && cp /tmp/said {said}; exit 1"
    )
    body = deployment(
        "harbor-jobservice",
        command=["sh", "-c", jobs],
        volumeMounts=[{"name": "data", "mountPath": "/data"}],
    )
    template = cast("dict[str, dict[str, dict[str, object]]]", body["spec"])["template"]
    template["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}]
    return body


HARBOR_FAULTS: dict[str, Fault] = {
    "harbor-leftover": kube_fault(
        "Harbor was once installed without a namespace: the claim in default keeps the volume the new one needs",
        breaks=(
            apply(volume("harbor-database"), _harbor_claim("default", "harbor-database"), _left_set()),
            quietly(f"kubectl wait --for=jsonpath='{{.status.phase}}'=Bound pvc/{_HARBOR_CLAIM} --timeout=60s"),
            apply(_NAMESPACE, *_harbor()),
        ),
        undo=(
            _NO_HARBOR,
            delete(f"pvc/{_HARBOR_CLAIM}", "statefulset/harbor-database"),
            delete("pv/harbor-database"),
        ),
        shows=(
            _PODS,
            _JOBSERVICE_LOGS,
            on_master("kubectl get pvc -A"),
        ),
        shown=_REFUSED,
    ),
    "harbor-jobservice": kube_fault(
        "Harbor's jobservice came before core, was refused, and waits although core is ready by now",
        breaks=(
            apply(
                _NAMESPACE,
                *(in_namespace("harbor", body) for body in (service("harbor-core", 80, 8080), _early_jobservice())),
            ),
            quietly(f"until {_REFUSED.text}; do sleep 0.5; done"),
            apply(in_namespace("harbor", deployment("harbor-core", command=["httpd", "-f", "-p", "8080"]))),
            quietly("kubectl -n harbor rollout status deployment harbor-core --timeout=60s"),
        ),
        undo=(_NO_HARBOR,),
        shows=(_PODS, _JOBSERVICE_LOGS),
        shown=on_master(f"{_PODS.text} | grep -qE 'jobservice.* (CrashLoopBackOff|Error) '"),
    ),
}
