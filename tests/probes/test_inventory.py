"""Ansible inventories: our reader against Ansible's own, and what is refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from base.errors import ConfigError
from probes.inventory.groups import Listed, listed
from probes.inventory.ini import parse_ini
from probes.inventory.machines import LeftOut, Machine, machines_of
from probes.inventory.read import ANSIBLE, read_inventory
from probes.inventory.ssh_lines import ssh_config_of
from probes.inventory.tree import parse_yaml
from probes.ssh_config import hosts_of

KOLLA = """\
# as kolla-ansible's multinode begins
[control]
control[01:03] ansible_user=kolla   # three of them
[network]
control01
[compute]
compute01 ansible_host=192.0.2.21 ansible_port=2222 ansible_ssh_private_key_file=~/.ssh/kolla
compute[a:c] ansible_host="192.0.2.3"
rack[1:9:4]-[x:y].example.org:2022
[monitoring]
[deployment]
localhost       ansible_connection=local become=true

[baremetal:children]
control
network
compute
[nova:children]
compute
control

[baremetal:vars]
ansible_user = ops
network_interface='eth 1'
[compute:vars]
ansible_ssh_common_args='-o ProxyJump=ops@bastion:2201 -o StrictHostKeyChecking=no'
[nova:vars]
ansible_user=nova
[all:vars]
ansible_user=everybody
ansible_port=22
"""
KUBESPRAY = """\
all:
  vars: {ansible_user: cloud, ansible_ssh_extra_args: -J jump.example.org}
  hosts:
    node1: {ansible_host: 192.0.2.1, ip: 192.0.2.1}
    node[2:3]: {ansible_host: 192.0.2.2}
    alone:
  children:
    kube_control_plane: {hosts: {node1: }}
    kube_node:
      hosts: {node2: {ansible_port: 2022}, node3: {}}
      vars: {ansible_user: node}
    k8s_cluster:
      vars: {ansible_user: cluster}
      children: {kube_control_plane: , kube_node: }
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "multinode"
    path.write_text(KOLLA)
    return path


def ours(path: Path) -> tuple[tuple[Machine, ...], tuple[LeftOut, ...]]:
    parse = parse_yaml if path.suffix == ".yaml" else parse_ini
    return machines_of(listed(parse(path.read_text(), path)))


PRIORITY = """\
[1:2].example.org
[alpha]
web
[zeta]
web
[zeta:vars]
ansible_user=zeta
[alpha:vars]
ansible_user=alpha
ansible_group_priority=10
"""


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [("multinode", KOLLA, 13), ("hosts.yaml", KUBESPRAY, 4), ("priority", PRIORITY, 3)],
)
def test_we_read_what_ansible_reads(tmp_path: Path, name: str, text: str, count: int) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = read_inventory(path)
    assert found.by == ANSIBLE, found.trouble
    assert (found.machines, found.left_out) == ours(path)
    assert len(found.machines) == count


def test_the_group_of_the_higher_priority_holds(tmp_path: Path) -> None:
    path = tmp_path / "priority"
    path.write_text(PRIORITY)
    assert {machine.name: machine.user for machine in ours(path)[0]}["web"] == "alpha"


def test_what_kolla_says(inventory: Path) -> None:
    by_name = {machine.name: machine for machine in ours(inventory)[0]}
    jump = "ops@bastion:2201"
    assert by_name["control01"] == Machine("control01", port="22", user="kolla", groups=("control", "network"))
    assert by_name["compute01"] == Machine(
        "compute01", "192.0.2.21", "2222", "nova", "~/.ssh/kolla", jump, ("compute",)
    )
    assert by_name["rack5-y.example.org"].port == "2022"
    assert "localhost" not in by_name


def test_ssh_itself_reads_what_is_written(inventory: Path, tmp_path: Path) -> None:
    machines = ours(inventory)[0]
    config = tmp_path / "ssh_config"
    config.write_text(ssh_config_of(machines, "two\nlines"))
    assert [host.name for host in hosts_of(config)] == [machine.name for machine in machines]
    argv = ["ssh", "-G", "-F", str(config), "compute01"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    expected = {"hostname 192.0.2.21", "port 2222", "user nova", "identityfile ~/.ssh/kolla"}
    assert expected | {"proxyjump ops@bastion:2201"} <= set(said)


def test_the_list_that_ansible_prints_is_read(inventory: Path, tmp_path: Path) -> None:
    program = Path(read_program())
    listing = tmp_path / "hosts.json"
    argv = [program, "-i", inventory, "--list"]
    listing.write_bytes(subprocess.run(argv, capture_output=True, check=True, cwd=tmp_path).stdout)
    assert read_inventory(listing).machines == ours(inventory)[0]


def read_program() -> str:
    from probes.inventory.read import _installed

    return _installed()


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path / "state"))


def test_what_is_no_file_is_not_given_to_ansible(tmp_path: Path) -> None:
    program, pipe = tmp_path / "program", tmp_path / "pipe"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(ConfigError, match="neither a file nor a folder"):
            read_inventory(path, str(program))
    assert not (tmp_path / "ran").exists()


def test_no_inventory_is_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "hosts.sh"
    script.write_text(f"#!/bin/sh\ntouch {ran}\necho '{{}}'\n")
    script.chmod(0o755)
    with pytest.raises(ConfigError, match="is a program, and no inventory is run"):
        read_inventory(script)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "dynamic").write_text(script.read_text())
    (folder / "dynamic").chmod(0o755)
    with pytest.raises(ConfigError) as caught:
        read_inventory(folder)
    assert "--list" in caught.value.hint
    assert not ran.exists()


def test_configuration_of_the_folder_is_not_followed(
    inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ansible.cfg of a folder can name plugins, which are programs."""
    ran = tmp_path / "ran"
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "evil.py").write_text(f"open({str(ran)!r}, 'w')\n")
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\ninventory_plugins={plugins}\nvars_plugins={plugins}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_VARS_PLUGINS", str(plugins))
    assert read_inventory(inventory).by == ANSIBLE
    assert not ran.exists()


def test_without_ansible_and_where_it_fails(inventory: Path, tmp_path: Path) -> None:
    assert read_inventory(inventory, "/nonexistent").by == "deadhop"
    broken = tmp_path / "ansible-inventory"
    broken.write_text("#!/bin/sh\necho 'ERROR! no vault secrets found' >&2\nexit 4\n")
    broken.chmod(0o755)
    found = read_inventory(inventory, str(broken))
    assert (found.by, found.trouble) == ("deadhop", "ERROR! no vault secrets found")
    assert found.machines == ours(inventory)[0]


def test_what_cannot_be_logged_in_to_is_said() -> None:
    found = Listed(
        {
            "-oProxyCommand=touch x": {},
            "a\nHost *": {},
            "good": {
                "ansible_host": "{{ lookup('pipe', 'id') }}",
                "ansible_user": "root\n  ProxyCommand touch x",
                "ansible_port": 70000,
                "ansible_ssh_private_key_file": 'key"\n  LocalCommand touch x',
                "ansible_ssh_common_args": "-o ProxyCommand='nc %h %p'",
            },
            "pod": {"ansible_connection": "docker"},
        },
        {},
    )
    machines, left_out = machines_of(found)
    assert machines == (Machine("good"),)
    assert ("good", "ansible_host", "is a template; logins go to the bare name") in [
        (one.host, one.what, one.why) for one in left_out
    ]
    assert {one.what for one in left_out} == {
        "name",
        "ansible_host",
        "ansible_port",
        "ansible_user",
        "ansible_ssh_private_key_file",
        "proxycommand",
    }
    assert "touch" not in ssh_config_of(machines, "x")


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[web\nhost key", ":2", "`key` is no `key=value`"),
        ("[web]\na\n[compute\nb\n", ":3", r"`\[compute` is no section"),
        ("[web] a\n", ":1", r"`\[web\] a` is no section"),
        ("[web:child]\n", ":1", "`child` is no kind of section"),
        ("web 'open\n", ":1", "quotes do not match"),
        ("[web:vars]\nno equals\n", ":2", "`no equals` is no `key=value`"),
        ("web[000000001:999999999]\n", ":1", "more than 20000 hosts"),
        ("a[0:99]b[0:99]c[0:99]\n", ":1", "more than 20000 hosts"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, text: str, where: str, what: str) -> None:
    path = tmp_path / "hosts"
    path.write_text(text)
    with pytest.raises(ConfigError, match=what) as caught:
        read_inventory(path, "/nonexistent")
    assert f"{path}{where}" in caught.value.message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("all: {hots: {a: }}", "did you mean `hosts`"),
        ("plugin: aws_ec2", "--list"),
        ("all: [a]", "key: value"),
        ("", "is it the right inventory?"),
        ("all: {hosts: {'a[1:99999999]': }}", "is the range right?"),
    ],
)
def test_mistakes_in_yaml(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "hosts.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_inventory(path, "/nonexistent")
    assert what in caught.value.hint


def test_groups_in_a_loop_end(tmp_path: Path) -> None:
    text = "[a:children]\nb\n[b:children]\na\n[a]\nhost\n[b:vars]\nansible_user=x\n"
    (machine,) = machines_of(listed(parse_ini(text, tmp_path)))[0]
    assert machine == Machine("host", user="x", groups=("a",))


def test_what_is_encrypted_is_said(tmp_path: Path) -> None:
    text = (
        "all:\n  vars: {secret_of_no_login: !vault x}\n  hosts:\n    web:\n"
        "      ansible_user: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        6162\n"
        "      ansible_host: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        6162\n"
    )
    printed = {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n6162\n"}
    of_list = Listed({"web": {"ansible_user": printed, "ansible_host": printed}}, {})
    for found in (listed(parse_yaml(text, tmp_path / "hosts.yml")), of_list):
        machines, left_out = machines_of(found)
        assert machines == (Machine("web"),)
        assert {(one.host, one.what, one.why) for one in left_out} == {
            ("web", "ansible_user", "is encrypted (vault)"),
            ("web", "ansible_host", "is encrypted (vault); logins go to the bare name"),
        }
