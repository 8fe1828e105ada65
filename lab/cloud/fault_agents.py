"""Faults of agents and services: stopped, frozen, wrongly configured."""

from lab.cloud.agents import AGENT_INI
from lab.cloud.steps import (
    AGENTS,
    C1,
    COMPUTES,
    CTL,
    FIP1,
    OVS_AGENT,
    SERVER,
    SERVER_FAULT,
    SERVER_PORT,
    W1,
    alive,
    all_alive,
    at_will,
    boot,
    client,
    cloud_fault,
    compute_is,
    dead,
    gone,
    ini,
    log,
    no_copies,
    ping,
    restart,
    rows,
    server_is,
    start,
    stop,
    then,
)
from lab.faults import Run
from lab.machines import ROOT

_FLOATING = ping(ROOT, FIP1)
_NEW_FIP = "192.168.200.150"
_METADATA = "curl -s -S -m 5 -w 'HTTP %{http_code}\\n' http://169.254.169.254/latest/meta-data/hostname"
_LEASE = "busybox udhcpc -i eth0 -n -q -f -t 3 -T 2 -s /bin/true"
_NEW_LEASE = Run(C1, f"ip netns exec $(ip netns | grep -o '^vm-[0-9a-f]*' | head -1) {_LEASE}")
_COMPUTES_AGENT = "openstack network agent list --host compute -f value -c ID"
_NO_MAPPING = "configurations like '%bridge_mappings_: {}%'"  # _ is any character, the quotation mark here
_IS_AGENT = f"host='compute' and \\`binary\\`='{OVS_AGENT}'"

_DROP_IN = f"/etc/systemd/system/{OVS_AGENT}.service.d/clock.conf"
_DATE = "/usr/local/bin/date"
# One kernel has one clock: the agent and `date` are told a wrong one, until `chrony` is started. Not sshd: its
# sandbox of sshd ends it. An agent counts intervals by the clock that only goes forward, as on a real machine.
_CLOCK_BEHIND = f"""\
echo -3600s > /etc/faketimerc
library=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1)
mkdir -p $(dirname {_DROP_IN})
printf '[Service]\\nEnvironment=LD_PRELOAD=%s FAKETIME_DONT_FAKE_MONOTONIC=1\\n' $library > {_DROP_IN}
printf '#!/bin/sh\\nLD_PRELOAD=%s exec /usr/bin/date "$@"\\n' $library > {_DATE}; chmod 755 {_DATE}
printf '%s\\n' '[Service]' 'ExecStart=/bin/sh -c "echo +0 > /etc/faketimerc; exec sleep infinity"' \\
  '[Install]' 'WantedBy=multi-user.target' > /etc/systemd/system/chrony.service
systemctl daemon-reload"""
_INITIALIZED = Run(
    C1,
    f"""\
for try in 1 2 3; do
  systemctl reset-failed {OVS_AGENT} 2>/dev/null; systemctl restart {OVS_AGENT}
  for second in $(seq 60); do
    journalctl -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show {OVS_AGENT} -p InvocationID --value) |
      grep -q 'Agent initialized successfully' && exit 0
    sleep 1
  done
done
exit 1""",
)
"""A clock that jumps while the agent starts leaves it hanging. With a false clock one start in a few hangs besides:
it waits for its own OpenFlow controller, which never answers. Such a one is started again."""
_CLOCK_RIGHT = f"""\
rm -f {_DATE} /etc/faketimerc {_DROP_IN}
systemctl disable -q --now chrony; rm -f /etc/systemd/system/chrony.service
systemctl daemon-reload"""

_UNMAPPED = (
    client("compute service set --disable compute2 nova-compute"),  # a server is tried on other hosts first
    Run(C1, f"sed -i 's/^bridge_mappings/#bridge_mappings/' {AGENT_INI}"),
    restart(),
    then(rows(f"select count(*) from neutron.agents where {_IS_AGENT} and {_NO_MAPPING}", "= 1")),
    then(alive()),
    client("port create --network ext-net --host compute stuck-port"),  # stays binding_failed afterwards
    boot(network="ext-net"),
)
_MAPPED_AGAIN = (
    at_will("port delete stuck-port"),
    no_copies(),
    Run(C1, f"sed -i 's/^#bridge_mappings/bridge_mappings/' {AGENT_INI}"),
    restart(),
    *gone(),
    client("compute service set --enable compute2 nova-compute"),
)

AGENT_FAULTS = {
    "ovs-agent-stopped": cloud_fault(
        "neutron-openvswitch-agent on compute is stopped: old ports work, new ones cannot be bound",
        breaks=(stop(C1, OVS_AGENT), then(dead()), boot(C1)),
        undo=(start(C1, OVS_AGENT), then(alive()), *gone()),
        shows=(SERVER_FAULT, AGENTS, _FLOATING, log(CTL, "neutron-api", "Refusing to bind|Failed to bind port", 1)),
        shown=server_is("error"),
    ),
    "ovs-agent-frozen": cloud_fault(
        "neutron-openvswitch-agent on compute hangs: systemd calls it active, Neutron calls it dead",
        breaks=(Run(C1, f"systemctl kill -s STOP {OVS_AGENT}"),),
        undo=(Run(C1, f"systemctl kill -s CONT {OVS_AGENT}"), start(C1, OVS_AGENT)),
        shows=(AGENTS, Run(C1, f"systemctl is-active {OVS_AGENT}"), _FLOATING),
        shown=dead(),
    ),
    "clock-behind": cloud_fault(
        "compute's clock is an hour behind, its time service stopped: Neutron throws away what its agent says",
        breaks=(Run(C1, _CLOCK_BEHIND), _INITIALIZED, then(dead())),
        undo=(Run(C1, _CLOCK_RIGHT), _INITIALIZED, then(alive())),
        shows=(AGENTS, Run(C1, f"systemctl is-active {OVS_AGENT}; systemctl is-active chrony"), Run(C1, "date -u")),
        shown=dead(),
    ),
    "no-bridge-mapping": cloud_fault(
        "bridge_mappings is missing on compute: a server on the provider network cannot be built",
        breaks=_UNMAPPED,
        undo=_MAPPED_AGAIN,
        shows=(
            SERVER_FAULT,
            AGENTS,
            Run(CTL, f"openstack network agent show $({_COMPUTES_AGENT}) -f yaml | grep -A1 bridge_mappings"),
            Run(CTL, "openstack network show ext-net -c provider:network_type -c provider:physical_network"),
            log(CTL, "neutron-api", "Failed to bind port", 1),
            log(C1, "nova-compute", "PortBindingFailed", 1),
            log(CTL, "nova-conductor", "to ERROR state", 1),
        ),
        shown=server_is("error"),
    ),
    "mapping-not-read": cloud_fault(
        "bridge_mappings was written into compute's file after its agent had started, and nobody restarted it",
        breaks=(*_UNMAPPED, Run(C1, f"sed -i 's/^#bridge_mappings/bridge_mappings/' {AGENT_INI}")),
        undo=_MAPPED_AGAIN,
        shows=(
            SERVER_FAULT,
            AGENTS,
            Run(C1, f"stat -c '%y %n' {AGENT_INI}; systemctl show -p ActiveEnterTimestamp {OVS_AGENT}"),
        ),
        shown=server_is("error"),
    ),
    "dhcp-agent-stopped": cloud_fault(
        "the DHCP agent is stopped: old instances renew, a new one gets no address",
        breaks=(stop(CTL, "neutron-dhcp-agent"), boot(C1), then(server_is("active"))),
        undo=(start(CTL, "neutron-dhcp-agent"), *gone()),
        shows=(_NEW_LEASE, AGENTS, Run(W1, _LEASE), SERVER_PORT),
        shown=dead(CTL, "neutron-dhcp-agent"),
    ),
    "metadata-agent-stopped": cloud_fault(
        "the metadata agent is stopped: 169.254.169.254 answers 503",
        breaks=(stop(CTL, "neutron-metadata-agent"),),
        undo=(start(CTL, "neutron-metadata-agent"),),
        shows=(Run(W1, _METADATA), AGENTS),
        shown=dead(CTL, "neutron-metadata-agent"),
    ),
    "l3-agent-stopped": cloud_fault(
        "the L3 agent is stopped: old floating IPs work, a new one stays DOWN",
        breaks=(
            stop(CTL, "neutron-l3-agent"),
            boot(C1),
            then(server_is("active")),
            Run(
                CTL,
                f"openstack floating ip create ext-net --floating-ip-address {_NEW_FIP} "
                f"--port $(openstack port list --server {SERVER} -f value -c ID) >/dev/null",
            ),
        ),
        undo=(start(CTL, "neutron-l3-agent"), at_will(f"floating ip delete {_NEW_FIP}"), *gone()),
        shows=(
            Run(CTL, f"openstack floating ip show {_NEW_FIP} -c status -c fixed_ip_address -c router_id"),
            AGENTS,
            ping(ROOT, _NEW_FIP),
            _FLOATING,
        ),
        shown=dead(CTL, "neutron-l3-agent"),
    ),
    "local-ip-invalid": cloud_fault(
        "local_ip of the agent is no address of compute: the agent exits, again and again",
        breaks=(ini("local_ip", "192.168.100.202"), restart(), then(dead())),
        undo=(no_copies(), ini("local_ip", "192.168.100.102"), restart()),
        shows=(
            log(C1, OVS_AGENT, "Tunneling can", 1),
            AGENTS,
            Run(C1, f"systemctl is-active {OVS_AGENT}; grep -n local_ip {AGENT_INI}; ip -br -4 addr show br-ex"),
            _FLOATING,
        ),
        shown=Run(C1, f"journalctl -u {OVS_AGENT} --since -150s | grep -q 'Tunneling can'"),
    ),
    "rabbitmq-stopped": cloud_fault(
        "RabbitMQ is stopped: the APIs answer, every agent dies, nothing is built",
        breaks=(stop(CTL, "rabbitmq-server"),),
        undo=(start(CTL, "rabbitmq-server"), then(all_alive(), 180)),
        shows=(
            AGENTS,
            COMPUTES,
            Run(CTL, "systemctl is-active rabbitmq-server; ss -Htln sport = :5672"),
            log(C1, OVS_AGENT, "AMQP", 1),
            _FLOATING,
        ),
        shown=dead(),
    ),
    "nova-compute-stopped": cloud_fault(
        "nova-compute on compute is stopped, compute2 disabled: no valid host; a forced server stays in BUILD",
        breaks=(
            client("compute service set --disable compute2 nova-compute"),
            stop(C1, "nova-compute"),
            then(compute_is("down")),
            boot(),
            boot(C1, name="test-forced"),
        ),
        undo=(
            start(C1, "nova-compute"),
            client("compute service set --enable compute2 nova-compute"),
            then(compute_is("up")),
            *gone(SERVER, "test-forced"),
        ),
        shows=(
            SERVER_FAULT,
            COMPUTES,
            Run(CTL, "openstack server list --long -c Name -c Status -c 'Task State' -c Host"),
            log(CTL, "nova-conductor -u nova-scheduler", "No valid host", 1),
        ),
        shown=server_is("error"),
    ),
}
