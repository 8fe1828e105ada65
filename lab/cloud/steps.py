"""What faults of the cloud are made of: commands of the client, agents, servers, rules, conditions."""

from lab.bash import until
from lab.cloud.agents import AGENT_INI
from lab.faults import Fault, Run, Step
from lab.parts import OPENSTACK

CTL, C1, C2, W1, W2 = "controller", "compute", "compute2", "k8s-worker-1", "k8s-worker-2"
OVS_AGENT = "neutron-openvswitch-agent"
FIP1 = "192.168.200.106"
SERVER = "test-vm"

AGENTS = Run(CTL, "openstack network agent list -c 'Agent Type' -c Host -c Alive -c State -c Binary")
COMPUTES = Run(CTL, "openstack compute service list -c Binary -c Host -c Status -c State")
SERVER_FAULT = Run(CTL, f"openstack server show {SERVER} -f yaml -c name -c status -c fault")
SERVER_PORT = Run(
    CTL, f"openstack port list --server {SERVER} --long -c 'MAC Address' -c 'Fixed IP Addresses' -c Status"
)
PORT = Run(
    CTL, f"openstack port show {W1} -c status -c binding_host_id -c binding_vif_type -c allowed_address_pairs"
)
RULES = Run(CTL, "openstack security group rule list k8s --ingress -c 'IP Protocol' -c 'Port Range' -c 'IP Range'")
OUT = Run(CTL, "openstack security group rule list k8s --egress -c 'IP Protocol' -c Ethertype")

_MARIADB = "mariadb -S /run/mysqld/mysqld.sock -N -e"


def cloud_fault(
    about: str,
    breaks: tuple[Step, ...],
    undo: tuple[Step, ...],
    shows: tuple[Run, ...],
    shown: Run | None = None,
) -> Fault:
    first, *more = shows
    return Fault(about, breaks, undo, first, more=tuple(more), shown=shown, part=OPENSTACK)


def client(*commands: str) -> Run:
    """The client tells what it did; a step says something only when it fails."""
    return Run(CTL, f'said=$(openstack-batch 2>&1 {_lines(commands)}) || {{ echo "$said"; exit 1; }}')


def at_will(*commands: str) -> Run:
    """What of it fails was so already."""
    return Run(CTL, f"openstack-batch --all >/dev/null 2>&1 {_lines(commands)}")


def _lines(commands: tuple[str, ...]) -> str:
    return "<<'EOF'\n" + "".join(f"{command}\n" for command in commands) + "EOF\n"


def stop(machine: str, unit: str) -> Run:
    return Run(machine, f"systemctl stop {unit}")


def start(machine: str, unit: str) -> Run:
    return Run(machine, f"systemctl reset-failed {unit} 2>/dev/null; systemctl start {unit}")


def restart(machine: str = C1, unit: str = OVS_AGENT) -> Run:
    return Run(machine, f"systemctl reset-failed {unit} 2>/dev/null; systemctl restart {unit}")


def ini(key: str, value: str) -> Run:
    """A line of the Open vSwitch agent's configuration on compute."""
    return Run(C1, f"sed -i 's|^{key} = .*|{key} = {value}|' {AGENT_INI}")


def no_copies() -> Run:
    """Of that configuration, which repairs leave beside it until they are undone."""
    return Run(C1, f"rm -f {AGENT_INI}.deadhop-*")


def log(machine: str, unit: str, pattern: str, lines: int = 2) -> Run:
    return Run(
        machine, f"journalctl -u {unit} --no-pager -o cat --since -150s | grep -E '{pattern}' | tail -n {lines}"
    )


def ping(where: str, address: str, options: str = "") -> Run:
    return Run(where, f"ping -c2 -W1 {options}{address}")


def silent(path: Run) -> Run:
    """The ping of this path is in vain."""
    return Run(path.where, f"! {path.text}")


def rows(query: str, wanted: str) -> Run:
    """What the databases say, which costs less than the client; the paste comes from the client."""
    return Run(CTL, f'test "$({_MARIADB} "{query}")" {wanted}')


def rows_changed(statements: str) -> Run:
    """A state that no API makes any more, but installations have."""
    return Run(CTL, f'{_MARIADB} "{statements}"')


def alive(machine: str = C1, unit: str = OVS_AGENT, wanted: str = "= 1") -> Run:
    fresh = "heartbeat_timestamp > utc_timestamp() - interval 12 second"
    binary = "\\`binary\\`"
    return rows(
        f"select count(*) from neutron.agents where host='{machine}' and {binary}='{unit}' and {fresh}", wanted
    )


def dead(machine: str = C1, unit: str = OVS_AGENT) -> Run:
    return alive(machine, unit, "= 0")


def all_alive() -> Run:
    """Six agents, and Nova's four services."""
    fresh = "utc_timestamp() - interval 12 second"
    agents = f"select count(*) from neutron.agents where heartbeat_timestamp > {fresh}"
    services = f"select count(*) from nova.services where deleted = 0 and updated_at > {fresh}"
    return rows(f"select ({agents}) + ({services})", "= 10")


def compute_is(state: str, machine: str = C1) -> Run:
    fresh = "updated_at > utc_timestamp() - interval 12 second"
    wanted = "= 1" if state == "up" else "= 0"
    binary = "\\`binary\\`='nova-compute'"
    return rows(
        f"select count(*) from nova.services where deleted = 0 and host='{machine}' and {binary} and {fresh}",
        wanted,
    )


def server_is(state: str, name: str = SERVER) -> Run:
    """vm_state, also of a server that found no host and is known to cell 0 only."""
    one = f"select vm_state from {{}}.instances where deleted = 0 and display_name='{name}'"
    return rows(f"{one.format('nova')} union {one.format('nova_cell0')}", f"= {state}")


def then(condition: Run, seconds: int = 120) -> Run:
    """Waits until the condition holds."""
    return Run(condition.where, until(condition.text, seconds))


def boot(host: str = "", network: str = "private-net", name: str = SERVER) -> Run:
    zone = f"--availability-zone nova:{host} " if host else ""
    group = "--security-group k8s " if network == "private-net" else ""
    return client(f"server create --image empty --flavor m1.tiny {zone}--network {network} {group}{name}")


def gone(*names: str) -> tuple[Run, Run]:
    """Servers by number: there may be several of a name. One that is being built goes once its hypervisor can."""
    named = " or ".join(f"display_name='{name}'" for name in names or (SERVER,))
    cells = (
        f"select uuid from {cell}.instances where deleted = 0 and ({named})" for cell in ("nova", "nova_cell0")
    )
    left = " union ".join(cells)
    delete = f'{_MARIADB} "{left}" | sed "s/^/server delete /" | openstack-batch --all >/dev/null 2>&1'
    return Run(CTL, f'test -z "$({_MARIADB} "{left}")" || {delete}'), then(rows(left, '= ""'))


def no_own_router(subnet: str) -> Run:
    """Of a subnet, which a repair may have given it."""
    routers = f"select concat('deadhop-', id) from neutron.subnets where name='{subnet}'"
    steps = f"s/.*/router remove subnet & {subnet}\\nrouter delete &/"
    return Run(CTL, f'{_MARIADB} "{routers}" | sed "{steps}" | openstack-batch --all >/dev/null 2>&1')


def rule(protocol: str, port: int = 0) -> Run:
    """Adds an ingress rule to the security group of the workers, unless it is there."""
    ports = f"--dst-port {port} " if port else ""
    return at_will(f"security group rule create --ingress --protocol {protocol} {ports}k8s")


def no_rule(protocol: str, port: int = 0) -> Run:
    these = f"openstack security group rule list k8s --ingress --protocol {protocol} -f value -c ID -c 'Port Range'"
    pattern = f" {port}:" if port else "."
    return Run(CTL, f"openstack security group rule delete $({these} | grep '{pattern}' | cut -d' ' -f1)")


def no_rule_from(remote: str) -> Run:
    """Deletes what lets packets in from there alone, where it is."""
    left = f"select id from neutron.securitygrouprules where remote_ip_prefix='{remote}'"
    delete = 'sed "s/^/security group rule delete /" | openstack-batch --all >/dev/null 2>&1'
    return Run(CTL, f'{_MARIADB} "{left}" | {delete}')


def only_out(*protocols: str) -> tuple[Run, Run]:
    """The workers send nothing but these protocols over IPv4, where all was let out."""
    rules = (f"security group rule create --egress --ethertype IPv4 --protocol {one} k8s" for one in protocols)
    return client(*rules), _no_way_out("is null")


def all_out() -> tuple[Run, Run]:
    every = "security group rule create --egress --ethertype IPv4 --protocol any k8s"
    return at_will(every), _no_way_out("is not null")


def _no_way_out(protocol: str) -> Run:
    """Deletes what lets their IPv4 out, where the rule names a protocol, or none."""
    rules = "neutron.securitygrouprules r join neutron.securitygroups g on g.id = r.security_group_id"
    theirs = f"g.name='k8s' and r.direction='egress' and r.ethertype='IPv4' and r.protocol {protocol}"
    deletes = f"select concat('security group rule delete ', r.id) from {rules} where {theirs}"
    return Run(CTL, f'{_MARIADB} "{deletes}" | openstack-batch --all >/dev/null 2>&1')


def no_own_groups() -> Run:
    """Those that repairs gave to ports, which are not undone when a test fails in between."""
    named = (
        "from neutron.securitygroups g left join neutron.securitygroupportbindings b on b.security_group_id = g.id"
    )
    only = "where g.name like 'deadhop-%'"
    taken = f"select concat('port unset --security-group ', g.id, ' ', b.port_id) {named} {only} and b.port_id > ''"
    gone = f"select distinct concat('security group delete ', g.id) {named} {only}"
    return Run(CTL, f'{_MARIADB} "{taken}; {gone}" | openstack-batch --all >/dev/null 2>&1')


def drops_of_tap(machine: str = C1) -> Run:
    """What port security drops is counted by the flow of priority 10 in table 71."""
    return Run(
        machine,
        "tap=$(ovs-vsctl list-ports br-int | grep ^tap | head -1); port=$(ovs-vsctl get interface $tap ofport)\n"
        "ovs-ofctl dump-flows br-int table=71 | grep reg5=$(printf 0x%x $port), | grep -E 'nw_src|priority=10,'",
    )
