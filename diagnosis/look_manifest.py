"""The Job of a look: one short-lived pod on each node that is wanted, small and locked up."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from base.errors import UsageError
from base.values import check
from diagnosis.fixes import SUDO
from probes.cluster.look_pods import LABEL
from probes.node.pod_tries import command

if TYPE_CHECKING:
    from probes.clients import Client
    from probes.site import Site
    from probes.wish import Wish

DEFAULT_IMAGE, DEFAULT_NAMESPACE = "busybox:1.36", "default"
NAME = LABEL
"""First word of the Job's name, and the label by which its pods are found."""
SECONDS = 120
"""After them the cluster ends the pods, whatever became of us."""
KEPT = 60
"""Seconds the cluster keeps an ended Job; then it removes it by itself."""
NOBODY = 65534
_REMOVING = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pods of a look are made, and of what."""

    image: str
    namespace: str
    pull_secret: str = ""


def place_of(site: Site, cluster: str, image: str = "") -> Place:
    """As the site says it; `image` goes before its own. UsageError when that is none."""
    entry = next((one for one in site.clusters if one.name == cluster), None)
    chosen = image or (entry.look_image if entry else "") or DEFAULT_IMAGE
    return Place(
        str(check("name", chosen, name="image")),
        (entry.look_namespace if entry else "") or DEFAULT_NAMESPACE,
        entry.look_pull_secret if entry else "",
    )


@dataclass(frozen=True, slots=True)
class Commands:
    run: str
    undo: str
    """Waits until the pods are gone too."""
    unless: str
    """Prints the Job's name while it is there; nothing once it is gone."""


def commands(client: Client, manifest: dict[str, Any], *, sudo: bool) -> Commands:
    """Each of one line; the manifest goes in by a pipe, so that nothing is written on the machine."""
    prefix = SUDO if sudo else ""
    name, namespace = manifest["metadata"]["name"], manifest["metadata"]["namespace"]
    text = shlex.quote(json.dumps(manifest, separators=(",", ":")))
    remove = (
        f"kubectl -n {namespace} delete job {name} --cascade=foreground --ignore-not-found --timeout={_REMOVING}s"
    )
    return Commands(
        run=f"printf %s {text} | {prefix}{client.command('kubectl create -f -')}",
        undo=prefix + client.command(remove),
        unless=prefix + client.command(is_there(namespace, name)),
    )


def is_there(namespace: str, name: str) -> str:
    return f"kubectl -n {namespace} get job {name} --ignore-not-found -o name"


def checked_job(name: object) -> str:
    """UsageError for a name that none of ours has."""
    found = str(check("k8s-name", name, name="job"))
    if not found.startswith(f"{NAME}-"):
        raise UsageError(f"{found} is no Job that deadhop made")
    return found


def manifest_of(wish: Wish, place: Place, name: str, session: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/managed-by": "deadhop", NAME: name}
    own = {"deadhop/session": session, "deadhop/about": "tries of a diagnosis; removed by itself"}
    # A proxy beside the container would change what is seen, and would never let the Job end.
    no_proxy = {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"}
    template = {
        "metadata": {
            "labels": {**labels, "sidecar.istio.io/inject": "false"},
            "annotations": {**own, **no_proxy},
        },
        "spec": _pod(wish, place, name),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": place.namespace, "labels": labels, "annotations": own},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": SECONDS,
            "ttlSecondsAfterFinished": KEPT,
            "completionMode": "Indexed",
            "completions": len(wish.nodes),
            "parallelism": len(wish.nodes),
            "template": template,
        },
    }


def _pod(wish: Wish, place: Place, name: str) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "tolerations": [{"operator": "Exists"}],
        "affinity": _one_on_each(wish.nodes, name),
        "containers": [_container(wish, place)],
    }
    return pod | ({"imagePullSecrets": [{"name": place.pull_secret}]} if place.pull_secret else {})


def _container(wish: Wish, place: Place) -> dict[str, Any]:
    return {
        "name": "look",
        "image": place.image,
        "imagePullPolicy": "IfNotPresent",
        "command": command(wish.tries),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "500m", "memory": "64Mi"},
        },
    }


def _one_on_each(nodes: tuple[str, ...], name: str) -> dict[str, Any]:
    """By name, as a term of its own for each: one term takes one name."""
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]} for node in nodes]
    apart = {"labelSelector": {"matchLabels": {NAME: name}}, "topologyKey": "kubernetes.io/hostname"}
    return {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}},
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]},
    }
