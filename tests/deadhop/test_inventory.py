"""deadhop site init --inventory, as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deadhop.desk import Desk

INVENTORY = """\
[control]
ctl[01:02] ansible_user=kolla
[compute]
cmp01 ansible_host=192.0.2.21 ansible_port=2222
cmp02 ansible_host="{{ lookup('file', 'x') }}"
[kube_control_plane]
k8s-1 ansible_host=192.0.2.31
"""


@pytest.fixture
def folder(desk: Desk) -> Path:
    found = desk.home / "site"
    found.mkdir()
    (found / "multinode").write_text(INVENTORY)
    return found


def init(desk: Desk, folder: Path, *words: str) -> str:
    made = desk.run("site", "init", str(folder / "site.yaml"), "--inventory", str(folder / "multinode"), *words)
    assert made.code == 0, made.err
    return made.out


def test_an_inventory_becomes_a_site(desk: Desk, folder: Path) -> None:
    said = init(desk, folder)
    assert "5 machines, read by ansible-inventory" in said
    assert "not taken over: ansible_host of cmp02: is a template" in said
    assert (folder / "inventory.ssh_config").stat().st_mode & 0o777 == 0o600
    shown = desk.run("--site", str(folder / "site.yaml"), "site", "show", "--json")
    site = json.loads(shown.out)
    hosts = {host["name"]: host for host in site["hosts"]}
    assert hosts["cmp01"]["addresses"] == ["192.0.2.21"]
    assert hosts["ctl02"]["labels"] == ["control"]
    assert [(cloud["name"], cloud["host"]) for cloud in site["clouds"]] == [("openstack", "ctl01")]
    assert [(cluster["name"], cluster["host"]) for cluster in site["clusters"]] == [("kubernetes", "k8s-1")]


def test_a_changed_inventory_is_written_anew_and_the_site_stays(desk: Desk, folder: Path) -> None:
    init(desk, folder)
    own = (folder / "site.yaml").read_text() + "# mine\n"
    (folder / "site.yaml").write_text(own)
    (folder / "multinode").write_text("[control]\nctl01\nnew01 ansible_host=192.0.2.99\n")
    init(desk, folder)
    assert (folder / "site.yaml").read_text() == own
    assert "Host new01\n  HostName 192.0.2.99\n" in (folder / "inventory.ssh_config").read_text()


def test_what_somebody_else_wrote_is_not_replaced(desk: Desk, folder: Path) -> None:
    (folder / "inventory.ssh_config").write_text("Host mine\n")
    made = desk.run("site", "init", str(folder / "site.yaml"), "--inventory", str(folder / "multinode"))
    assert made.code == 3
    assert "is there already" in made.err
    assert (folder / "inventory.ssh_config").read_text() == "Host mine\n"
    assert not (folder / "site.yaml").exists()


def test_a_site_that_does_not_name_it_is_told_how(desk: Desk, folder: Path) -> None:
    (folder / "site.yaml").write_text("version: 1\nhosts: {other: }\n")
    assert "ssh_config: [inventory.ssh_config, ~/.ssh/config]" in init(desk, folder)
    assert "에 아직 없다. 이렇게 적는다: ssh_config:" in init(desk, folder, "--lang", "ko")
