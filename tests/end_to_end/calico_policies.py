"""Calico's own kinds of policies as the API server learns them, and one that denies every pod all it sends."""

from __future__ import annotations

from typing import Any

GROUP = "crd.projectcalico.org"
NAMED = "Calico GlobalNetworkPolicy default.deny-all (selector all(), order 10, egress: Deny)"
_SPEC = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_SCHEMA = {"openAPIV3Schema": {"type": "object", "properties": {"spec": _SPEC}}}


def _definition(kind: str, scope: str) -> dict[str, Any]:
    singular = kind.lower()
    plural = f"{singular.removesuffix('y')}ies"
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": singular}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": _SCHEMA}]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": scope, "versions": versions},
    }


KINDS = (_definition("NetworkPolicy", "Namespaced"), _definition("GlobalNetworkPolicy", "Cluster"))
_DENIES: dict[str, Any] = {"action": "Deny", "source": {}, "destination": {}}
"""As `calicoctl get -o yaml` shows the usual one."""
DENY: dict[str, Any] = {
    "apiVersion": f"{GROUP}/v1",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "default.deny-all"},
    "spec": {"selector": "all()", "order": 10, "types": ["Egress"], "egress": [_DENIES]},
}
