"""Faults of APIs, and what Nova and Neutron refuse although every process runs."""

from lab.cloud.steps import (
    AGENTS,
    C1,
    C2,
    COMPUTES,
    CTL,
    OVS_AGENT,
    SERVER,
    SERVER_FAULT,
    alive,
    at_will,
    boot,
    client,
    cloud_fault,
    compute_is,
    gone,
    log,
    no_own_router,
    ping,
    rows_changed,
    server_is,
    start,
    stop,
    then,
)
from lab.faults import Run

_OFF_FIP = "192.168.200.152"
_PATH = "/var/lib/nova/instances"
_DROP_IN = "/etc/systemd/system/nova-compute.service.d/lab.conf"
_NOVA = "nova-compute"
_HARDENED = f"""\
mkdir -p $(dirname {_DROP_IN}); printf '[Service]\\nReadWritePaths={_PATH}\\n' > {_DROP_IN}
systemctl daemon-reload; systemctl stop {_NOVA}; mv {_PATH} {_PATH}.away
systemctl start {_NOVA} 2>/dev/null; true"""
# what was made in its place goes; a unit that waits is started afresh
_THERE_AGAIN = f"""\
if [ -d {_PATH}.away ]; then rm -rf {_PATH}; mv {_PATH}.away {_PATH}; fi
rm -f {_DROP_IN}; rmdir $(dirname {_DROP_IN}) 2>/dev/null; systemctl daemon-reload
systemctl reset-failed {_NOVA} 2>/dev/null; systemctl restart {_NOVA}"""
# as packages have it: nova-compute is user nova, and asks sudo for what needs root
_AS_NOVA = f"""\
id -u nova >/dev/null 2>&1 || useradd --system --no-create-home nova
echo 'nova ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/nova; chmod 440 /etc/sudoers.d/nova
chown -R nova /var/lib/nova /var/log/nova /etc/nova; chown root {_PATH}; chmod 755 {_PATH} /root
mkdir -p $(dirname {_DROP_IN}); printf '[Service]\\nUser=nova\\n' > {_DROP_IN}
systemctl daemon-reload"""
_AS_ROOT = f"""\
rm -f {_DROP_IN} /etc/sudoers.d/nova; rmdir $(dirname {_DROP_IN}) 2>/dev/null; chmod 700 /root
chown -R root /var/lib/nova /var/log/nova /etc/nova
systemctl daemon-reload; userdel nova 2>/dev/null; true"""


def _anew(change: str) -> tuple[Run, ...]:
    """It reports while it ends, and would count as up while it starts: nothing is scheduled to it then."""
    ended, begun = then(compute_is("down", C2)), then(compute_is("up", C2))
    return stop(C2, _NOVA), Run(C2, change), ended, start(C2, _NOVA), begun


SERVICE_FAULTS = {
    "neutron-api-stopped": cloud_fault(
        "Neutron's API is stopped: 9696 refuses, traffic goes on",
        breaks=(stop(CTL, "neutron-api"),),
        undo=(start(CTL, "neutron-api"), then(Run(CTL, "openstack network list"))),
        shows=(AGENTS, Run(CTL, "systemctl is-active neutron-api; ss -Htln sport = :9696")),
    ),
    "keystone-stopped": cloud_fault(
        "Keystone is stopped: no client gets a token",
        breaks=(stop(CTL, "keystone"),),
        undo=(start(CTL, "keystone"), then(Run(CTL, "openstack token issue"))),
        shows=(AGENTS, Run(CTL, "systemctl is-active keystone; ss -Htln sport = :5000")),
    ),
    "quota-exceeded": cloud_fault(
        "the project's quota of instances is used up",
        breaks=(client("quota set --instances 2 admin"),),
        undo=(client("quota set --instances 10 admin"), *gone()),
        shows=(
            Run(CTL, f"openstack server create --image empty --flavor m1.tiny --network private-net {SERVER}"),
            Run(CTL, "openstack quota show admin --usage --compute"),
        ),
    ),
    "allowed-pairs-conflict": cloud_fault(
        "port security of a port cannot be switched off while it has allowed address pairs",
        breaks=(
            client(
                "port create --network private-net pairs-port",
                "port set --allowed-address ip-address=10.244.0.0/16 pairs-port",
            ),
        ),
        undo=(at_will("port delete pairs-port"),),
        shows=(
            Run(CTL, "openstack port set --no-security-group --disable-port-security pairs-port"),
            Run(CTL, "openstack port show pairs-port -c allowed_address_pairs -c port_security_enabled"),
        ),
    ),
    "binding-failed": cloud_fault(
        "a port was bound while there was no agent on its host, and stays binding_failed",
        breaks=(client("port create --network private-net --host nowhere unbound-port"),),
        undo=(at_will("port delete unbound-port"),),
        shows=(
            Run(CTL, "openstack port show unbound-port -c binding_host_id -c binding_vif_type -c status"),
            Run(CTL, "openstack network agent list --host nowhere"),
        ),
    ),
    "port-not-bound-again": cloud_fault(
        "a port was bound while compute had no agent; it is back, and the port stays binding_failed",
        breaks=(
            stop(C1, OVS_AGENT),
            Run(
                CTL, "openstack network agent delete $(openstack network agent list --host compute -f value -c ID)"
            ),
            client("port create --network private-net --host compute late-port"),
            start(C1, OVS_AGENT),
            then(alive()),
        ),
        undo=(at_will("port delete late-port"), start(C1, OVS_AGENT), then(alive())),
        shows=(
            Run(CTL, "openstack port show late-port -c binding_host_id -c binding_vif_type -c status"),
            Run(CTL, "openstack network agent list --host compute -c Binary -c Alive"),
        ),
    ),
    "server-shut-off": cloud_fault(
        "a server with a floating IP was stopped: Nova calls it SHUTOFF, its address answers nothing",
        breaks=(
            boot(),
            then(server_is("active")),
            client(
                f"floating ip create ext-net --floating-ip-address {_OFF_FIP}",
                f"server add floating ip {SERVER} {_OFF_FIP}",
                f"server stop {SERVER}",
            ),
        ),
        undo=(at_will(f"floating ip delete {_OFF_FIP}"), *gone()),
        shows=(ping("master", _OFF_FIP), Run(CTL, f"openstack server show {SERVER} -c status -c addresses")),
        shown=server_is("stopped"),
    ),
    "instances-path": cloud_fault(
        "instances_path of compute2 cannot be written: the service is up, no server can be built there",
        breaks=(
            client("compute service set --disable compute nova-compute"),
            Run(C2, f"mount -t tmpfs -o ro,size=4k lab-instances {_PATH}"),
            boot(),
        ),
        undo=(
            Run(C2, f"while umount {_PATH} 2>/dev/null; do :; done"),
            client("compute service set --enable compute nova-compute"),
            *gone(),
        ),
        shows=(
            SERVER_FAULT,
            COMPUTES,
            log(C2, "nova-compute", "Read-only file system", 1),
            Run(C2, f"findmnt -no TARGET,FSTYPE,OPTIONS {_PATH}"),
        ),
        shown=server_is("error"),
    ),
    "instances-path-missing": cloud_fault(
        "instances_path of compute2 is missing, and its unit needs it: nova-compute does not start",
        breaks=(Run(C2, _HARDENED), then(compute_is("down", C2))),
        undo=(Run(C2, _THERE_AGAIN), then(compute_is("up", C2))),
        shows=(
            COMPUTES,
            Run(C2, f"systemctl status {_NOVA} --no-pager -n 0; ls -ld {_PATH}"),
            Run(C2, f"journalctl -u {_NOVA} --no-pager -o cat --since -150s | grep 226 | tail -n 1"),
        ),
        shown=compute_is("down", C2),
    ),
    "instances-path-foreign": cloud_fault(
        "instances_path of compute2 is root's and nova-compute is nova: the service is up, no server can be built",
        breaks=(
            client("compute service set --disable compute nova-compute"),
            *_anew(_AS_NOVA),
            boot(),
        ),
        undo=(
            *_anew(_AS_ROOT),
            client("compute service set --enable compute nova-compute"),
            *gone(SERVER, "test-forced"),
        ),
        shows=(
            SERVER_FAULT,
            COMPUTES,
            log(C2, "nova-compute", "Permission denied", 1),
            Run(C2, f"stat -c '%U %a %n' {_PATH}"),
        ),
        shown=server_is("error"),
    ),
    "host-not-mapped": cloud_fault(
        "compute2 is in no cell: its service is up, and the scheduler never chooses it",
        breaks=(
            rows_changed(
                "delete from nova_api.host_mappings where host='compute2'; "
                "update nova.compute_nodes set mapped = 0 where host='compute2'"
            ),
            boot(C2),
        ),
        undo=(Run(CTL, "nova-manage cell_v2 discover_hosts >/dev/null 2>&1"), *gone()),
        shows=(
            SERVER_FAULT,
            COMPUTES,
            Run(CTL, "nova-manage cell_v2 list_hosts 2>/dev/null"),
            log(CTL, "nova-scheduler -u nova-conductor", "No host-to-cell mapping|No valid host", 1),
        ),
        shown=server_is("error"),
    ),
    "computes-disabled": cloud_fault(
        "every compute host is disabled: all of them are up, and the scheduler finds none",
        breaks=(client(*(f"compute service set --disable {host} nova-compute" for host in (C1, C2))), boot()),
        undo=(client(*(f"compute service set --enable {host} nova-compute" for host in (C1, C2))), *gone()),
        shows=(SERVER_FAULT, COMPUTES),
        shown=server_is("error"),
    ),
    "cidr-overlap": cloud_fault(
        "a subnet overlaps with another one of router1: it cannot be attached",
        breaks=(
            client(
                "network create overlap-net",
                "subnet create --network overlap-net --subnet-range 10.0.0.128/25 --no-dhcp overlap-subnet",
            ),
        ),
        undo=(
            no_own_router("overlap-subnet"),
            at_will("router remove subnet router1 overlap-subnet", "network delete overlap-net"),
        ),
        shows=(
            Run(CTL, "openstack router add subnet router1 overlap-subnet"),
            Run(CTL, "openstack subnet list -c Name -c Network -c Subnet"),
        ),
    ),
}
