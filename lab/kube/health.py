"""Is the cluster well? Asked of its API first, then of its pods, by packets and names."""

import json
from typing import Any

from lab.errors import LabError
from lab.inside import script
from lab.instance import Instance
from lab.machines import WORKERS
from lab.processes import parallel

_LOOK = "kubectl get nodes,daemonsets,deployments,pods -A -o json --request-timeout=5s"
_NODES = 1 + len(WORKERS)
Object = dict[str, Any]


def ailments(lab: Instance) -> list[str]:
    """What is not as in a healthy cluster; empty when all is well."""
    try:
        done = script(lab, "master", _LOOK)
    except LabError as error:
        return [str(error)]
    if done.returncode:
        return [f"the API does not answer: {done.stdout.strip()[-300:]}"]
    items = json.loads(done.stdout)["items"]
    return _of_api(items) or [said for said in parallel(lambda name: _of_pods(lab, name), WORKERS) if said]


def _of_api(items: list[Object]) -> list[str]:
    found = [said for item in items if (said := _JUDGES[item["kind"]](item))]
    nodes = sum(item["kind"] == "Node" for item in items)
    return found + ([f"{nodes} nodes instead of {_NODES}"] if nodes != _NODES else [])


def _node(item: Object) -> str:
    name, spec = item["metadata"]["name"], item["spec"]
    ready: Object = next((c for c in item["status"].get("conditions", []) if c["type"] == "Ready"), {})
    if ready.get("status") != "True":
        return f"node {name} is not Ready: {ready.get('message', '')}"
    if "podCIDR" not in spec:
        return f"node {name} has no pod CIDR"
    taints = [taint["key"] for taint in spec.get("taints", []) if "control-plane" not in taint["key"]]
    return f"node {name} has taints {', '.join(taints)}" if taints else ""


def _daemon_set(item: Object) -> str:
    status = item["status"]
    ready, wanted = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
    settled = status.get("observedGeneration") == item["metadata"]["generation"]
    updated = status.get("updatedNumberScheduled", 0) == wanted
    return "" if ready == wanted > 0 and settled and updated else f"{_name(item)}: {ready} of {wanted} ready"


def _deployment(item: Object) -> str:
    status, wanted = item["status"], item["spec"]["replicas"]
    ready = status.get("readyReplicas", 0)
    settled = status.get("observedGeneration") == item["metadata"]["generation"]
    alone = status.get("replicas", 0) == status.get("updatedReplicas", 0) == wanted
    return "" if ready == wanted > 0 and settled and alone else f"{_name(item)}: {ready} of {wanted} ready"


def _pod(item: Object) -> str:
    status = item["status"]
    ready = all(container["ready"] for container in status.get("containerStatuses", [{"ready": False}]))
    if "deletionTimestamp" in item["metadata"]:
        return f"{_name(item)} is being deleted"
    return "" if status["phase"] == "Running" and ready else f"{_name(item)} is {status['phase']}, not ready"


def _name(item: Object) -> str:
    return f"{item['kind'].lower()} {item['metadata']['namespace']}/{item['metadata']['name']}"


def _of_pods(lab: Instance, name: str) -> str:
    """From a pod of this worker: names in and outside the cluster, the service, and a pod of the other worker."""
    number = WORKERS[name].number
    other = next(worker.number for key, worker in WORKERS.items() if key != name)
    done = script(
        lab,
        "master",
        f"ip=$(kubectl get pod -l app=client-{other} -o jsonpath='{{.items[0].status.podIP}}')\n"
        f"kubectl exec deploy/client-{number} -- sh -ec "
        f'"nslookup web.default.svc.cluster.local; nslookup upstream.example; get http://web; ping -c1 -W1 $ip"',
    )
    return f"pods on {name}: {done.stdout.strip()[-300:]}" if done.returncode else ""


_JUDGES = {"Node": _node, "DaemonSet": _daemon_set, "Deployment": _deployment, "Pod": _pod}
