"""asyncssh reads of a host's excerpt what it reads of the whole configuration."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from asyncssh import SSHClientConnectionOptions

from probes.site import Site
from probes.ssh_config import hosts_of
from probes.ssh_excerpt import config_for
from probes.ssh_way import leg

KEYS = (
    "Hostname",
    "User",
    "Port",
    "ProxyJump",
    "IdentityFile",
    "UserKnownHostsFile",
    "HostKeyAlias",
    "ConnectTimeout",
)

MIXED = """\
ConnectTimeout 7
Host web db
  User ops
  Port 2222
Host rack-*
  ProxyJump web
Host rack-1 !rack-2
  HostName 10.0.0.1
  IdentityFile /keys/%n
Host db
  HostName 10.0.0.9
  Port 99
Match host 10.0.0.9
  HostKeyAlias the-db
Match originalhost web user ops
  IdentityFile /keys/web
Host *
  User root
  IdentityFile /keys/all
  UserKnownHostsFile ~/.ssh/known_hosts /keys/known
"""


def read(name: str, config: list[str] | None) -> dict[str, object]:
    options = SSHClientConnectionOptions(host=name, config=config, client_keys=None, agent_path=None)
    return {key: options.config.get(key) for key in KEYS}


@pytest.mark.parametrize("name", ["web", "db", "rack-1", "rack-2", "elsewhere"])
def test_the_same_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "config"
    path.write_text(MIXED)
    with config_for(name, (path,)) as excerpt:
        assert excerpt is not None
        assert excerpt != [str(path)]
        assert read(name, excerpt) == read(name, [str(path)])


def test_included_files_and_several(tmp_path: Path) -> None:
    (tmp_path / "inner").write_text("User inner\nHost b\n  Port 5\n")
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(f"Host a\n  Include {tmp_path}/inner\nHost b\n  User bee\n")
    second.write_text("Host *\n  User last\n  Port 7\n")
    for name, user, port in (("a", "inner", 7), ("b", "bee", 7), ("c", "last", 7)):
        with config_for(name, (first, second)) as excerpt:
            found = read(name, excerpt)
        assert (found["User"], found["Port"]) == (user, port), name


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    inner, path = tmp_path / "inner", tmp_path / "config"
    inner.write_text("Host a\n  User one\n")
    path.write_text(f"Include {inner}\n")
    for user in ("one", "another"):
        inner.write_text(f"Host a\n  User {user}\n")
        with config_for("a", (path,)) as excerpt:
            assert read("a", excerpt)["User"] == user


def test_without_files_nothing_is_read() -> None:
    with config_for("a", ()) as excerpt:
        assert excerpt is None


def test_no_file_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("Host a\n")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(10):
        with config_for("a", (path,)):
            pass
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


async def test_mistakes_are_said_of_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("Host a\n  Port 22\nHost b\n  Port many\n")
    site = Site(str(path), hosts_of(path), (path,))
    assert (await leg("a", site)).port == 22
    with pytest.raises(ValueError, match=f"{path} line 4"):
        await leg("b", site)


async def _seconds_a_leg(tmp_path: Path, hosts: int) -> float:
    block = "Host node-{0}\n  HostName 10.0.{1}.{2}\n  ProxyJump bastion\n  Port 22\n\n"
    text = "".join(block.format(number, number // 250, number % 250) for number in range(hosts))
    path = tmp_path / "config"
    path.write_text(f"{text}Host *\n  User root\n  UserKnownHostsFile /dev/null\n")
    site = Site(str(path), hosts_of(path), (path,))
    await leg("node-1", site)
    begun = time.process_time()
    legs = [await leg(f"node-{number}", site) for number in range(50, 100)]
    seconds = time.process_time() - begun
    assert {(one.user, one.jumps) for one in legs} == {("root", ("bastion",))}
    return seconds


async def test_a_leg_costs_no_more_than_the_file_grows(tmp_path: Path) -> None:
    assert await _seconds_a_leg(tmp_path, 1000) < 40 * await _seconds_a_leg(tmp_path, 100)
