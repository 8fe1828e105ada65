"""Faults of names, Services and the pod network."""

from lab.faults import Fault, Run, Step
from lab.kube.node import RESOLVER
from lab.kube.steps import W1, W2, coredns_on, in_pod, kube_fault, on_master, quietly
from lab.machines import FLANNEL_PORT, WORKERS

_RESOLVER_HOST = "openstack-host"
_COREDNS = "kubectl -n kube-system get pods -l k8s-app=kube-dns"
_COREDNS_LOGS = "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=5"
_DROP_DNS = f"INPUT -d {RESOLVER} -p udp --dport 53 -j DROP"
_DROP_VXLAN = f"INPUT -p udp --dport {FLANNEL_PORT} -j DROP"
_NAME_OUTSIDE, _NAME_INSIDE = "nslookup upstream.example", "nslookup web.default.svc.cluster.local"
_OTHER_POD = "$(kubectl get pod -l app=client-2 -o jsonpath='{.items[0].status.podIP}')"
_CLUSTER_IP = "$(kubectl get service web -o jsonpath='{.spec.clusterIP}')"
_BRIDGE = "net.bridge.bridge-nf-call-iptables"
_FOUR_TIMES = f"get{f' http://{_CLUSTER_IP}' * 4}"
_CROSS = in_pod(1, f"ping -c2 -W1 {_OTHER_POD}")
_RESTART_COREDNS = "kubectl -n kube-system delete pod -l k8s-app=kube-dns"
_ALLOWED = tuple((worker.hypervisor, f"NIPv4{worker.port} 10.244.0.0/16") for worker in WORKERS.values())
_REAL_RESOLVERS = "/run/systemd/resolve/resolv.conf"
# as systemd-resolved has it, and a kubelet that was set up before systemd-resolved came
_STUB = f"""mkdir -p $(dirname {_REAL_RESOLVERS}); cp /etc/resolv.conf {_REAL_RESOLVERS}
echo nameserver 127.0.0.53 > /etc/resolv.conf"""
_NO_STUB = f"""echo nameserver {RESOLVER} > /etc/resolv.conf; rm -rf $(dirname {_REAL_RESOLVERS})
sed -i /^resolvConf:/d /var/lib/kubelet/config.yaml; rm -f /var/lib/kubelet/.config.yaml.deadhop-*
systemctl restart kubelet"""
VXLAN = f'"Type": "vxlan", "Port": {FLANNEL_PORT}'


def fails(command: Run) -> Run:
    return on_master(f"! {{ {command.text}; }}")


def backend(text: str) -> Run:
    """flannel reads its configuration when it starts."""
    return quietly(
        "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml "
        f'| sed -E \'s/"Type": "[a-z-]+".*/{text}/\' | kubectl replace -f -\n'
        "kubectl -n kube-flannel rollout restart daemonset && kubectl -n kube-flannel rollout status daemonset"
    )


def _unencapsulated(about: str, text: str) -> Fault:
    """flannel sends pod addresses as they are, and the ports' anti-spoofing drops them."""
    undo: list[Step] = [Run(vm, f"ipset del {entry} 2>/dev/null; true") for vm, entry in _ALLOWED]
    undo.append(
        quietly(
            "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml "
            f"| grep -q '^ *{VXLAN}$' && exit 0\n{backend(VXLAN).text}"
        )
    )
    return kube_fault(
        about,
        breaks=(backend(text),),
        undo=tuple(undo),
        shows=(_CROSS, Run(W1, "ip route")),
        shown=fails(_CROSS),
    )


NETWORK_FAULTS: dict[str, Fault] = {
    "coredns-none": kube_fault(
        "no CoreDNS pod runs: kube-dns has no endpoints",
        breaks=(quietly("kubectl -n kube-system scale deployment coredns --replicas=0"),),
        undo=(quietly("kubectl -n kube-system scale deployment coredns --replicas=2"),),
        shows=(in_pod(1, _NAME_INSIDE), on_master("kubectl -n kube-system get endpointslices -l k8s-app=kube-dns")),
        shown=fails(in_pod(1, _NAME_INSIDE)),
    ),
    "dns-upstream": kube_fault(
        "CoreDNS runs, but the resolver it forwards to does not answer",
        breaks=(Run(_RESOLVER_HOST, f"iptables -I {_DROP_DNS}"),),
        undo=(Run(_RESOLVER_HOST, f"while iptables -D {_DROP_DNS} 2>/dev/null; do :; done"),),
        shows=(in_pod(1, _NAME_OUTSIDE), on_master(_COREDNS_LOGS)),
        shown=on_master(f"! {in_pod(1, _NAME_OUTSIDE).text} && {_COREDNS_LOGS} | grep -q 'i/o timeout'"),
    ),
    "dns-loop": kube_fault(
        "resolv.conf of the node that has CoreDNS names a local stub (127.0.0.53): CoreDNS forwards to itself",
        breaks=(quietly(coredns_on(f'"{W2}"')), Run(W2, _STUB), quietly(_RESTART_COREDNS)),
        undo=(Run(W2, _NO_STUB), quietly(f"{_RESTART_COREDNS}\n{coredns_on('null')}")),
        shows=(on_master(_COREDNS), on_master(_COREDNS_LOGS), in_pod(1, _NAME_INSIDE)),
        shown=on_master(f"{_COREDNS} | grep -q CrashLoopBackOff"),
    ),
    "clusterip-ping": kube_fault(
        "not a fault: a ClusterIP answers TCP but no ping (kube-proxy in iptables mode)",
        breaks=(),
        undo=(),
        shows=(in_pod(1, f"ping -c2 -W1 {_CLUSTER_IP}"), in_pod(1, f"get http://{_CLUSTER_IP}")),
    ),
    "service-selector": kube_fault(
        "the service's selector matches no pod",
        breaks=(quietly("kubectl set selector service web app=wbe"),),
        undo=(quietly("kubectl set selector service web app=web"),),
        shows=(in_pod(1, "get http://web"), on_master("kubectl describe service web")),
        shown=fails(in_pod(1, "get http://web")),
    ),
    "br-netfilter-off": kube_fault(
        "bridged packets of k8s-worker-1 pass by iptables: a Service answers only from other nodes",
        breaks=(Run(W1, f"sysctl -qw {_BRIDGE}=0"),),
        undo=(Run(W1, f"sysctl -qw {_BRIDGE}=1"),),
        shows=(in_pod(1, _FOUR_TIMES), Run(W1, f"sysctl {_BRIDGE}")),
        shown=fails(in_pod(1, _FOUR_TIMES)),
    ),
    "vxlan-blocked": kube_fault(
        "k8s-worker-1 drops flannel's VXLAN packets",
        breaks=(Run(W1, f"iptables -I {_DROP_VXLAN}"),),
        undo=(Run(W1, f"while iptables -D {_DROP_VXLAN} 2>/dev/null; do :; done"),),
        shows=(_CROSS,),
        shown=fails(_CROSS),
    ),
    "hostgw-port-security": _unencapsulated(
        "flannel in host-gw mode: port security drops the pods' own addresses", '"Type": "host-gw"'
    ),
    "directrouting-port-security": _unencapsulated(
        "flannel with DirectRouting: port security drops the pods' own addresses",
        f'{VXLAN}, "DirectRouting": true',
    ),
}
