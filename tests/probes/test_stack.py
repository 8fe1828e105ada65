"""What OpenStack's own machines say without any API. Texts are the lab's but where they say otherwise."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from knowledge.file_edit import ini
from probes.cloud.agent_config import (
    Option,
    Running,
    checked,
    files_of,
    parse_changed,
    parse_files,
    parse_options,
    read,
)
from probes.cloud.binding import parse_refused, stranded, unmapped
from probes.cloud.cells import parse_cells, parse_mapped
from probes.cloud.containers import Container
from probes.cloud.facts import Agent
from probes.cloud.instances_path import facts, path_of
from probes.cloud.openvswitch import openvswitch, parse_flows, parse_table
from probes.cloud.shapes import Network, Port, Segment
from probes.connection import Command
from probes.errors import UnreadableOutput
from probes.exchange import Reply
from probes.linux.unit import is_wrong, parse_units
from tests.probes.readonly import looks_only

INI = "/etc/neutron/plugins/ml2/openvswitch_agent.ini"
CONF = "/etc/neutron/neutron.conf"
RETITLED = (
    f"neutron-openvswitch-agent (/venv/bin/python /venv/bin/agent --config-file {CONF} --config-file {INI})\0"
)
"""What setproctitle leaves of a command line."""
ID = "0cf2f4c0-1f9f-46ff-bd58-17de29a30e85"


def shown(**more: str) -> str:
    fields = {
        "MainPID": "3289",
        "NRestarts": "0",
        "Id": "neutron-openvswitch-agent.service",
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "UnitFileState": "enabled",
        "ActiveEnterTimestampMonotonic": "17676400477",
    }
    return "\n".join(f"{key}={value}" for key, value in (fields | more).items()) + "\n"


# ------------------------------------------------------------------ units


def test_units_of_one_answer_are_told_apart_and_aliases_are_one() -> None:
    text = "\n".join([shown(), shown(Id="mariadb.service"), shown(Id="mariadb.service")])
    assert [one.unit for one, _ in parse_units("compute", text, 18043.0)] == [
        "neutron-openvswitch-agent.service",
        "mariadb.service",
    ]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, False),
        ({"ActiveState": "failed", "SubState": "failed", "MainPID": "0"}, True),
        ({"ActiveState": "inactive", "SubState": "dead", "MainPID": "0"}, True),
        ({"ActiveState": "inactive", "SubState": "dead", "MainPID": "0", "UnitFileState": "disabled"}, False),
        ({"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "4"}, True),
        ({"NRestarts": "4", "ActiveEnterTimestampMonotonic": "18040000000"}, True),
        ({"NRestarts": "4"}, False),
    ],
)
def test_what_is_wrong_with_a_unit(fields: dict[str, str], wrong: bool) -> None:
    ((one, _),) = parse_units("compute", shown(**fields), 18043.89)
    assert is_wrong(one) == wrong


@pytest.mark.parametrize("text", ["Failed to connect to bus: Host is down", "Id=x.service\n"])
def test_no_answer_of_systemd(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_units("compute", text, 1.0)


# ------------------------------------------------------------------ configuration


@pytest.mark.parametrize(
    "words",
    [
        RETITLED,
        f"/venv/bin/python\0/venv/bin/agent\0--config-file\0{CONF}\0--config-file={INI}\0",
        f"ExecStart={{ path=/x ; argv[]=/x --config-file {CONF} --config-file {INI} ; ignore_errors=no }}",
    ],
)
def test_files_of_a_command_line_in_their_order(words: str) -> None:
    assert parse_files(words) == [("file", CONF), ("file", INI)]


def test_folders_are_read_after_files() -> None:
    assert parse_files(f"x\0--config-dir\0/etc/neutron/conf.d\0--config-file\0{CONF}\0") == [
        ("file", CONF),
        ("dir", "/etc/neutron/conf.d"),
    ]


@pytest.mark.parametrize(
    ("there", "words", "files"),
    [
        ((), "", ()),
        (("/etc/nova/nova.conf", "/etc/nova.conf"), "", ("/etc/nova/nova.conf",)),
        (("/etc/nova.conf", "/etc/nova/nova-compute.conf"), "", ("/etc/nova.conf", "/etc/nova/nova-compute.conf")),
        (
            ("/etc/nova/nova.conf", "/usr/share/nova/nova-dist.conf", "/etc/nova/nova.conf.d/10-own.conf"),
            "",
            ("/usr/share/nova/nova-dist.conf", "/etc/nova/nova.conf", "/etc/nova/nova.conf.d/10-own.conf"),
        ),
        (("/etc/nova/nova.conf", CONF), f"--config-file {CONF}", (CONF,)),
        (("/etc/nova/nova.conf", "/x.d/1.conf"), "--config-dir /x.d", ("/etc/nova/nova.conf", "/x.d/1.conf")),
    ],
)
async def test_files_of_a_process_that_names_none(
    tmp_path: Path, there: tuple[str, ...], words: str, files: tuple[str, ...]
) -> None:
    for path in there:
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).touch()
    unit = "openstack-nova-compute.service"
    assert (
        await files_of(Inside(tmp_path), Running(unit, 7, words, Container("podman", "nova_compute", 7, "")))
        == files
    )


def test_the_last_file_and_the_last_line_decide() -> None:
    text = "\n".join(
        [
            f"{CONF}:1:[ovs]",
            f"{CONF}:2:bridge_mappings = provider:br-old",
            f"{INI}:1:[agent]",
            f"{INI}:2:bridge_mappings = not:here",
            f"{INI}:4:[ovs]",
            f"{INI}:5:bridge_mappings=provider:br-1",
            f"{INI}:7:bridge_mappings = provider:br-ex",
        ]
    )
    found = parse_options(text, (CONF, INI), ("ovs/bridge_mappings", "ovs/local_ip"))
    assert found == {"ovs/bridge_mappings": Option("provider:br-ex", INI, 7), "ovs/local_ip": Option()}


def test_an_option_before_any_section_is_of_default() -> None:
    found = parse_options(f"{CONF}:3:host = compute\n", (CONF,), ("DEFAULT/host",))
    assert found == {"DEFAULT/host": Option("compute", CONF, 3)}


@pytest.mark.parametrize("said", [f"Binary file {CONF} matches", f"grep: {CONF}: binary file matches", f"{CONF}:4"])
def test_what_grep_says_of_a_file_is_no_line_of_it(said: str) -> None:
    text = f"{CONF}:3:host = compute\n{said}\n{CONF}:5:  \f  \n"
    assert parse_options(text, (CONF,), ("DEFAULT/host",)) == {"DEFAULT/host": Option("compute", CONF, 3)}


class Plain:
    """Runs what it is given, as whoever runs the tests."""

    target = "host:here"

    def __init__(self) -> None:
        self.printed = ""

    async def run(self, command: Command) -> Reply:
        assert looks_only(command.text), command.text
        done = subprocess.run(command.argv, capture_output=True, text=True, check=False)
        self.printed += done.stdout
        return Reply(done.returncode, done.stdout, done.stderr)

    async def close(self) -> None: ...


class Inside(Plain):
    """What it asks for below /proc/7/root is there below a folder."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = str(root)

    async def run(self, command: Command) -> Reply:
        there = tuple(word.replace("/proc/7/root", self.root) for word in command.argv)
        reply = await super().run(Command(there))
        return Reply(reply.status, reply.stdout.replace(self.root, "/proc/7/root"), reply.stderr)


WRAPPED = """\
[DEFAULT]
transport_url =
    rabbit://user:hush@controller
bridge_mappings = of:another-section,
    and:so-on
[ovs]
# bridge_mappings = commented:out
bridge_mappings =
    physnet1:br-ex,
\tphysnet2:br-two

    hush = after an empty line
local_ip = 10.0.0.3
tunnel_bridge = br-tun
  hush
"""


@pytest.mark.parametrize(
    ("text", "mappings"),
    [
        (WRAPPED, "physnet1:br-ex,physnet2:br-two"),
        ("[ovs]\nbridge_mappings = a:br-a,\n    b:br-b,\n    c:br-c\n", "a:br-a,b:br-b,c:br-c"),
        ("[ovs]\nbridge_mappings = a:br-a\n    ,b:br-b\n[agent]\n    hush\n", "a:br-a,b:br-b"),
        ("[ovs]\nbridge_mappings = a:br-a\n\n", "a:br-a"),
        ("[ovs]\nbridge_mappings = a:br-a , b:br-b\n", "a:br-a,b:br-b"),
        ("[ovs]\nbridge_mappings = a:br-a,\n  \f b:br-b,\n    c:br-c\n", "a:br-a,b:br-b,c:br-c"),
    ],
)
async def test_a_value_that_goes_on_over_indented_lines(tmp_path: Path, text: str, mappings: str) -> None:
    machine, file = Plain(), tmp_path / "etc/agent.ini"
    file.parent.mkdir()
    file.write_text(text)
    wanted = ("ovs/bridge_mappings", "ovs/local_ip")
    values, set_in = await read(machine, ("/etc/none.conf", "/etc/agent.ini"), wanted, str(tmp_path))
    assert values["ovs/bridge_mappings"] == mappings
    assert set_in["ovs/bridge_mappings"] == "/etc/agent.ini"
    assert "rabbit" not in machine.printed


async def test_an_edit_keeps_the_mappings_that_were_wrapped(tmp_path: Path) -> None:
    file = tmp_path / "agent.ini"
    file.write_text(WRAPPED)
    values, _ = await read(Plain(), ("/agent.ini",), ("ovs/bridge_mappings",), str(tmp_path))
    mappings = f"{values['ovs/bridge_mappings']},physnet3:br-3"
    subprocess.run(ini(str(file), "ovs", "bridge_mappings", mappings)["run"], shell=True, check=True)
    told = file.read_text()
    assert "bridge_mappings = physnet1:br-ex,physnet2:br-two,physnet3:br-3\n" in told
    assert "\tphysnet2" not in told


@pytest.mark.parametrize(
    "option",
    [
        "keystone_authtoken/password",
        "DEFAULT/transport_url",
        "database/connection",
        "DEFAULT/metadata_proxy_shared_secret",
        "x",
        "a/b|c",
        "ovs/.*",
    ],
)
def test_passwords_and_patterns_are_not_read(option: str) -> None:
    with pytest.raises(UnreadableOutput):
        checked((option,))


def test_files_that_were_written_after_the_start() -> None:
    assert parse_changed(f"100 /proc/7\n90 {CONF}\n101 {INI}\n", 7) == (INI,)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"DEFAULT/state_path": "", "DEFAULT/instances_path": ""}, "/var/lib/nova/instances"),
        ({"DEFAULT/state_path": "/srv", "DEFAULT/instances_path": ""}, "/srv/instances"),
        ({"DEFAULT/state_path": "/srv", "DEFAULT/instances_path": "$state_path/vms"}, "/srv/vms"),
        ({"DEFAULT/state_path": "/srv", "DEFAULT/instances_path": "${state_path}/vms"}, "/srv/vms"),
    ],
)
def test_where_servers_are_kept(values: dict[str, str], path: str) -> None:
    assert path_of(values) == path


@pytest.mark.parametrize(
    ("user", "status", "mount", "writable"),
    [
        ("nova", "nova nova 755", "/ rw,relatime", True),
        ("nova", "root root 755", "/ rw,relatime", False),
        ("nova", "nova nova 555", "/ rw,relatime", False),
        ("root", "nova nova 555", "/ rw,relatime", True),
        ("root", "root root 755", "/var/lib/nova/instances ro,relatime", False),
        ("nova", "", "", False),
    ],
)
def test_whether_it_can_write_there(user: str, status: str, mount: str, writable: bool) -> None:
    found = facts("compute", "/var/lib/nova/instances", user, status, mount, "10 4096" if status else "")
    assert found.writable == writable
    assert found.exists == bool(status)


# ------------------------------------------------------------------ bindings

LOG = "2026-11-21 15:16:02.768 2659 "
FAILED = (
    LOG + "ERROR neutron.plugins.ml2.managers [req-0e req-1d - -] Failed to bind port {port} on host {host} for "
    "vnic_type normal using segments [{{'id': 'c5', 'network_type': '{kind}', "
    "'physical_network': {physical}, 'segmentation_id': 500, 'network_id': '6e'}}]"
)
DEAD = (
    LOG
    + "WARNING neutron.plugins.ml2.drivers.mech_agent Refusing to bind port {port} to dead agent: {{'id': '4e'}}"
)


def test_refused_ports_newest_first_each_once() -> None:
    other = ID.replace("0", "1")
    tunnel = FAILED.format(port=ID, host="compute", kind="vxlan", physical="None")
    flat = FAILED.format(port=other, host="compute", kind="flat", physical="'provider'")
    found = parse_refused("\n".join([DEAD.format(port=ID), tunnel, tunnel, flat]))
    assert [(one.port, one.host, one.network, one.physical, one.dead_agent) for one in found] == [
        (other, "compute", "flat", "provider", False),
        (ID, "compute", "vxlan", "", True),
    ]


def agent(host: str, **mappings: str) -> Agent:
    return Agent("a", "Open vSwitch agent", "b", host, True, True, "", "", 0, mappings, (), "")


def test_a_physical_network_that_an_agent_has_no_bridge_for() -> None:
    own, others = (
        agent("compute"),
        [agent("c1", provider="br-ex"), agent("c2", provider="br-ex"), agent("c3", provider="br-x")],
    )
    networks = [Network(name="ext-net", physical_network="provider"), Network(name="private-net")]
    (missing,) = unmapped(own, [own, *others], networks)
    assert (missing.physical, missing.networks, missing.bridge, missing.others) == (
        "provider",
        ("ext-net",),
        "br-ex",
        ("c1", "c2", "c3"),
    )
    assert unmapped(others[0], others, networks) == ()


def test_ports_that_need_a_tunnel() -> None:
    networks = [
        Network(id="flat", network_type="flat", physical_network="provider"),
        Network(id="private", network_type="vxlan"),
        Network(id="several", segments=(Segment(network_type="vlan"), Segment(network_type="geneve"))),
        Network(id="hidden"),
    ]
    ports = [Port(id=f"port-{one.id}", network_id=one.id) for one in (*networks, Network(id="gone"))]
    assert stranded(networks, ports) == ("port-private", "port-several")


CELLS = """\
+-------+--------------------------------------+---------------------------+--------------------------+----------+
|  Name |                 UUID                 |       Transport URL       |   Database Connection    | Disabled |
+-------+--------------------------------------+---------------------------+--------------------------+----------+
| cell0 | 00000000-0000-0000-0000-000000000000 |           none:/          | mysql+pymysql://n:****@/ |  False   |
| cell1 | a829dbfb-2c70-4d02-b2a0-a56b6c0605fd | rabbit://o:****@10.0.0.1/ | mysql+pymysql://n:****@/ |  False   |
+-------+--------------------------------------+---------------------------+--------------------------+----------+
"""
HOSTS = """\
+-----------+--------------------------------------+----------+
| Cell Name |              Cell UUID               | Hostname |
+-----------+--------------------------------------+----------+
|   cell1   | a829dbfb-2c70-4d02-b2a0-a56b6c0605fd | compute  |
+-----------+--------------------------------------+----------+
"""


def test_cells_and_their_hosts() -> None:
    assert [(one.name, one.id) for one in parse_cells(CELLS)] == [("cell1", "a829dbfb-2c70-4d02-b2a0-a56b6c0605fd")]
    assert parse_mapped(HOSTS) == ("compute",)


# ------------------------------------------------------------------ Open vSwitch

BRIDGES = (
    '{"data":[["br-tun",["set",[["uuid","p1"],["uuid","p2"]]],"secure"],'
    '["br-int",["uuid","p3"],["set",[]]]],"headings":["name","ports","fail_mode"]}'
)
PORTS = (
    '{"data":[[["uuid","p1"],"patch-int",["uuid","i1"]],[["uuid","p2"],"vxlan-1",["uuid","i2"]],'
    '[["uuid","p3"],"patch-tun",["uuid","i3"]]],"headings":["_uuid","name","interfaces"]}'
)
INTERFACES = (
    '{"data":[[["uuid","i1"],"patch-int","patch",["map",[["peer","patch-tun"]]],["set",[]]],'
    '[["uuid","i2"],"vxlan-1","vxlan",["map",[["local_ip","10.0.0.1"],["remote_ip","10.0.0.2"]]],"could not add"],'
    '[["uuid","i3"],"patch-tun","patch",["map",[["peer","patch-int"]]],["set",[]]]],'
    '"headings":["_uuid","name","type","options","error"]}'
)


def test_bridges_patches_and_tunnels() -> None:
    tables = {"Bridge": parse_table(BRIDGES), "Port": parse_table(PORTS), "Interface": parse_table(INTERFACES)}
    found = openvswitch("compute", tables, {"br-tun": 0, "br-int": 94})
    assert found.names == ("br-int", "br-tun")
    assert (found.broken, found.empty, found.failed) == ((), ("br-tun",), ("vxlan-1",))
    (tunnel,) = found.tunnels
    assert (tunnel.bridge, tunnel.local, tunnel.remote, tunnel.error) == (
        "br-tun",
        "10.0.0.1",
        "10.0.0.2",
        "could not add",
    )


def test_a_patch_port_whose_bridge_is_gone() -> None:
    tables = {
        "Bridge": parse_table(BRIDGES)[1:],
        "Port": parse_table(PORTS)[2:],
        "Interface": parse_table(INTERFACES)[2:],
    }
    (lost,) = openvswitch("compute", tables, {}).broken
    assert (lost.name, lost.bridge, lost.peer) == ("patch-tun", "br-int", "patch-int")


def test_flows_are_counted() -> None:
    assert parse_flows("NXST_AGGREGATE reply (xid=0x4): packet_count=272 byte_count=30914 flow_count=94\n") == 94
    with pytest.raises(UnreadableOutput):
        parse_flows("ovs-ofctl: br-x is not a bridge or a socket")
