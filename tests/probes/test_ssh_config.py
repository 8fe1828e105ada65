"""Which hosts an OpenSSH configuration names; compared with `ssh -G` where ssh is installed."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from base.errors import ConfigError
from probes.site import Host
from probes.ssh_config import hosts_of, is_address


def written(folder: Path, text: str, name: str = "config") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def listed(folder: Path, text: str) -> tuple[Host, ...]:
    return hosts_of(written(folder, text))


def named(folder: Path, text: str) -> dict[str, tuple[str, ...]]:
    return {host.name: host.addresses for host in listed(folder, text)}


def test_concrete_hosts_in_order(tmp_path: Path) -> None:
    text = "Host web\n  HostName 10.0.0.1\nHost * !web dc?-*\n  User root\nHost db\n"
    assert listed(tmp_path, text) == (Host("web", ("10.0.0.1",)), Host("db"))


def test_one_machine_with_several_names(tmp_path: Path) -> None:
    """A fixed HostName is one machine; addresses on the Host line are its addresses."""
    text = "Host compute 192.168.100.102 c1 fd00::1\n  HostName 10.0.0.7\n"
    assert named(tmp_path, text) == {"compute": ("10.0.0.7", "192.168.100.102", "fd00::1")}


def test_names_without_a_fixed_hostname_are_machines_each(tmp_path: Path) -> None:
    assert list(named(tmp_path, "Host web1 web2 web3\n  HostName %h.example.org\n")) == ["web1", "web2", "web3"]
    assert list(named(tmp_path, "Host web1 web2\n  User root\n")) == ["web1", "web2"]


def test_address_alone_is_a_name(tmp_path: Path) -> None:
    assert named(tmp_path, "Host 10.0.0.5\n  User root\n") == {"10.0.0.5": ("10.0.0.5",)}


def test_first_value_wins_also_from_patterns(tmp_path: Path) -> None:
    text = "Host rack1-*\n  HostName 10.1.0.1\nHost rack1-a\n  HostName 10.1.0.2\n"
    text += "Host b\nHost *\n  HostName 10.9.9.9\n"
    assert named(tmp_path, text) == {"rack1-a": ("10.1.0.1",), "b": ("10.9.9.9",)}


def test_spellings(tmp_path: Path) -> None:
    text = 'host="one" \n\thostname = 10.0.0.1\nHOST two # the second\nHostName\t10.0.0.2\n'
    text += '#Host three\n\n  Host  "four"\n'
    assert named(tmp_path, text) == {"one": ("10.0.0.1",), "two": ("10.0.0.2",), "four": ()}


def test_negated_name_is_no_host(tmp_path: Path) -> None:
    assert named(tmp_path, "Host web !web\nHost db !web\n") == {"db": ()}


def test_match_blocks_are_passed_over(tmp_path: Path) -> None:
    text = "Host web\nMatch host web exec true\n  HostName 10.0.0.9\nMatch all\n  HostName 10.0.0.1\n"
    assert named(tmp_path, text) == {"web": ("10.0.0.1",)}


def test_include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    parts = tmp_path / ".ssh" / "conf.d"
    parts.mkdir(parents=True)
    written(parts, "Host b\n  HostName 10.0.0.2\n", "2.conf")
    written(parts, "Host a\n  HostName 10.0.0.1\n", "1.conf")
    written(parts, "Host hidden\n", ".3.conf")
    text = f"Include conf.d/* nothing/*\nHost c\n  Include {parts}/2.conf\n  HostName 10.0.0.3\nHost d\n"
    assert named(tmp_path, text) == {"a": ("10.0.0.1",), "b": ("10.0.0.2",), "c": ("10.0.0.3",), "d": ()}


def test_include_inside_a_host_block_holds_for_it_alone(tmp_path: Path) -> None:
    inner = written(tmp_path, "HostName 10.0.0.8\nHost x\n", "inner")
    text = f"Host c\n  Include {inner}\nHost d\n"
    assert named(tmp_path, text) == {"c": ("10.0.0.8",), "d": ()}


def test_include_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(f"Host a\nInclude {path}\n")
    with pytest.raises(ConfigError, match=r"config:2: .*deeper than 16|config: `Include` goes deeper than 16"):
        hosts_of(path)


@pytest.mark.parametrize("name", ["-oProxyCommand=reboot", "$(id)", "a;b", "`id`"])
def test_names_that_are_no_host_names(tmp_path: Path, name: str) -> None:
    assert named(tmp_path, f"Host {name}\nHost good\n") == {"good": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Host web\nHost\n", r"config:2: `Host` without a value"),
        ('Host web\n  HostName "10.0.0.1\n', r"config:2: no closing quotation"),
        ('Host web\n  User "root\n', r"config:2: no closing quotation"),
        ("Host web\nInclude\n", r"config:2: `Include` without a value"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        listed(tmp_path, text)
    assert caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        hosts_of(tmp_path / "none")
    with pytest.raises(ConfigError, match="is a directory"):
        hosts_of(tmp_path)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\x7fELF\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a text file"):
        hosts_of(binary)


_MIXED = """\
Host bastion bastion.example.org
  HostName 203.0.113.9
Host web1 web2
  HostName %h.internal
Host 10.0.0.7 seven
  User root
Host rack-* !rack-9
  HostName 10.7.0.1
Host rack-1 rack-9
Match host nobody
  HostName 10.6.6.6
Host "quoted"
  HostName=10.0.0.3
Host last
  HostName 2001:db8::1
Host *
  User ops
"""


@pytest.mark.skipif(not shutil.which("ssh"), reason="`ssh -G` is what this is compared with")
def test_agrees_with_ssh(tmp_path: Path) -> None:
    config = written(tmp_path, _MIXED)
    hosts = hosts_of(config)
    assert [host.name for host in hosts] == [
        "bastion",
        "web1",
        "web2",
        "seven",
        "rack-1",
        "rack-9",
        "quoted",
        "last",
    ]
    for host in hosts:
        out = subprocess.run(
            ["ssh", "-F", config, "-G", host.name], capture_output=True, text=True, check=True
        ).stdout
        hostname = next(line.split()[1] for line in out.splitlines() if line.startswith("hostname "))
        if is_address(hostname):
            assert host.addresses[0] == str(ipaddress.ip_address(hostname)), host


def _seconds_for(tmp_path: Path, hosts: int) -> float:
    block = "Host node-{0} 10.1.{1}.{2}\n  HostName 10.0.{1}.{2}\n  ProxyJump bastion\n  Port 22\n\n"
    text = "".join(block.format(number, number // 250, number % 250) for number in range(hosts))
    path = written(tmp_path, f"Host *\n  User root\n\n{text}Host node-*\n  HostName %h.internal\n")
    seconds = []
    for _ in range(5):
        begun = time.process_time()
        found = hosts_of(path)
        seconds.append(time.process_time() - begun)
    assert len(found) == hosts
    return min(seconds)


def test_ten_times_as_many_hosts_take_about_ten_times_as_long(tmp_path: Path) -> None:
    """Not a hundred times: every pattern held against every host would."""
    assert _seconds_for(tmp_path, 2000) < 40 * _seconds_for(tmp_path, 200)
