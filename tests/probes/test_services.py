"""A service of OpenStack under whichever name it was installed: Debian's unit, RDO's, kolla-ansible's container."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from probes.cloud.agent_config import agent_config
from probes.cloud.binding import refused_ports
from probes.cloud.cells import cells
from probes.cloud.containers import pattern_of
from probes.cloud.host_facts import StackUnit
from probes.cloud.instances_path import instances_path
from probes.cloud.openvswitch import bridges
from probes.cloud.services import container_name, service_of, unit_names
from probes.cloud.units import PATTERNS, named, of_openstack, stack_unit
from probes.errors import CommandMissing, NotFound
from probes.exchange import Exchange, Reply, Request
from probes.linux.unit import parse_units
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from tests.probes.readonly import looks_only

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
AGENT = "neutron-openvswitch-agent"
OVS = "kolla-openvswitch_vswitchd-container.service"
OWN = "kolla-neutron_openvswitch_agent-container.service"
FIELDS = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,NRestarts,ExecMainStatus,MainPID,"
    "ActiveEnterTimestampMonotonic,InvocationID"
)
PGREP = rf"pgrep -of '^([^ ]*python[^ ]* )?([^ ]*/)?{AGENT.replace('-', chr(92) + '-')}(:? |$)'"
IN_DOCKER = "0::/system.slice/docker-3f.scope\n"
IN_PODMAN = "0::/machine.slice/libpod-3f.scope/container\n"


def shown(unit: str, load: str = "not-found", active: str = "inactive", pid: int = 0) -> str:
    return (
        f"Id={unit}\nLoadState={load}\nActiveState={active}\nSubState=x\nUnitFileState=enabled\nNRestarts=0\n"
        f"ExecMainStatus=0\nMainPID={pid}\nActiveEnterTimestampMonotonic=0\nInvocationID=\n"
    )


def toolbox(answers: dict[str, str], others: Mapping[str, Reply] = MappingProxyType({})) -> ReplayToolbox:
    replies = {text: Reply(0, said) for text, said in answers.items()} | dict(others)
    exchanges = [Exchange(Request("host:compute", text), reply, BEGUN) for text, reply in replies.items()]
    return ReplayToolbox(Site("test", (Host("compute"),)), exchanges)


def machine(units: str, **more: str) -> ReplayToolbox:
    names = " ".join(unit_names(f"{AGENT}.service"))
    return toolbox({f"systemctl show {names} -p {FIELDS}": units, "cat /proc/uptime": "5000.0 1.0\n"} | more)


def inside(cgroup: str, stat: str, client: str = "") -> dict[str, str]:
    return {
        f"systemctl show {OWN} -p LoadState,ExecStart": client or "LoadState=not-found\nExecStart=\n",
        PGREP: "4711\n",
        "cat /proc/4711/cgroup": cgroup,
        "cat /proc/4711/stat": f"4711 (python3) {stat} 1 1\n",
    }


@pytest.mark.parametrize(
    ("unit", "service"),
    [
        ("nova-compute.service", "nova-compute"),
        ("openstack-nova-compute.service", "nova-compute"),
        ("kolla-nova_compute-container.service", "nova-compute"),
        ("rabbitmq-server.service", "rabbitmq"),
        ("kolla-rabbitmq-container.service", "rabbitmq"),
        ("mysql.service", "mariadb"),
        ("kolla-openvswitch_vswitchd-container.service", "ovs-vswitchd"),
        ("openstack-nova-metadata-api.service", "nova-api-metadata"),
        ("kolla-nova_metadata-container.service", "nova-api-metadata"),
        ("httpd.service", "web-server"),
        ("neutron-l3-agent", "neutron-l3-agent"),
    ],
)
def test_one_name_for_a_service(unit: str, service: str) -> None:
    assert service_of(unit) == service


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("/usr/bin/python3 /var/lib/kolla/venv/bin/nova-conductor --config-file /etc/nova/nova.conf", True),
        ("/usr/bin/nova-conductor", True),
        ("nova-conductor: master process [/var/lib/kolla/venv/bin/nova-conductor]", True),
        ("nova-conductor (/usr/bin/python3 /usr/bin/nova-conductor --config-file /etc/nova/nova.conf)", True),
        ("podman start -a nova-conductor", False),
        ("/usr/bin/python3 /usr/bin/nova-conductor-exporter", False),
    ],
)
def test_a_process_is_known_by_its_command_or_by_the_title_it_gives_itself(line: str, found: bool) -> None:
    assert bool(re.search(pattern_of("nova-conductor.service"), line)) is found


def test_every_name_leads_back_to_the_service() -> None:
    for service in (
        "nova-compute",
        "rabbitmq",
        "mariadb",
        "glance-api",
        AGENT,
        "ovsdb-server",
        "nova-api-metadata",
    ):
        names = unit_names(f"{service}.service")
        assert {service_of(name) for name in names} == {service}
        assert set(names) <= set(PATTERNS)
    assert container_name("ovs-vswitchd.service") == "openvswitch_vswitchd"


def test_the_question_for_all_units_only_looks() -> None:
    quoted = " ".join(f"'{one}'" if "*" in one else one for one in PATTERNS)
    assert looks_only(f"systemctl show {quoted} -p {FIELDS}")


async def test_a_unit_that_nobody_has_installed_is_no_unit_that_runs() -> None:
    names = unit_names(f"{AGENT}.service")
    nothing = {f"systemctl show {OWN} -p LoadState,ExecStart": "LoadState=not-found\n", PGREP: ""}
    found = await stack_unit(
        "compute", machine("\n".join(shown(one) for one in names), **nothing), f"{AGENT}.service"
    )
    assert (found.installed, found.container, found.service) == (False, "", AGENT)


async def test_the_unit_of_a_container_that_is_stopped() -> None:
    units = shown(f"{AGENT}.service") + "\n" + shown(OWN, "loaded", "failed")
    found = await stack_unit(
        "compute", machine(units, **{f"journalctl -u {OWN} --no-pager -o cat -n 200": ""}), f"{AGENT}.service"
    )
    assert (found.unit, found.installed, found.active, found.service) == (OWN, True, "failed", AGENT)


@pytest.mark.parametrize(("stat", "frozen"), [("S", False), ("T", True)])
@pytest.mark.parametrize(("cgroup", "engine"), [(IN_DOCKER, "docker"), (IN_PODMAN, "podman")])
async def test_a_container_without_a_unit(cgroup: str, engine: str, stat: str, frozen: bool) -> None:
    units = "\n".join(shown(one) for one in unit_names(f"{AGENT}.service"))
    found = await stack_unit("compute", machine(units, **inside(cgroup, stat)), f"{AGENT}.service")
    assert (found.installed, found.active, found.unit, found.frozen) == (True, "active", "", frozen)
    assert (found.container, found.engine, found.pid) == ("neutron_openvswitch_agent", engine, 4711)


async def test_the_process_inside_counts_and_not_the_engines_client() -> None:
    client = "LoadState=loaded\nExecStart={ path=/usr/bin/podman ; argv[]=/usr/bin/podman start -a x }\n"
    more = inside(IN_PODMAN, "T", client) | {
        "cat /proc/99/stat": "99 (podman) S 1 1\n",
        f"journalctl -u {OWN} --no-pager -o cat -n 200": "",
    }
    found = await stack_unit("compute", machine(shown(OWN, "loaded", "active", 99), **more), f"{AGENT}.service")
    assert (found.unit, found.pid, found.frozen, found.engine) == (OWN, 4711, True, "podman")


async def test_what_a_service_was_told_is_read_of_the_process_in_the_container() -> None:
    asked = "LoadState,MainPID,ExecStart"
    client = "LoadState=loaded\nExecStart={ path=/usr/bin/docker ; argv[]=/usr/bin/docker start -a x }\n"
    ini = "/etc/neutron/plugins/ml2/openvswitch_agent.ini"
    root = "/proc/4711/root"
    pattern = r"'^(\[[A-Za-z0-9_:.-]+\]|(local_ip)[[:space:]]*[=:].*|[[:space:]]+)'"
    found = await agent_config(
        "compute",
        toolbox(
            inside(IN_DOCKER, "S", client)
            | {
                f"systemctl show {AGENT}.service -p {asked}": "LoadState=not-found\nMainPID=0\nExecStart=\n",
                f"systemctl show {OWN} -p {asked}": client + "MainPID=99\n",
                "cat /proc/4711/cmdline": f"python3\0/usr/bin/{AGENT}\0--config-file\0{ini}\0",
                f"grep -EHsno {pattern} {root}{ini}": f"{root}{ini}:1:[ovs]\n{root}{ini}:2:local_ip = 10.0.0.3\n",
                f"stat -c '%Y %n' /proc/4711 {root}{ini}": f"10 /proc/4711\n5 {root}{ini}\n",
            }
        ),
        f"{AGENT}.service",
        ("ovs/local_ip",),
    )
    assert (found.unit, found.pid, found.container) == (OWN, 4711, "neutron_openvswitch_agent")
    assert found.values == {"ovs/local_ip": "10.0.0.3"}


def one(unit: str) -> StackUnit:
    ((found, _),) = parse_units("compute", shown(unit, "loaded", "failed"), 5000.0)
    return named(found)


def test_a_web_server_alone_is_none_of_openstacks() -> None:
    web, nova = one("apache2.service"), one("nova-api.service")
    assert of_openstack([web]) == ()
    assert of_openstack([web, nova]) == (web, nova)


async def test_open_vswitch_in_a_container_is_asked_by_its_own_tools() -> None:
    plain = "ovs-vsctl --format=json --columns="
    tables = {
        "name,ports,fail_mode list Bridge": '{"headings":["name","ports","fail_mode"],'
        '"data":[["br-int",["set",[]],""]]}',
        "_uuid,name,interfaces list Port": '{"headings":["_uuid","name","interfaces"],"data":[]}',
        "_uuid,name,type,options,error list Interface": '{"headings":["_uuid"],"data":[]}',
    }
    front = "docker exec openvswitch_vswitchd "
    answers = {f"{front}{plain}{rest}": said for rest, said in tables.items()} | {
        f"{front}ovs-ofctl dump-aggregate br-int": "NXST_AGGREGATE reply: packet_count=1 flow_count=7\n",
        f"systemctl show {OVS} -p LoadState,ExecStart": "LoadState=not-found\n",
        PGREP.replace("neutron\\-openvswitch\\-agent", "ovs\\-vswitchd"): "4711\n",
        "cat /proc/4711/cgroup": IN_DOCKER,
    }
    missing = {f"{plain}name,ports,fail_mode list Bridge": Reply(127, "", "ovs-vsctl: not found\n")}
    found = await bridges("compute", toolbox(answers, missing))
    assert [(one.name, one.flows) for one in found.bridges] == [("br-int", 7)]


async def test_nova_manage_is_run_in_the_conductors_container() -> None:
    front = "podman exec nova_conductor "
    listed = "| cell1 | 11111111-2222-3333-4444-555555555555 | x | y | False |\n"
    hosts = "| cell1 | 11111111-2222-3333-4444-555555555555 | compute1 |\n"
    answers = {
        f"{front}nova-manage cell_v2 list_cells": listed,
        f"{front}nova-manage cell_v2 list_hosts": hosts,
        "systemctl show kolla-nova_conductor-container.service -p LoadState,ExecStart": "LoadState=not-found\n",
        PGREP.replace("neutron\\-openvswitch\\-agent", "nova\\-conductor"): "4711\n",
        "cat /proc/4711/cgroup": IN_PODMAN,
    }
    missing = {f"nova-manage cell_v2 {verb}": Reply(127) for verb in ("list_cells", "list_hosts")}
    found = await cells("compute", toolbox(answers, missing))
    assert (found.mapped, found.container, found.engine) == (("compute1",), "nova_conductor", "podman")


# ------------------------------------------------------------------ where nova-compute keeps servers

COMPUTE = "kolla-nova_compute-container.service"
KEPT = "/var/lib/nova/instances"


def nova_compute(pid: int, **more: str) -> ReplayToolbox:
    """In a container of kolla: neither Debian's unit nor RDO's is there, and the host has no /var/lib/nova."""
    asked, none = "LoadState,MainPID,ExecStart", "LoadState=not-found\nMainPID=0\nExecStart=\n"
    client = "LoadState=loaded\nExecStart={ path=/usr/bin/podman ; argv[]=/usr/bin/podman start -a x }\n"
    return toolbox(
        {
            f"systemctl show nova-compute.service -p {asked}": none,
            f"systemctl show openstack-nova-compute.service -p {asked}": none,
            f"systemctl show {COMPUTE} -p {asked}": client + "MainPID=99\n",
            f"systemctl show {COMPUTE} -p LoadState,ExecStart": client,
            f"systemctl show {COMPUTE} -p User": "User=\n",
            PGREP.replace(r"neutron\-openvswitch\-agent", r"nova\-compute"): f"{pid}\n" if pid else "",
            f"findmnt -nro TARGET,OPTIONS -T {KEPT}": "/ rw\n",
            f"stat -L -c '%U %G %a' {KEPT}": "",
            f"stat -f -c '%a %S' {KEPT}": "",
        }
        | more
    )


def in_it(owner: str, options: str, system: str = "rw") -> dict[str, str]:
    return {
        "cat /proc/4711/cgroup": IN_PODMAN,
        "cat /proc/4711/cmdline": "python3\0/usr/bin/nova-compute\0--config-file\0/etc/nova/nova.conf\0",
        r"grep -EHsno '^(\[[A-Za-z0-9_:.-]+\]|(instances_path|state_path)[[:space:]]*[=:].*|[[:space:]]+)' "
        "/proc/4711/root/etc/nova/nova.conf": "",
        "ps -o uid= -p 4711": "  42436\n",
        f"stat -L -c '%u %g %a' /proc/4711/root{KEPT}": f"{owner} {owner} 755\n",
        f"stat -f -c '%a %S' /proc/4711/root{KEPT}": "10 4096\n",
        "cat /proc/4711/mountinfo": "1 0 0:1 / / rw - overlay overlay rw\n"
        f"2 1 8:1 /volumes/nova_compute/_data /var/lib/nova {options},relatime - ext4 /dev/sda1 {system}\n"
        "3 1 0:2 / /var/lib/nova-else ro - tmpfs tmpfs rw\n",
    }


@pytest.mark.parametrize(
    ("owner", "options", "writable"), [("42436", "rw", True), ("0", "rw", False), ("42436", "ro", False)]
)
async def test_in_a_container_its_own_folder_counts(owner: str, options: str, writable: bool) -> None:
    found = await instances_path("compute", nova_compute(4711, **in_it(owner, options)))
    assert (found.exists, found.writable, found.read_only) == (True, writable, options == "ro")
    assert (found.user, found.owner, found.mount) == ("42436", owner, "/var/lib/nova")
    assert (found.container, found.free) == ("nova_compute", 40960)


async def test_a_file_system_that_went_read_only_below_a_mount_that_did_not() -> None:
    there = in_it("42436", "rw", "ro,errors=remount-ro")
    found = await instances_path("compute", nova_compute(4711, **there))
    assert (found.mount, found.read_only, found.writable) == ("/var/lib/nova", True, False)


async def test_of_a_stopped_container_the_hosts_own_path_says_nothing() -> None:
    with pytest.raises(CommandMissing):
        await instances_path("compute", nova_compute(0))


# ------------------------------------------------------------------ logs beside the journal

JOURNAL = "journalctl -u neutron-api -u neutron-server -u neutron-rpc-server --no-pager -o cat --since -1d -n 3000"
FIND = "find /var/log/kolla/neutron /var/log/neutron -name 'neutron-*.log' -mtime -1"
SERVER_LOG = "/var/log/kolla/neutron/neutron-server.log"


def refusal(when: str, port: str) -> str:
    return (
        f"{when} 7 ERROR neutron.plugins.ml2.managers [-] Failed to bind port {port * 36} on host compute for x\n"
    )


STARTED = "Starting OpenStack Neutron Server...\nStarted OpenStack Neutron Server.\n"
REFUSALS = "grep -ahE '^(2026-11-21|2026-11-22) .*(Failed to bind port|Refusing to bind port) '"
LAST = "2026-11-22 11:00:01.0 7 INFO neutron.wsgi [-] GET /\n"


@pytest.mark.parametrize("journal", [Reply(0, "-- No entries --\n"), Reply(1, ""), Reply(0, STARTED)])
async def test_what_neutrons_server_wrote_into_its_own_files(journal: Reply) -> None:
    api_log = "/var/log/neutron/neutron-api.log"
    found = f"/var/log/kolla/neutron/neutron-l3-agent.log\n{api_log}\n{SERVER_LOG}\n"
    lines = (
        refusal("2026-11-21 10:00:00.1", "c")
        + refusal("2026-11-22 11:00:00.5", "b")
        + refusal("2026-11-22 09:00:00.7", "a")
    )
    more = {JOURNAL: journal, FIND: Reply(1, found, "find: '/x': No such file or directory")}
    tailed = f"tail -q -n 100 {SERVER_LOG} {api_log}"
    sought = f"{REFUSALS} {SERVER_LOG} {api_log}"
    assert all(looks_only(text) for text in (FIND, tailed, sought))
    ends = f"Traceback (most recent call last):\n{LAST}2026-11-22 03:00:01.0 7 INFO neutron.api [-] up\n"
    told = await refused_ports("compute", toolbox({tailed: ends, sought: lines}, more))
    assert [one.port[0] for one in told.refused] == ["b", "a"]


@pytest.mark.parametrize(("journal", "ports"), [(STARTED, []), (refusal("", "d"), ["d"])])
async def test_the_journal_counts_where_it_has_refusals_or_files_have_none(journal: str, ports: list[str]) -> None:
    files = {FIND: SERVER_LOG, f"tail -q -n 100 {SERVER_LOG}": LAST}
    more = {JOURNAL: Reply(0, journal), f"{REFUSALS} {SERVER_LOG}": Reply(1, "")}
    for there in (files, {FIND: ""}):
        told = await refused_ports("compute", toolbox(there, more))
        assert (told.asked, [one.port[0] for one in told.refused]) == (("compute",), ports)


async def test_no_file_of_neutrons_server_either() -> None:
    with pytest.raises(NotFound):
        await refused_ports("compute", toolbox({JOURNAL: "-- No entries --\n", FIND: ""}))
