"""Calico's own resources, and what its Felix makes of them on the nodes, played by lab/files/kube/felix: routes,
tunnels, masquerading, on a network that really drops what has no tunnel."""

from dataclasses import replace
from typing import Any

from lab.bash import shipped, until, write
from lab.faults import Fault, Run, Step
from lab.kube.fault_dns import DNS_FAULTS
from lab.kube.fault_network import NETWORK_FAULTS
from lab.kube.steps import W1, W2, apply, on_master, quietly

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
_ROLE_NAME = "calico-node"
_ROLE: dict[str, object] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": _ROLE_NAME},
    "rules": [
        {"apiGroups": ["crd.projectcalico.org"], "resources": ["ippools"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]},
    ],
}
_BINDING: dict[str, object] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": _ROLE_NAME},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _ROLE_NAME},
    "subjects": [{"kind": "Group", "name": "system:nodes"}],
}
_RIGHTS = (f"clusterrole/{_ROLE_NAME}", f"clusterrolebinding/{_ROLE_NAME}")
_FELIX = "/usr/local/sbin/calico-felix"
_UNIT = "/run/systemd/system/calico-felix.service"
_HOST_GW = NETWORK_FAULTS["hostgw-port-security"]
_NO_MASQUERADE = DNS_FAULTS["pods-not-masqueraded"]
_MODES = on_master(
    f"kubectl get {_CRD} -o custom-columns=NAME:.metadata.name,IPIP:.spec.ipipMode,VXLAN:.spec.vxlanMode"
)


def _pool(ipip: str, vxlan: str, nat: bool) -> dict[str, object]:
    spec = {
        "cidr": "10.244.0.0/16",
        "ipipMode": ipip,
        "vxlanMode": vxlan,
        "natOutgoing": nat,
        "nodeSelector": "all()",
    }
    return {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "IPPool",
        "metadata": {"name": "default-ipv4-ippool"},
        "spec": spec,
    }


def _felix(node: str) -> Run:
    unit = f"[Unit]\nDescription=calico-node (lab stand-in)\n[Service]\nExecStart={_FELIX} {node}\n"
    return Run(
        node,
        write(_FELIX, shipped("kube/felix"), "755")
        + write(_UNIT, unit)
        + "systemctl daemon-reload; systemctl start calico-felix\n"
        + until("ip route | grep '/25 via'", 60),
    )


def _no_felix(node: str) -> Run:
    """tunl0 goes with its program."""
    return Run(
        node,
        f"""[ -e {_UNIT} ] || exit 0
systemctl stop calico-felix; rm -f {_UNIT} {_FELIX} /usr/local/bin/ip; systemctl daemon-reload
ip link del vxlan.calico 2>/dev/null; ip link del tunl0 2>/dev/null; ip link set tunl0 down 2>/dev/null
ip route | grep -E '^10\\.244\\.[0-9]+\\.(0|128)/25 ' | while read -r route; do ip route del $route; done
iptables -w -t nat -S POSTROUTING | grep cali:nat-outgoing | sed s/^-A/-D/ | xargs -r -L1 iptables -w -t nat""",
    )


def _put_in(ipip: str, vxlan: str, nat: bool = True) -> tuple[Step, ...]:
    return (
        apply(_DEFINITION, _ROLE, _BINDING),
        quietly(f"kubectl wait --for=condition=Established crd/{_CRD} --timeout=60s"),
        apply(_pool(ipip, vxlan, nat)),
        *(_felix(node) for node in (W1, W2)),
    )


_TAKEN_OUT: tuple[Step, ...] = (
    *(_no_felix(node) for node in (W1, W2)),
    quietly(f"kubectl delete --ignore-not-found crd/{_CRD} {' '.join(_RIGHTS)}"),
)


def calico(about: str, ipip: str, vxlan: str) -> Fault:
    """Modes as the pool has them: Never, Always, CrossSubnet."""
    return replace(
        _HOST_GW,
        about=about,
        breaks=(*_HOST_GW.breaks, *_put_in(ipip, vxlan)),
        undo=(*_TAKEN_OUT, *_HOST_GW.undo),
        more=(_MODES,),
    )


CALICO_FAULTS: dict[str, Fault] = {
    "calico-crosssubnet": calico(
        "a pool of Calico says CrossSubnet for IP in IP, and port security drops what is sent without a tunnel",
        "CrossSubnet",
        "Never",
    ),
    "calico-vxlan-crosssubnet": calico(
        "a pool of Calico says CrossSubnet for VXLAN, and port security drops what is sent without a tunnel",
        "Never",
        "CrossSubnet",
    ),
    "calico-no-nat": replace(
        _NO_MASQUERADE,
        about="a pool of Calico has natOutgoing off: pods go out with their own addresses, and nobody answers them",
        breaks=(*_NO_MASQUERADE.breaks, *_put_in("Never", "Always", nat=False)),
        undo=(*_TAKEN_OUT, *_NO_MASQUERADE.undo),
        more=(on_master(f"kubectl get {_CRD} -o custom-columns=NAME:.metadata.name,NAT:.spec.natOutgoing"),),
    ),
}
