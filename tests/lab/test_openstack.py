"""The healthy lab with OpenStack: real services, real agents, and servers that are the workers."""

import json
import stat
import subprocess
import sys
from typing import Any

import pytest
import yaml

from lab.machines import ROOT, WORKERS
from lab.session import Lab

pytestmark = pytest.mark.lab

AGENTS = {
    ("controller", "neutron-openvswitch-agent"),
    ("controller", "neutron-dhcp-agent"),
    ("controller", "neutron-l3-agent"),
    ("controller", "neutron-metadata-agent"),
    ("compute", "neutron-openvswitch-agent"),
    ("compute2", "neutron-openvswitch-agent"),
}


def openstack(*arguments: str) -> Any:
    """What the client says in JSON, from this computer."""
    argv = [sys.executable, "-m", "lab", "openstack", *arguments, "-f", "json"]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout)


def test_every_path_answers(openstack_lab: Lab) -> None:
    assert openstack_lab.silent_paths() == []


def test_every_agent_is_alive(openstack_lab: Lab) -> None:
    alive = {(agent["Host"], agent["Binary"]) for agent in openstack("network", "agent", "list") if agent["Alive"]}
    assert alive == AGENTS


def test_nova_runs_on_both_hypervisors(openstack_lab: Lab) -> None:
    services = openstack("compute", "service", "list")
    assert all(service["State"] == "up" for service in services)
    assert {service["Host"] for service in services if service["Binary"] == "nova-compute"} == {
        "compute",
        "compute2",
    }


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_is_a_server_plugged_where_neutron_says(openstack_lab: Lab, name: str) -> None:
    worker, server, port = WORKERS[name], openstack("server", "show", name), openstack("port", "show", name)
    assert (server["status"], server["OS-EXT-SRV-ATTR:host"]) == ("ACTIVE", worker.hypervisor)
    assert (port["status"], port["binding_host_id"]) == ("ACTIVE", worker.hypervisor)
    assert port["fixed_ips"][0]["ip_address"] == worker.ip
    keys = " ".join(f"external_ids:{key}" for key in ("iface-id", "vm-uuid", "attached-mac"))
    look = f"ovs-vsctl get Interface tap{port['id'][:11]} {keys}"
    said = openstack_lab.run(worker.hypervisor, look).stdout.replace('"', "").split()
    assert said == [port["id"], server["id"], worker.mac]


@pytest.mark.parametrize("name", WORKERS)
def test_its_address_is_a_lease_and_metadata_answer(openstack_lab: Lab, name: str) -> None:
    addresses = openstack_lab.run(name, "ip -br -4 addr show eth0; cat /etc/resolv.conf").stdout
    assert f"{WORKERS[name].ip}/24" in addresses
    metadata = openstack_lab.run(name, "curl -s -m 20 http://169.254.169.254/latest/meta-data/hostname").stdout
    assert metadata.split(".")[0] == name


def test_floating_addresses_reach_the_servers(openstack_lab: Lab) -> None:
    for name, worker in WORKERS.items():
        said = openstack_lab.run(ROOT, f"ssh -F {openstack_lab.ssh_config} {name} hostname </dev/null").stdout
        assert said.strip() == name
        floating = openstack("floating", "ip", "show", worker.floating_ip)
        assert (floating["status"], floating["fixed_ip_address"]) == ("ACTIVE", worker.ip)


def test_the_real_agent_drops_a_packet_with_a_foreign_source(openstack_lab: Lab) -> None:
    before = dropped(openstack_lab)
    openstack_lab.run("k8s-worker-1", "ip addr add 10.0.0.99/32 dev eth0; ping -c3 -W1 -I 10.0.0.99 10.0.0.34")
    openstack_lab.run("k8s-worker-1", "ip addr del 10.0.0.99/32 dev eth0")
    assert dropped(openstack_lab) > before


def dropped(lab: Lab) -> int:
    """Packets that port security of worker 1 dropped: the flows of priority 10 in table 71 of br-int."""
    count = "sed -nE 's/.*n_packets=([0-9]+),.*priority=10,.*/\\1/p'"
    return sum(map(int, lab.run("compute", f"ovs-ofctl dump-flows br-int table=71 | {count}").stdout.split()))


def test_clouds_yaml_is_the_owners_alone_and_in_the_site(openstack_lab: Lab) -> None:
    clouds = openstack_lab.instance.clouds
    assert stat.S_IMODE(clouds.stat().st_mode) == 0o600
    site = yaml.safe_load(openstack_lab.site().read_text())
    assert site["clouds"] == {"lab": {"config": str(clouds), "cloud": "lab", "host": "controller"}}


def test_the_client_works_on_the_controller_too(openstack_lab: Lab) -> None:
    said = openstack_lab.run("controller", "openstack server list -f value -c Name -c Status").stdout.split()
    assert sorted(said) == sorted(["k8s-worker-1", "ACTIVE", "k8s-worker-2", "ACTIVE"])


def test_nothing_has_failed(openstack_lab: Lab) -> None:
    for machine in ("controller", "compute", "compute2", *WORKERS):
        assert openstack_lab.run(machine, "systemctl is-system-running").stdout.strip() == "running"
