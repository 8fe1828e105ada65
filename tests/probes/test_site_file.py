"""The site: where it is looked for, and what is said of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.errors import ConfigError
from probes.site import Host
from probes.site_file import SiteInvalid, load_site, parse_site
from probes.site_writing import write_site

SSH = "Host web\n  HostName 10.0.0.1\nHost db\n  HostName 10.0.0.2\nHost github.com\nHost *\n  User root\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an SSH configuration and nothing else."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "DEADHOP_SITE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(SSH)
    return tmp_path


def site_file(home: Path, text: str, name: str = "site.yaml") -> Path:
    path = home / name
    path.write_text(text)
    return path


def problems(home: Path, text: str) -> list[tuple[int, int, str]]:
    path = site_file(home, text)
    with pytest.raises(SiteInvalid) as caught:
        load_site(path)
    for problem in caught.value.problems:
        assert problem.place.file == str(path)
        assert str(problem.place) in str(caught.value)
    return [(problem.place.line, problem.place.column, problem.message) for problem in caught.value.problems]


def test_without_anything_there_are_no_hosts(home: Path) -> None:
    (home / ".ssh" / "config").unlink()
    assert load_site(None).hosts == ()


def test_ssh_configuration_alone(home: Path) -> None:
    site = load_site(None)
    assert [host.name for host in site.hosts] == ["web", "db", "github.com"]
    assert site.ssh_config == (home / ".ssh" / "config",)


def test_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--site, DEADHOP_SITE, the user's folder, ~/.ssh/config."""
    own = home / ".config" / "deadhop"
    own.mkdir(parents=True)
    site_file(own, "version: 1\nonly: [db]\n")
    assert [host.name for host in load_site(None).hosts] == ["db"]
    monkeypatch.setenv("DEADHOP_SITE", str(site_file(home, "version: 1\nonly: [web]\n", "other.yaml")))
    assert [host.name for host in load_site(None).hosts] == ["web"]
    given = site_file(home, "Host given\n", "my_ssh_config")
    assert [host.name for host in load_site(given).hosts] == ["given"]


def test_any_ssh_configuration(home: Path) -> None:
    path = site_file(home, "Host one\n  HostName 10.9.0.1\n", "prod")
    site = load_site(path)
    assert (site.hosts, site.ssh_config) == ((Host("one", ("10.9.0.1",)),), (path,))


def test_yaml_without_a_suffix(home: Path) -> None:
    assert load_site(site_file(home, "version: 1\nhosts: {web: }\n", "site")).hosts[0].name == "web"


def test_both_say_something_of_a_host(home: Path) -> None:
    text = """
version: 1
only: ["*", "!github.com"]
hosts:
  web: {addresses: [192.168.7.1, "10.0.0.1", "2001:DB8::1"], console: [lxc, exec, web, --], labels: [rack-1]}
  bare-metal: {addresses: [10.0.0.9]}
  db:
"""
    site = load_site(site_file(home, text))
    assert site.hosts == (
        Host("web", ("10.0.0.1", "192.168.7.1", "2001:db8::1"), ("lxc", "exec", "web", "--"), ("rack-1",)),
        Host("db", ("10.0.0.2",)),
        Host("bare-metal", ("10.0.0.9",)),
    )


def test_other_ssh_configurations(home: Path) -> None:
    (home / "inside").mkdir()
    site_file(home, "Host a\n", "inside/first")
    site_file(home, "Host b\n", "second")
    path = site_file(home, "version: 1\nssh_config: [first, ~/second]\n", "inside/site.yaml")
    site = load_site(path)
    assert [host.name for host in site.hosts] == ["a", "b"]
    assert site.ssh_config == (home / "inside" / "first", home / "second")


def test_only_negated_patterns(home: Path) -> None:
    path = site_file(home, "version: 1\nonly: ['!github.com']\n")
    assert [host.name for host in load_site(path).hosts] == ["web", "db"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hosts: {web: }\n", (1, 1, "`version` is missing")),
        ("version: 2\n", (1, 10, "`2` is no known version of the site file")),
        ("version: [1]\n", (1, 10, "this is no known version of the site file")),
        ("version: 1\nhost: {}\n", (2, 1, "the site file has no key `host`")),
        ("version: 1\nhosts:\n  web: {adresses: [10.0.0.1]}\n", (3, 9, "`web` has no key `adresses`")),
        ("version: 1\nhosts:\n  web: {addresses: [10.0.0]}\n", (3, 21, "`10.0.0` is not an IP address")),
        ("version: 1\nhosts:\n  web: {addresses: 10.0.0.1}\n", (3, 20, "addresses is not a list")),
        ("version: 1\nhosts:\n  web: {}\n  web: {}\n", (4, 3, "`web` is given twice, first in line 3")),
        ("version: 1\nhosts:\n  'a;b': {}\n", (3, 3, "`a;b` is not a host name")),
        ("version: 1\nhosts:\n  operator: {}\n", (3, 3, "`operator` is the machine deadhop runs on")),
        ("version: 1\nhosts: [web]\n", (2, 8, "hosts is not a mapping")),
        ("version: 1\nhosts:\n  web: {console: lxc exec web}\n", (3, 18, "console is not a list")),
        ("version: 1\nhosts:\n  web: {labels: [{a: b}]}\n", (3, 18, "labels: a word is wanted here")),
        ("version: 1\nonly: [nosuch*]\n", (2, 8, "`nosuch*` matches no host of the SSH configuration")),
        ("version: 1\nhosts:\n\tweb: {}\n", (3, 1, "wrong YAML: found character that cannot start any token")),
        ("version: 1\nhosts: {web: {}\n", (3, 1, "wrong YAML: did not find expected ',' or '}'")),
        ("- version: 1\n", (1, 1, "the site file is not a mapping")),
    ],
)
def test_mistakes(home: Path, text: str, expected: tuple[int, int, str]) -> None:
    assert expected in problems(home, text)


def test_all_mistakes_at_once(home: Path) -> None:
    text = "version: 9\nhosts:\n  web: {addresses: [x], lables: []}\nonyl: []\n"
    assert [place[0] for place in problems(home, text)] == [1, 3, 3, 4]


def test_hints_name_what_was_meant(home: Path) -> None:
    with pytest.raises(SiteInvalid) as caught:
        load_site(site_file(home, "version: 1\nhosts:\n  web: {adresses: []}\n"))
    assert caught.value.hint == "did you mean `addresses`?"


def test_missing_ssh_configuration(home: Path) -> None:
    line, column, message = problems(home, "version: 1\nssh_config: nowhere\n")[0]
    assert (line, column) == (2, 13)
    assert message.startswith("no such file: ")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "version: 1\nssh_config: []\n", "---\n"])
def test_empty_site(home: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_site(site_file(home, text))
    assert caught.value.hint
    assert caught.value.exit_code == 3


def test_no_such_file(home: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as caught:
        load_site(home / "none.yaml")
    assert "site init" in caught.value.hint


def test_folder_and_binary(home: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        load_site(home)
    binary = home / "photo.yaml"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(ConfigError, match="not a text file"):
        load_site(binary)


def test_text_that_is_no_site(home: Path) -> None:
    with pytest.raises(ConfigError, match="names no host"):
        load_site(site_file(home, "Dear diary,\ntoday the network was down.\n", "notes.txt"))


@pytest.mark.parametrize(
    "text", ["[" * 5000, "version: 1\nhosts: " + "{a: " * 3000, "\x00version: 1\n", "a: &a [*a]\n"]
)
def test_hostile_yaml(home: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        load_site(site_file(home, text))


def test_messages_are_inert(home: Path) -> None:
    with pytest.raises(SiteInvalid) as caught:
        load_site(site_file(home, 'version: 1\n"\\e[31mred": 1\n'))
    assert "\x1b" not in str(caught.value)


# ------------------------------------------------------------------ site init


def test_what_init_writes_is_read_again(home: Path) -> None:
    path = home / "new" / "site.yaml"
    hosts = (*load_site(None).hosts, Host("1"), Host("on"), Host("null"))
    text = write_site(path, hosts)
    assert path.read_text() == text
    assert path.stat().st_mode & 0o777 == 0o600
    assert [host.name for host in parse_site(text, path).hosts] == [host.name for host in hosts]
    assert [entry.name for entry in path.parent.iterdir()] == ["site.yaml"]


def test_init_replaces_nothing(home: Path) -> None:
    path = site_file(home, "precious")
    with pytest.raises(ConfigError, match="is there already"):
        write_site(path, ())
    assert path.read_text() == "precious"
    assert not list(home.glob(".site.yaml*"))


def test_init_where_nothing_can_be_written(home: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        write_site(Path("/proc/deadhop/site.yaml"), ())
    assert caught.value.hint
