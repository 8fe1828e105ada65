"""Networks that have addresses of the cluster's too."""

from lab.faults import Fault, Run
from lab.kube.steps import W1, in_pod, kube_fault, on_master, quietly

_BRIDGE, _CARD = "virbr0", "backup0"
_POD = "$(kubectl get pod -l app=client-2 -o jsonpath='{.items[0].status.podIP}')"
_CROSS = in_pod(1, f"ping -c2 -W1 {_POD}")
# A default of libvirt that is half of the other worker's pods, that with client-2; on the node by its kube-proxy.
_HIDE_PODS = f"""pod={_POD}; net=${{pod%.*}}; last=${{pod##*.}}
own=$net.$(((last & 128) + (last % 128 < 64 ? 126 : 1)))/25
proxy=$(kubectl -n kube-system get pod -l k8s-app=kube-proxy --field-selector spec.nodeName={W1} -o name)
kubectl -n kube-system exec $proxy -- sh -ec \\
  "ip link add {_BRIDGE} type bridge; ip addr add $own dev {_BRIDGE}; ip link set {_BRIDGE} up\""""
_FROM_THERE = Run("openstack-host", "ip -br addr show backup0; ip route get 10.96.0.10")

OVERLAP_FAULTS: dict[str, Fault] = {
    "libvirt-hides-pods": kube_fault(
        "an idle bridge of libvirt on k8s-worker-1 has half of the addresses of the other worker's pods",
        breaks=(quietly(_HIDE_PODS),),
        undo=(Run(W1, f"ip link del {_BRIDGE} 2>/dev/null; true"),),
        shows=(_CROSS, Run(W1, f"ip -br addr show {_BRIDGE}; ip route")),
        shown=on_master(f"! {{ {_CROSS.text}; }}"),
    ),
    "services-overlap": kube_fault(
        "openstack-host has a network card with a network inside the cluster's range of Services",
        breaks=(
            Run(
                "openstack-host",
                f"ip link add {_CARD} type bridge; ip addr add 10.96.0.1/24 dev {_CARD}; ip link set {_CARD} up",
            ),
        ),
        undo=(Run("openstack-host", f"ip link del {_CARD} 2>/dev/null; true"),),
        shows=(_FROM_THERE, on_master("kubectl -n kube-system get service kube-dns")),
    ),
}
