"""Neutron's agents and nova-compute: their configuration and units, as on real hosts."""

import uuid

from lab.bash import lines, shipped, write
from lab.cloud.config import PASSWORD, ControlPlane, Sections, ini, neutron_conf, nova_conf
from lab.cloud.units import unit
from lab.cloud.wsgi import environment
from lab.machines import MACHINES

HYPERVISORS = ("compute", "compute2")
AGENT_INI = "/etc/neutron/plugins/ml2/openvswitch_agent.ini"
_OVSDB = {"ovsdb_connection": "unix:/run/openvswitch/db.sock"}


def units_of(vm: str) -> tuple[str, ...]:
    if vm in HYPERVISORS:
        return ("neutron-openvswitch-agent", "nova-compute")
    return tuple(f"neutron-{kind}-agent" for kind in ("openvswitch", "dhcp", "l3", "metadata"))


def start_agents(vm: str, cloud: ControlPlane) -> str:
    """bash that writes what the agents of a machine need, and starts them."""
    names = " ".join(units_of(vm))
    return "".join(
        [
            "mkdir -p /var/lib/neutron /var/log/neutron\n",
            _openvswitch_agent(vm, cloud),
            _compute(vm, cloud) if vm in HYPERVISORS else _network_agents(vm, cloud),
            lines(
                "systemctl daemon-reload", f"systemctl enable -q {names} 2>/dev/null", f"systemctl start {names}"
            ),
        ]
    )


def _openvswitch_agent(vm: str, cloud: ControlPlane) -> str:
    # the controller's neutron.conf, which has the database, is written with the control plane
    common = write("/etc/neutron/neutron.conf", neutron_conf(cloud)) if vm in HYPERVISORS else ""
    sections: Sections = {
        **_base(vm),
        "ovs": {
            "local_ip": MACHINES[vm].ip,
            "bridge_mappings": "provider:br-ex",
            "datapath_type": "netdev",
            **_OVSDB,
        },
        "agent": {"tunnel_types": "vxlan"},
        "securitygroup": {"enable_security_group": "true", "firewall_driver": "openvswitch"},
    }
    return common + write(AGENT_INI, ini(sections)) + _neutron_unit("neutron-openvswitch-agent", cloud, AGENT_INI)


def _network_agents(vm: str, cloud: ControlPlane) -> str:
    out = ""
    for kind, sections in _network_sections(vm, cloud).items():
        path, name = f"/etc/neutron/{kind}_agent.ini", f"neutron-{kind}-agent"
        out += write(path, ini(sections)) + _neutron_unit(name, cloud, path)
    return out


def _network_sections(vm: str, cloud: ControlPlane) -> dict[str, Sections]:
    driver = {"interface_driver": "openvswitch"}
    metadata = {
        "nova_metadata_host": cloud.address,
        "nova_metadata_port": cloud.ports.metadata,
        "metadata_proxy_shared_secret": PASSWORD,
        "metadata_workers": 1,
    }
    return {
        "dhcp": {**_base(vm, enable_isolated_metadata="true", **driver), "ovs": _OVSDB},
        "l3": {**_base(vm, agent_mode="legacy", enable_metadata_proxy="true", **driver), "ovs": _OVSDB},
        "metadata": _base(vm, **metadata),
    }


def _base(vm: str, **more: object) -> dict[str, dict[str, object]]:
    return {"DEFAULT": {"host": vm, "state_path": "/var/lib/neutron", **more}}


def _neutron_unit(name: str, cloud: ControlPlane, path: str) -> str:
    # routers and DHCP servers outlive the agents that started them
    kill = {"KillMode": "process"} if name in ("neutron-l3-agent", "neutron-dhcp-agent") else {}
    files = ("--config-file", "/etc/neutron/neutron.conf", "--config-file", path)
    return unit(name, [f"{cloud.venv}/bin/{name}", *files], environment(cloud), RestartSec="5", **kill)


def _compute(vm: str, cloud: ControlPlane) -> str:
    """nova-compute with the lab's driver, which stands beside Nova's own in this machine only."""
    sections = {
        "DEFAULT": {
            "host": vm,
            "my_ip": MACHINES[vm].ip,
            "state_path": "/var/lib/nova",
            "instances_path": "/var/lib/nova/instances",
            "compute_driver": "lab_driver.LabDriver",
            "sync_power_state_interval": -1,
        }
    }
    files = ("--config-file", "/etc/nova/nova.conf", "--config-file", "/etc/nova/nova-compute.conf")
    return "".join(
        [
            "mkdir -p /var/lib/nova/instances /var/log/nova\n",
            write("/etc/nova/nova.conf", nova_conf(cloud)),
            write("/etc/nova/nova-compute.conf", ini(sections)),
            write("/var/lib/nova/compute_id", str(uuid.uuid5(uuid.NAMESPACE_DNS, vm))),
            write("/run/nova-virt/upper/lab_driver.py", shipped("openstack/lab_driver.py")),
            lines(
                "mkdir -p /run/nova-virt/work",
                f"folder=$(echo {cloud.venv}/lib/python3*/site-packages/nova/virt)",
                "options=lowerdir=$folder,upperdir=/run/nova-virt/upper,workdir=/run/nova-virt/work",
                "mountpoint -q $folder || mount -t overlay -o $options overlay $folder",
            ),
            unit("nova-compute", [f"{cloud.venv}/bin/nova-compute", *files], environment(cloud), RestartSec="5"),
        ]
    )
