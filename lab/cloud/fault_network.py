"""Faults of the cloud's networks: rules, port security, tunnels, routers, Open vSwitch itself."""

from lab.cloud.agents import AGENT_INI
from lab.cloud.steps import (
    AGENTS,
    C1,
    CTL,
    FIP1,
    OVS_AGENT,
    PORT,
    RULES,
    W1,
    W2,
    alive,
    at_will,
    client,
    cloud_fault,
    drops_of_tap,
    ini,
    log,
    no_copies,
    no_own_groups,
    no_rule,
    no_rule_from,
    ping,
    restart,
    rows,
    rule,
    silent,
    start,
    stop,
    then,
)
from lab.faults import RestoreFirewall, Run
from lab.machines import ROOT

_FLOATING = ping(ROOT, FIP1)
_FROM_MASTER = ping("master", FIP1)
"""From a machine of the site, as a paste must be that names where it was typed."""
_PODS = ping(W1, "10.244.2.1", "-I 10.244.1.1 ")
"""From the pod network of one node to that of the other."""
_SERVERS = ((W1, "10.0.0.34"), (W2, "10.0.0.205"))
"""Each worker, and the other one as it reaches it."""
_UNTUNNELED = """\
net=$(ip -4 route show dev flannel.1 | grep -v '^10\\.244\\.0\\.0/' | cut -d' ' -f1)
ip route replace ${{net:?}} via {other} dev eth0"""
"""The other worker's pods; which of the ranges it has is chance where a cluster gives them, but for master's."""
_ROUTED = "net=$(ip -4 route show via {other} dev eth0 | grep -o '^10\\.244\\.[0-9]*')"
_TUNNELED = f"{_ROUTED}; for net in $net; do ip route replace $net.0/24 via $net.0 dev flannel.1 onlink; done"
_OWN = "own=$(ip -4 -o addr show cni0 | grep -om1 '10\\.244\\.[0-9]*\\.1')"
_UNHEARD = Run(W1, f"{_ROUTED}; {_OWN}; ! ping -c2 -W1 -I $own $net.1".format(other="10.0.0.34"))
_NODES = ping(W1, "10.0.0.34")
_TUNNELS = "ovs-vsctl --columns=name,options find interface type=vxlan"
_FORWARD = "FORWARD -p udp --dport 4789 -j DROP"
_HYPERVISORS_HOSTS = ("openstack-host", "compute-2-host")
_NOT_OURS = "203.0.113.0/24"
_OTHERS = f"--ingress --protocol tcp --dst-port 22 --remote-ip {_NOT_OURS}"
_NEW_FIP = "192.168.200.151"
_ASSOCIATE = f"floating ip create ext-net --floating-ip-address {_NEW_FIP} --port test-port"
_NO_TUNNELS = "s/^\\(tunnel_types\\|local_ip\\)/#\\1/"
_TUNNELS_AGAIN = f"""\
if grep -q '^#tunnel_types' {AGENT_INI}; then
sed -i -e '/^tunnel_types/d' -e '/^local_ip/d' -e 's/^#\\(tunnel_types\\|local_ip\\)/\\1/' {AGENT_INI}
fi"""
_TUNNEL_TYPES = (
    f"configurations like '%tunnel_types_: [_vxlan_]%' and host='compute' and \\`binary\\`='{OVS_AGENT}'"
)
_BR_EX = (
    "ip addr replace 192.168.100.102/24 dev br-ex; ip link set br-ex up; "
    "ip route replace default via 192.168.100.1 dev br-ex; "
    "ip route replace 172.20.112.0/24 via 192.168.100.1 dev br-ex"
)

NETWORK_FAULTS = {
    "port-security-routed": cloud_fault(
        "pods are routed without encapsulation: port security drops their addresses",
        breaks=tuple(Run(worker, _UNTUNNELED.format(other=other)) for worker, other in _SERVERS),
        undo=(
            at_will("port set --no-allowed-address k8s-worker-1", "port set --no-allowed-address k8s-worker-2"),
            *(Run(worker, _TUNNELED.format(other=other)) for worker, other in _SERVERS),
        ),
        shows=(
            _PODS,
            _NODES,
            Run(W1, "ip route get 10.244.2.2 from 10.244.1.2 iif cni0"),
            PORT,
            drops_of_tap(),
        ),
        shown=_UNHEARD,
    ),
    "sg-no-vxlan": cloud_fault(
        "the security group lacks UDP 4789: nodes reach each other, their pods do not",
        breaks=(no_rule("udp", 4789),),
        undo=(no_own_groups(), rule("udp", 4789)),
        shows=(_PODS, _NODES, RULES),
        shown=silent(_PODS),
    ),
    "sg-no-icmp": cloud_fault(
        "the security group lacks ICMP: ping fails, SSH works",
        breaks=(no_rule("icmp"),),
        undo=(no_own_groups(), rule("icmp")),
        shows=(_FROM_MASTER, Run(ROOT, f"nc -z -w2 {FIP1} 22; echo tcp/22: exit status $?"), RULES),
        shown=silent(_FLOATING),
    ),
    "sg-no-ssh": cloud_fault(
        "the security group lacks TCP 22: ping works, SSH times out",
        breaks=(no_rule("tcp", 22),),
        undo=(no_own_groups(), rule("tcp", 22)),
        shows=(Run(ROOT, f"nc -v -z -w2 {FIP1} 22"), _FLOATING, RULES),
        shown=Run(ROOT, f"! nc -z -w2 {FIP1} 22"),
    ),
    "sg-ssh-from-others": cloud_fault(
        "the security group lets SSH in, but only from a network that is not ours",
        breaks=(no_rule("tcp", 22), client(f"security group rule create {_OTHERS} k8s")),
        undo=(no_own_groups(), no_rule_from(_NOT_OURS), rule("tcp", 22)),
        shows=(Run(ROOT, f"nc -v -z -w2 {FIP1} 22"), _FLOATING, RULES),
        shown=Run(ROOT, f"! nc -z -w2 {FIP1} 22"),
    ),
    "tunnels-blocked": cloud_fault(
        "UDP 4789 is dropped between the hypervisors and controller: no DHCP, metadata or floating IP",
        breaks=tuple(Run(host, f"iptables -I {_FORWARD}") for host in _HYPERVISORS_HOSTS),
        undo=tuple(RestoreFirewall(host) for host in _HYPERVISORS_HOSTS),
        shows=(_FROM_MASTER, Run(C1, _TUNNELS), AGENTS),
        shown=silent(_FLOATING),
    ),
    "router-no-gateway": cloud_fault(
        "the subnet's router has no gateway: a floating IP cannot be associated",
        breaks=(
            client(
                "network create test-net",
                "subnet create --network test-net --subnet-range 10.77.0.0/24 --no-dhcp test-subnet",
                "router create test-router",
                "router add subnet test-router test-subnet",
                "port create --network test-net test-port",
            ),
        ),
        undo=(
            at_will(
                f"floating ip delete {_NEW_FIP}",
                "router unset --external-gateway test-router",
                "router remove subnet test-router test-subnet",
                "router delete test-router",
                "port delete test-port",
                "network delete test-net",
            ),
        ),
        shows=(
            Run(CTL, f"openstack {_ASSOCIATE}"),
            Run(CTL, "openstack router show test-router -c external_gateway_info -c status -c interfaces_info"),
        ),
    ),
    "ovs-restarted": cloud_fault(
        "Open vSwitch on compute was restarted while its agent was stopped: the flows are gone",
        breaks=(
            stop(C1, OVS_AGENT),
            Run(C1, "systemctl restart ovsdb-server ovs-vswitchd openvswitch"),
            Run(C1, _BR_EX),  # as the network's own configuration would
        ),
        undo=(Run(C1, _BR_EX), Run(C1, f"systemctl restart {OVS_AGENT} nova-compute"), then(alive())),
        shows=(
            _FROM_MASTER,
            Run(
                C1,
                "for b in br-int br-tun br-ex; do echo $b $(ovs-ofctl dump-flows $b | grep -c actions) flows; done",
            ),
            Run(C1, "ip -br -4 addr; ip route"),
            AGENTS,
        ),
        shown=silent(_FLOATING),
    ),
    "floating-loop": cloud_fault(
        "openstack-host has a route for one floating address to compute-2-host, which sends it back",
        breaks=(Run("openstack-host", "ip route replace 192.168.200.106/32 via 10.10.10.3"),),
        undo=(Run("openstack-host", "ip route del 192.168.200.106/32 via 10.10.10.3 2>/dev/null; true"),),
        shows=(_FROM_MASTER, Run("master", f"traceroute -n -q 1 -w 1 -m 6 {FIP1}")),
        shown=silent(_FLOATING),
    ),
    "docker-overlap": cloud_fault(
        "an idle docker0 on openstack-host has half of the floating network's addresses",
        breaks=(
            Run(
                "openstack-host",
                "ip link add docker0 type bridge; ip addr add 192.168.200.2/25 dev docker0; ip link set docker0 up",
            ),
        ),
        undo=(Run("openstack-host", "ip link del docker0 2>/dev/null; true"),),
        shows=(_FROM_MASTER, Run("openstack-host", "ip -br addr show docker0; ip route get 192.168.200.106")),
        shown=silent(_FLOATING),
    ),
    "br-tun-deleted": cloud_fault(
        "br-tun on compute was deleted: the agent stays alive and does not notice",
        breaks=(Run(C1, "ovs-vsctl del-br br-tun"),),
        undo=(restart(),),
        shows=(
            _FROM_MASTER,
            Run(C1, "ovs-vsctl list-br; ovs-vsctl --columns=name,error find interface name=patch-tun"),
            AGENTS,
            PORT,
        ),
        shown=silent(_FLOATING),
    ),
    "no-tunnel-types": cloud_fault(
        "compute's agent has neither tunnel_types nor local_ip: it is alive and makes no br-tun",
        breaks=(
            stop(C1, OVS_AGENT),
            Run(C1, f"sed -i '{_NO_TUNNELS}' {AGENT_INI}; ovs-vsctl --if-exists del-br br-tun"),
            start(C1, OVS_AGENT),
            then(rows(f"select count(*) from neutron.agents where {_TUNNEL_TYPES}", "= 0")),
            then(alive()),
        ),
        undo=(
            no_copies(),
            Run(C1, _TUNNELS_AGAIN),
            restart(),
            then(rows(f"select count(*) from neutron.agents where {_TUNNEL_TYPES}", "= 1")),
            then(alive()),
        ),
        shows=(Run(C1, "ovs-vsctl show"), log(C1, OVS_AGENT, "tunneling disabled", 1), AGENTS, _FLOATING),
        shown=silent(_FLOATING),
    ),
    "local-ip-unreachable": cloud_fault(
        "local_ip is an address of compute that the others cannot reach: tunnels in one direction",
        breaks=(Run(C1, "ip addr add 10.99.0.1/32 dev lo"), ini("local_ip", "10.99.0.1"), restart()),
        undo=(
            no_copies(),
            ini("local_ip", "192.168.100.102"),
            Run(C1, "ip addr del 10.99.0.1/32 dev lo 2>/dev/null; true"),
            restart(),
        ),
        shows=(_FROM_MASTER, AGENTS, Run(C1, _TUNNELS), Run(CTL, f"{_TUNNELS}; ip route get 10.99.0.1")),
        shown=silent(_FLOATING),
    ),
}
