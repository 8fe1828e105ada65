"""Faults of the way out of the cluster, which show first where pods ask for names."""

from lab.faults import Fault, Run
from lab.kube.node import RESOLVER
from lab.kube.steps import W1, W2, coredns_on, in_pod, kube_fault, on_master, quietly
from lab.machines import MACHINES

_WORKERS = (W1, W2)
_FORWARD = "net.ipv4.ip_forward"
_OUTSIDE = in_pod(1, "nslookup upstream.example")
_FRESH = in_pod(1, "nslookup x$RANDOM.upstream.example")
_ROUTER = "10.0.0.1"
_LEASE = "/run/systemd/netif/leases/2"
_KEPT = ("172.20.0.0/16", "10.0.0.0/8", *(f"{MACHINES[name].ip}/32" for name in _WORKERS))
"""Routes to the machines of the site, as where only the way out goes through the default route."""
_FLANNEL = "kubectl -n kube-flannel"
_MASQUERADE = f"{_FLANNEL} get daemonset kube-flannel-ds -o jsonpath='{{.spec.template.spec.containers[0].args}}'"
_ROLLED = f"{_FLANNEL} rollout status daemonset kube-flannel-ds"
_HEALTHY_ARGS = """'["--ip-masq","--kube-subnet-mgr"]'"""
_ARGS = "/spec/template/spec/containers/0/args"


def _fails(look: Run) -> Run:
    return on_master(f"! {{ {look.text}; }}")


def _flannel_args(*words: str) -> str:
    listed = ", ".join(f'"{word}"' for word in words)
    return (
        f"{_FLANNEL} patch daemonset kube-flannel-ds --type=json "
        f'-p \'[{{"op": "replace", "path": "{_ARGS}", "value": [{listed}]}}]\''
    )


_FORGET_MASQUERADE = "iptables -t nat -F FLANNEL-POSTRTG 2>/dev/null; true"
_LOSE_ROUTE = "\n".join(
    [
        *(f"ip route replace {net} via {_ROUTER}" for net in _KEPT),
        f"mkdir -p $(dirname {_LEASE}); echo ROUTER={_ROUTER} > {_LEASE}   # as systemd-networkd keeps it",
        "ip route del default",
    ]
)
_FIND_ROUTE = "\n".join(
    [
        f"ip route replace default via {_ROUTER} dev eth0; rm -rf /run/systemd/netif/leases",
        *(f"ip route del {net} via {_ROUTER} 2>/dev/null || true" for net in _KEPT),
    ]
)

DNS_FAULTS: dict[str, Fault] = {
    "node-forward-off": kube_fault(
        "k8s-worker-1 stopped forwarding: its pods are cut off",
        breaks=(Run(W1, f"sysctl -qw {_FORWARD}=0"),),
        undo=(Run(W1, f"sysctl -qw {_FORWARD}=1"),),
        shows=(_OUTSIDE, Run(W1, f"sysctl {_FORWARD}")),
        shown=_fails(_FRESH),
    ),
    "pods-not-masqueraded": kube_fault(
        f"flannel runs without --ip-masq: pods go out with their own addresses, and {RESOLVER} never answers them",
        breaks=(
            quietly(f"{_flannel_args('--kube-subnet-mgr')}\n{_ROLLED}"),
            *(Run(node, _FORGET_MASQUERADE) for node in _WORKERS),
        ),
        undo=(
            quietly(
                f"{_MASQUERADE} | grep -qxF {_HEALTHY_ARGS} && exit 0\n"
                f"{_flannel_args('--ip-masq', '--kube-subnet-mgr')}\n{_ROLLED}"
            ),
        ),
        shows=(_FRESH, on_master(_MASQUERADE)),
        shown=_fails(_FRESH),
    ),
    "node-no-default-route": kube_fault(
        "the default route is gone from k8s-worker-2, where CoreDNS runs; routes to the other machines are not",
        breaks=(quietly(coredns_on(f'"{W2}"')), Run(W2, _LOSE_ROUTE)),
        undo=(Run(W2, _FIND_ROUTE), quietly(coredns_on("null"))),
        shows=(_FRESH, Run(W2, "ping -c1 -W1 192.0.2.53")),
        shown=_fails(_FRESH),
    ),
}
