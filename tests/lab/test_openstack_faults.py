"""Each fault of the cloud shows in what an operator pastes, its documented repair ends it, undo leaves no trace.

Faults that do not meet are broken together: waiting for heartbeats to be missed is most of the time.
"""

import re
import time
from dataclasses import dataclass

import pytest

from lab.cloud.agents import AGENT_INI
from lab.cloud.fault_kolla import CONTAINER, ON_NODE, UNIT
from lab.cloud.faults import CLOUD_FAULTS
from lab.inside import script
from lab.processes import parallel
from lab.session import Lab

pytestmark = pytest.mark.lab

CTL, C1, C2, W1, W2 = "controller", "compute", "compute2", "k8s-worker-1", "k8s-worker-2"
OVS_AGENT = "neutron-openvswitch-agent"
LOST = "100% packet loss"
BOOT = "server create --image empty --flavor m1.tiny --wait"


@dataclass(frozen=True)
class Expected:
    pasted: str
    """Pattern in what the operator's commands print while it is broken, and only then."""
    cause: str
    """Pattern that names the cause; it may stay in logs after the repair."""
    repair: tuple[tuple[str, str], ...]
    """(machine, bash), as documentation tells."""


def starts(machine: str, unit: str) -> tuple[tuple[str, str], ...]:
    return ((machine, f"systemctl start {unit}"),)


def again(options: str) -> str:
    """A server in ERROR stays there: it is made anew."""
    return f"openstack-batch >/dev/null <<'EOF'\nserver delete --wait test-vm\n{BOOT} {options} test-vm\nEOF\n"


def until(command: str) -> str:
    return f"for i in $(seq 240); do {command} && break; sleep 0.5; done"


def allow(group: str, protocol: str, port: str = "") -> str:
    return f"openstack security group rule create --ingress --protocol {protocol} {port} {group} >/dev/null"


def agent_dead(host: str, binary: str) -> str:
    return rf"{host} +\| XXX +\| UP +\| {binary}"


MAPPED = until(
    "openstack network agent show $(openstack network agent list --host compute -f value -c ID) "
    "-f yaml | grep -q 'provider: br-ex'"
)
AGENT_ALIVE = until(f"openstack network agent list --host compute | grep -q ':-).*{OVS_AGENT}'")
PRIVATE = "--network private-net --security-group k8s"
PAIR = "openstack port set --allowed-address ip-address=10.244.0.0/16"
RESTART = f"systemctl restart {OVS_AGENT}"

EXPECTED = {
    "ovs-agent-stopped": Expected(
        "message: Binding failed for port",
        agent_dead(C1, OVS_AGENT),
        (*starts(C1, OVS_AGENT), (CTL, f"{AGENT_ALIVE}; {again(f'--availability-zone nova:compute {PRIVATE}')}")),
    ),
    "ovs-agent-frozen": Expected(
        agent_dead(C1, OVS_AGENT), "^active$", ((C1, f"systemctl kill -s CONT {OVS_AGENT}"),)
    ),
    "clock-behind": Expected(agent_dead(C1, OVS_AGENT), "^active\ninactive$", starts(C1, "chrony")),
    "no-bridge-mapping": Expected(
        "message: Exceeded maximum number of retries",
        r"bridge_mappings: \{\}",
        (
            (C1, f"sed -i 's/^#bridge_mappings/bridge_mappings/' {AGENT_INI}; {RESTART}"),
            (CTL, f"{MAPPED}; {AGENT_ALIVE}; {again('--network ext-net')}"),
        ),
    ),
    "mapping-not-read": Expected(
        "message: Exceeded maximum number of retries",
        "openvswitch_agent.ini$",
        ((C1, RESTART), (CTL, f"{MAPPED}; {AGENT_ALIVE}; {again('--network ext-net')}")),
    ),
    "kolla-setting-lost": Expected(
        "message: Exceeded maximum number of retries",
        f"{CONTAINER} Up",
        (
            (
                C1,
                f"sed -i 's/^\\[ovs\\]/&\\nbridge_mappings = provider:br-ex/' {ON_NODE}; systemctl restart {UNIT}",
            ),
            (CTL, f"{MAPPED}; {AGENT_ALIVE}; {again('--network ext-net')}"),
        ),
    ),
    "kolla-container-old": Expected(
        "message: Exceeded maximum number of retries",
        f"{CONTAINER} Up",
        ((C1, f"systemctl restart {UNIT}"), (CTL, f"{MAPPED}; {AGENT_ALIVE}; {again('--network ext-net')}")),
    ),
    "kolla-agent-frozen": Expected(
        agent_dead(C1, OVS_AGENT),
        f"{CONTAINER} Up",
        ((C1, f"pkill -CONT -f '/{OVS_AGENT} '"),),
    ),
    "dhcp-agent-stopped": Expected(
        "no lease, failing", agent_dead(CTL, "neutron-dhcp-agent"), starts(CTL, "neutron-dhcp-agent")
    ),
    "metadata-agent-stopped": Expected(
        "HTTP 503", agent_dead(CTL, "neutron-metadata-agent"), starts(CTL, "neutron-metadata-agent")
    ),
    "l3-agent-stopped": Expected(
        r"status +\| DOWN", agent_dead(CTL, "neutron-l3-agent"), starts(CTL, "neutron-l3-agent")
    ),
    "local-ip-invalid": Expected(
        agent_dead(C1, OVS_AGENT),
        "Tunneling can't be enabled with invalid local_ip '192.168.100.202'",
        ((C1, f"sed -i 's/^local_ip.*/local_ip = 192.168.100.102/' {AGENT_INI}; {RESTART}"),),
    ),
    "rabbitmq-stopped": Expected(
        r"nova-compute +\| compute +\| enabled +\| down", "^(inactive|failed)$", starts(CTL, "rabbitmq-server")
    ),
    "nova-compute-stopped": Expected(
        "message: '?No valid host was found",
        r"nova-compute +\| compute +\| enabled +\| down",
        (
            *starts(C1, "nova-compute"),
            (CTL, until("openstack compute service list --host compute | grep -q '| up '") + f"; {again(PRIVATE)}"),
        ),
    ),
    "port-security-routed": Expected(
        LOST,
        "10.244.2.2 from 10.244.1.2 via 10.0.0.34 dev eth0",
        ((CTL, f"{PAIR} {W1}; {PAIR} {W2}"),),
    ),
    "sg-no-vxlan": Expected(
        LOST, r"udp +\| 0\.0\.0\.0/0 +\| 8472:8472", ((CTL, allow("k8s", "udp", "--dst-port 4789")),)
    ),
    "sg-no-icmp": Expected(LOST, "tcp/22: exit status 0", ((CTL, allow("k8s", "icmp")),)),
    "sg-no-ssh": Expected(
        "timed out", "2 received, 0% packet loss", ((CTL, allow("k8s", "tcp", "--dst-port 22")),)
    ),
    "sg-ssh-from-others": Expected(
        "timed out", r"tcp +\| 203\.0\.113\.0/24", ((CTL, allow("k8s", "tcp", "--dst-port 22")),)
    ),
    "tunnels-blocked": Expected(
        LOST,
        'remote_ip="192.168.100.101"',
        tuple(
            (host, "iptables -D FORWARD -p udp --dport 4789 -j DROP")
            for host in ("openstack-host", "compute-2-host")
        ),
    ),
    "router-no-gateway": Expected(
        "External network .* is not reachable from subnet",
        r"external_gateway_info +\| (null|None)",
        ((CTL, "openstack router set --external-gateway ext-net test-router"),),
    ),
    "ovs-restarted": Expected(
        LOST,
        "br-int 0 flows",
        ((C1, f"{RESTART} nova-compute"),),
    ),
    "floating-loop": Expected(
        LOST,
        "(?s)10[.]10[.]10[.]1 .*10[.]10[.]10[.]3 ",
        (("openstack-host", "ip route del 192.168.200.106/32 via 10.10.10.3"),),
    ),
    "docker-overlap": Expected(
        LOST, "dev docker0", (("openstack-host", "ip addr del 192.168.200.2/25 dev docker0"),)
    ),
    "br-tun-deleted": Expected(LOST, "No usable peer 'patch-int' exists", ((C1, RESTART),)),
    "no-tunnel-types": Expected(
        LOST,
        "No usable peer 'patch-int' exists",
        ((C1, f"sed -i 's/^#tunnel_types/tunnel_types/; s/^#local_ip/local_ip/' {AGENT_INI}; {RESTART}"),),
    ),
    "local-ip-unreachable": Expected(
        LOST,
        'local_ip="10.99.0.1"',
        ((C1, f"sed -i 's/^local_ip.*/local_ip = 192.168.100.102/' {AGENT_INI}; {RESTART}"),),
    ),
    "neutron-api-stopped": Expected(
        "Connection refused",
        "^(inactive|failed)$",
        (*starts(CTL, "neutron-api"), (CTL, until("openstack network list >/dev/null 2>&1"))),
    ),
    "keystone-stopped": Expected(
        "Connection refused",
        "^(inactive|failed)$",
        (*starts(CTL, "keystone"), (CTL, until("openstack token issue >/dev/null 2>&1"))),
    ),
    "quota-exceeded": Expected("Quota exceeded", "instances", ((CTL, "openstack quota set --instances 10 admin"),)),
    "allowed-pairs-conflict": Expected(
        "Port Security must be enabled in order to have allowed address pairs on a port",
        r"10\.244\.0\.0/16",
        ((CTL, "openstack port set --no-allowed-address pairs-port"),),
    ),
    "computes-disabled": Expected(
        "message: '?No valid host was found",
        r"nova-compute +\| compute2 +\| disabled +\| up",
        ((CTL, f"openstack compute service set --enable compute2 nova-compute; {again(PRIVATE)}"),),
    ),
    "binding-failed": Expected(
        "binding_failed", "nowhere", ((CTL, "openstack port set --host compute unbound-port"),)
    ),
    "port-not-bound-again": Expected(
        "binding_failed",
        f"{OVS_AGENT} +\\| :-\\)|:-\\) +\\| {OVS_AGENT}",
        ((CTL, "openstack port unset --host late-port && openstack port set --host compute late-port"),),
    ),
    "server-shut-off": Expected("SHUTOFF", "192.168.200.152", ((CTL, "openstack server start test-vm"),)),
    "instances-path": Expected(
        "message: Exceeded maximum number of retries",
        r"/var/lib/nova/instances +tmpfs +ro",
        ((C2, "umount /var/lib/nova/instances"), (CTL, again(PRIVATE))),
    ),
    "instances-path-missing": Expected(
        r"nova-compute +\| compute2 +\| enabled +\| down",
        "status=226/NAMESPACE",
        ((C2, "mkdir /var/lib/nova/instances"),),
    ),
    "instances-path-foreign": Expected(
        "message: Exceeded maximum number of retries",
        "Permission denied: '/var/lib/nova/instances",
        ((C2, "chown nova /var/lib/nova/instances"), (CTL, again(PRIVATE))),
    ),
    "host-not-mapped": Expected(
        "status: ERROR",
        "No host-to-cell mapping|No valid host",
        (
            (CTL, "nova-manage cell_v2 discover_hosts >/dev/null 2>&1"),
            (CTL, again(f"--availability-zone nova:compute2 {PRIVATE}")),
        ),
    ),
    "cidr-overlap": Expected(
        "overlaps with",
        r"10\.0\.0\.128/25",
        (
            (
                CTL,
                "openstack-batch >/dev/null <<'EOF'\nnetwork delete overlap-net\nnetwork create overlap-net\n"
                "subnet create --network overlap-net --subnet-range 10.78.0.0/24 --no-dhcp overlap-subnet\nEOF\n",
            ),
        ),
    ),
}
BATCHES = (
    ("ovs-agent-stopped", "metadata-agent-stopped", "router-no-gateway"),
    ("no-bridge-mapping", "sg-no-ssh", "allowed-pairs-conflict"),
    ("dhcp-agent-stopped", "sg-no-vxlan", "cidr-overlap"),
    ("l3-agent-stopped", "binding-failed", "port-security-routed"),
    ("nova-compute-stopped", "ovs-agent-frozen"),
    ("instances-path", "sg-no-icmp"),
    ("host-not-mapped", "br-tun-deleted"),
    ("quota-exceeded", "tunnels-blocked"),
    ("computes-disabled", "docker-overlap"),
    ("clock-behind",),
    ("floating-loop",),
    ("mapping-not-read",),
    ("server-shut-off", "sg-ssh-from-others"),
    ("port-not-bound-again",),
    ("kolla-setting-lost",),
    ("kolla-container-old",),
    ("kolla-agent-frozen",),
    ("ovs-restarted",),
    ("local-ip-invalid",),
    ("local-ip-unreachable",),
    ("no-tunnel-types",),
    ("instances-path-missing",),
    ("instances-path-foreign",),
    ("rabbitmq-stopped",),
    ("neutron-api-stopped",),
    ("keystone-stopped",),
)


def test_every_fault_is_tested_once() -> None:
    batches = [fault for batch in BATCHES for fault in batch]
    assert sorted(batches) == sorted(EXPECTED)
    assert EXPECTED.keys() == CLOUD_FAULTS.keys()


def shows(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.MULTILINE) is not None


def wait_until_gone(lab: Lab, fault: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while shows(EXPECTED[fault].pasted, pasted := lab.paste(fault)):
        assert time.monotonic() < end, f"{fault} is still there {seconds:g} s after its repair: {pasted}"
        time.sleep(0.5)


def objects(lab: Lab) -> list[str]:
    """What the administrator made, and not the group `default` that Neutron makes when a project is first seen. The
    client would take a minute of a busy processor to tell."""
    tables = ("networks", "subnets", "routers", "ports", "floatingips")
    queries = [f"select id from neutron.{table}" for table in tables]
    rule = "concat_ws(' ', direction, protocol, port_range_min, port_range_max)"
    queries += [
        f"select {rule} from neutron.securitygrouprules where security_group_id not in "
        "(select id from neutron.securitygroups where name = 'default')",
        "select uuid from nova.instances where deleted = 0",
    ]
    said = lab.run(CTL, f'mariadb -S /run/mysqld/mysqld.sock -N -e "{"; ".join(queries)}"')
    assert said.returncode == 0, said.stdout
    return sorted(said.stdout.splitlines())


def repair(lab: Lab, fault: str) -> None:
    for where, command in EXPECTED[fault].repair:
        done = script(lab.instance, where, command, timeout=240)
        assert done.returncode == 0, done.stdout
    wait_until_gone(lab, fault)


@pytest.mark.parametrize("batch", BATCHES, ids=" ".join)
def test_fault_shows_and_its_repair_ends_it(healed_openstack_lab: Lab, batch: tuple[str, ...]) -> None:
    lab, before = healed_openstack_lab, objects(healed_openstack_lab)
    parallel(lab.break_, batch)
    for fault, pasted in zip(batch, parallel(lab.paste, batch), strict=True):
        assert shows(EXPECTED[fault].pasted, pasted), pasted
        assert shows(EXPECTED[fault].cause, pasted), pasted
    parallel(lambda fault: repair(lab, fault), batch)
    lab.heal()
    assert objects(lab) == before


def test_healthy_lab_shows_none_of_it(healed_openstack_lab: Lab) -> None:
    """Of the faults whose commands need nothing that only the fault makes."""
    for fault in ("metadata-agent-stopped", "sg-no-ssh", "sg-no-vxlan", "ovs-agent-frozen", "rabbitmq-stopped"):
        assert not shows(EXPECTED[fault].pasted, healed_openstack_lab.paste(fault)), fault
