"""Outages of OpenStack: how each is asked for, what is named, and what must work again."""

from __future__ import annotations

from dataclasses import dataclass

BUILD = ("server-does-not-start", "--set", "server=test-vm")
PING = ("instance-unreachable", "--set", "address=192.168.200.106")
SSH = (*PING, "--set", "port=22")
LOOP = ("no-answer-to-ping", "--set", "source=master", "--set", "target=192.168.200.106")
API = ("openstack-api-does-not-answer",)
ASSOCIATE = ("floating-ip-cannot-be-associated", "--set", "subnet=test-subnet", "--set", "external=ext-net")
ATTACH = ("subnet-cannot-be-attached", "--set", "router=router1", "--set", "subnet=overlap-subnet")
QUOTA = ("refused-by-quota", "--set", "resource=instances")
NEW = ("server-gets-no-address-or-metadata",)
AGENTS = ("agents-or-services-down",)
NEW_FLOATING = ("instance-unreachable", "--set", "address=192.168.200.150")
NO_TUNNELS = ("hypervisor-without-tunnels", "--set", "host=compute")
PODS = ("pods-across-servers-dropped", "--set", "source=k8s-worker-1", "--set", "target=10.244.2.1")


@dataclass(frozen=True)
class Outage:
    fault: str
    cause: str
    target: str
    asked: tuple[str, ...]
    """The symptom as it is asked for without a paste."""
    pasted: bool = True
    """What the operator would paste leads there by itself; else the server or address must be named."""
    risk: str = "reversible"
    undone: bool = True
    again: tuple[str, ...] = ()
    """What is asked after the undo, where that which was set up meanwhile goes on working."""
    well: str = ""
    """Succeeds on the controller while the fault is not there."""


MAPPED = (
    "openstack network agent show -f value -c configuration "
    "$(openstack network agent list --host compute -f value -c ID) | grep -q br-ex"
)
ALIVE = "openstack network agent list --host {} --agent-type {} -f value -c Alive | grep -q True"
OVS_ALIVE = ALIVE.format("compute", "open-vswitch")
TUNNELS = (
    "openstack network agent show -f value -c configuration "
    "$(openstack network agent list --host compute -f value -c ID) | grep -q 'tunnel_types.: ..vxlan'"
)
"""What the agent has made stays when its configuration is gone: its own word is asked as well as a packet."""
NO_DEAD = "! openstack network agent list -f value -c Alive | grep -q False"
UP = "openstack compute service list --host compute -f value -c Status -c State | grep -q 'enabled up'"
MADE = "openstack server create --image empty --flavor m1.tiny --network private-net test-vm >/dev/null 2>&1"
BUILT = (
    "server() { openstack server list --name '^test-well$' -f value -c ID; }; "
    "openstack server create --wait --image empty --flavor m1.tiny --network private-net "
    "--availability-zone nova:compute2 test-well >/dev/null 2>&1; built=$?; "
    "openstack server delete --wait $(server) && exit $built"
)
"""One server, which is taken away again whatever becomes of it."""
ASSOCIATED = (
    "openstack floating ip delete "
    "$(openstack floating ip create --port test-port ext-net -f value -c id 2>/dev/null) 2>/dev/null"
)
"""One more address, given back at once: the gateway could not be taken away otherwise."""
TOKEN, NETWORKS = "openstack token issue >/dev/null 2>&1", "openstack network list >/dev/null 2>&1"
JOINED = (
    "openstack port list --device-owner network:router_interface --fixed-ip subnet=overlap-subnet -f value -c ID "
    "| grep -q ."
)
OUTAGES = (
    Outage(
        "no-bridge-mapping",
        "bridge-mapping-missing",
        "host:compute",
        BUILD,
        well=MAPPED,
    ),
    Outage(
        "mapping-not-read",
        "agent-runs-old-configuration",
        "host:compute",
        BUILD,
        risk="disruptive",
        undone=False,
        well=MAPPED,
    ),
    Outage("kolla-setting-lost", "kolla-setting-not-on-node", "host:compute", BUILD, well=MAPPED),
    Outage(
        "kolla-container-old",
        "kolla-container-has-old-files",
        "host:compute",
        BUILD,
        risk="disruptive",
        undone=False,
        well=MAPPED,
    ),
    Outage("ovs-agent-stopped", "neutron-agent-stopped", "host:compute", BUILD, well=OVS_ALIVE),
    Outage(
        "nova-compute-stopped",
        "nova-compute-stopped",
        "host:compute",
        BUILD,
        well="openstack compute service list --host compute -f value -c State | grep -q up",
    ),
    Outage("instances-path", "instances-path-not-writable", "host:compute2", BUILD, well=BUILT),
    Outage("instances-path-foreign", "instances-path-not-writable", "host:compute2", BUILD, well=BUILT),
    Outage(
        "host-not-mapped",
        "host-not-mapped-to-a-cell",
        "host:compute2",
        AGENTS,
        risk="disruptive",
        undone=False,  # Nova takes no host with servers out of its cell
        well="nova-manage cell_v2 list_hosts 2>/dev/null | grep -q compute2",
    ),
    Outage("sg-no-icmp", "security-group-lacks-rule", "cloud:lab", PING),
    Outage("sg-ssh-from-others", "security-group-excludes-asker", "cloud:lab", SSH),
    Outage("sg-no-ssh", "security-group-lacks-rule", "cloud:lab", SSH),
    Outage("br-tun-deleted", "ovs-bridges-incomplete", "host:compute", PING, risk="disruptive", undone=False),
    Outage("no-tunnel-types", "agent-makes-no-tunnels", "host:compute", NO_TUNNELS, well=TUNNELS),
    Outage("tunnels-blocked", "tunnel-port-blocked", "host:openstack-host", PING),
    Outage("floating-loop", "routing-loop", "host:openstack-host", LOOP),
    Outage("docker-overlap", "bridge-hides-network", "host:openstack-host", PING),
    Outage("local-ip-unreachable", "agent-local-ip-wrong", "host:compute", PING),
    Outage(
        "dhcp-agent-stopped",
        "neutron-agent-stopped",
        "host:controller",
        NEW,
        well=ALIVE.format("controller", "dhcp"),
    ),
    Outage(
        "metadata-agent-stopped",
        "neutron-agent-stopped",
        "host:controller",
        NEW,
        well=ALIVE.format("controller", "metadata"),
    ),
    Outage(
        "l3-agent-stopped",
        "neutron-agent-stopped",
        "host:controller",
        NEW_FLOATING,
        again=AGENTS,
        well=(
            "openstack floating ip show 192.168.200.150 -f value -c status | grep -q ACTIVE && "
            + ALIVE.format("controller", "l3")
        ),
    ),
    Outage("ovs-agent-frozen", "neutron-agent-frozen", "host:compute", AGENTS, well=OVS_ALIVE),
    Outage("kolla-agent-frozen", "neutron-agent-frozen", "host:compute", AGENTS, well=OVS_ALIVE),
    Outage(
        "clock-behind", "clock-wrong", "host:compute", AGENTS, True, "disruptive", False, well=OVS_ALIVE
    ),  # a service that is stopped again leaves the clock right
    Outage("local-ip-invalid", "agent-local-ip-wrong", "host:compute", AGENTS, well=OVS_ALIVE),
    Outage("rabbitmq-stopped", "rabbitmq-stopped", "host:controller", AGENTS, well=NO_DEAD),
    Outage("computes-disabled", "compute-service-disabled", "host:compute", BUILD, well=UP),
    Outage("ovs-restarted", "ovs-bridges-incomplete", "host:compute", PING, True, "disruptive", undone=False),
    Outage("router-no-gateway", "floating-ip-without-router-path", "cloud:lab", ASSOCIATE, well=ASSOCIATED),
    Outage(
        "allowed-pairs-conflict",
        "pairs-keep-port-security",
        "cloud:lab",
        ("port-security-stays-on", "--set", "port=pairs-port"),
        risk="disruptive",
        well="openstack port show pairs-port -f value -c port_security_enabled | grep -q False",
    ),
    Outage(
        "binding-failed",
        "port-on-host-without-agent",
        "cloud:lab",
        ("port-stays-unbound", "--set", "port=unbound-port"),
        well="openstack port show unbound-port -f value -c binding_vif_type | grep -q unbound",
    ),
    Outage(
        "port-not-bound-again",
        "port-binding-failed",
        "host:compute",
        ("port-stays-unbound", "--set", "port=late-port"),
        risk="disruptive",
        undone=False,
        well="openstack port show late-port -f value -c binding_vif_type | grep -q ovs",
    ),
    Outage(
        "server-shut-off",
        "server-is-off",
        "cloud:lab",
        ("instance-unreachable", "--set", "address=192.168.200.152"),
        risk="disruptive",
        well="openstack server show test-vm -f value -c status | grep -q ACTIVE",
    ),
    Outage("quota-exceeded", "quota-used-up", "cloud:lab", BUILD, well=MADE, again=QUOTA),
    Outage("cidr-overlap", "subnet-overlaps-on-router", "cloud:lab", ATTACH, well=JOINED),
    Outage("port-security-routed", "port-security-drops-pods", "cloud:lab", PODS, pasted=False),
    Outage("sg-no-vxlan", "security-group-drops-tunnel", "cloud:lab", PODS, pasted=False),
    Outage("keystone-stopped", "openstack-service-stopped", "host:controller", API, well=TOKEN),
    Outage("neutron-api-stopped", "openstack-service-stopped", "host:controller", API, well=NETWORKS),
)
