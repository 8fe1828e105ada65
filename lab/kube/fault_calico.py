"""Calico's own resources, without Calico: what a pool says, on a network that really drops what has no tunnel."""

from dataclasses import replace
from typing import Any

from lab.faults import Fault
from lab.kube.fault_network import NETWORK_FAULTS
from lab.kube.steps import apply, on_master, quietly

_CRD = "ippools.crd.projectcalico.org"
_SPEC = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_SCHEMA: dict[str, Any] = {"openAPIV3Schema": {"type": "object", "properties": {"spec": _SPEC}}}
_DEFINITION: dict[str, object] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": _CRD},
    "spec": {
        "group": "crd.projectcalico.org",
        "names": {"kind": "IPPool", "listKind": "IPPoolList", "plural": "ippools", "singular": "ippool"},
        "scope": "Cluster",
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": _SCHEMA}],
    },
}
_POOL: dict[str, object] = {
    "apiVersion": "crd.projectcalico.org/v1",
    "kind": "IPPool",
    "metadata": {"name": "default-ipv4-ippool"},
    "spec": {
        "cidr": "10.244.0.0/16",
        "ipipMode": "CrossSubnet",
        "vxlanMode": "Never",
        "natOutgoing": True,
        "nodeSelector": "all()",
    },
}
_HOST_GW = NETWORK_FAULTS["hostgw-port-security"]
_MODES = on_master(f"kubectl get {_CRD} -o custom-columns=NAME:.metadata.name,IPIP:.spec.ipipMode")

CALICO_FAULTS: dict[str, Fault] = {
    "calico-crosssubnet": replace(
        _HOST_GW,
        about="a pool of Calico says CrossSubnet, and port security drops what is sent without a tunnel",
        breaks=(
            *_HOST_GW.breaks,
            apply(_DEFINITION),
            quietly(f"kubectl wait --for=condition=Established crd/{_CRD} --timeout=60s"),
            apply(_POOL),
        ),
        undo=(quietly(f"kubectl delete crd {_CRD} --ignore-not-found"), *_HOST_GW.undo),
        more=(_MODES,),
    ),
}
