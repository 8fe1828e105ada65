"""kolla-ansible: whose variables say what, and which of its files are merged in which order."""

from __future__ import annotations

import pytest

from probes.cloud.containers import Container, container_in
from probes.cloud.kolla import gives_mappings, in_order, own_files, parse_variables
from probes.cloud.services import container_name


def test_containers_are_named_like_their_unit() -> None:
    assert container_name("neutron-openvswitch-agent.service") == "neutron_openvswitch_agent"
    assert container_name("nova-compute") == "nova_compute"


def test_variables_without_quotes_and_comments_and_the_last_one_counts() -> None:
    text = """\
neutron_bridge_name: "br-ex,br-two"  # two of them
neutron_external_interface: enp7s0 # trunk
enable_neutron_dvr: 'no'
enable_neutron_dvr: "yes"
node_custom_config: "{{ node_config }}/config"
neutron_physical_networks:
something_else: 1
not a line
"""
    assert parse_variables(text) == {
        "neutron_bridge_name": "br-ex,br-two",
        "neutron_external_interface": "enp7s0",
        "enable_neutron_dvr": "yes",
        "node_custom_config": "{{ node_config }}/config",
        "neutron_physical_networks": "",
    }


def test_the_files_of_globals_d_count_by_name() -> None:
    text = """\
/etc/kolla/globals.d/20-late.yml:enable_neutron_dvr: "no"
/etc/kolla/globals.d/10-early.yml:enable_neutron_dvr: "yes"
/etc/kolla/globals.d/10-early.yml:neutron_bridge_name: br-early
/etc/kolla/globals.d/old/30-kept.yml:enable_neutron_dvr: "yes"
/etc/kolla/globals.yml:enable_neutron_dvr: "yes"
/etc/kolla/globals.yml:neutron_bridge_name: br-ex
"""
    assert parse_variables(in_order(text)) == {"enable_neutron_dvr": "no", "neutron_bridge_name": "br-early"}


def test_own_files_from_the_general_to_the_host() -> None:
    files = own_files("/etc/kolla/config", "neutron_openvswitch_agent", "openvswitch_agent.ini", "compute1")
    assert files == (
        "/etc/kolla/config/global.conf",
        "/etc/kolla/config/neutron.conf",
        "/etc/kolla/config/neutron/openvswitch_agent.ini",
        "/etc/kolla/config/neutron/compute1/openvswitch_agent.ini",
    )


@pytest.mark.parametrize(
    ("variables", "given"),
    [
        ({}, False),
        ({"neutron_bridge_name": "br-ex"}, False),
        ({"enable_neutron_provider_networks": "no"}, False),
        ({"enable_neutron_provider_networks": "yes"}, True),
        ({"enable_neutron_dvr": "True"}, True),
        ({"computes_need_external_bridge": "true"}, True),
    ],
)
def test_when_compute_nodes_get_mappings(variables: dict[str, str], given: bool) -> None:
    assert gives_mappings(variables) is given


@pytest.mark.parametrize(
    ("shown", "cgroup", "found"),
    [
        ("LoadState=not-found\nExecStart=\n", "0::/system.slice/x.service\n", None),
        ("LoadState=not-found\n", "0::/system.slice/docker-3f.scope\n", ("docker", "")),
        ("LoadState=not-found\n", "0::/machine.slice/libpod-3f.scope/container\n", ("podman", "")),
        (
            "LoadState=loaded\nExecStart={ path=/usr/bin/docker ; argv[]=/usr/bin/docker start -a x }\n",
            "",
            ("docker", "u"),
        ),
        (
            "LoadState=loaded\nExecStart={ path=/usr/bin/podman ; argv[]=/usr/bin/podman start -a x }\n",
            "",
            ("podman", "u"),
        ),
    ],
)
def test_what_systemd_and_the_cgroup_say_of_a_container(
    shown: str, cgroup: str, found: tuple[str, str] | None
) -> None:
    unit = "kolla-nova_compute-container.service"
    wanted = found and Container(found[0], "nova_compute", 7, unit if found[1] else "")
    assert container_in("nova_compute", shown, 7, cgroup) == wanted
