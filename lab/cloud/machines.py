"""The network lab's machines where OpenStack is real: its agents make the bridges, tunnels, taps and routers.

Only the uplinks are ready at first. The servers' cables end loose on their hypervisors, named vm-SERVER, and
nova-compute plugs them.
"""

from collections.abc import Iterable

from lab.bash import lines, shipped, write
from lab.firewall import load_no_rules
from lab.machines import CABLES, FLANNEL_PORT, FLOATING, HOSTS, MACHINES, PATHS, ROOT, WORKERS, End
from lab.openstack import ovs_only

CONTROLLER = "controller"
_SERVERS = frozenset(WORKERS)
_FLOATING = frozenset(worker.floating_ip for worker in WORKERS.values())
_SEES_ALL = (ROOT, "operator", "openstack-host", "master", "compute2")

CLOUD_PATHS = (
    *((where, address) for where in _SEES_ALL for address in sorted(_FLOATING)),
    ("k8s-worker-1", "10.0.0.34"),
    ("k8s-worker-1", "10.0.0.1"),
    ("k8s-worker-2", "172.20.112.101"),
)
POD_PATHS = tuple(path for path in PATHS if path[1].startswith("10.244."))

ROUTES = {
    "192.168.100.0/24": "10.10.10.1",
    FLOATING: "10.10.10.1",
    "172.20.112.0/24": "10.10.10.2",
}
"""Of the operator and of this computer: to the APIs, the floating addresses and the master."""


def machine_paths() -> list[tuple[str, str]]:
    """Those that answer before there is any server."""
    return [(where, ip) for where, ip in PATHS if where.partition(":")[0] not in _SERVERS and ip not in _FLOATING]


def cables() -> list[tuple[End, End]]:
    return [_loose(one, other) if other.machine in _SERVERS else (one, other) for one, other in CABLES]


def _loose(one: End, other: End) -> tuple[End, End]:
    return End(one.machine, f"vm-{other.machine}"), other


def operator_routes() -> Iterable[str]:
    return (f"ip route replace {net} via {gateway}" for net, gateway in ROUTES.items())


def ovs_vm_script(vm: str) -> str:
    """Open vSwitch with its uplink; the rest is the agent's."""
    return "".join(
        [
            write("/usr/local/bin/ovs-vsctl", shipped("ovs-vsctl"), "755"),
            lines(
                "ethtool -K enp1s0 tx off >/dev/null",
                "ip link set enp1s0 up",
                "systemctl start openvswitch",
                "ovs-vsctl add-br br-ex -- add-port br-ex enp1s0",
            ),
            ovs_only("enp1s0"),
            load_no_rules(),
            addresses_script(vm),
            "sysctl -qp /etc/sysctl.conf\n",
        ]
    )


def addresses_script(vm: str) -> str:
    """Addresses and routes on OVS ports: lost whenever ovs-vswitchd recreates its taps."""
    ip = MACHINES[vm].ip
    gateway = ip.rpartition(".")[0] + ".1"
    return lines(
        f"ip addr replace {ip}/24 dev br-ex",
        "ip link set br-ex up",
        f"ip route replace default via {gateway} dev br-ex",
        f"ip route replace {HOSTS['kubernetes-host'].subnet} via {gateway} dev br-ex",
    )


def server_script(name: str) -> str:
    """A server before its first DHCP lease. The floating address is its own too, as the kubelet's --node-ip."""
    return write("/usr/local/sbin/udhcpc-script", shipped("openstack/udhcpc-script"), "755") + lines(
        "ethtool -K eth0 tx off >/dev/null",
        "ip link set eth0 up",
        f"ip addr add {WORKERS[name].floating_ip}/32 dev lo",
        "sysctl -qp /etc/sysctl.conf",
        f"iptables -A INPUT -p udp --dport {FLANNEL_PORT} -j ACCEPT",
    )


LEASE = "busybox udhcpc -i eth0 -n -q -f -t 5 -T 2 -s /usr/local/sbin/udhcpc-script"
