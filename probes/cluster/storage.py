"""k8s.classes_for: the storage classes that a claim could have its volume of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.probe import Toolbox, probe

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


@dataclass(frozen=True, slots=True)
class ClassesFor:
    cluster: str
    namespace: str
    claim: str
    phase: str
    """Pending, Bound, Lost."""
    unset: bool
    """The claim says nothing of a class, and gets the default one. An empty class means that it wants none."""
    classes: tuple[str, ...]
    defaults: tuple[str, ...]


class _Meta(shapes.Shape):
    name: str = ""
    annotations: dict[str, str] | None = None


class _Class(shapes.Shape):
    metadata: _Meta


class _Classes(shapes.Shape):
    items: list[_Class] | None


class _ClaimSpec(shapes.Shape):
    storage_class_name: str | None = None


class _ClaimStatus(shapes.Shape):
    phase: str = ""


class _Claim(shapes.Shape):
    spec: _ClaimSpec = msgspec.field(default_factory=_ClaimSpec)
    status: _ClaimStatus = msgspec.field(default_factory=_ClaimStatus)


_CLASSES = ApiRequest(("apis", "storage.k8s.io", "v1", "storageclasses"), shape=_Classes)


@probe(
    "k8s.classes_for",
    commands=("GET /apis/storage.k8s.io/v1/storageclasses", "GET /api/v1/namespaces/"),
    timeout=15.0,
    on="cluster",
    namespace="k8s-name",
    claim="k8s-name",
)
async def classes_for(cluster: str, toolbox: Toolbox, namespace: str, claim: str) -> ClassesFor:
    """Storage classes, which of them is the default, and whether a claim waits for a default one."""
    api = await toolbox.api(f"cluster:{cluster}")
    path = ("api", "v1", "namespaces", namespace, "persistentvolumeclaims", claim)
    found, classes = await asyncio.gather(
        fetch(api, ApiRequest(path, shape=_Claim), _Claim), fetch(api, _CLASSES, _Classes)
    )
    every = [one.metadata for one in classes.items or ()]
    return ClassesFor(
        cluster=cluster,
        namespace=namespace,
        claim=claim,
        phase=found.status.phase,
        unset=found.spec.storage_class_name is None,
        classes=tuple(one.name for one in every),
        defaults=tuple(one.name for one in every if is_default(one.annotations or {})),
    )


def is_default(annotations: dict[str, str]) -> bool:
    return any(annotations.get(name) == "true" for name in _DEFAULT)
