"""Kubernetes nodes: flannel's VXLAN overlay, pods as namespaces, and a kubelet that checks its node."""

from lab.bash import lines, shipped, write
from lab.machines import FLANNEL_MTU, FLANNEL_PORT, MACHINES, PRIVATE_MTU, WORKERS

_KUBELET_UNIT = """\
[Unit]
Description=kubelet: The Kubernetes Node Agent (lab stand-in)
[Service]
ExecStart=/usr/bin/kubelet
Restart=always
RestartSec=10
[Install]
WantedBy=multi-user.target
"""


def worker_script(name: str) -> str:
    """The instance's own network: fixed address, floating address, default route."""
    worker = WORKERS[name]
    return lines(
        f"ip link set eth0 mtu {PRIVATE_MTU} up",
        "ethtool -K eth0 tx off >/dev/null",
        f"ip addr add {worker.ip}/24 dev eth0",
        f"ip addr add {worker.floating_ip}/32 dev lo",
        "ip route add default via 10.0.0.1 dev eth0",
        "sysctl -qp /etc/sysctl.conf",
        f"iptables -A INPUT -p udp --dport {FLANNEL_PORT} -j ACCEPT",
    )


def pods_script(name: str) -> str:
    """Pods as namespaces, and what flannel and kube-proxy would do for them."""
    worker = WORKERS[name]
    return "".join(
        [
            lines(
                "iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -j MASQUERADE",
                "ip link add cni0 type bridge stp_state 0 forward_delay 0",
                f"ip link set cni0 mtu {FLANNEL_MTU}",
                f"ip addr add {worker.pods}.1/24 dev cni0",
                "ip link set cni0 up",
            ),
            _flannel(name),
            write("/run/flannel/subnet.env", subnet_env(worker.number)),
            *(_pod(worker.pods, number) for number in (2, 3)),
        ]
    )


def kubelet_script(name: str) -> str:
    return (
        write("/usr/bin/kubelet", shipped("kubelet"), "755")
        + write("/etc/sysconfig/kubelet", f"NODE_IP={MACHINES[name].ip}")
        + write("/etc/kubernetes/kubelet.conf", "# lab: no API server behind this file")
        + write("/etc/systemd/system/kubelet.service", _KUBELET_UNIT)
        + "systemctl daemon-reload\nsystemctl start --no-block kubelet\n"
    )


def subnet_env(number: int) -> str:
    return lines(
        "FLANNEL_NETWORK=10.244.0.0/16",
        f"FLANNEL_SUBNET=10.244.{number}.1/24",
        f"FLANNEL_MTU={FLANNEL_MTU}",
        "FLANNEL_IPMASQ=true",
    )


def _flannel(name: str) -> str:
    """What flanneld's vxlan backend programs: device, peer's MAC, VTEP and route."""
    me = WORKERS[name]
    out = [
        "ip link del flannel.1 2>/dev/null || true",
        f"ip link add flannel.1 address {me.vtep} mtu {FLANNEL_MTU} type vxlan id 1 dev eth0 "
        f"local {me.ip} dstport {FLANNEL_PORT} nolearning",
        f"ip addr add {me.pods}.0/32 dev flannel.1",
        "ip link set flannel.1 up",
    ]
    for other in (worker for key, worker in WORKERS.items() if key != name):
        net = f"{other.pods}.0"
        out += [
            f"ip neigh replace {net} lladdr {other.vtep} dev flannel.1 nud permanent",
            f"bridge fdb append {other.vtep} dev flannel.1 dst {other.ip}",
            f"ip route replace {net}/24 via {net} dev flannel.1 onlink",
        ]
    return lines(*out)


def _pod(net: str, number: int) -> str:
    pod = f"pod{number}"
    return lines(
        f"ip netns add {pod}",
        f"ip link add eth0 netns {pod} mtu {FLANNEL_MTU} type veth peer name veth{pod}",
        f"ip link set veth{pod} mtu {FLANNEL_MTU} master cni0 up",
        f"ip -n {pod} link set lo up",
        f"ip -n {pod} link set eth0 up",
        f"ip -n {pod} addr add {net}.{number}/24 dev eth0",
        f"ip -n {pod} route add default via {net}.1",
    )
