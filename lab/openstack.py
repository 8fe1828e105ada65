"""Virtual machines that run Open vSwitch as OpenStack hosts do: bridges, hybrid taps, floating IPs."""

from lab.bash import lines, shipped, write
from lab.firewall import load_port_security
from lab.machines import MACHINES, PRIVATE_MTU, QR_IF, QR_MAC, Worker, worker_on

_AGENT_UNIT = """\
[Unit]
Description=OpenStack Neutron Open vSwitch Agent (lab stand-in)
After=ovs-vswitchd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/neutron-openvswitch-agent
SyslogIdentifier=neutron-openvswitch-agent
"""


def ovs_vm_script(vm: str) -> str:
    worker = worker_on(vm)
    return "".join(
        [
            _programs(vm),
            lines(
                "ethtool -K enp1s0 tx off >/dev/null",
                "ip link set enp1s0 up",
                "systemctl start openvswitch",
                "ovs-vsctl add-br br-ex -- add-port br-ex enp1s0",
                "systemctl start neutron-openvswitch-agent",
            ),
            ovs_only("enp1s0"),
            _instance_port(worker) + load_port_security(vm) if worker else "",
            addresses_script(vm),
            "sysctl -qp /etc/sysctl.conf\n",
        ]
    )


def addresses_script(vm: str) -> str:
    """Addresses and routes on OVS ports: lost whenever ovs-vswitchd recreates its taps."""
    ip = MACHINES[vm].ip
    gateway = ip.rpartition(".")[0] + ".1"
    out = [
        f"ip addr replace {ip}/24 dev br-ex",
        "ip link set br-ex up",
        f"ip route replace default via {gateway} dev br-ex",
    ]
    if vm in ("controller", "compute"):
        out.append(f"ip route replace 172.20.112.0/24 via {gateway} dev br-ex")
    if worker := worker_on(vm):
        out += [
            f"ip addr replace {worker.floating_ip}/32 dev br-ex",
            f"ip link set {QR_IF} address {QR_MAC} mtu {PRIVATE_MTU}",
            f"ip addr replace 10.0.0.1/24 dev {QR_IF}",
            f"ip link set {QR_IF} up",
        ]
    return lines(*out)


def _programs(vm: str) -> str:
    agent = shipped("neutron-openvswitch-agent").replace("@QR_MAC@", QR_MAC)
    return (
        write("/usr/local/bin/ovs-vsctl", shipped("ovs-vsctl"), "755")
        + write("/usr/bin/neutron-openvswitch-agent", agent, "755")
        + write("/etc/systemd/system/neutron-openvswitch-agent.service", _AGENT_UNIT)
        + write("/etc/neutron/plugins/ml2/openvswitch_agent.ini", _agent_ini(vm))
        + "systemctl daemon-reload\n"
    )


def _agent_ini(vm: str) -> str:
    peers = [machine.ip for machine in MACHINES.values() if machine.kind == "ovs-vm" and machine.name != vm]
    return lines(
        "[ovs]",
        "bridge_mappings = provider:br-ex",
        "tunnel_bridge = br-tun",
        f"local_ip = {MACHINES[vm].ip}",
        "[agent]",
        "tunnel_types = vxlan",
        "l2_population = true",
        "[lab]",
        "# the real agent learns these over RPC",
        f"lab_peers = {' '.join(peers)}",
    )


def ovs_only(device: str) -> str:
    """Keeps the kernel's own IP stack off a device that belongs to the userspace OVS.

    OVS copies frames from it over AF_PACKET but, unlike the kernel datapath, leaves the originals
    to the kernel, which would answer ARP and route them a second time.
    """
    chain = device.replace("-", "_")
    hook = f'type filter hook ingress device "{device}" priority 0; policy drop;'
    return lines(
        "nft add table netdev ovs_userspace_datapath",
        f"nft 'add chain netdev ovs_userspace_datapath {chain} {{ {hook} }}'",
    )


def _instance_port(worker: Worker) -> str:
    port = worker.port
    return lines(
        f"ip link add qbr{port} type bridge stp_state 0 forward_delay 0",
        f"ip link add qvb{port} type veth peer name qvo{port}",
        f"for i in tap{port} qvb{port} qvo{port}; do ethtool -K $i tx off >/dev/null; done",
        f"ip link set tap{port} master qbr{port} up",
        f"ip link set qvb{port} master qbr{port} up",
        f"ip link set qvo{port} up",
        f"ip link set qbr{port} up",
        f"sysctl -qw net.ipv4.conf.qbr{port}.arp_ignore=8    # real qr- ports sit in another namespace",
        f"ovs-vsctl add-port br-int qvo{port} tag=1 "
        f"-- add-port br-int {QR_IF} tag=1 -- set interface {QR_IF} type=internal",
    ) + ovs_only(f"qvo{port}")
