"""Which bash text makes which machine what it is."""

from collections.abc import Collection

from lab.bash import lines, write
from lab.cloud import machines as openstack
from lab.firewall import load_host_firewall, load_no_rules, load_port_security
from lab.kubernetes import kubelet_script, pods_script, subnet_env, worker_script
from lab.machines import CABLES, HOSTS, MACHINES, End, Machine
from lab.openstack import ovs_vm_script
from lab.parts import KUBE, OPENSTACK
from lab.routing import route_by_bgp, route_floating

SYSCTL = """\
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.default.rp_filter = 0
"""

SWITCH_SCRIPT = """\
ip link set lo up
ip link add sw0 type bridge stp_state 0 forward_delay 0
ip link set sw0 up
for p in port1 port2 port3 port4 port5; do ip link set $p master sw0 up; done
"""


def first_stage(name: str, parts: Collection[str] = ()) -> str:
    """Everything a machine can do without the others. Stand-ins only where no part brings the real thing."""
    machine = MACHINES[name]
    stand_in = _nothing if KUBE in parts else _STAND_INS.get(machine.kind, _nothing)
    itself = _WITH_OPENSTACK.get(machine.kind) if OPENSTACK in parts else None
    return _common(machine) + (itself or _OF_KIND[machine.kind])(machine) + stand_in(machine)


def second_stage(name: str, parts: Collection[str] = ()) -> str:
    """What needs the other machines' links: BGP. Empty for most."""
    floating = "" if OPENSTACK in parts else route_floating(name)
    return floating + route_by_bgp(name) if name in HOSTS else ""


def cables_of(parts: Collection[str]) -> Collection[tuple[End, End]]:
    return openstack.cables() if OPENSTACK in parts else CABLES


def firewall_script(name: str, parts: Collection[str]) -> str:
    if name in HOSTS:
        return load_host_firewall(name)
    return load_no_rules() if OPENSTACK in parts else load_port_security(name)


def _common(machine: Machine) -> str:
    quiet = (
        "net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 "
        "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.log_martians=0"
    )
    sysctl = SYSCTL if machine.kind != "operator" else ""
    return lines(f"sysctl -qw {quiet}", "ip link set lo up") + write("/etc/sysctl.conf", sysctl)


def _operator(machine: Machine) -> str:
    return lines(f"ip addr add {machine.ip}/24 dev eth0", "ip link set eth0 up")


def _host(machine: Machine) -> str:
    host = HOSTS[machine.name]
    out = [
        f"ip addr add {host.ip}/24 dev {host.nic}",
        f"ip link set {host.nic} up",
        f"ip link add virbr10 address {_bridge_mac(host.net)} type bridge stp_state 0 forward_delay 0",
        f"ip addr add {host.net}.1/24 dev virbr10",
        "ip link set virbr10 up",
    ]
    if machine.name == "openstack-host":
        out.append("ip addr add 192.168.200.1/24 dev virbr10")
    for tap in host.taps:  # userspace OVS in the guest reads raw frames: checksums must be complete
        out += [f"ethtool -K {tap} tx off >/dev/null", f"ip link set {tap} master virbr10 up"]
    out.append("sysctl -qp /etc/sysctl.conf")
    sysctl = write("/etc/sysctl.conf", SYSCTL + "net.ipv4.conf.virbr10.rp_filter = 0")
    return sysctl + lines(*out) + load_host_firewall(machine.name)


def _bridge_mac(net: str) -> str:
    first, second, _ = (int(byte) for byte in net.split("."))
    return f"52:54:00:{first:02x}:{second:02x}:01"


def _master(machine: Machine) -> str:
    return lines(
        "ip addr add 172.20.112.101/24 dev enp1s0",
        "ip link set enp1s0 up",
        "ip route add default via 172.20.112.1 dev enp1s0",
        "ip route add 192.168.100.0/24 via 172.20.112.1 dev enp1s0",
        "sysctl -qp /etc/sysctl.conf",
    )


def _worker(machine: Machine) -> str:
    return worker_script(machine.name)


def _master_without_pods(machine: Machine) -> str:
    return write("/run/flannel/subnet.env", subnet_env(0)) + kubelet_script(machine.name)


def _worker_with_pods(machine: Machine) -> str:
    return pods_script(machine.name) + kubelet_script(machine.name)


def _nothing(machine: Machine) -> str:
    return ""


def _ovs_vm(machine: Machine) -> str:
    return ovs_vm_script(machine.name)


_OF_KIND = {"operator": _operator, "host": _host, "vm": _master, "ovs-vm": _ovs_vm, "worker": _worker}
_WITH_OPENSTACK = {
    "operator": lambda machine: _operator(machine) + lines(*openstack.operator_routes()),
    "ovs-vm": lambda machine: openstack.ovs_vm_script(machine.name),
    "worker": lambda machine: openstack.server_script(machine.name),
}
_STAND_INS = {"vm": _master_without_pods, "worker": _worker_with_pods}
